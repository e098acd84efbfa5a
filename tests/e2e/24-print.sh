#!/bin/bash
# A document of five pages is printed from the server and from the host, at a queue of cupsd and at a driverless printer.
# Then the printers jam at sheet 3: the job stops, says so, and goes on with what has not come out.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

printer hall pace=0.05
printer attic pace=0.05
start_cups
queue hall
start_driverless attic
export CUPS_SERVER=127.0.0.1:${cups_port[cups]}
CLIENT_SETTINGS="[printer attic]
uri = $(printer_uri attic)"
start_serviced
start_clientd
enroll
make_pdf "$work/report.pdf" one two three four five

# The texts of the sheets that have come out, in their order.
texts() {
    local sheet
    for sheet in $(printer_sheets "$1"); do pdftotext "$sheet" - 2>/dev/null | tr -d '\f\n '; echo; done | paste -sd ' '
}
came_out() { [ "$(texts "$1")" = "$2" ] || fail "$1 has put out '$(texts "$1")', not '$2'"; }
once='one two three four five'

step "1. Both printers are found"
run 0 ctl units --refresh
says hall
says attic
wait_until "the server knows them" sh -c "'$build/ctl/servicectl' --control '$work/serviced.sock' units one | grep -q attic"

step "2. From the server, at the queue: each sheet once"
run 0 sctl print one/hall "$work/report.pdf"
came_out hall "$once"

step "3. From the host, at the driverless printer: each sheet once"
run 0 ctl print --printer attic "$work/report.pdf"
came_out attic "$once"

step "4. Two copies: one behind the other"
run 0 ctl print --printer hall --copies 2 --pages 2-3 "$work/report.pdf"
came_out hall "$once two three two three"

# jam_at PRINTER WHEN STEP: the printer jams when sheet 3 is on its way, and the job stops there; its number is in $number.
jam_at() {
    : >"$work/$1/log"
    rm -f "$work/$1"/sheets/*
    printer_fault "$1" "sheet=3 when=$2 do=jam"
    run 3 ctl print --printer "$1" "$work/report.pdf"
    says 'jam'
    number=$(ctl --json jobs | jq -r '.[-1].id')
    says "clientctl restart $number"
    expect_job "$number" .state processing-stopped
    expect_job "$number" '.state_reasons | index("media-jam") != null' true
    expect_job "$number" .phase.step "$3"
    expect_job "$number" .phase.page 3
    printer_clear "$1"
}

step "5. A jam before sheet 3 of the queue, which does not say whether the sheet came out: resume prints it, and the rest"
jam_at hall before uncertain
came_out hall 'one two'
run 0 ctl restart "$number" --manner resume
came_out hall "$once"
expect_job "$number" .state completed

step "6. A jam behind sheet 3: skip takes it for printed"
jam_at hall after uncertain
came_out hall 'one two three'
run 0 ctl restart "$number" --manner skip
came_out hall "$once"
expect_job "$number" .state completed

step "7. The driverless printer counts its sheets: the jammed one is known not to be printed"
jam_at attic before printing
came_out attic 'one two'
run 0 ctl restart "$number" --manner resume
came_out attic "$once"
expect_job "$number" .state completed

step "8. Two jobs at one printer: the sheets of one lie behind those of the other; a third that waits is canceled"
: >"$work/hall/log"
rm -f "$work"/hall/sheets/*
run 0 ctl print --printer hall --no-wait "$work/report.pdf"
run 0 ctl print --printer hall --no-wait "$work/report.pdf"
number=$(ctl --json jobs | jq -r 'map(.id) | max')
run 0 ctl print --printer hall --no-wait "$work/report.pdf"
third=$(ctl --json jobs | jq -r 'map(.id) | max')
run 0 ctl cancel "$third"
run 0 ctl watch "$number"
came_out hall "$once $once"
expect_job "$third" .state canceled

step "9. Nothing is left behind"
[ -z "$(printer_jobs hall)" ] || fail "jobs are left in the queue"
wait_until "the spool is empty" sh -c "[ -z \"\$(ls '$work/client-one/spool')\" ]"
stop clientd-one
stop serviced
