#!/bin/bash
# A client that prints and was written from doc/protocol.md alone: the server takes a document from it, splits it,
# sends the sheets, and keeps their account.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || exit 77

step "1. It uploads, is refused what cannot be, loses its connection within a sheet, and goes on at that byte"
start_serviced
mkdir "$work/another"
for line in $(seq 1 300); do echo "This is line $line of a letter of several pages."; done >"$work/letter.txt"
run 0 timeout 100 python3 "$source_dir/tests/e2e/another_printer.py" \
    "$(sctl client add another --address "127.0.0.1:$port")" "$work/another" "$work/letter.txt"
says 'sheet 1 went on at byte 1000'

step "2. Of the job that is over nothing is kept, of the other one everything, and of uploads nothing"
first=$(sctl --json jobs --all | jq '[.[] | select(.state == "completed")][0].id')
second=$(sctl --json jobs | jq '.[0].id')
[ "$(sctl --json show "$first" | jq -r '[.state, .phase.function, .service] | join(" ")')" = 'completed printing print' ] ||
    fail 'the first job does not say what it was'
[ ! -e "$work/server/pages/$first" ] || fail 'the blocks of a job that is over are still there'
[ "$(find "$work/server/pages/$second" -name '*.pdf' | wc -l)" -ge 3 ] || fail 'the blocks of the open job are not there'
[ -z "$(ls -A "$work/server/uploads")" ] || fail 'an upload is still there'
grep -q "print-opened job=$first client=another by=another sheets=6 printer=laser document=letter.txt" \
    "$work/server/audit.log" || fail 'the audit log does not say who has printed what'
grep -q "print-closed job=$first client=another state=completed sheets=6 printed=6 printer=ink" \
    "$work/server/audit.log" || fail 'the audit log does not say what came out'

step "3. The server is killed: the open job and its blocks are still there"
kill_hard serviced
touch "$work/server/pages/$second/999999.pdf"
mkdir -p "$work/server/uploads/7" && echo left >"$work/server/uploads/7/000001-000000.page"
mkdir -p "$work/server/pages/4711" && echo left >"$work/server/pages/4711/000001.pdf"
start_serviced
[ "$(sctl --json show "$second" | jq -r .state)" = processing-stopped ] || fail 'the job does not wait for its client'
[ "$(sctl --json status | jq -r '."store-bytes" // .attributes."store-bytes"')" != 0 ] || fail 'the blocks are not counted'
for gone in pages/4711 uploads/7 "pages/$second/999999.pdf"; do
    [ ! -e "$work/server/$gone" ] || fail "$gone belongs to nobody and is still there"
done

step "4. It is canceled: its blocks go"
run 0 sctl cancel "$second"
wait_until 'the blocks are gone' test ! -e "$work/server/pages/$second"
grep -q "print-closed job=$second client=another state=canceled" "$work/server/audit.log" || fail 'it was not said'
stop serviced
