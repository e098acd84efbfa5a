#!/usr/bin/env bash
# Deskline at work, on this machine alone: a server, a host with a scanner and a printer, a stack of six sheets, a jam
# in the middle of it, and then its print, during which the printer runs out of paper.
#
#   ./demo.sh                          installs and builds what is missing; scanner and printer are the test rig's
#   ./demo.sh --printer NAME           a real printer: a queue of this host, as 'lpstat -e' calls it
#   ./demo.sh --scanner NAME [OPTION…] a real scanner, as 'scanimage -L' calls it; further options go to
#                                      'clientctl scan', such as --source adf or --resolution 300; comes last
#   ./demo.sh --build DIR              with the programs of a build that is there already
#   ./demo.sh --state DIR              keys, logs and documents go into that folder, not into one of /tmp
set -euo pipefail
top=$(cd "$(dirname "$0")" && pwd)
build='' state='' real='' laser='' job='' chapters=0
scan=(--source adf --mode gray --title invoices)

usage() {
    sed -n '5,10s/^# \{0,3\}//p' "$0"
    exit "$1"
}
while [ $# -gt 0 ]; do
    case $1 in
    --build) [ $# -gt 1 ] && build=$(cd "$2" && pwd) && shift 2 || usage 2 >&2 ;;
    --state) [ $# -gt 1 ] && mkdir -p "$2" && state=$(cd "$2" && pwd) && shift 2 || usage 2 >&2 ;;
    --printer) [ $# -gt 1 ] && laser=$2 && shift 2 || usage 2 >&2 ;;
    --scanner) [ $# -gt 1 ] && real=$2 && shift 2 && scan=(--scanner "$real" --title Demo "$@") && break || usage 2 >&2 ;;
    -h | --help) usage 0 ;;
    *) usage 2 >&2 ;;
    esac
done

bold='' plain=''
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi
chapter() { printf '\n%s%d. %s%s\n' "$bold" $((chapters += 1)) "$*" "$plain"; }
give_up() { echo "$*" >&2; exit 1; }

# ---- 1. The programs ----
if [ -z "$build" ]; then
    chapter "The programs"
    "$top/bootstrap.sh" --demo
    build=$top/build
fi
if [ -z "$real" ] || [ -z "$laser" ]; then make -s -C "$build" rig >/dev/null; fi
[ -z "$state" ] || [ ! -e "$state/server" ] || give_up "$state is that of another demonstration."
[ -n "$state" ] || state=$(mktemp -d "${TMPDIR:-/tmp}/deskline-demo.XXXXXX")
operator=$build/tests/rig/rig-operator device=$state/scanner tray=$state/printer
clientctl() { "$build/ctl/clientctl" --control "$state/clientd.sock" "$@"; }
servicectl() { "$build/ctl/servicectl" --control "$state/serviced.sock" "$@"; }

# ---- The end, whichever way it comes: the host first, then the server ----
serviced='' clientd='' person='' printer=''
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
    stop "$printer"
    if [ -n "$clientd" ]; then echo "Everything has been stopped; it is all in $state"; fi
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

