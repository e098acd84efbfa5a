#!/bin/bash
# serviced is killed at the first, second, third … sync of a job: what it had told the client by then is durable, and after
# the start the job completes with nobody's help, no sheet read again, none lost.
. "$(dirname "$0")/lib.sh"

command -v strace >/dev/null || { echo 'strace is not installed'; exit 77; }
strace -qq -o /dev/null true 2>/dev/null || { echo 'strace may not trace here'; exit 77; }

sheets=3
SIZE='--width 300 --height 420' scanner stack $sheets gray
start_serviced
start_clientd
enroll
device=$work/stack
pages=("$device"/pages/*.pnm)

newest() { sctl --json jobs --all 2>/dev/null | jq -r 'map(.id) | max // 0'; }
completed() { job_is "$number" .state completed; }
is_dead() { [ "$(grep -c '+++ killed by SIGKILL' "$work/trace")" -gt 0 ]; }
dead_or_connected() { is_dead || connected; }
dead_or_completed() { is_dead || completed; }

# serviced under strace, which kills it at its N-th sync from now on.
start_to_die_at() {
    : >"$work/trace"
    start serviced strace -D -q -f -o "$work/trace" -e trace=fsync,fdatasync \
        -e "inject=fsync,fdatasync:signal=SIGKILL:when=$1" \
        "$build/serviced/serviced" --config "$work/serviced.conf" --listen "127.0.0.1:$port"
}

step "1. At each sync in turn, until a job gets by without one"
known=0 deaths=0 unopened=0
for ((n = 1; ; n++)); do
    [ $n -le 60 ] || fail "a job with more than 60 syncs"
    stop serviced
    wait_until "the client has noticed" disconnected
    start_to_die_at $n
    wait_until "the client is connected" dead_or_connected
    if is_dead; then # a sync before there is a job
        wait "${pids[serviced]}" 2>/dev/null
        start_serviced
        continue
    fi
    "$operator" load "$device"
    : >"$device/log"
    ctl scan --source adf --mode gray --title "sync-$n" --no-wait >"$out" 2>&1
    opened=$?
    number=$((known + 1))
    wait_until "serviced dies at sync $n, or the job is completed" dead_or_completed
    if is_dead; then
        deaths=$((deaths + 1))
        wait "${pids[serviced]}" 2>/dev/null
        start_serviced
    fi
    wait_until "the client is connected" connected
    if [ "$(newest)" = $known ]; then # the command had not been given: nothing is known, and nothing was done
        [ $opened != 0 ] || fail "a job that was opened is not known any more (sync $n)"
        ! grep -q '^fed' "$device/log" || fail "a sheet was fed for a job that is not registered (sync $n)"
        unopened=$((unopened + 1))
        continue
    fi
    known=$number
    wait_until "job $number is completed (sync $n)" completed
    document=$(archived | grep "/one-$number-") || fail "job $number has no document (sync $n)"
    [ "$(wc -l <<<"$document")" = 1 ] || fail "job $number has more than one document (sync $n)"
    same_pages "$document" "${pages[@]}"
    for ((sheet = 1; sheet <= sheets; sheet++)); do
        [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet went through $(fed stack $sheet) times (sync $n)"
    done
    is_dead || break
done
echo "  $deaths deaths, $unopened of them before a job was opened"
[ $((deaths - unopened)) -ge $sheets ] || fail "too few deaths in the middle of a job"

step "2. Nothing is left over"
[ -z "$(find "$work/client-one/spool" -mindepth 1 -type f)" ] || fail "the client's spool is not empty"
[ -z "$(find "$work/archive" -name '.*' -type f)" ] || fail "there are half documents"

step "3. Orderly end"
kill_hard serviced # a sync at its end may be the one that it dies at
start_serviced
stop clientd-one
stop serviced
