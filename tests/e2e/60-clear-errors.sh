#!/bin/bash
# What goes wrong before anything runs: one sentence that says what to do, and the right exit code.
. "$(dirname "$0")/lib.sh"

one_line() { [ "$(wc -l <"$out")" = 1 ] || fail "more or less than one line was said"; }
# bad_settings DAEMON TEXT PATTERN: refused with 2, naming the file, the line, and what was expected.
bad_settings() {
    printf '%s\n' "$2" >"$work/bad.conf"
    run 2 "$build/$1/$1" --config "$work/bad.conf" --check-config
    says "$work/bad.conf:2: .*$3"
    one_line
    run 2 "$build/$1/$1" --config "$work/bad.conf"
    says "$work/bad.conf:2: .*$3"
}
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

step "1. Settings that cannot be: file, line, what was expected"
bad_settings serviced $'[server]\nlistne = 1' 'listne'
bad_settings serviced $'[server]\nheartbeat = soon' 'heartbeat'
bad_settings serviced $'[limits]\njobs = many' 'number'
bad_settings serviced $'[limits]\njobs = 0' '1.*10000'
bad_settings serviced $'[limits]\njobs = 99999999999999999999' '1.*10000'
bad_settings serviced $'[server]\nlog-level = loud' 'error.*warning.*notice.*info.*debug'
bad_settings serviced $'[server]\nregistry = mysql:' 'sqlite:'
bad_settings clientd $'[client]\nwatchdoge = 1s' 'watchdoge'
bad_settings clientd $'[client]\nwatchdog = 5' '.'
bad_settings clientd $'[client]\nwatchdog = 1ms' '1s'
bad_settings clientd $'[policy]\nmanner-on-device-error = shrug' 'ask'
bad_settings clientd $'[scanner x]\nsource-attic = 1' 'source-attic'
bad_settings clientd $'\n[scaner x]\ndevice = 1' "unknown section .scaner x"
run 2 "$build/serviced/serviced" --config "$work/none.conf"
says "$work/none.conf"
run 2 "$build/clientd/clientd" --config "$work/none.conf"
says "$work/none.conf"

step "2. Settings that are right, and options"
printf '[server]\nstate = %s\n[limits]\njobs = 3\n' "$work/x" >"$work/good.conf"
run 0 "$build/serviced/serviced" --config "$work/good.conf" --check-config
printf '[client]\nstate = %s\nwatchdog = 5s\n' "$work/x" >"$work/good.conf"
run 0 "$build/clientd/clientd" --config "$work/good.conf" --check-config
[ ! -e "$work/x" ] || fail "--check-config made the state folder"
for program in serviced/serviced clientd/clientd ctl/clientctl ctl/servicectl; do
    run 0 "$build/$program" --help
    says '[Uu]sage|'"$(basename $program)"
    run 0 "$build/$program" --version
    says '[0-9]+\.[0-9]+'
    run 2 "$build/$program" --no-such-option
    says 'no-such-option'
done

step "3. Nowhere to listen; a control socket that is taken, and one that was left behind"
start_serviced
run 1 "$build/serviced/serviced" --config /dev/null --state "$work/other" --archive "$work/other-archive" \
    --control "$work/other.sock" --listen "127.0.0.1:$port"
says "127.0.0.1:$port is taken"
run 1 "$build/serviced/serviced" --config /dev/null --state "$work/other" --archive "$work/other-archive" \
    --control "$work/serviced.sock" --listen 127.0.0.1:0
says "$work/serviced.sock is in use"
sctl status >"$out" 2>&1 || fail "the first serviced lost its socket"
run 2 "$build/serviced/serviced" --config /dev/null --state "$work/other" --archive "$work/other-archive" \
    --control "$work/other.sock" --listen nonsense
says "'nonsense' is not an ADDRESS:PORT"
echo precious >"$work/file"
run 1 "$build/serviced/serviced" --config /dev/null --state "$work/other" --archive "$work/other-archive" \
    --control "$work/file" --listen 127.0.0.1:0
