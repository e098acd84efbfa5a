#!/bin/bash
# Thirty sheets at a driverless printer, and at a random one somebody cancels it, the program that drives the mechanism dies,
# or the printer freezes or loses its power: then its jobs have other numbers. SEED chooses the sheets.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"
. "$source_dir/tests/e2e/sheets.sh"

printer attic pace=0.01
start_driverless attic
CLIENT_SETTINGS="printing-watchdog = 12s
[printer attic]
uri = $(printer_uri attic)"
export CUPS_SERVER=127.0.0.1:9 # no queues
start_serviced
start_clientd
enroll
make_pdf "$work/report.pdf" $once


a_random_sheet
step "somebody cancels sheet $sheet before it moves: it is known not to be printed"
fresh attic
printer_fault attic "sheet=$sheet when=before do=cancel"
print_on attic
stopped_for job-canceled-at-device
account_is $((sheet - 1))
person_answers attic
answered resume
all_came_out attic

a_random_sheet
step "the program behind the printer crashes before sheet $sheet: it is known not to be printed"
fresh attic
printer_fault attic "sheet=$sheet when=before do=crash"
print_on attic
stopped_for printer-error
account_is $((sheet - 1))
person_answers attic
answered resume
all_came_out attic

a_random_sheet
step "the same behind sheet $sheet, which the printer has not counted: the count is believed, and it comes out twice"
fresh attic
printer_fault attic "sheet=$sheet when=after do=crash"
print_on attic
stopped_for printer-error
account_is $((sheet - 1))
person_answers attic
answered resume
all_came_out attic "$(with_one_twice "$sheet")"

a_random_sheet
step "the same when sheet $sheet has been counted: the job goes on"
fresh attic
printer_fault attic "sheet=$sheet when=counted do=crash"
run 0 ctl print --printer attic "$work/report.pdf"
number=$(ctl --json jobs --all | jq -r '[.[].id] | max')
all_came_out attic

a_random_sheet
step "frozen at sheet $sheet for longer than it is waited for"
at_a_sheet attic before 1
printer_freeze attic
wait_until "the job has stopped" has_stopped
stopped_for unit-stalled
expect_job "$number" '.pages.uncertain | length' 0
printer_thaw attic
person_answers attic
answered resume
all_came_out attic

a_random_sheet
step "power cycled before sheet $sheet has moved: it is uncertain, and printed"
at_a_sheet attic before 30
printer_power_cycle attic
wait_until "the job has stopped" has_stopped
stopped_for sheet-uncertain
account_is $((sheet - 1)) "$sheet"
person_answers attic
answered "resume-$sheet"
all_came_out attic

a_random_sheet
step "power cycled when sheet $sheet lies in the tray: it is uncertain, and skipped"
at_a_sheet attic after 30
printer_power_cycle attic
wait_until "the job has stopped" has_stopped
stopped_for sheet-uncertain
account_is $((sheet - 1)) "$sheet"
person_answers attic
answered "skip-$sheet"
all_came_out attic

stop clientd-one
stop serviced
