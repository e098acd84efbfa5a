# The end-to-end stories: both daemons, the commands and the rig's scanner, real and on this machine.
# Sourced by each story, which runs in the top folder of the build. Bash.
#
# A story has a work folder of its own ($work) and leaves no process behind. Parts:
#   scanner NAME PAGES [KIND [OPTION…]]   a scanner of the rig with a stack of pages, $work/NAME
#   start_serviced · start_clientd [NAME] · enroll [NAME]      with their settings in $work
#   ctl …, sctl …                         clientctl and servicectl (CLIENT=NAME chooses the clientd)
#   run CODE COMMAND…                     runs it; what it prints is in $out, and it has to end with CODE, in time
#   wait_until WHAT COMMAND…              looks again and again, at most 30 s, until COMMAND succeeds
#   same_pages DOCUMENT PNM…              the pages in the document are those, sample by sample
set -u
case ${DESKLINE_E2E:-}:$(basename "$0") in
short:20-*) ;;
short:*) echo 'left out: DESKLINE_E2E=short runs story 20 only' && exit 77 ;;
esac
build=$(pwd)
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/deskline-e2e.XXXXXX") || exit 99
out=$work/out
operator=$build/tests/rig/rig-operator
rig_sane=$build/rig-sane
declare -A pids=()
CLIENT=one
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$source_dir/tests/e2e/lsan.supp:print_suppressions=0}

step() { printf '* %s\n' "$*"; }

