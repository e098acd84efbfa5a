#!/bin/bash
# kill -9 of serviced, of clientd and of the reading unit, each at random moments that are spread over a job. Nothing
# is lost, the registered phase is what the scanner's log says, and every document is what lay in the feeder.
# SEED chooses the moments, MOMENTS how many there are for each (20).
. "$(dirname "$0")/lib.sh"

RANDOM=${SEED:-4711}
moments=${MOMENTS:-20}
sheets=4
SIZE='--width 300 --height 420' scanner stack $sheets gray
start_serviced
start_clientd
enroll
device=$work/stack
pages=("$device"/pages/*.pnm)
page_bytes=$((300 * 420))
rate=$((page_bytes * 6)) # a page in a sixth of a second
echo "the moments are those of SEED=${SEED:-4711}"

# A moment of the job: so much of a page has been delivered, as the scanner itself notes; or, behind the last page, what
# still happens to the job.
choose_a_moment() {
    local part=$((RANDOM % 100))
    page=$((RANDOM % (sheets + 1) + 1))
    if [ $page -le $sheets ]; then
        moment="page $page at $part %"
        "$operator" fault "$device" "page=$page at=$part% do=STALL:0"
    else
        after=$((part % 4))
        moment="behind the last page, $after"
    fi
}
noted() { grep -q "^fault page=$page bytes=[0-9]* sheet=$page do=STALL" "$device/log"; }
wait_for_a_moment() {
    if [ $page -le $sheets ]; then
        wait_until "it is $moment" noted
        return
    fi
    wait_until "the last page has been delivered" grep -q "^delivered page=$sheets " "$device/log"
    [ $after -lt 1 ] || wait_until "the scanner is closed" grep -qx close "$device/log"
    [ $after -lt 2 ] || wait_until "all pages are stored" job_is "$number" .pages.stored $sheets
    [ $after -lt 3 ] || wait_until "the job is completed" completed
}

# A fresh stack and its job, in $number; the moment at which it is to be hit.
scan() {
    "$operator" load "$device"
    rm -f "$device/faults"
    : >"$device/log"
    echo $rate >"$device/rate"
    choose_a_moment
    run 0 ctl scan --source adf --mode gray --title "$1" --no-wait
    number=$(ctl --json jobs --all | jq -r 'map(.id) | max')
}

delivered() { grep -c '^delivered ' "$device/log"; }
completed() { job_is "$number" .state completed; }
asked() { [ "$(ctl --json show "$number" | jq -r 'select(.state == "processing-stopped") | .manners | length')" -gt 0 ] 2>/dev/null; }
waits_for_somebody() {
    completed || { connected && asked && job_is "$number" .state processing-stopped; }
}

# The phase on both sides, against what the scanner did: the page after the last one that is durably kept. Of the page
# that was delivered last, the scanner cannot know whether it has reached the disk.
the_phase_is_right() {
    local page=$(job "$number" .phase.page) through=$(delivered)
    [ "$(job "$number" .phase.step)" = reading ] || fail "the phase is $(job "$number" .phase.step)"
    [ "$page" = $((through + 1)) ] || { [ "$page" = "$through" ] && [ "$through" -gt 0 ]; } ||
        fail "the phase is page $page, and the scanner has delivered $through ($moment)"
    [ "$(ctl --json show "$number" | jq -r .phase.page)" = "$page" ] || fail "clientd has another phase"
    expect_job "$number" .pages.read $((page - 1))
    expect_job "$number" '.error.action | test("put it back on top|feeder")' true
    fed_before=$page
}

# What the prompt says: the sheet that was interrupted goes back on top of the stack, and the job is resumed.
resume_as_the_prompt_says() {
    if [ "$fed_before" -gt $sheets ] && job_is "$number" '.pages.uncertain | length' 1; then
        # It was hit while it looked for one more sheet: nobody but the user knows that there was none.
        run 3 ctl restart "$number" --manner resume
        says 'this page is known to exist'
        run 0 ctl restart "$number" --manner finish
        return
    fi
    [ "$(fed stack "$fed_before")" = 0 ] || "$operator" put-back "$device" "$fed_before"
    run 0 ctl restart "$number" --manner resume
}

document_is_right() {
    local name
    completed || fail "job $number is $(job "$number" .state) ($moment)"
    name=$(archived | grep -- "/one-$number-") || fail "job $number has no document ($moment)"
    [ "$(wc -l <<<"$name")" = 1 ] || fail "job $number has more than one document"
    same_pages "$name" "${pages[@]}"
    for ((sheet = 1; sheet <= sheets; sheet++)); do
        local most=1
        [ $sheet = "$fed_before" ] && most=2
        [ "$(fed stack $sheet)" -le $most ] || fail "sheet $sheet went through $(fed stack $sheet) times ($moment)"
    done
}

resumed=0
settle() {
    fed_before=0
    wait_until "job $number waits or is completed ($moment)" waits_for_somebody
    if ! completed; then
        the_phase_is_right
        resume_as_the_prompt_says
        resumed=$((resumed + 1))
    fi
    document_is_right
}

step "1. serviced: the scanner goes on, and the job ends with nobody's help"
for ((n = 1; n <= moments; n++)); do
    scan "server-$n"
    wait_for_a_moment
    kill_hard serviced
    start_serviced
    wait_until "job $number is completed ($moment)" completed
    fed_before=0
    document_is_right
    [ "$(grep -c '^open' "$device/log")" = 1 ] || fail "the scanner was opened again ($moment)"
done

step "2. clientd, and with it the reading unit"
for ((n = 1; n <= moments; n++)); do
    scan "client-$n"
    wait_for_a_moment
    kill_hard clientd-one
    start_clientd
    settle
done
[ $moments -lt 10 ] || [ $resumed -gt 0 ] || fail "no job had to be resumed: the moments say nothing"

step "3. The reading unit"
resumed=0
for ((n = 1; n <= moments; n++)); do
    scan "unit-$n"
    wait_for_a_moment
    unit=$(pgrep -P "${pids[clientd-one]}" | head -n 1)
    [ -z "$unit" ] || kill -KILL "$unit" 2>/dev/null
    settle
done
[ $moments -lt 10 ] || [ $resumed -gt 0 ] || fail "no job had to be resumed: the moments say nothing"

step "4. Nothing is left over: no spool, no page, no half document"
left_over() { find "$work/client-one/spool" -mindepth 1 -type f; find "$work/archive" -name '.*' -type f; }
nothing_left() { [ -z "$(left_over)" ]; }
wait_until "nothing is left over" nothing_left
[ "$(archived | wc -l)" = $((moments * 3)) ] || fail "there are $(archived | wc -l) documents of $((moments * 3)) jobs"

step "5. Orderly end"
stop clientd-one
stop serviced
