#!/bin/bash
# Nobody is asked about a sheet that may have come out where the settings say what becomes of it: printed again, so that none is
# missing, or skipped, so that none comes out twice. They say nothing about a printer that somebody has to see to, and no
# sheet comes out for ever. SEED chooses the sheets.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"
. "$source_dir/tests/e2e/sheets.sh"

start_cups
printer hall pace=0.01
queue hall
printer attic pace=0.01
start_driverless attic
printer blind pace=0.01 counts=no
start_driverless blind
export CUPS_SERVER=127.0.0.1:${cups_port[cups]}
CLIENT_SETTINGS="printing-watchdog = 12s
[policy]
uncertain-sheet = print-again
[printer attic]
uri = $(printer_uri attic)
[printer blind]
uri = $(printer_uri blind)"
start_serviced
start_clientd
enroll
make_pdf "$work/report.pdf" $once

# by_itself WHEN TEXTS: the printer's power goes at a random sheet, and the job goes on
by_itself() {
    at_a_sheet attic "$1" 30
    printer_power_cycle attic
    wait_until "job $number is completed" job_is "$number" .state completed
    all_came_out attic "$2"
    grep -q "job $number of one: error-notice: .*: nobody can know whether sheet $sheet has been printed" "$work/serviced.log" ||
        fail "sheet $sheet was never uncertain"
}
# a_jam WHEN: it is there until somebody removes it
a_jam() {
    fresh hall
    printer_fault hall "sheet=$sheet when=$1 do=jam"
    print_on hall
    stopped_for media-jam
    account_is $((sheet - 1)) "$sheet"
    [ "$(grep -c "job $number of one: manner-noticed" "$work/serviced.log")" = 0 ] || fail "somebody has answered"
    printer_clear hall
    person_answers hall
    all_came_out hall
}

a_random_sheet
step "print-again: sheet $sheet, which has not come out, is printed"
by_itself before "$once"

a_random_sheet
step "print-again: sheet $sheet, which has come out, comes out twice"
by_itself after "$(with_one_twice "$sheet")"

a_random_sheet
step "print-again: a jam before sheet $sheet waits for somebody"
a_jam before
answered "resume-$sheet"

step "print-again, and a printer that counts nothing: after a second time, somebody is asked"
run 3 ctl print --printer blind --pages 1-2 "$work/report.pdf"
says 'the printer has done its job, but counts no sheet'
number=$(ctl --json jobs | jq -r '[.[].id] | max')
stopped_for sheet-uncertain
account_is 0 1
[ "$(texts blind)" = '1 1' ] || fail "the printer has put out '$(texts blind)'"
run 3 ctl restart "$number" --manner skip
[ "$(texts blind)" = '1 1 2 2' ] || fail "the printer has put out '$(texts blind)'"
run 0 ctl restart "$number" --manner skip
[ "$(texts blind)" = '1 1 2 2' ] || fail "the printer has put out '$(texts blind)'"

stop clientd-one
sed -i 's/= print-again/= skip/' "$work/clientd-one.conf"
start_clientd
wait_until "one is connected" connected one

a_random_sheet
step "skip: sheet $sheet, which has come out, is not printed again"
by_itself after "$once"

a_random_sheet
step "skip: sheet $sheet, which has not come out, is missing"
by_itself before "$(echo "$once " | sed "s/\b$sheet //; s/ \$//")"

a_random_sheet
step "skip: a jam behind sheet $sheet waits for somebody, and no other sheet is missing"
a_jam after
answered "skip-$sheet"

step "skip, and a printer that counts nothing: each sheet is taken for printed"
fresh blind
run 0 ctl print --printer blind "$work/report.pdf"
number=$(ctl --json jobs --all | jq -r '[.[].id] | max')
all_came_out blind

stop clientd-one
stop serviced