fail() {
    printf 'FAILED: %s\n' "$*"
    [ -f "$out" ] && { echo '-- what was printed:' && tail -n 30 "$out"; }
    for log in "$work"/*.log; do
        [ -f "$log" ] && { echo "-- the end of $(basename "$log"):" && tail -n 25 "$log"; }
    done
    exit 1
}

# ---- Processes ----

cleanup() {
    local code=$?
    trap - EXIT
    if declare -F at_exit >/dev/null; then at_exit; fi # what a story has to clear up itself
    for name in "${!pids[@]}"; do kill -KILL "${pids[$name]}" 2>/dev/null; done
    wait 2>/dev/null
    if grep -qE 'ERROR: (Address|Leak|Thread)Sanitizer|runtime error:' "$work"/*.log 2>/dev/null; then
        echo 'FAILED: a sanitizer spoke'
        grep -hE -A 25 'ERROR: (Address|Leak|Thread)Sanitizer|runtime error:' "$work"/*.log | head -n 60
        [ $code = 0 ] && code=1
    fi
    for mount in "$work"/mnt-*; do [ -d "$mount" ] && umount -l "$mount" 2>/dev/null; done
    if [ -n "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
    exit $code
}
trap cleanup EXIT
trap 'exit 99' HUP INT TERM

# start NAME COMMAND…: in the background, its output in $work/NAME.log
start() {
    local name=$1
    shift
    "$@" >>"$work/$name.log" 2>&1 </dev/null &
    pids[$name]=$!
}

# stop NAME: orderly, and it has to end with 0 within 10 s
stop() {
    local pid=${pids[$1]} code
    kill -TERM "$pid" 2>/dev/null
    timeout 10 tail --pid="$pid" -f /dev/null || fail "$1 does not stop"
    wait "$pid"
    code=$?
    unset "pids[$1]"
    [ $code = 0 ] || fail "$1 ended with $code"
}

# kill_hard NAME: kill -9
kill_hard() {
    kill -KILL "${pids[$1]}" 2>/dev/null
    wait "${pids[$1]}" 2>/dev/null
    unset "pids[$1]"
}

wait_until() {
    local what=$1 deadline=$((SECONDS + ${PATIENCE:-30}))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || fail "waited in vain until $what"
        read -rt 0.05 <> <(:) || true
    done
}

# ---- The rig ----

# scanner NAME PAGES [KIND [OPTION…]]: rig-operator's make-pages kinds; options go into the device's file
scanner() {
    local name=$1 pages=$2 kind=${3:-gray} device=$work/$1
    mkdir -p "$work/sane"
    shift $(($# < 3 ? $# : 3))
    "$operator" set-up "$work/sane" "$name" "$device" || exit 99
    [ "$pages" = 0 ] || "$operator" make-pages "$device/pages" "$pages" --kind "$kind" ${SIZE:---width 420 --height 594} || exit 99
    "$operator" load "$device" || exit 99
    [ $# = 0 ] || printf '%s\n' "$@" >"$device/options"
}

# ---- The daemons ----

start_serviced() {
    if [ ! -f "$work/serviced.conf" ]; then
        printf '[server]\nstate = %s\ncontrol = %s\narchive = %s\nunit-folder = %s\nheartbeat = %s\n%s\n' \
            "$work/server" "$work/serviced.sock" "$work/archive" "$build/serviced/units" "${HEARTBEAT:-1s}" \
            "${SERVER_SETTINGS:-}" >"$work/serviced.conf"
    fi
    : >>"$work/serviced.log"
    local before
    before=$(grep -c '^listening on ' "$work/serviced.log")
    start serviced ${SERVICED_UNDER:-} "$build/serviced/serviced" --config "$work/serviced.conf" --listen "127.0.0.1:${port:-0}"
    wait_until "serviced listens" listens_again "$before"
    port=$(sed -n 's/^listening on .*://p' "$work/serviced.log" | tail -n 1)
}
listens_again() { [ "$(grep -c '^listening on ' "$work/serviced.log")" -gt "$1" ] && sctl status; }

# start_clientd [NAME]: its own state and control socket
start_clientd() {
    local name=${1:-$CLIENT}
    if [ ! -f "$work/clientd-$name.conf" ]; then
        printf '[client]\nstate = %s\ncontrol = %s\nunit-folder = %s\nreconnect-max = 1s\nwatchdog = %s\n%s\n' \
            "$work/client-$name" "$work/clientd-$name.sock" "$build/clientd/units" "${WATCHDOG:-10s}" \
            "${CLIENT_SETTINGS:-}" >"$work/clientd-$name.conf"
    fi
    start "clientd-$name" env LD_LIBRARY_PATH="$rig_sane${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" SANE_CONFIG_DIR="$work/sane" \
        ${CLIENTD_UNDER:-} "$build/clientd/clientd" --config "$work/clientd-$name.conf"
    wait_until "clientd answers" ctl_of "$name" status
}

# enroll [NAME [HOST:PORT]]: makes the client known, at the server's own address or at another
enroll() {
    local name=${1:-$CLIENT} address=${2:-127.0.0.1:$port} token
    token=$(sctl client add "$name" --address "$address") || fail "no token for $name"
    ctl_of "$name" enroll "$token" >"$out" 2>&1 || fail "$name is not enrolled"
    wait_until "$name is connected" connected "$name"
}
connected() { ctl_of "${1:-$CLIENT}" --json status | grep -qE '"connected": *(true|"yes"|"true")'; }
disconnected() { ! connected "$@"; }

ctl_of() {
    local name=$1
    shift
    in_time "$build/ctl/clientctl" --control "$work/clientd-$name.sock" "$@"
}
ctl() { ctl_of "$CLIENT" "$@"; }
sctl() { in_time "$build/ctl/servicectl" --control "$work/serviced.sock" "$@"; }

# in_time COMMAND…: no command takes for ever; 124 when it had to be ended
in_time() { timeout --foreground --kill-after=5 "${TIME_LIMIT:-180}" "$@"; }

# ---- What is expected ----

# run CODE COMMAND…
run() {
    local expected=$1 code
    shift
    if declare -F "$1" >/dev/null; then
        "$@" >"$out" 2>&1 </dev/null
    else
        in_time "$@" >"$out" 2>&1 </dev/null
    fi
    code=$?
    [ $code != 124 ] && [ $code != 137 ] || fail "'$*' did not end in time"
    [ $code = "$expected" ] || fail "'$*' ended with $code, not $expected"
}

says() { grep -qE -- "$1" "$out" || fail "'$1' was not said"; }

# job JOB JQ-EXPRESSION: one value of the job's JSON at the server
job() { sctl --json show "$1" | jq -r "$2"; }
job_is() { [ "$(job "$1" "$2")" = "$3" ]; }
expect_job() { job_is "$1" "$2" "$3" || fail "job $1: $2 is '$(job "$1" "$2")', not '$3'"; }

# How often a sheet went through the scanner.
fed() { grep -cx "fed sheet=$2" "$work/$1/log"; }

# same_pages DOCUMENT PNM…: through pdfimages (PDF), or as they are (PNG, TIFF)
same_pages() {
    local document=$1
    shift
    rm -rf "$work/images" && mkdir "$work/images"
    case $document in
    *.pdf)
        qpdf --check "$document" >"$out" 2>&1 || fail "qpdf finds fault with $document"
        pdfimages -png "$document" "$work/images/p" || fail "no images in $document"
        "$operator" compare "$@" -- "$work"/images/p-*.png >"$out" 2>&1 || fail "the pages of $document differ"
        ;;
    *) "$operator" compare "$@" -- "$document" >"$out" 2>&1 || fail "the pages of $document differ" ;;
    esac
}
archived() { find "$work/archive" -type f ! -name '.*' | sort; }
the_document() { archived | tail -n 1; }
