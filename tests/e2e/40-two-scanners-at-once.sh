#!/bin/bash
# Two scanners on one host read at the same time, and one's trouble is not the other's. Two jobs want one scanner: the
# second is told so, and works afterwards.
. "$(dirname "$0")/lib.sh"

scanner left 5 gray
scanner right 5 color
start_serviced
start_clientd
enroll
left=("$work"/left/pages/*.pnm)
right=("$work"/right/pages/*.pnm)
today() { echo "$work/archive/$(date -u +%F)"; }
document() { find "$(today)" -name "one-*-$1.pdf"; }
in_the_middle() { grep -q '^start page=3 ' "$work/$1/log" && ! grep -q '^delivered page=5 ' "$work/$1/log"; }

put_in_order() {
    for name in left right; do
        "$operator" load "$work/$name"
        "$operator" clear-condition "$work/$name"
        : >"$work/$name/log"
    done
}

# scan NAME MODE TITLE: in the background; its output in $work/scan-TITLE, its exit code by `ended`
scan() {
    ctl scan --scanner "rig:$1" --source adf --mode "$2" --title "$3" >"$work/scan-$3" 2>&1 </dev/null &
    pids["scan-$3"]=$!
}
ended() {
    local code
    wait "${pids[scan-$2]}"
    code=$?
    unset "pids[scan-$2]"
    cp "$work/scan-$2" "$out"
    [ $code = "$1" ] || fail "the scan '$2' ended with $code, not $1"
}

step "1. Which scanner? With two of them it has to be said"
run 2 ctl scan --source adf
says 'rig:left'
says 'rig:right'
run 2 sctl scan one --source adf
says 'several scanners.*--scanner: rig:(left, rig:right|right, rig:left)$'
run 0 ctl --json jobs --all
[ "$(jq length "$out")" = 0 ] || fail "there is a job"

step "2. Both at once: both are in the middle of their stacks at the same moment"
put_in_order
echo 300000 >"$work/left/rate"
echo 900000 >"$work/right/rate"
scan left gray one-side
scan right color other-side
wait_until "the left one is in the middle" in_the_middle left
wait_until "the right one is in the middle" in_the_middle right
in_the_middle left || fail "they were not reading at the same time"
run 0 ctl --json jobs
[ "$(jq -r '[.[] | "\(.unit) \(.state)"] | sort | join(", ")' "$out")" = 'rig:left processing, rig:right processing' ] ||
    fail "the jobs are not both processing"
ended 0 one-side
ended 0 other-side
same_pages "$(document one-side)" "${left[@]}"
same_pages "$(document other-side)" "${right[@]}"

step "3. The left one jams: the right one does not notice"
put_in_order
"$operator" fault "$work/left" 'page=3 at=40% do=JAMMED'
scan left gray jams
scan right color goes-on
ended 3 jams
ended 0 goes-on
same_pages "$(document goes-on)" "${right[@]}"
"$operator" clear-condition "$work/left" && "$operator" put-back "$work/left" 3
run 0 ctl restart --manner resume
same_pages "$(document jams)" "${left[@]}"

step "4. Two jobs on one scanner: the second is told whose it is, no sheet moves for it, and it goes on afterwards"
put_in_order
scan left gray first
wait_until "the first is in the middle" in_the_middle left
run 3 ctl scan --scanner rig:left --source adf --mode gray --title second
says 'device-busy'
says 'Wait until the scanner is free'
second=$(ctl --json jobs | jq -r '.[] | select(.title == "second").id')
expect_job "$second" .error.code device-busy
expect_job "$second" .phase.page 1
ended 0 first
same_pages "$(document first)" "${left[@]}"
for sheet in 1 2 3 4 5; do [ "$(fed left $sheet)" = 1 ] || fail "sheet $sheet did not go through once"; done
"$operator" load "$work/left"
run 0 ctl restart "$second" --manner resume
same_pages "$(document second)" "${left[@]}"

step "5. Two jobs wait: restart without a number names them"
put_in_order
rm "$work/left/rate" "$work/right/rate"
for name in left right; do "$operator" fault "$work/$name" 'page=2 at=40% do=JAMMED'; done
scan left gray wait-left
scan right color wait-right
ended 3 wait-left
ended 3 wait-right
run 2 ctl restart --manner resume
for title in wait-left wait-right; do
    says "$(ctl --json jobs | jq -r ".[] | select(.title == \"$title\").id")"
done
for name in left right; do
    "$operator" clear-condition "$work/$name" && "$operator" put-back "$work/$name" 2
    run 0 ctl restart "$(ctl --json jobs | jq -r ".[] | select(.title == \"wait-$name\").id")" --manner resume
done
same_pages "$(document wait-left)" "${left[@]}"
same_pages "$(document wait-right)" "${right[@]}"

step "6. Orderly end"
stop clientd-one
stop serviced
