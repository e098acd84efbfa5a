#!/bin/bash
# Trouble at every place of a stack of five sheets, and of every kind: the job stops with the reason, the phase and what
# to do; `resume` then makes the document whole, and no sheet goes through twice unless it had to.
. "$(dirname "$0")/lib.sh"

scanner stack 5 gray
start_serviced
start_clientd
enroll
device=$work/stack
pages=("$device"/pages/*.pnm)

# What the operator does before each: all in order, a fresh stack.
put_in_order() {
    "$operator" load "$device"
    "$operator" clear-condition "$device"
    "$operator" plug "$device"
    rm -f "$device/faults"
    : >"$device/log"
}

# stops_with CODE PAGE UNCERTAIN-PAGES ADVICE: the job of the scan that has just ended, its number in $number
stops_with() {
    local reason=$1 page=$2 uncertain=$3 advice=$4
    number=$(ctl --json jobs | jq -r '.[-1].id')
    says "$advice"
    says "clientctl restart $number"
    wait_until "the pages before are stored" job_is "$number" .pages.stored $((page - 1))
    expect_job "$number" .state processing-stopped
    expect_job "$number" ".state_reasons | index(\"$reason\") != null" true
    expect_job "$number" .error.code "$reason"
    expect_job "$number" .phase.function reading
    expect_job "$number" .phase.step $([ "$page" = 1 ] && echo starting || echo reading)
    expect_job "$number" .phase.page "$page"
    expect_job "$number" '.pages.uncertain | join(" ")' "$uncertain"
    expect_job "$number" '.manners[0]' resume
}

# scan_stops REASON PAGE UNCERTAIN-PAGES ADVICE
scan_stops() {
    run 3 ctl scan --source adf --mode gray --title trouble
    stops_with "$@"
}

# goes_on TIMES…: resume makes the document whole; how often each sheet went through
goes_on() {
    local sheet=1 times
    run 0 ctl restart "$number" --manner resume
    expect_job "$number" .state completed
    expect_job "$number" .error null
    same_pages "$work/archive/$(date -u +%F)/one-$number-trouble.pdf" "${pages[@]}"
    for times; do
        [ "$(fed stack $sheet)" = "$times" ] || fail "sheet $sheet went through $(fed stack $sheet) times, not $times"
        sheet=$((sheet + 1))
    done
}

step "1. A jam before the first page"
put_in_order
"$operator" fault "$device" 'page=1 at=start do=JAMMED'
scan_stops media-jam 1 '' 'put it back on top of the stack'
expect_job "$number" '.manners | join(" ")' 'resume skip restart abandon'
"$operator" clear-condition "$device" && "$operator" put-back "$device" 1
goes_on 2 1 1 1 1

step "2. A jam on the last page"
put_in_order
"$operator" fault "$device" 'page=5 at=90% do=JAMMED'
scan_stops media-jam 5 '' 'put it back on top of the stack'
"$operator" clear-condition "$device" && "$operator" put-back "$device" 5
goes_on 1 1 1 1 2

step "3. The same page jams twice; and a jam that was not removed stops it again at once"
put_in_order
"$operator" fault "$device" 'page=3 at=40% do=JAMMED times=2'
scan_stops media-jam 3 '' 'put it back on top of the stack'
run 3 ctl restart "$number" --manner resume
stops_with media-jam 3 '' 'put it back on top of the stack'
[ "$(fed stack 3)" = 1 ] || fail "a jammed scanner has moved a sheet"
"$operator" clear-condition "$device" && "$operator" put-back "$device" 3
run 3 ctl restart "$number" --manner resume
stops_with media-jam 3 '' 'put it back on top of the stack'
"$operator" clear-condition "$device" && "$operator" put-back "$device" 3
goes_on 1 1 3 1 1

step "4. The cover is opened: before a sheet moves, and in the middle of one"
put_in_order
"$operator" fault "$device" 'page=2 at=start do=COVER_OPEN'
scan_stops cover-open 2 '' 'close the cover'
"$operator" clear-condition "$device"
goes_on 1 1 1 1 1
put_in_order
"$operator" fault "$device" 'page=2 at=50% do=COVER_OPEN'
scan_stops cover-open 2 '' 'half-way through back on top of the stack, and close the cover'
"$operator" clear-condition "$device" && "$operator" put-back "$device" 2
goes_on 1 2 1 1 1

step "5. Two sheets at once, as the scanner reports it"
put_in_order
"$operator" fault "$device" 'page=4 at=10% do=DOUBLE_FEED'
scan_stops media-jam 4 '' 'put it back on top of the stack'
"$operator" clear-condition "$device" && "$operator" put-back "$device" 4
goes_on 1 1 1 2 1

step "6. An input or output error: nobody knows where the sheet is"
put_in_order
"$operator" fault "$device" 'page=3 at=70% do=IO_ERROR'
scan_stops device-error 3 3 'Check the cable'
says 'If the sheet has come out, put it back on top of the stack'
says 'in doubt'
"$operator" put-back "$device" 3
goes_on 1 1 2 1 1

step "7. The plug is pulled in the middle of a page; going on before it is in again says so"
put_in_order
echo 400000 >"$device/rate"
ctl scan --source adf --mode gray --title trouble >"$out" 2>&1 &
scan=$!
wait_until "page 2 is on its way" grep -q '^start page=2 ' "$device/log"
"$operator" unplug "$device"
wait $scan
[ $? = 3 ] || fail "the scan did not stop with 3"
rm "$device/rate"
stops_with device-error 2 2 'put it back on top of the stack'
run 3 ctl restart "$number" --manner resume
stops_with device-missing 2 '' 'Plug the scanner in and switch it on'
"$operator" plug "$device" && "$operator" put-back "$device" 2
goes_on 1 2 1 1 1

step "8. The plug was out from the start"
put_in_order
"$operator" unplug "$device"
scan_stops device-missing 1 '' 'Plug the scanner in and switch it on'
"$operator" plug "$device"
goes_on 1 1 1 1 1

step "9. Nothing in the feeder"
put_in_order
mv "$device/pages" "$device/pages-on-the-desk" && mkdir "$device/pages"
scan_stops media-empty 1 '' 'into the feeder'
rmdir "$device/pages" && mv "$device/pages-on-the-desk" "$device/pages"
goes_on 1 1 1 1 1

step "10. Somebody else has the scanner, and its memory is short: nothing has moved"
put_in_order
"$operator" fault "$device" 'page=2 at=start do=DEVICE_BUSY'
scan_stops device-busy 2 '' 'Wait until the scanner is free'
goes_on 1 1 1 1 1
put_in_order
"$operator" fault "$device" 'page=2 at=start do=NO_MEM'
scan_stops out-of-memory 2 '' 'lower resolution'
goes_on 1 1 1 1 1

step "11. A policy of the user's goes on by itself: three faults, no question"
stop clientd-one
printf '[policy]\nmanner-on-device-error = resume\n' >>"$work/clientd-one.conf"
start_clientd
wait_until "one is connected" connected one
# without_question COMMAND…: from the host, or from the server
without_question() {
    put_in_order
    "$operator" fault "$device" 'page=2 at=start do=DEVICE_BUSY'
    "$operator" fault "$device" 'page=3 at=start do=NO_MEM'
    "$operator" fault "$device" 'page=5 at=start do=DEVICE_BUSY'
    run 0 "$@" --source adf --mode gray --title trouble
    number=$(ctl --json jobs --all | jq -r '.[-1].id')
    same_pages "$work/archive/$(date -u +%F)/one-$number-trouble.pdf" "${pages[@]}"
    for sheet in 1 2 3 4 5; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet went through twice"; done
    [ "$(grep -c "job $number: the manner of restarting is resume" "$work/clientd-one.log")" = 3 ] || fail "not three restarts"
}
without_question ctl scan
without_question sctl scan one
# In the middle of a page, when the server has said nothing for a while and tells of the error at once.
put_in_order
echo 001.pnm >"$device/glass"
echo 400000 >"$device/rate"
"$operator" fault "$device" 'page=1 at=80% do=IO_ERROR'
run 0 sctl scan one --source flatbed --mode gray --title glass
grep -q '^interrupted' "$device/log" || fail "the scanner was not interrupted"
same_pages "$(archived | grep -- -glass.pdf)" "${pages[0]}"
rm "$device/rate" "$device/glass"

step "12. Orderly end"
stop clientd-one
stop serviced