says "$work/file is not a socket"
[ "$(cat "$work/file")" = precious ] || fail "a file was taken for a socket"
start_clientd
run 1 "$build/clientd/clientd" --config /dev/null --state "$work/other" --control "$work/clientd-one.sock"
says "$work/clientd-one.sock"
run 1 "$build/clientd/clientd" --config "$work/clientd-one.conf" --control "$work/other.sock"
says 'state'
kill_hard serviced
kill_hard clientd-one
[ -S "$work/serviced.sock" ] && [ -S "$work/clientd-one.sock" ] || fail "no sockets were left behind"
start_serviced
start_clientd

step "4. Folders that may not be used"
if [ "$(id -u)" = 0 ] && as_nobody "$build/ctl/clientctl" --version >/dev/null 2>&1; then
    chmod 755 "$work"
    mkdir -m 700 "$work/closed"
    run 1 as_nobody "$build/serviced/serviced" --config /dev/null --state "$work/closed/x" --archive "$work/y" \
        --control "$work/z" --listen 127.0.0.1:0
    says "state folder $work/closed/x .*Permission denied"
    run 1 as_nobody "$build/clientd/clientd" --config /dev/null --state "$work/closed/x" --control "$work/z"
    says "$work/closed/x.*Permission denied"
    run 5 as_nobody "$build/ctl/servicectl" --control "$work/serviced.sock" status
    says 'Permission denied|may not|not allowed'
else
    echo "  not looked at: this is not root, or nobody cannot run programs from here"
fi

step "5. No daemon, no server, not enrolled"
run 4 "$build/ctl/clientctl" --control "$work/nowhere.sock" status
says 'clientd'
run 4 "$build/ctl/servicectl" --control "$work/nowhere.sock" status
says 'serviced'
run 4 ctl scan
says 'enroll'
run 0 ctl status
says "this host is not enrolled\. Run 'servicectl client add NAME'"
scanner stack 1 gray
enroll
stop serviced
wait_until "the server is missed" disconnected
run 4 ctl scan --source adf
says 'the server (at .* cannot be reached|ended)|connection to the server ended'
run 4 ctl documents
start_serviced
wait_until "the server is back" connected

step "6. Wrong usage: 2, and what is right"
run 2 ctl
run 2 ctl scna
says 'scna'
run 2 ctl scan --source attic
says 'flatbed.*adf'
run 2 ctl scan --resolution many
says 'resolution'
run 2 ctl scan --format gif
says 'pdf.*png.*tiff'
run 2 ctl scan --codec zip
run 2 ctl restart 1 --manner shrug
says 'resume'
run 2 ctl show
run 2 ctl fetch
run 2 ctl show seven
run 2 sctl client add
run 2 sctl client add 'a b/../c'
says 'letters, digits'
run 2 sctl client add x --ttl soon
says 'soon|ttl'
run 2 ctl enroll nonsense
says 'token'
run 2 ctl --json scan --source attic
jq -e '.error.code and .error.text' "$out" >/dev/null || fail "no JSON error"

step "7. What is not there, and what the scanner cannot do"
run 1 ctl show 4711
says '4711|no such'
run 1 ctl cancel 4711
run 1 ctl fetch 4711
run 1 sctl cancel 4711
run 1 sctl export 4711 -o "$work/x.pdf"
[ ! -e "$work/x.pdf" ] || fail "there is a file of a document that is not"
run 1 sctl client revoke stranger
says 'no client of that name'
run 1 sctl scan stranger
says 'no client of that name'
run 1 ctl scan --scanner nonsuch
says 'there is no scanner nonsuch; known are: rig:stack'
one_line
run 1 ctl scan --source adf --resolution 12345
says 'the scanner rig:stack has no resolution 12345; possible: [0-9]'
one_line
run 2 ctl scan --source adf --resolution 77777
says 'a whole number from 1 to 65535'
one_line
run 2 ctl scan --source adf --depth 16 --codec jpeg
says 'JPEG keeps 8 bits a sample'
one_line
run 0 ctl --json jobs --all
[ "$(jq length "$out")" = 0 ] || fail "there is a job of a request that was refused"

step "8. Orderly end"
sctl --json jobs | jq -r '.[].id' | while read -r id; do sctl cancel "$id" >/dev/null 2>&1; done
stop clientd-one
stop serviced
