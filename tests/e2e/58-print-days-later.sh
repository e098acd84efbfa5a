#!/bin/bash
# A printing job has stopped on a jam. Both daemons and cupsd are stopped in order, and days later all is started again: the
# job goes on at that sheet, at the same printer or at another one of the host, also when the first one is gone for good.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

printer hall pace=0.03
printer cellar pace=0.03
printer attic pace=0.03
start_cups
queue hall
queue cellar
start_driverless attic
export CUPS_SERVER=127.0.0.1:${cups_port[cups]}
CLIENT_SETTINGS="[printer attic]
uri = $(printer_uri attic)"
start_serviced
start_clientd
enroll
sheets=6
make_pdf "$work/report.pdf" $(seq $sheets)

texts() {
    local sheet
    for sheet in $(printer_sheets "$1"); do pdftotext "$sheet" - 2>/dev/null | tr -d '\f\n '; echo; done | paste -sd ' '
}
came_out() { [ "$(texts "$1")" = "$2" ] || fail "$1 has put out '$(texts "$1")', not '$2'"; }

# jam PRINTER WHEN: a job stops at sheet 3, which has come out (after) or not; its number is in $number
jam() {
    for name in hall cellar attic; do
        : >"$work/$name/log"
        rm -f "$work/$name"/sheets/* "$work/$name/condition"
    done
    printer_fault "$1" "sheet=3 when=$2 do=jam"
    run 3 ctl print --printer "$1" "$work/report.pdf"
    number=$(ctl --json jobs | jq -r '.[-1].id')
    created=$(job "$number" .created)
    phase=$(job "$number" '[.state, .error.code, .phase.step, .phase.page, .pages.printed] | join(" ")')
    [[ $phase =~ ^processing-stopped\ media-jam\ (uncertain|printing)\ 3\ 2$ ]] || fail "it is at '$phase'"
}
# All is off. The forms of the sheets that are still to come are on the disks.
night_begins() {
    stop clientd-one
    stop serviced
    stop cups
}
# Days pass for the host's files and the server's; what they remember is older than any deadline.
days_pass() {
    find "$work/server" "$work/client-one" "$work/cups" -type f -exec touch -d '3 days ago' {} +
}
morning_comes() {
    start_cups
    start_serviced
    start_clientd
    wait_until "clientd is connected" connected
    wait_until "clientd has been asked" asked
    for side in ctl sctl; do
        [ "$($side --json show "$number" | jq -r '[.state, .error.code, .phase.step, .phase.page, .pages.printed] | join(" ")')" = \
            "$phase" ] || { $side --json show "$number" >"$out"; fail "$side no longer knows the phase '$phase'"; }
        [ "$($side --json show "$number" | jq -r .created)" = "$created" ] || fail "$side has another time of creation"
    done
}
asked() { [ "$(ctl --json show "$number" | jq -r '.manners | length')" -gt 0 ]; }
three_nights() {
    for night in 1 2 3; do
        night_begins
        days_pass
        morning_comes
    done
}
is_over() {
    expect_job "$number" .state completed
    wait_until "the spool is empty" sh -c "[ -z \"\$(ls '$work/client-one/spool')\" ]"
    [ -z "$(printer_jobs "$1")" ] || fail "jobs are left at $1"
}

step "1. The queue: sheet 3 is not in the tray, and the job goes on with it"
jam hall before
night_begins
days_pass
printer_clear hall
morning_comes
came_out hall '1 2'
run 0 ctl restart "$number" --manner resume
came_out hall '1 2 3 4 5 6'
is_over hall

step "2. Sheet 3 is in the tray: the job goes on behind it, when the server's operator says so, after three nights"
jam hall after
three_nights
printer_clear hall
came_out hall '1 2 3'
run 0 sctl restart "$number" --manner skip
came_out hall '1 2 3 4 5 6'
is_over hall

step "3. The driverless printer has been off, too, and has forgotten its jobs"
jam attic before
night_begins
printer_power_off attic
days_pass
printer_clear attic
start_driverless attic
morning_comes
run 0 ctl restart "$number" --manner resume
came_out attic '1 2 3 4 5 6'
is_over attic

step "4. At the other queue of the same host: nothing more comes out of the first one"
jam hall before
night_begins
days_pass
morning_comes
run 1 ctl restart "$number" --manner resume --printer garage
says 'there is no printer garage'
run 0 ctl restart "$number" --manner resume --printer cellar
came_out hall '1 2'
came_out cellar '3 4 5 6'
is_over cellar
printer_clear hall
queue_enable hall
[ -z "$(printer_jobs hall)" ] || fail "jobs are left at hall, and would come out"
came_out hall '1 2'

step "5. From the queue to the driverless printer, and with the tray's sheet taken for printed"
jam hall after
three_nights
run 0 sctl restart "$number" --manner skip --printer attic
came_out hall '1 2 3'
came_out attic '4 5 6'
is_over attic
printer_clear hall
queue_enable hall

step "6. The first queue has been taken away for good"
jam hall before
night_begins
days_pass
start_cups
lpadmin -h "127.0.0.1:${cups_port[cups]}" -x hall || fail "the queue stays"
stop cups
morning_comes
run 3 ctl restart "$number" --manner resume
came_out hall '1 2'
phase=$(job "$number" '[.state, .error.code, .phase.step, .phase.page, .pages.printed] | join(" ")')
run 0 ctl restart "$number" --manner resume --printer cellar
came_out cellar '3 4 5 6'
is_over cellar

step "7. The first printer is gone with sheets that it was working on: a person looks into its tray"
: >"$work/attic/log"
: >"$work/cellar/log"
rm -f "$work"/{attic,cellar}/sheets/*
printer_fault attic 'sheet=3 when=before do=hang:600'
run 0 ctl print --printer attic --no-wait "$work/report.pdf"
number=$(ctl --json jobs | jq -r '.[-1].id')
created=$(job "$number" .created)
wait_for_log attic 'fault sheet=3 .*'
kill_hard clientd-one
printer_power_off attic
stop serviced
stop cups
days_pass
start_cups
start_serviced
start_clientd
stopped() { job_is "$number" .state processing-stopped && asked; }
PATIENCE=60 wait_until "the printer is missing" stopped
run 3 ctl restart "$number" --manner resume --printer cellar
expect_job "$number" .error.code sheet-uncertain
expect_job "$number" '.pages.uncertain | tostring' '[3]'
came_out attic '1 2'
came_out cellar ''
run 0 ctl restart "$number" --manner resume
came_out cellar '3 4 5 6'
is_over cellar

stop clientd-one
stop serviced
