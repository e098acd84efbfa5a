#!/bin/bash
# Printing goes on where clientd, the printing unit or the server were killed, where the connection was cut, and at another
# printer: what the printers can tell is believed, and no sheet comes out twice.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

printer hall pace=0.15
printer attic pace=0.15
start_driverless hall
start_driverless attic
CLIENT_SETTINGS="[printer hall]
uri = $(printer_uri hall)
[printer attic]
uri = $(printer_uri attic)"
export CUPS_SERVER=127.0.0.1:9 # no queues
start_serviced
start_clientd
enroll
once='1 2 3 4 5 6 7 8'
make_pdf "$work/report.pdf" $once

texts() {
    local sheet
    for sheet in $(printer_sheets "$1"); do pdftotext "$sheet" - 2>/dev/null | tr -d '\f\n '; echo; done | paste -sd ' '
}
came_out() { [ "$(texts "$1")" = "$2" ] || fail "$1 has put out '$(texts "$1")', not '$2'"; }
fresh() {
    : >"$work/hall/log"
    : >"$work/attic/log"
    rm -f "$work"/{hall,attic}/sheets/*
}
# begin SHEETS: a job is under way, and so many sheets have come out; its number is in $number
begin() {
    fresh
    run 0 ctl print --printer hall --no-wait "$work/report.pdf"
    number=$(ctl --json jobs | jq -r '.[-1].id')
    wait_for_sheets hall "$1"
}
# The rest comes by itself.
and_the_rest() {
    wait_until "job $number is completed" job_is "$number" .state completed
    came_out hall "$once"
}

step "1. kill -9 of clientd: the printer goes on with what it has, and is asked for it"
begin 2
kill_hard clientd-one
start_clientd
and_the_rest

step "2. clientd is stopped and started: the same"
begin 2
stop clientd-one
start_clientd
and_the_rest

step "3. kill -9 of serviced"
begin 2
kill_hard serviced
start_serviced
and_the_rest

step "4. kill -9 of both"
begin 3
kill_hard clientd-one
kill_hard serviced
start_serviced
start_clientd
and_the_rest

step "5. kill -9 of the printing unit: the job stops, and resume asks the printer what has become of the sheets"
begin 2
kill -KILL "$(pgrep -P "${pids[clientd-one]}" -f 'printing_unit print')"
wait_until "the job has stopped" job_is "$number" .state processing-stopped
run 0 ctl restart "$number" --manner resume
and_the_rest

step "6. A jam, and the job goes on at another printer"
fresh
printer_fault hall 'sheet=4 when=before do=jam'
run 3 ctl print --printer hall "$work/report.pdf"
number=$(ctl --json jobs | jq -r '.[-1].id')
run 1 ctl restart "$number" --manner resume --printer cellar
says 'there is no printer cellar'
run 0 ctl restart "$number" --manner resume --printer attic
came_out hall '1 2 3'
came_out attic '4 5 6 7 8'
expect_job "$number" .state completed
printer_clear hall

step "7. From an earlier page: its sheets come out again, from blocks that are sent again"
fresh
printer_fault hall 'sheet=5 when=before do=out-of-paper'
run 3 ctl print --printer hall "$work/report.pdf"
number=$(ctl --json jobs | jq -r '.[-1].id')
printer_clear hall
run 0 ctl restart "$number" --manner from-page 3
came_out hall '1 2 3 4 3 4 5 6 7 8'

step "8. Canceled while it prints: what is at the printer is taken back"
begin 2
run 0 ctl cancel "$number"
wait_until "the spool is empty" sh -c "[ -z \"\$(ls '$work/client-one/spool')\" ]"
[ -z "$(printer_jobs hall)" ] || fail "jobs are left at the printer"
[ "$(printer_out hall)" -le 4 ] || fail "it went on printing"

stop clientd-one
stop serviced
