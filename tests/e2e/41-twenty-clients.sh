#!/bin/bash
# Twenty hosts scan at the same moment: every document is what lay on its own host, and the server stays small.
. "$(dirname "$0")/lib.sh"

hosts=$(seq -w 1 20)
limit_kb=$((100 * 1024))
on_host() { "$build/ctl/clientctl" --control "$work/clientd-host-$1.sock" "${@:2}"; }
is_sanitized() { grep -q asan "/proc/${pids[serviced]}/maps"; }
connected_count() { sctl --json client list | jq '[.[] | select(.state == "connected")] | length'; }
all_connected() { [ "$(connected_count)" = 20 ]; }
processing_count() { sctl --json jobs | jq '[.[] | select(.state == "processing")] | length'; }
all_processing() { [ "$(processing_count)" = 20 ]; }

# Each has a scanner with pages of its own, so that a page in a foreign document is seen.
scanner_of_host() {
    local device=$work/stack-$1
    mkdir -p "$work/sane-$1"
    "$operator" set-up "$work/sane-$1" "stack-$1" "$device" &&
        "$operator" make-pages "$device/pages" 3 --kind gray --width 300 --height 400 --seed "$((10#$1 * 100))" &&
        "$operator" load "$device" && echo 60000 >"$device/rate" || fail "host $1 has no scanner"
}
# What start_clientd does, with the scanners of one host alone; nobody waits for it here.
clientd_of_host() {
    local state=$work/client-host-$1
    printf '[client]\nstate = %s\ncontrol = %s\nunit-folder = %s\nreconnect-max = 1s\n' "$state" \
        "$work/clientd-host-$1.sock" "$build/clientd/units" >"$work/clientd-host-$1.conf"
    start "clientd-host-$1" env LD_LIBRARY_PATH="$rig_sane${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" \
        SANE_CONFIG_DIR="$work/sane-$1" "$build/clientd/clientd" --config "$work/clientd-host-$1.conf"
}

step "1. Twenty hosts enrol; servicectl client list shows all of them connected"
for host in $hosts; do scanner_of_host "$host"; done
start_serviced
for host in $hosts; do clientd_of_host "$host"; done
for host in $hosts; do
    wait_until "clientd of host $host answers" on_host "$host" status
    enroll "host-$host"
done
wait_until "all are connected" all_connected
run 0 sctl client list
[ "$(grep -cw connected "$out")" = 20 ] || fail "the list does not show twenty connected clients"

step "2. All scan at once: at one moment twenty jobs are processing"
for host in $hosts; do
    start "scan-$host" "$build/ctl/clientctl" --control "$work/clientd-host-$host.sock" scan --source adf --mode gray
done
wait_until "twenty jobs are processing" all_processing
for host in $hosts; do
    wait "${pids[scan-$host]}" || fail "the scan of host $host ended with $?"
    unset "pids[scan-$host]"
done

step "3. Every document has the pages of its host"
[ "$(archived | wc -l)" = 20 ] || fail "there are $(archived | wc -l) documents, not 20"
for host in $hosts; do
    document=$(find "$work/archive" -name "host-$host-*.pdf")
    [ -n "$document" ] || fail "host $host has no document"
    same_pages "$document" "$work/stack-$host"/pages/*.pnm
done

step "4. Nobody lost the connection meanwhile, and the server stayed small"
all_connected || fail "$(connected_count) clients are connected, not 20"
! grep -q ' disconnected ' "$work/server/audit.log" || fail "a client was disconnected"
peak=$(awk '/^VmHWM/ {print $2}' "/proc/${pids[serviced]}/status")
echo "  serviced's peak: $((peak / 1024)) MiB"
is_sanitized || [ "$peak" -lt $limit_kb ] || fail "serviced took $peak kB"

step "5. Orderly end"
for host in $hosts; do kill -TERM "${pids[clientd-host-$host]}"; done
gone() { ! kill -0 "$1"; }
for host in $hosts; do
    PATIENCE=10 wait_until "clientd of host $host ends" gone "${pids[clientd-host-$host]}"
    wait "${pids[clientd-host-$host]}" || fail "clientd of host $host ended with $?"
    unset "pids[clientd-host-$host]"
done
stop serviced
