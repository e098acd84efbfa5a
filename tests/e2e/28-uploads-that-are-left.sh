#!/bin/bash
# Commands that begin to upload a document through clientd, and leave it, or keep no rule: the document is forgotten on both
# sides, and the connection to the server stands.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

printer hall
start_driverless hall
CLIENT_SETTINGS="[printer hall]
uri = $(printer_uri hall)"
export CUPS_SERVER=127.0.0.1:9 # no queues
start_serviced
start_clientd
enroll
run 0 ctl units --refresh
make_pdf "$work/report.pdf" one two

hostile() { timeout 20 python3 "$source_dir/tests/e2e/hostile_upload.py" "$work/clientd-one.sock" "$1"; }
nothing_is_kept() { [ -z "$(find "$work/server/uploads" -type f)" ]; }
[ -d "$work/server/uploads" ] || fail "the server keeps uploads elsewhere"

step "1. Left in the middle, or whole and never printed: more often than the server takes uploads at a time"
for manner in leave keep leave keep leave keep leave keep; do
    run 0 hostile $manner
    wait_until "the upload is forgotten" nothing_is_kept
done

step "2. More than the credit, another place, an early end, a document that was never sent: exit code 2"
for manner in flood skip early unknown; do
    run 0 hostile $manner
    says '^2$'
    wait_until "the upload is forgotten" nothing_is_kept
done

step "3. The connection has stood through all of it, and printing goes on"
[ "$(grep -c 'connected to the server' "$work/clientd-one.log")" = 1 ] || fail "clientd has lost its connection"
run 0 ctl print "$work/report.pdf"
[ "$(printer_out hall)" = 2 ] || fail "the document was not printed"
nothing_is_kept || fail "the document is kept"

stop clientd-one
stop serviced
