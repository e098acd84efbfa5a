#!/bin/bash
# A whole scan beside the plain way: SANE's own `test` device through both daemons (TLS, checked, on disk) and
# through saned and scanimage, in turn; then the memory and the server's time while a large page of noise is
# streamed. Prints `name value unit` lines. Run in the top folder of the build; by hand.
. "$(dirname "$0")/../tests/e2e/lib.sh"
ROUNDS=${ROUNDS:-5}
RESOLUTION=${RESOLUTION:-1200}
ticks=$(getconf CLK_TCK)

# Medians of a file of numbers, one a line.
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
calc() { awk "BEGIN { printf \"%.3f\", $1 }"; }

# CPU-seconds of processes, and of those of their children that have ended
cpu_of() {
    local pid sum=0
    for pid; do sum=$((sum + $(sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 + $14 + $15 }'))); done
    calc "$sum / $ticks"
}
peak_mib() { awk '/VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }

# timed COMMAND…: its wall time in $wall, its own CPU-seconds in $own
timed() {
    local user system
    TIMEFORMAT='%R %U %S'
    { time "$@" >"$out" 2>&1; } 2>"$work/time" || fail "'$*' failed"
    read -r wall user system <"$work/time"
    own=$(calc "$user + $system")
}

scan_ours() {
    ctl scan --scanner test:0 --source flatbed --mode color --resolution "$RESOLUTION" --size 200x200mm
}
scan_theirs() {
    SANE_CONFIG_DIR=$work/cl scanimage -d net:127.0.0.9:test:0 --mode Color --resolution "$RESOLUTION" -x 200 -y 200 \
        --format=pnm -o "$work/x.pnm"
}

# one_of NAME SCAN PROCESS…: a run, its time and CPU-seconds added to $work/NAME.{wall,cpu}
one_of() {
    local name=$1 what=$2 before after
    shift 2
    before=$(cpu_of "$@")
    timed "$what"
    after=$(cpu_of "$@")
    echo "$wall" >>"$work/$name.wall"
    calc "$after - $before + $own" >>"$work/$name.cpu"
    echo >>"$work/$name.cpu"
}

compare() {
    local bytes ours theirs
    scan_ours >/dev/null 2>&1
    scan_theirs >/dev/null 2>&1
    for ((i = 0; i < ROUNDS; i++)); do
        one_of ours scan_ours "${pids[serviced]}" "${pids[clientd-one]}"
        one_of theirs scan_theirs "${pids[saned]}"
    done
    bytes=$(stat -c %s "$work/x.pnm")
    ours=$(median "$work/ours.wall") theirs=$(median "$work/theirs.wall")
    echo "scan_deskline $(calc "$bytes / $ours / 1e6") MB/s"
    echo "scan_saned $(calc "$bytes / $theirs / 1e6") MB/s"
    echo "scan_over_saned $(calc "$theirs / $ours") x"
    echo "scan_deskline_cpu $(calc "$(median "$work/ours.cpu") / $bytes * 1e9") s/GB"
    echo "scan_saned_cpu $(calc "$(median "$work/theirs.cpu") / $bytes * 1e9") s/GB"
}

# A page of noise, A4 at 600 dpi, from the rig's scanner.
large_page() {
    local before
    before=$(cpu_of "${pids[serviced]}")
    timed ctl scan --scanner rig:noisy --source flatbed --mode color
    echo "large_page $wall s"
    echo "large_page_server_cpu $(calc "$(cpu_of "${pids[serviced]}") - $before") s"
    echo "large_page_clientd_peak $(peak_mib "${pids[clientd-one]}") MiB"
    echo "large_page_serviced_peak $(peak_mib "${pids[serviced]}") MiB"
}

mkdir -p "$work/net" "$work/cl"
SIZE='--width 4960 --height 7016' scanner noisy 1 color
printf 'rig\ntest\n' >"$work/sane/dll.conf"
printf 'test\n' >"$work/net/dll.conf"
printf '127.0.0.0/8\n' >"$work/net/saned.conf"
printf 'net\n' >"$work/cl/dll.conf"
printf '127.0.0.9\n' >"$work/cl/net.conf"
SANE_CONFIG_DIR=$work/net start saned "$(PATH=$PATH:/usr/sbin command -v saned)" -l -b 127.0.0.9 -e
start_serviced
start_clientd
enroll
large_page
compare
