#!/bin/bash
# The server's disk is full: before a document is uploaded, while it is, while it is taken apart, and while its sheets are
# printed. The request is refused and leaves nothing behind; a job goes on when there is room, and no sheet is lost.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

mkdir -p "$work/mnt-server" && mount -t tmpfs -o size=32m none "$work/mnt-server" 2>/dev/null ||
    { echo 'no file system can be mounted here'; exit 77; }
ln -s mnt-server "$work/server"

# leave KIB: so much is free, at the most. make_room.
leave() {
    fallocate -l "$1K" "$work/mnt-server/room" || fail "there is no room to leave"
    cat /dev/zero >"$work/mnt-server/filler" 2>/dev/null
    rm "$work/mnt-server/room"
}
make_room() { rm "$work/mnt-server/filler"; }
link() { "$build/tests/rig/rig-link" "$work/net.sock" "$@" >"$out" 2>&1 || fail "the network: $*"; }

printer hall pace=0.1
start_driverless hall
CLIENT_SETTINGS="[printer hall]
uri = $(printer_uri hall)"
SERVER_SETTINGS='free-space = 4M'
export CUPS_SERVER=127.0.0.1:9 # no queues
start_serviced
start link "$build/tests/rig/link-proxy" --listen 127.0.0.1:0 --to "127.0.0.1:$port" --control "$work/net.sock"
wait_until "the network is there" grep -q '^listening on ' "$work/link.log"
start_clientd
enroll one "$(sed -n 's/^listening on //p' "$work/link.log")"
run 0 ctl units --refresh
make_pdf --noise=1200000 "$work/report.pdf" 1 2 3 4 5 6
document=$(($(stat -c %s "$work/report.pdf") / 1024))

kept() { find "$work/mnt-server/uploads" "$work/mnt-server/pages" -type f; }
nothing_is_kept() { [ -z "$(kept)" ]; }
arrived_in_part() { [ -n "$(find "$work/mnt-server/uploads" -type f -size +1000k)" ]; }
jobs() { sctl --json jobs --all | jq length; }
# Nothing of it is left, and nothing came out.
is_refused() {
    says '(disk is full|no space for the document)'
    wait_until "nothing is kept" nothing_is_kept
    [ "$(jobs)" = "$1" ] || fail "there is a job"
    [ "$(printer_out hall)" = 0 ] || fail "something came out"
}
each_once() {
    local sheets
    sheets=$(for sheet in $(printer_sheets hall); do pdftotext "$sheet" - 2>/dev/null | tr -d '\f\n '; done)
    [ "$sheets" = 123456 ] || fail "the printer has put out '$sheets'"
    wait_until "nothing is kept" nothing_is_kept
}

step "1. There is no room for the document: refused before it is sent, from both hosts"
leave $((document + 4096 - 200))
run 1 ctl print --printer hall "$work/report.pdf"
is_refused 0
run 1 sctl print one/hall "$work/report.pdf"
is_refused 0
make_room

step "2. The disk fills up while the document is sent"
link rate 1500000
ctl print --printer hall "$work/report.pdf" >"$work/print.out" 2>&1 &
print=$!
wait_until "a part has arrived" arrived_in_part
leave 4
wait $print
code=$?
link normal
cp "$work/print.out" "$out"
[ $code = 1 ] || fail "it ended with $code"
is_refused 0
make_room

step "3. There is room for the document, and not for its sheets"
leave $((document + 4096 + 1000))
run 1 ctl print --printer hall "$work/report.pdf"
is_refused 0
make_room

step "4. There is room: the same document is printed"
run 0 ctl print --printer hall "$work/report.pdf"
each_once

step "5. The disk fills up to the last byte while sheets come out: they all do, once, and the job is completed when there is room"
: >"$work/hall/log"
rm -f "$work"/hall/sheets/*
run 0 ctl print --printer hall --no-wait "$work/report.pdf"
number=$(ctl --json jobs | jq -r '.[-1].id')
wait_for_sheets hall 2
cat /dev/zero >"$work/mnt-server/filler" 2>/dev/null
wait_for_sheets hall 4
wait_until "the log tells of it" grep -qiE 'registry.*(full|space)' "$work/serviced.log"
! job_is "$number" .state completed || fail "the job is completed, and that is not registered"
make_room
wait_until "job $number is completed" job_is "$number" .state completed
each_once

step "6. … and over kill -9 of both daemons, which are started again on the full disk"
: >"$work/hall/log"
rm -f "$work"/hall/sheets/*
run 0 ctl print --printer hall --no-wait "$work/report.pdf"
number=$(ctl --json jobs | jq -r '.[-1].id')
wait_for_sheets hall 2
cat /dev/zero >"$work/mnt-server/filler" 2>/dev/null
wait_for_sheets hall 3
kill_hard serviced
kill_hard clientd-one
start_serviced
start_clientd
make_room
wait_until "job $number is completed" job_is "$number" .state completed
each_once

stop clientd-one
stop serviced
