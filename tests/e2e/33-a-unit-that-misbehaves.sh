#!/bin/bash
# The reading unit hangs, crawls, gives nothing for ever, ends or crashes. That is reported within the watchdog's time; a
# unit that is only slow is left alone; clientd is unharmed, and the same scan and the next one work.
. "$(dirname "$0")/lib.sh"

WATCHDOG=2s
scanner stack 3 gray
start_serviced
start_clientd
enroll
device=$work/stack
pages=("$device"/pages/*.pnm)
clientd=${pids[clientd-one]}
now_ms() { date +%s%3N; }

put_in_order() {
    "$operator" load "$device"
    rm -f "$device/faults" "$device/rate"
    : >"$device/log"
}

# misbehaves REASON MOST-SECONDS FAULT…: the job stops in time, and goes on to the end; then another one works
misbehaves() {
    local reason=$1 most=$2 began took unit
    put_in_order
    "$operator" fault "$device" "page=2 $3"
    began=$(now_ms)
    run 3 ctl scan --source adf --mode gray --title misbehaves
    took=$(($(now_ms) - began))
    [ $took -le $((most * 1000)) ] || fail "it took $took ms"
    number=$(ctl --json jobs | jq -r '.[-1].id')
    says 'Look at the feeder'
    expect_job "$number" .error.code "$reason"
    expect_job "$number" .phase.page 2
    expect_job "$number" '.pages.uncertain | join(" ")' 2
    wait_until "no reading unit is left" no_unit
    [ "$(fed stack 2)" = 0 ] || "$operator" put-back "$device" 2
    run 0 ctl restart "$number" --manner resume
    same_pages "$work/archive/$(date -u +%F)/one-$number-misbehaves.pdf" "${pages[@]}"
    put_in_order
    run 0 ctl scan --source adf --mode gray --title next
    same_pages "$work/archive/$(date -u +%F)/one-$((number + 1))-next.pdf" "${pages[@]}"
    kill -0 "$clientd" && [ "${pids[clientd-one]}" = "$clientd" ] || fail "clientd has ended"
}
no_unit() { ! pgrep -f "reading_unit read --spool $work/"; }

# The watchdog's 2 s, 3 s for the unit to let go and to be killed, and some for a busy machine.
step "1. It hangs in the middle of a page, so that not even cancelling helps"
misbehaves unit-stalled 10 'at=40% do=HANG'

step "2. It hangs before the sheet moves"
misbehaves unit-stalled 10 'at=start do=HANG'

step "3. It says 'good' and gives no bytes, for ever"
misbehaves unit-stalled 10 'at=40% do=ZERO'
misbehaves unit-stalled 10 'at=start do=ZERO'

step "4. It is silent for longer than the watchdog allows"
misbehaves unit-stalled 10 'at=40% do=STALL:30'

step "5. It crashes: known at once"
misbehaves unit-died 4 'at=40% do=CRASH'
misbehaves unit-died 4 'at=start do=CRASH'

step "6. It ends in the middle of a page: known at once"
misbehaves unit-died 4 'at=40% do=EXIT'

step "7. It crawls for twice the watchdog's time, but bytes come: left alone"
put_in_order
"$operator" fault "$device" 'page=2 at=98% do=CRAWL:1200'
began=$(now_ms)
run 0 ctl scan --source adf --mode gray --title slow
took=$(($(now_ms) - began))
[ $took -ge 4000 ] || fail "it did not crawl: $took ms"
same_pages "$work/archive/$(date -u +%F)/one-$(ctl --json jobs --all | jq -r '.[-1].id')-slow.pdf" "${pages[@]}"
for sheet in 1 2 3; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet went through twice"; done

step "8. It pauses for a little less than the watchdog allows: left alone"
put_in_order
"$operator" fault "$device" 'page=2 at=40% do=STALL:1'
run 0 ctl scan --source adf --mode gray

step "9. clientd has not restarted, and stops in order while a unit hangs"
[ "$(grep -c 'connected to the server' "$work/clientd-one.log")" = 1 ] || fail "clientd has connected again"
put_in_order
"$operator" fault "$device" 'page=2 at=40% do=HANG'
run 0 ctl scan --source adf --mode gray --no-wait
wait_until "the unit hangs" grep -q 'do=HANG' "$device/log"
stop clientd-one
wait_until "no reading unit is left" no_unit
stop serviced
