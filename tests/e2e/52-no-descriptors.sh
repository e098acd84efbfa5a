#!/bin/bash
# No file descriptor is left, at the server and at the client: whoever comes waits, without the processor being kept
# busy, who is there goes on, and when descriptors are free again everybody gets in.
. "$(dirname "$0")/lib.sh"
command -v prlimit >/dev/null && command -v python3 >/dev/null || exit 77

SERVER_SETTINGS=$'[limits]\nhandshake = 3s'
HEARTBEAT=5s
scanner stack 2 gray
pages=("$work"/stack/pages/*.pnm)
start_serviced
start_clientd
enroll

# leave NAME COUNT: the process may have so many descriptors more than it has now
leave() {
    local pid=${pids[$1]} free=0 most=0
    while [ $free -lt "$2" ]; do
        [ -e "/proc/$pid/fd/$most" ] || free=$((free + 1))
        most=$((most + 1))
    done
    prlimit --pid "$pid" --nofile="$most:" || fail "the limit cannot be set"
}
ticks() {
    local name=$1
    [ -n "${pids[$1]:-}" ] || name=$1-one
    awk '{print $14 + $15}' "/proc/${pids[$name]}/stat"
}
# crowd COUNT FAMILY ADDRESS: connections that say nothing, until $work/go-home is there
crowd() {
    start crowd python3 -c '
import os, socket, sys, time
count, path, home = int(sys.argv[1]), sys.argv[2], sys.argv[3]
there = []
for _ in range(count):
    if path.startswith("/"):
        one = socket.socket(socket.AF_UNIX)
        one.connect(path)
    else:
        one = socket.create_connection(("127.0.0.1", int(path)))
    there.append(one)
print("all there", flush=True)
while not os.path.exists(home):
    time.sleep(0.05)
' "$1" "$2" "$work/go-home"
    wait_until "the crowd is there" grep -q 'all there' "$work/crowd.log"
}
go_home() {
    touch "$work/go-home"
    wait "${pids[crowd]}"
    unset "pids[crowd]"
    rm "$work/go-home" "$work/crowd.log"
}
# rests NAME TEXT: while it has no descriptor it says so now and then, and does nothing in between
rests() {
    local before first last
    PATIENCE=5 wait_until "$1 has no descriptor left" tried "$1" "$2" 1
    before=$(ticks "$1")
    wait_until "it has tried again" tried "$1" "$2" 6
    [ $(($(ticks "$1") - before)) -lt 30 ] || fail "$1 was busy meanwhile"
    first=$(date -d "$(when "$1" "$2" | sed -n 1p)" +%s%3N)
    last=$(date -d "$(when "$1" "$2" | sed -n 6p)" +%s%3N)
    [ $((last - first)) -ge 800 ] || fail "$1 has tried six times within $((last - first)) ms"
}
when() { sed -n "s/ $1: error: $2: Too many open files.*//p" "$work/$1.log" "$work/$1-one.log" 2>/dev/null; }
tried() { [ "$(when "$1" "$2" | wc -l)" -ge "$3" ]; }

step "1. The server: a crowd takes all descriptors; the client that is there is not harmed"
leave serviced 8
crowd 40 "$port"
rests serviced 'no connection can be accepted for a moment'
connected one || fail "one has lost its connection"

step "2. The crowd is gone: others get in, and a job runs"
go_home
wait_until "an operator gets in" sctl status
run 0 ctl scan --source adf --mode gray --title afterwards
same_pages "$(the_document)" "${pages[@]}"
! grep -q 'disconnected client=one' "$work/serviced.log" || fail "one was disconnected"

step "3. The same at the client's control socket"
leave clientd-one 8
crowd 40 "$work/clientd-one.sock"
rests clientd 'no command can be served for a moment'
go_home
wait_until "a command gets in" ctl status
leave clientd-one 200
"$operator" load "$work/stack"
run 0 ctl scan --source adf --mode gray --title 'once more'
same_pages "$(the_document)" "${pages[@]}"

step "4. Orderly end"
stop clientd-one
stop serviced
