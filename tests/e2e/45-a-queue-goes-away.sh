#!/bin/bash
# Thirty sheets at a queue, and at a random one somebody stops the queue or cancels the sheet, or cupsd dies, freezes, or loses
# its power. What CUPS itself prints once more when it was killed comes out twice; nothing else does. SEED chooses the sheets.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"
. "$source_dir/tests/e2e/sheets.sh"

start_cups
printer hall pace=0.01
queue hall
export CUPS_SERVER=127.0.0.1:${cups_port[cups]}
CLIENT_SETTINGS='printing-watchdog = 12s'
start_serviced
start_clientd
enroll
make_pdf "$work/report.pdf" $once

both_are_there() {
    local id ids
    ids=$(printer_jobs hall)
    [ "$(wc -w <<<"$ids")" = $((sheet < sheets ? 2 : 1)) ] || return 1
    for id in $ids; do [ "$(job_attribute hall "$id" number-of-documents)" = 1 ] || return 1; done
    job_is "$number" .pages.printed $((sheet - 1))
}
not_under_way() { has_stopped || job_is "$number" .state completed; }

a_random_sheet
step "somebody stops the queue while sheet $sheet moves: it comes out, and CUPS would print it again"
at_a_sheet hall before 1
queue_disable hall
wait_until "the job has stopped" has_stopped
stopped_for printer-stopped
account_is $((sheet - 1)) "$sheet"
queue_enable hall
person_answers hall
answered "skip-$sheet"
all_came_out hall

a_random_sheet
step "somebody cancels sheet $sheet while it moves"
at_a_sheet hall before 1
printer_cancel hall "$(printer_jobs hall | head -n 1)"
wait_until "the job has stopped" has_stopped
stopped_for job-canceled-at-device
expect_job "$number" '.pages.uncertain | tostring' "[$sheet]"
person_answers hall
answered "skip-$sheet"
all_came_out hall

a_random_sheet
step "cupsd is frozen at sheet $sheet for longer than it is waited for"
at_a_sheet hall before 1
printer_freeze cups
wait_until "the job has stopped" has_stopped
stopped_for unit-stalled
expect_job "$number" '.pages.uncertain | length' 0
printer_thaw cups
person_answers hall
answered resume
all_came_out hall

a_random_sheet
step "cupsd is frozen at sheet $sheet for a moment: the job goes on"
at_a_sheet hall before 1
printer_freeze cups
sleep 0.5 # what is to be seen is that nothing happens
printer_thaw cups
wait_until "it is completed" job_is "$number" .state completed
all_came_out hall

a_random_sheet
step "the power goes before sheet $sheet: with it, the sheet"
at_a_sheet hall before 30
wait_until "the sheet behind it is there, too" both_are_there
cups_power_off
wait_until "the job has stopped" has_stopped
stopped_for printer-missing
account_is $((sheet - 1))
start_cups
person_answers hall
answered resume
all_came_out hall

a_random_sheet
step "the power goes when sheet $sheet has come out: CUPS prints it again"
at_a_sheet hall after 30
wait_until "the sheet behind it is there, too" both_are_there
cups_power_off
wait_until "the job has stopped" has_stopped
stopped_for printer-missing
account_is $((sheet - 1))
start_cups
person_answers hall
answered resume
all_came_out hall "$(with_one_twice "$sheet")"

a_random_sheet
step "kill -9 of cupsd alone at sheet $sheet: its backend prints on, and the next one prints it again"
at_a_sheet hall before 2
wait_until "the sheet behind it is there, too" both_are_there
kill_hard cups
start_cups
wait_until "it is completed or has stopped" not_under_way
person_answers hall
all_came_out hall "$(with_one_twice "$sheet")"

stop clientd-one
stop serviced
