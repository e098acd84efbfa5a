#!/bin/bash
# A client sends more bytes than the server keeps for it: the job stops in the middle of the page, says why, and goes on
# at that byte when more is allowed. No sheet is read again.
. "$(dirname "$0")/lib.sh"

SERVER_SETTINGS=$'[limits]\nbytes = 2M'
SIZE='--width 1400 --height 2000' scanner stack 2 color
start_serviced
start_clientd
enroll
device=$work/stack
pages=("$device"/pages/*.pnm)
kept() { find "$work/server/pages" -type f -printf '%s\n' | awk '{sum += $1} END {print sum + 0}'; }

step "1. The first page is longer than all that may be kept: it is cut short at the limit"
run 3 ctl scan --source adf --mode color --title much
says 'the server keeps as many bytes for this client as it may'
expect_job 1 .state processing-stopped
expect_job 1 .error.code limit-exceeded
expect_job 1 .phase.page 1
# A look at each MiB that comes, and a frame that makes it one.
[ "$(kept)" -ge 2097152 ] && [ "$(kept)" -lt $((2097152 + 1048576 + 65536)) ] || fail "$(kept) bytes are kept"
[ "$(grep -c 'connection ended' "$work/serviced.log")" = 0 ] || fail "the connection was ended for it"

step "2. Going on changes nothing while no more is allowed"
before=$(kept)
run 3 ctl restart 1 --manner resume
says 'the server keeps as many bytes for this client as it may'
[ "$(kept)" = "$before" ] || fail "$(kept) bytes are kept, and $before were before"

step "3. More is allowed: it goes on where it was"
sed -i 's/^bytes = .*/bytes = 64M/' "$work/serviced.conf"
kill -HUP "${pids[serviced]}"
wait_until "the settings are read" grep -q 'settings.*read' "$work/serviced.log"
run 0 ctl restart 1 --manner resume
same_pages "$(the_document)" "${pages[@]}"
[ "$(fed stack 1) $(fed stack 2)" = '1 1' ] || fail "a sheet was read again"
document=$(stat -c %s "$(the_document)")
arrived=$(sctl --json show 1 | jq .bytes)
[ "$arrived" -lt $((document + 1048576)) ] || fail "$arrived bytes were sent for a document of $document"

step "4. Orderly end"
stop clientd-one
stop serviced
