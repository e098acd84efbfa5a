#!/bin/bash
# Thirty sheets at a driverless printer, which has each of its faults at a random sheet. It counts what comes out, and so
# no sheet is uncertain. SEED chooses the sheets.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"
. "$source_dir/tests/e2e/sheets.sh"

printer attic pace=0.01
start_driverless attic
CLIENT_SETTINGS="[printer attic]
uri = $(printer_uri attic)"
export CUPS_SERVER=127.0.0.1:9 # no queues
start_serviced
start_clientd
enroll
make_pdf "$work/report.pdf" $once

# a_fault FAULT WHEN REASON
a_fault() {
    a_random_sheet
    step "$1 $2 sheet $sheet"
    fresh attic
    printer_fault attic "sheet=$sheet when=$2 do=$1"
    print_on attic
    stopped_for "$3"
    if [ "$2" = before ]; then account_is $((sheet - 1)); else account_is "$sheet"; fi
    printer_clear attic
    person_answers attic
    answered resume
    all_came_out attic
}

a_fault jam before media-jam
a_fault jam counted media-jam
a_fault out-of-paper before media-empty
a_fault cover-open before cover-open
a_fault output-full before printer-error
a_fault toner-empty before marker-supply-empty

stop clientd-one
stop serviced
