#!/bin/bash
# The link is down for longer than the whole scan: the scanner goes on, the pages wait in the spool, also while
# clientd is stopped, killed and started again. When the link is back, the job completes by itself.
. "$(dirname "$0")/lib.sh"

link() { "$build/tests/rig/rig-link" "$work/net.sock" "$@" >"$out" 2>&1 || fail "the network: $*"; }

scanner stack 5 gray
start_serviced
start link "$build/tests/rig/link-proxy" --listen 127.0.0.1:0 --to "127.0.0.1:$port" --control "$work/net.sock"
wait_until "the network is there" grep -q '^listening on ' "$work/link.log"
start_clientd
enroll one "$(sed -n 's/^listening on //p' "$work/link.log")"
device=$work/stack
pages=("$device"/pages/*.pnm)

# The value of the job as clientd itself knows it.
here() { ctl --json show "$number" | jq -r "$1"; }
here_is() { [ "$(here "$1")" = "$2" ]; }
waiting() { find "$work/client-one/spool/$number" -type f -size +1k 2>/dev/null | wc -l; }

# A job whose link goes at page 2, and is down when the last page has been read.
scan_and_lose_the_link() {
    "$operator" load "$device"
    : >"$device/log"
    echo 1000000 >"$device/rate"
    run 0 ctl scan --source adf --mode gray --title "$1" --no-wait
    number=$(ctl --json jobs | jq -r '.[-1].id')
    wait_until "page 2 is being read" grep -qx 'start page=2 sheet=2' "$device/log"
    link refuse
    link cut
    wait_until "clientd knows that the link is down" disconnected
    wait_until "all pages are read" here_is .pages.read 5
    wait_until "the scanner is free" grep -qx close "$device/log"
}

# What is true while the link is down.
tells_the_truth() {
    run 0 ctl --json status
    [ "$(jq -r .connected "$out")" = no ] || fail "status says connected"
    [ "$(here .state)" = processing-stopped ] || fail "the job is '$(here .state)'"
    [ "$(here '.state_reasons | index("connecting-to-device") != null')" = true ] || fail "the reason is not told"
    [ "$(here .pages.read)" = 5 ] || fail "$(here .pages.read) pages were read"
    [ "$(here '.pages.stored < 5')" = true ] || fail "all pages are stored, with no link"
    [ "$(waiting)" -ge $((5 - $(here .pages.stored))) ] || fail "$(waiting) pages wait in the spool"
    run 0 ctl --json jobs
    [ "$(jq -r ".[] | select(.id == $number) | .pages.read" "$out")" = 5 ] || fail "jobs does not tell of it"
    expect_job "$number" '.pages.stored < 5' true
    expect_job "$number" .state processing-stopped
}

comes_back_and_completes() {
    link accept
    wait_until "job $number is completed" job_is "$number" .state completed
    wait_until "its spool is gone" test ! -e "$work/client-one/spool/$number"
    same_pages "$(the_document)" "${pages[@]}"
    for sheet in 1 2 3 4 5; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet was read again"; done
}

step "1. The pages wait, and everything that is told is true"
scan_and_lose_the_link waiting
tells_the_truth

step "2. A new job needs the server: exit code 4 and a sentence"
run 4 ctl scan --source adf --mode gray
says '[a-z]+ [a-z]+'
says 'server|connect'
run 4 ctl documents

step "3. The link is back: the job completes by itself"
comes_back_and_completes

step "4. clientd is stopped and started while the link is down"
scan_and_lose_the_link stopped
stop clientd-one
start_clientd
tells_the_truth
comes_back_and_completes

step "5. clientd is killed while the link is down"
scan_and_lose_the_link killed
kill_hard clientd-one
start_clientd
tells_the_truth
comes_back_and_completes

step "6. Both are killed while the link is down"
scan_and_lose_the_link both-killed
kill_hard clientd-one
kill_hard serviced
start_serviced
start_clientd
tells_the_truth
comes_back_and_completes

step "7. clientd is killed in the middle of the stack while the link is down: what was read, its files alone say"
"$operator" load "$device"
: >"$device/log"
"$operator" fault "$device" 'page=4 at=50% do=CRAWL:100'
run 0 ctl scan --source adf --mode gray --title killed-early --no-wait
number=$(ctl --json jobs | jq -r '.[-1].id')
wait_until "page 2 is being read" grep -qx 'start page=2 sheet=2' "$device/log"
link refuse
link cut
wait_until "clientd knows that the link is down" disconnected
wait_until "page 4 is half read" grep -q '^fault page=4 .*do=CRAWL' "$device/log"
wait_until "three pages are read" here_is .pages.read 3
kill_hard clientd-one
start_clientd
[ "$(here .pages.read)" = 3 ] || fail "$(here .pages.read) of the three pages are known"
[ "$(here .pages.stored)" -lt 3 ] || fail "nothing waited for the link"
link accept
wait_until "the server knows of the pages" job_is "$number" .pages.read 3
expect_job "$number" '.pages.uncertain | join(" ")' 4
"$operator" put-back "$device" 4
run 0 ctl restart "$number" --manner resume
same_pages "$(the_document)" "${pages[@]}"
[ "$(fed stack 1) $(fed stack 2) $(fed stack 3) $(fed stack 4) $(fed stack 5)" = '1 1 1 2 1' ] || fail "other sheets were read again"

step "8. Orderly end"
stop clientd-one
stop serviced
