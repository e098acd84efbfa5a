#!/bin/bash
# The network fails in the middle of a page: closed, half-open, stalled, and fifty times in one job. The scanner
# goes on, the transfer goes on at the byte where it was, and the job ends without anybody.
. "$(dirname "$0")/lib.sh"

link() { "$build/tests/rig/rig-link" "$work/net.sock" "$@" >"$out" 2>&1 || fail "the network: $*"; }
stat_of() { link stats && grep -oE "\b$1=[0-9]+" "$out" | cut -d= -f2; }

SIZE='--width 700 --height 990' scanner stack 6 gray
HEARTBEAT=1s
start_serviced
start link "$build/tests/rig/link-proxy" --listen 127.0.0.1:0 --to "127.0.0.1:$port" --control "$work/net.sock"
wait_until "the network is there" grep -q '^listening on ' "$work/link.log"
start_clientd
enroll one "$(sed -n 's/^listening on //p' "$work/link.log")"
device=$work/stack
pages=("$device"/pages/*.pnm)

# A fresh stack, read at so many bytes per second (0: as fast as can be); the job's number in $number.
scan_at_rate() {
    "$operator" load "$device"
    : >"$device/log"
    echo "$1" >"$device/rate"
    run 0 ctl scan --source adf --mode gray --title "$2" --no-wait
    number=$(ctl --json jobs | jq -r '.[-1].id')
}
reading_page() { grep -qx "start page=$1 sheet=$1" "$device/log"; }
# The middle of page 4 has gone over the network.
arrived_in_page_4() {
    reading_page 4 && job_is "$number" '.pages.stored >= 3' true && [ -n "$(find "$work/server/pages" -name '*part*' -size +120k)" ]
}
# What the scanner did: each sheet once, in one go, and nobody told it to stop.
read_in_one_go() {
    for sheet in 1 2 3 4 5 6; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet went through $(fed stack $sheet) times"; done
    [ "$(grep -cx 'open' "$device/log")" = 1 ] || fail "the scanner was opened again"
    ! grep -q '^interrupted' "$device/log" || fail "the scanner was interrupted"
}
connected_anew() { [ "$(stat_of connections)" -gt "$connections" ]; }
ends_by_itself() {
    wait_until "job $number is completed" job_is "$number" .state completed
    same_pages "$(the_document)" "${pages[@]}"
    read_in_one_go
}

step "0. Without a fault: how many bytes a job is on the network"
before=$(stat_of to-server)
scan_at_rate 3000000 quiet
ends_by_itself
undisturbed=$(($(stat_of to-server) - before))

# A page of which nothing had to be sent twice: at most what was in the kernels' buffers when the link was cut.
sent_once() {
    local sent=$(($(stat_of to-server) - before))
    [ $sent -le $((undisturbed + $1)) ] || fail "$sent bytes were sent, $undisturbed without a fault"
}

step "1. Closed in the middle of page 4"
before=$(stat_of to-server)
scan_at_rate 1500000 closed
wait_until "page 4 is on its way" arrived_in_page_4
link cut
ends_by_itself
sent_once 80000

step "2. Half-open: nobody says that the connection has gone, the heartbeat finds it"
before=$(stat_of to-server)
scan_at_rate 700000 half-open
wait_until "page 4 is on its way" arrived_in_page_4
connections=$(stat_of connections)
link half-open once
wait_until "the client has noticed, and connected anew" connected_anew
ends_by_itself
sent_once 80000

step "3. A stall that is longer than two heartbeats"
before=$(stat_of to-server)
scan_at_rate 1000000 stalled
wait_until "page 4 is on its way" arrived_in_page_4
link stall 4
ends_by_itself
sent_once 150000

step "4. A stall that is shorter: nothing is lost"
before=$(stat_of to-server)
connections=$(stat_of connections)
scan_at_rate 1500000 stalled-briefly
wait_until "page 4 is on its way" arrived_in_page_4
link stall 0.5
ends_by_itself
[ "$(stat_of connections)" = "$connections" ] || fail "the client connected anew"

step "5. Fifty cuts in one job"
cuts=$(stat_of cuts)
before=$(stat_of to-server)
link cut-every $((undisturbed / 60)) times 50
PATIENCE=${PATIENCE:-60}
scan_at_rate 2000000 fifty
ends_by_itself
[ "$(($(stat_of cuts) - cuts))" = 50 ] || fail "there were $(($(stat_of cuts) - cuts)) cuts"
link normal

step "6. Orderly end"
stop clientd-one
stop serviced
