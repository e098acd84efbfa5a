#!/bin/bash
# Documents come out of the printer: files from the server and from the client's host, and documents of the archive;
# the account says what came out, over an end of the server, too.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

is_done() { [ "$(sctl --json show "$1" | jq -r .state)" = "$2" ]; }
last_job() { sctl --json jobs --all | jq '[.[].id] | max'; }

step "1. A server, and a client with a driverless printer"
printer laser pace=0.05
start_driverless laser
scanner front 2
CLIENT_SETTINGS="[printer laser]
uri = $(printer_uri laser)"
start_serviced
start_clientd
enroll
for line in $(seq 1 300); do echo "This is line $line of a letter of several pages."; done >"$work/letter.txt"

step "2. A file at the server: two copies of its first two pages"
run 0 sctl print "$CLIENT/laser" "$work/letter.txt" --copies 2 --pages 1-2
[ "$(printer_out laser)" = 4 ] || fail "$(printer_out laser) sheets came out, not 4"
[ "$(sctl --json show "$(last_job)" | jq -c '[.pages.total, .pages.printed, .phase.function, .phase.step]')" = '[4,4,"printing","finished"]' ] ||
    fail 'the account is another one'

step "3. A file at the client's host"
run 0 ctl print "$work/letter.txt" --pages 3
[ "$(printer_out laser)" = 5 ] || fail "$(printer_out laser) sheets came out, not 5"

step "4. A document of the archive"
run 0 ctl scan --source adf
document=$(ctl --json documents | jq '.[0].document // .[0].id')
run 0 ctl print "$document"
[ "$(printer_out laser)" = 7 ] || fail "$(printer_out laser) sheets came out, not 7"

step "5. What cannot be printed is refused in a sentence"
head -c 3000 /dev/urandom >"$work/noise"
: >"$work/nothing.pdf"
run 5 sctl print "$CLIENT/laser" "$work/noise"
run 1 sctl print "$CLIENT/laser" "$work/nothing.pdf"
run 1 sctl print "$CLIENT/nowhere" "$work/letter.txt"
says laser
run 1 sctl print "$CLIENT/laser" 4711
[ "$(printer_out laser)" = 7 ] || fail 'something was printed'

step "6. The server is killed in the middle: every sheet once, in order"
run 0 sctl print "$CLIENT/laser" "$work/letter.txt" --copies 3 --no-wait
job=$(last_job)
wait_for_sheets laser 10
kill_hard serviced
sleep 0.3
start_serviced
wait_until "job $job is completed" is_done "$job" completed
sheets=$(sctl --json show "$job" | jq .pages.printed)
[ "$(printer_out laser)" = $((7 + sheets)) ] || fail "$(printer_out laser) sheets came out, not $((7 + sheets))"

step "7. Nothing is left behind"
wait_until 'no blocks are left' sh -c "[ -z \"\$(find '$work/server/pages' -name '*.pdf')\" ]"
[ -z "$(ls -A "$work/server/uploads")" ] || fail 'an upload is left'
[ -z "$(find "$work/client-$CLIENT/spool" -name '*.stream')" ] || fail 'blocks are left in the spool'
stop "clientd-$CLIENT"
stop serviced
