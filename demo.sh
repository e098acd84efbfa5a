#!/usr/bin/env bash
# Deskline at work, on this machine alone: a server, a host with a scanner, a stack of six sheets, and a jam in
# the middle of it.
#
#   ./demo.sh                          installs and builds what is missing; the scanner is the test rig's
#   ./demo.sh --scanner NAME [OPTION…] a real scanner, as 'scanimage -L' calls it; further options go to
#                                      'clientctl scan', such as --source adf or --resolution 300
#   ./demo.sh --build DIR              with the programs of a build that is there already
#   ./demo.sh --state DIR              keys, logs and documents go into that folder, not into one of /tmp
set -euo pipefail
top=$(cd "$(dirname "$0")" && pwd)
build='' state='' real='' job=''
scan=(--source adf --mode gray --title "A stack of six")

usage() {
    sed -n '5,9s/^# \{0,3\}//p' "$0" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case $1 in
    --build) [ $# -gt 1 ] && build=$(cd "$2" && pwd) && shift 2 || usage ;;
    --state) [ $# -gt 1 ] && mkdir -p "$2" && state=$(cd "$2" && pwd) && shift 2 || usage ;;
    --scanner) [ $# -gt 1 ] && real=$2 && shift 2 && scan=(--scanner "$real" --title Demo "$@") && break || usage ;;
    *) usage ;;
    esac
done

bold='' plain=''
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi
chapter() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
give_up() { echo "$*" >&2; exit 1; }

# ---- 1. The programs ----
if [ -z "$build" ]; then
    chapter "1. The programs"
    "$top/bootstrap.sh"
    build=$top/build
fi
[ -n "$real" ] || make -s -C "$build" rig >/dev/null
[ -z "$state" ] || [ ! -e "$state/server" ] || give_up "$state is that of another demonstration."
[ -n "$state" ] || state=$(mktemp -d "${TMPDIR:-/tmp}/deskline-demo.XXXXXX")
operator=$build/tests/rig/rig-operator device=$state/scanner
clientctl() { "$build/ctl/clientctl" --control "$state/clientd.sock" "$@"; }
servicectl() { "$build/ctl/servicectl" --control "$state/serviced.sock" "$@"; }

# ---- The end, whichever way it comes: the host first, then the server ----
serviced='' clientd='' person=''
stop() {
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || return 0
    wait "$1" || true
}
finish() {
    local code=$?
    trap - EXIT HUP INT TERM
    stop "$person"
    stop "$clientd"
    stop "$serviced"
    if [ -n "$clientd" ]; then echo "Both daemons have been stopped. Everything is in $state"; fi
    exit $code
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# comes_true WHAT COMMAND…: looks again and again, for ten seconds at most.
comes_true() {
    local what=$1 deadline=$((SECONDS + 10))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || give_up "$what: not within ten seconds. The logs are in $state"
        read -rt 0.05 <> <(:) || true
    done
}

# ---- 2. A server, and a host that it knows ----
# In sessions of their own, so that a Ctrl-C reaches this script, and the daemons end in order.
chapter "2. A server and a host, both on this machine"
cat >"$state/serviced.conf" <<END
[server]
state = $state/server
control = $state/serviced.sock
archive = $state/archive
END
cat >"$state/clientd.conf" <<END
[client]
state = $state/client
control = $state/clientd.sock
unit-folder = $build/clientd/units
END
setsid "$build/serviced/serviced" --config "$state/serviced.conf" --listen 127.0.0.1:0 \
    >"$state/serviced.log" 2>&1 </dev/null &
serviced=$!
comes_true "serviced listens" grep -q '^listening on ' "$state/serviced.log"
address=$(sed -n 's/^listening on //p' "$state/serviced.log" | tail -n 1)
echo "serviced listens on $address"

if [ -z "$real" ]; then
    "$operator" set-up "$state/sane" demo "$device"
    "$operator" make-pages "$device/pages" 6 --kind gray --width 1240 --height 1754
    "$operator" load "$device"
    "$operator" fault "$device" 'page=3 at=40% do=JAMMED'
    echo 4000000 >"$device/rate"
    export SANE_CONFIG_DIR=$state/sane LD_LIBRARY_PATH=$build/rig-sane${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
setsid "$build/clientd/clientd" --config "$state/clientd.conf" >"$state/clientd.log" 2>&1 </dev/null &
clientd=$!
comes_true "clientd answers" clientctl status
comes_true "serviced answers" servicectl status
servicectl client add front-desk --address "$address" | clientctl enroll -
is_connected() { servicectl client list | grep -q 'front-desk.*connected'; }
comes_true "the host is connected" is_connected
servicectl client list
clientctl units

# ---- 3. The scan ----
# The person at the rig's scanner does what the message asks for, as soon as the job has stopped.
is_jammed() { [ -e "$device/condition" ] && clientctl jobs | grep -q 'processing-stopped'; }
put_the_sheet_back() {
    "$operator" clear-condition "$device"
    "$operator" put-back "$device" 3
}
number_of_the_job() { servicectl --json jobs --all | sed -n 's/.*"id": *\([0-9]*\).*/\1/p'; }

code=0
if [ -n "$real" ]; then
    chapter "3. A scan on $real"
    clientctl scan "${scan[@]}" || code=$?
elif [ -t 0 ] && [ -t 1 ]; then
    chapter "3. Six sheets, of which the third jams"
    echo "When it jams, the demo does at the scanner what a person is asked to do: it takes the sheet out and puts"
    echo "it back on top of the stack. How the job goes on is yours to say: 'resume' reads that sheet once more."
    echo
    { while ! is_jammed; do read -rt 0.1 <> <(:) || true; done && put_the_sheet_back; } >/dev/null 2>&1 &
    person=$!
    clientctl scan "${scan[@]}" || code=$?
else
    chapter "3. Six sheets, of which the third jams"
    clientctl scan "${scan[@]}" || code=$?
    [ $code = 3 ] || give_up "The scan has ended with $code, and there was no jam."
    job=$(number_of_the_job)
    chapter "4. The sheet is put back, and the job goes on: clientctl restart $job --manner resume"
    put_the_sheet_back
    code=0
    clientctl restart "$job" --manner resume || code=$?
fi

# ---- 4. What there is now ----
if [ $code = 0 ]; then
    chapter "What has come of it"
    clientctl documents
    echo
    find "$state/archive" -type f -name '*.*' | sort
fi
if [ -z "$real" ]; then
    echo "Sheets that went into the scanner, in this order: $(sed -n 's/^fed sheet=//p' "$device/log" | paste -sd' ')"
fi
chapter "Where things are"
cat <<END
  $state/archive        the documents
  $state/serviced.log   what the server has logged; serviced.conf beside it
  $state/clientd.log    what the host has logged; clientd.conf beside it
  $state/server         the server's keys, its registry, the pages of open jobs
  $state/client         the host's key, and its spool
Programs: $build/serviced/serviced, clientd/clientd, ctl/clientctl, ctl/servicectl; README.md says how they are set up.
END
exit $code
