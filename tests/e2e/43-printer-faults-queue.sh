#!/bin/bash
# Thirty sheets at a queue of cupsd, and the printer behind it has each of its faults at a random sheet. A queue does not say
# whether the sheet came out: that one is uncertain, no other. The answer of who has looked into the tray is right: every
# sheet came out once. SEED chooses the sheets.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"
. "$source_dir/tests/e2e/sheets.sh"

start_cups
printer hall pace=0.01
queue hall
export CUPS_SERVER=127.0.0.1:${cups_port[cups]}
start_serviced
start_clientd
enroll
make_pdf "$work/report.pdf" $once

# a_fault FAULT WHEN REASON: the operator removes the condition, and the queue is started by the job itself
a_fault() {
    a_random_sheet
    step "$1 $2 sheet $sheet"
    fresh hall
    printer_fault hall "sheet=$sheet when=$2 do=$1"
    print_on hall
    stopped_for "$3"
    account_is $((sheet - 1)) "$sheet"
    printer_clear hall
    person_answers hall
    if [ "$2" = before ]; then answered "resume-$sheet"; else answered "skip-$sheet"; fi
    all_came_out hall
}

a_fault jam before media-jam
a_fault jam after media-jam
a_fault jam counted media-jam
a_fault out-of-paper before media-empty
a_fault cover-open before cover-open
a_fault output-full after output-area-full
a_fault toner-empty before marker-supply-empty
a_fault crash before printer-stopped
a_fault crash after printer-stopped

# The sheet behind it is at the queue, too, and nobody has canceled that one.
for when in before after; do
    a_random_sheet
    step "somebody presses the button $when sheet $sheet"
    fresh hall
    printer_fault hall "sheet=$sheet when=$when do=cancel"
    print_on hall
    stopped_for job-canceled-at-device
    expect_job "$number" '.pages.uncertain | tostring' "[$sheet]"
    person_answers hall
    if [ $when = before ]; then answered "resume-$sheet"; else answered "skip-$sheet"; fi
    expected=$once
    [ $when = after ] || [ "$(texts hall)" = "$once" ] || expected=$(with_two_swapped "$sheet")
    all_came_out hall "$expected"
done

stop clientd-one
stop serviced
