#!/bin/bash
# The connection is cut while the sheets of a document are on their way to the printer's host: what is there is printed, the
# rest goes on at the byte where it was, and nothing that was stored is sent twice. The network itself counts the bytes.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

link() { "$build/tests/rig/rig-link" "$work/net.sock" "$@" >"$out" 2>&1 || fail "the network: $*"; }
stat_of() { link stats && grep -oE "\b$1=[0-9]+" "$out" | cut -d= -f2; }

printer hall pace=0.05
start_driverless hall
CLIENT_SETTINGS="[printer hall]
uri = $(printer_uri hall)"
export CUPS_SERVER=127.0.0.1:9 # no queues
start_serviced
start link "$build/tests/rig/link-proxy" --listen 127.0.0.1:0 --to "127.0.0.1:$port" --control "$work/net.sock"
wait_until "the network is there" grep -q '^listening on ' "$work/link.log"
start_clientd
enroll one "$(sed -n 's/^listening on //p' "$work/link.log")"
once='1 2 3 4 5 6'
block=600000
make_pdf --noise=$block "$work/report.pdf" $once

texts() {
    local sheet
    for sheet in $(printer_sheets "$1"); do pdftotext "$sheet" - 2>/dev/null | tr -d '\f\n '; echo; done | paste -sd ' '
}
begin() {
    : >"$work/hall/log"
    rm -f "$work"/hall/sheets/*
    before=$(stat_of to-client)
    run 0 sctl print --no-wait one/hall "$work/report.pdf"
    number=$(sctl --json jobs | jq -r '.[-1].id')
}
# Most of the block is in the host's spool.
arrived_in_part() { [ -n "$(find "$work/client-one/spool" -name "page-00000$1-*.stream" -size +$((block * 3 / 4))c)" ]; }
# So many bytes of the job have come over the network.
has_come() { [ $(($(stat_of to-client) - before)) -ge "$1" ] || job_is "$number" .state completed; }
ends_by_itself() {
    wait_until "job $number is completed" job_is "$number" .state completed
    [ "$(texts hall)" = "$once" ] || fail "the printer has put out '$(texts hall)'"
}
# At most what was in the kernels' buffers, and a little talk, beyond an undisturbed job.
sent_once() {
    local sent=$(($(stat_of to-client) - before))
    echo "  $((sent - undisturbed)) bytes more than without a fault"
    [ $sent -le $((undisturbed + $1)) ] || fail "$sent bytes were sent, $undisturbed without a fault"
}

step "0. Without a fault: how many bytes a job is on the network"
begin
ends_by_itself
undisturbed=$(($(stat_of to-client) - before))
[ $undisturbed -gt $((6 * block)) ] || fail "the sheets are smaller than they are to be"

step "1. Closed in the middle of sheet 3"
link rate 1000000
begin
wait_until "sheet 3 is on its way" arrived_in_part 3
link cut
ends_by_itself
sent_once 250000

step "2. The link is down while sheets are there: they are printed"
begin
wait_until "sheet 3 is on its way" arrived_in_part 3
link refuse
link cut
wait_for_sheets hall 2
link normal
link rate 1000000
ends_by_itself
sent_once 250000

step "3. kill -9 of clientd in the middle of sheet 4: the part that it has is not sent again"
begin
wait_until "sheet 4 is on its way" arrived_in_part 4
kill_hard clientd-one
start_clientd
ends_by_itself
sent_once 250000

step "4. kill -9 of serviced in the middle of sheet 4"
begin
wait_until "sheet 4 is on its way" arrived_in_part 4
kill_hard serviced
start_serviced
ends_by_itself
sent_once 250000

step "5. Half open in the middle of sheet 4: nobody is told, and both sides find out"
begin
wait_until "sheet 4 is on its way" arrived_in_part 4
link half-open once
ends_by_itself
sent_once 250000

step "6. Thirty cuts, spread over all sheets"
begin
for ((n = 1; n <= 30; n++)); do
    wait_until "a part has come before cut $n" has_come $((n * 6 * block / 32))
    link cut
done
ends_by_itself
# For each a greeting, and what was on its way to the host: a tenth of a sheet.
sent_once $((30 * block / 10))

step "7. The link is down until all that is there has been printed; clientd is stopped and started meanwhile"
begin
wait_until "sheet 4 is on its way" arrived_in_part 4
link refuse
link cut
wait_for_sheets hall 3
stop clientd-one
start_clientd
wait_until "clientd tries to reach the server" disconnected
[ "$(texts hall)" = '1 2 3' ] || fail "the printer has put out '$(texts hall)'"
expect_job "$number" .state processing-stopped
link normal
link rate 1000000
ends_by_itself
sent_once 250000

step "8. The link is down when all sheets are there: they are printed, and the server hears of it later"
link normal
printer_fault hall 'sheet=1 when=before do=hang:1'
begin
wait_until "all sheets are there" job_is "$number" .pages.received 6
link refuse
link cut
wait_for_sheets hall 6
expect_job "$number" .state processing-stopped
link normal
ends_by_itself
sent_once 250000

stop clientd-one
stop serviced
