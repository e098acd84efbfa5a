#!/bin/bash
# The reading unit dies with a sheet in the feeder: nobody knows whether that sheet has come out. It is never silently
# missing from the document: the job names it, and a feeder that is empty after that is an error and not the end.
. "$(dirname "$0")/lib.sh"

scanner stack 4 gray
start_serviced
start_clientd
enroll
device=$work/stack
pages=("$device"/pages/*.pnm)

put_in_order() {
    "$operator" load "$device"
    rm -f "$device/faults" "$device/rate"
    : >"$device/log"
}

# uncertain PAGE REASON: how the job stands after the death of the unit, its number in $number
uncertain() {
    number=$(ctl --json jobs | jq -r '.[-1].id')
    says 'Look at the feeder. If the sheet that was being read has come out, put it back on top of the stack'
    says "page $1 is in doubt"
    wait_until "the pages before are stored" job_is "$number" .pages.stored $(($1 - 1))
    expect_job "$number" .state processing-stopped
    expect_job "$number" .error.code "$2"
    expect_job "$number" .phase.page "$1"
    expect_job "$number" '.pages.uncertain | join(" ")' "$1"
    run 0 ctl --json show "$number"
    [ "$(jq -r '.pages.uncertain | join(" ")' "$out")" = "$1" ] || fail "the client does not name the page"
}

# crash PLACE PAGE
crash() {
    put_in_order
    "$operator" fault "$device" "page=$2 at=$1 do=CRASH"
    run 3 ctl scan --source adf --mode gray --title doubt
    uncertain "$2" unit-died
}
document() { echo "$work/archive/$(date -u +%F)/one-$number-doubt.pdf"; }

step "1. SIGSEGV in page 3: page 3 is in doubt; the user puts it back, and the document is whole"
crash 50% 3
"$operator" put-back "$device" 3
run 0 ctl restart "$number" --manner resume
same_pages "$(document)" "${pages[@]}"
[ "$(fed stack 1) $(fed stack 2) $(fed stack 3) $(fed stack 4)" = '1 1 2 1' ] || fail "other sheets were read again"

step "2. SIGSEGV when the sheet has been drawn in, and before its first byte"
crash 0 3
"$operator" put-back "$device" 3
run 0 ctl restart "$number" --manner resume
same_pages "$(document)" "${pages[@]}"

step "3. SIGSEGV before the sheet moves: it still lies on the stack, and nothing has to be put back"
crash start 3
run 0 ctl restart "$number" --manner resume
same_pages "$(document)" "${pages[@]}"
for sheet in 1 2 3 4; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet went through twice"; done

step "4. The unit is killed in the middle of page 2"
put_in_order
echo 200000 >"$device/rate"
ctl scan --source adf --mode gray --title doubt >"$out" 2>&1 &
scan=$!
wait_until "page 2 is on its way" grep -q '^start page=2 ' "$device/log"
unit=$(pgrep -P "${pids[clientd-one]}" -f reading_unit) || fail "there is no reading unit"
kill -KILL "$unit"
wait $scan
[ $? = 3 ] || fail "the scan did not stop with 3"
uncertain 2 unit-died
grep -q 'killed by signal 9\|SIGKILL' "$work/clientd-one.log" || fail "the log does not say how the unit died"
rm "$device/rate"
"$operator" put-back "$device" 2
run 0 ctl restart "$number" --manner resume
same_pages "$(document)" "${pages[@]}"

# forgotten PAGE: the sheet was the last, and the user resumes without having put it back
forgotten() {
    run 3 ctl restart "$number" --manner resume
    says 'known to exist'
    says 'back into the feeder'
    expect_job "$number" .state processing-stopped
    expect_job "$number" .error.code sheet-uncertain
    expect_job "$number" .phase.page "$1"
    expect_job "$number" '.pages.uncertain | join(" ")' "$1"
    expect_job "$number" '.manners | index("finish") != null and index("skip") != null' true
    [ ! -e "$(document)" ] || fail "there is a short document"
}

step "5. The last sheet, forgotten in the tray: no short document, however often; it is put back after all"
for place in 50% 0; do
    crash $place 4
    forgotten 4
    forgotten 4
    "$operator" put-back "$device" 4
    run 0 ctl restart "$number" --manner resume
    same_pages "$(document)" "${pages[@]}"
done

step "6. The last sheet, forgotten; clientd is started again meanwhile, and still knows of it"
crash 50% 4
stop clientd-one
start_clientd
wait_until "one is connected" connected one
forgotten 4

step "7. The user does without it: that is said, and the document has three pages"
run 0 ctl restart "$number" --manner finish
same_pages "$(document)" "${pages[@]:0:3}"
expect_job "$number" .pages.total 3

step "8. The user leaves it out where others follow"
crash 50% 2
run 0 ctl restart "$number" --manner skip
says '1 left out'
same_pages "$(document)" "${pages[0]}" "${pages[2]}" "${pages[3]}"
expect_job "$number" '.pages.skipped | join(" ")' 2

step "9. The first sheet of all, alone in the feeder, and forgotten"
crash 50% 1
echo 4 >"$device/fed"
run 3 ctl restart "$number" --manner resume
expect_job "$number" .error.code sheet-uncertain
expect_job "$number" '.pages.uncertain | join(" ")' 1
"$operator" load "$device"
run 0 ctl restart "$number" --manner resume
same_pages "$(document)" "${pages[@]}"

step "10. Orderly end"
stop clientd-one
stop serviced
