#!/bin/bash
# The disk of the printer's host is too small for the sheets that are to come: those that are there are printed, which makes
# room, and the job goes on by itself.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

# Room for three sheets: what is left free has to do for the account of what is printed.
mkdir -p "$work/mnt-client" && mount -t tmpfs -o size=5000k none "$work/mnt-client" 2>/dev/null ||
    { echo 'no file system can be mounted here'; exit 77; }
ln -s mnt-client "$work/client-one"
printer hall pace=0.2
start_driverless hall
CLIENT_SETTINGS="[printer hall]
uri = $(printer_uri hall)"
export CUPS_SERVER=127.0.0.1:9 # no queues
start_serviced
start_clientd
enroll
make_pdf --noise=1200000 "$work/report.pdf" 1 2 3 4 5 6

step "1. The disk fills up, the job says so, and ends by itself"
run 0 sctl print --no-wait one/hall "$work/report.pdf"
number=$(sctl --json jobs | jq -r '.[-1].id')
wait_until "job $number is completed" job_is "$number" .state completed
grep -q "job $number of one: .*the disk is full" "$work/serviced.log" || fail "the disk was never full"
! grep -q 'cannot be saved' "$work/clientd-one.log" || fail "the account of the job could not be saved"

step "2. Each sheet came out once, and the spool is empty"
sheets=$(for sheet in $(printer_sheets hall); do pdftotext "$sheet" - | tr -d '\f\n '; done)
[ "$sheets" = 123456 ] || fail "the printer has put out '$sheets'"
wait_until "the spool is empty" sh -c "[ -z \"\$(ls '$work/mnt-client/spool')\" ]"

stop clientd-one
stop serviced