# ---- The rig's printer: a driverless one, which is there before the host looks for it ----
# It takes the first port that is free; ippeveprinter ends at once where somebody else has it.
is_printer_there() { ! kill -0 "$printer" 2>/dev/null || (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
start_printer() {
    local port ippeveprinter
    ippeveprinter=$(PATH=$PATH:/usr/sbin command -v ippeveprinter) || give_up "ippeveprinter is missing: ./bootstrap.sh --demo"
    mkdir -p "$tray/sheets" "$state/printer-spool"
    echo pace=0.3 >"$tray/options"
    for port in 8631 18631 28631 8632 18632 28632; do
        RIG_PRINTER_DIR=$tray RIG_PRINTER_URI=ipp://127.0.0.1:$port/ipp/print ASAN_OPTIONS=verify_asan_link_order=0 \
            LD_PRELOAD=$build/.libs/libno-avahi.so setsid "$ippeveprinter" -vvv -r off -n localhost \
            -c "$build/tests/rig/rig-printer" -d "$state/printer-spool" -f application/pdf -p $port hall \
            >"$state/printer.log" 2>&1 </dev/null &
        printer=$!
        comes_true "the printer listens" is_printer_there $port
        if kill -0 "$printer" 2>/dev/null; then
            laser=hall printer_uri=ipp://127.0.0.1:$port/ipp/print
            return
        fi
    done
    give_up "The rig's printer does not start. Its log is $state/printer.log"
}

# ---- 2. A server, and a host that it knows ----
# In sessions of their own, so that a Ctrl-C reaches this script, and the daemons end in order.
chapter "A server and a host, both on this machine"
cat >"$state/serviced.conf" <<END
[server]
state = $state/server
control = $state/serviced.sock
archive = $state/archive
unit-folder = $build/serviced/units
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
    echo 8000000 >"$device/rate"
    export SANE_CONFIG_DIR=$state/sane LD_LIBRARY_PATH=$build/rig-sane${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
if [ -z "$laser" ]; then
    start_printer
    printf '[printer %s]\nuri = %s\n' "$laser" "$printer_uri" >>"$state/clientd.conf"
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
clientctl --json units | grep -qF "\"name\":\"$laser\"" || give_up "This host has no printer '$laser': see above."

# ---- 3. The scan ----
# What a person is asked to do at the device, the demonstration does, as soon as the job has stopped.
on_terminal=''
if [ -t 0 ] && [ -t 1 ]; then on_terminal=yes; fi
has_stopped() { [ -e "$1/condition" ] && clientctl jobs | grep -q 'processing-stopped'; }
put_the_sheet_back() {
    "$operator" clear-condition "$device"
    "$operator" put-back "$device" 3
}
put_paper_in() { "$operator" clear-condition "$tray"; }
last_number() { sed -n 's/.*"id": *\([0-9]*\).*/\1/p'; }

# meets_a_stop FOLDER-OF-THE-DEVICE PERSON WHAT-IS-DONE COMMAND…: the command's job stops at the device. On a terminal
# the command itself asks how to go on; elsewhere it ends with 3, and a second one says it. The exit code is in $code.
meets_a_stop() {
    local at=$1 does=$2 what=$3
    shift 3
    code=0
    if [ -n "$on_terminal" ]; then
        { while ! has_stopped "$at"; do read -rt 0.1 <> <(:) || true; done && "$does"; } >/dev/null 2>&1 &
        person=$!
        "$@" || code=$?
        stop "$person"
        person=''
        return
    fi
    "$@" || code=$?
    [ $code = 3 ] || give_up "'$*' has ended with $code, and nothing was in its way."
    code=0
    job=$(clientctl --json jobs | last_number)
    chapter "$what, and the job goes on: clientctl restart $job --manner resume"
    "$does"
    clientctl restart "$job" --manner resume || code=$?
}

code=0
if [ -n "$real" ]; then
    chapter "A scan on $real"
    clientctl scan "${scan[@]}" || code=$?
else
    chapter "Six sheets, of which the third jams: clientctl scan ${scan[*]}"
    if [ -n "$on_terminal" ]; then
        echo "When it jams, the demonstration does at the scanner what a person is asked to do: it takes the sheet out and"
        echo "puts it back on top of the stack. How the job goes on is yours to say: 'resume' reads that sheet once more."
        echo
    fi
    meets_a_stop "$device" put_the_sheet_back "The sheet is put back" clientctl scan "${scan[@]}"
fi

# ---- 4. The print ----
# Half of the sheets come out; then there is no paper.
document=''
if [ "$code" = 0 ]; then
    document=$(clientctl --json documents | last_number)
    sheets=$(clientctl --json documents | sed -n 's/.*"pages": *\([0-9]*\).*/\1/p')
fi
print=(clientctl print "$document" --printer "$laser")
if [ -z "$document" ]; then
    :
elif [ -z "$printer" ]; then
    chapter "What was scanned is printed: ${print[*]}"
    "${print[@]}" || code=$?
else
    chapter "What was scanned is printed, and the paper ends half way: ${print[*]}"
    "$operator" printer-fault "$tray" "sheet=$((sheets / 2 + 1)) do=out-of-paper"
    if [ -n "$on_terminal" ]; then
        echo "When it does, the demonstration puts paper in. The sheets that have come out are not printed again."
        echo
    fi
    meets_a_stop "$tray" put_paper_in "Paper is put in" "${print[@]}"
fi

# ---- 5. What there is now ----
if [ $code = 0 ]; then
    chapter "What has come of it"
    clientctl documents
    echo
    find "$state/archive" -type f -name '*.*' | sort
fi
if [ -n "$printer" ]; then
    echo "Sheets that came out of the printer, in this order: $(sed -n 's|^out sheet=.*(\([0-9]*\)/[0-9]*)$|\1|p' "$tray/log" | paste -sd' ')"
fi
if [ -z "$real" ]; then
    echo "Sheets that went into the scanner, in this order: $(sed -n 's/^fed sheet=//p' "$device/log" | paste -sd' ')"
fi
chapter "Where things are"
cat <<END
  $state/archive         the documents
  $state/serviced.log    what the server has logged; serviced.conf beside it
  $state/clientd.log     what the host has logged; clientd.conf beside it
  $state/server          the server's keys, its registry, the pages of open jobs
  $state/client          the host's key, and its spool
${printer:+  $tray/sheets  the sheets that the printer has put out
}Programs: $build/serviced/serviced, clientd/clientd, ctl/clientctl, ctl/servicectl; README.md says how they are set up.
END
exit $code
