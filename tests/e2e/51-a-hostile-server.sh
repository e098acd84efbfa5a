#!/bin/bash
# Somebody has the server's certificate and key, and keeps no rule. clientd ends each connection with a clear line, comes
# back after longer and longer waits, keeps no more jobs than it may, and works with the real server afterwards.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || exit 77

scanner stack 2 gray
start_serviced
start_clientd one
enroll one
start_clientd two
enroll two
stop clientd-two
stop serviced

# hostile ATTACK…: the next connections meet them; what came of each is in $work/hostile.log
hostile() {
    : >"$work/hostile.log"
    start hostile python3 "$source_dir/tests/e2e/hostile_server.py" "$port" "$work/server/server.crt" \
        "$work/server/server.key" "$@"
    PATIENCE=60 wait_until "all attacks were carried out" attacked $#
    wait "${pids[hostile]}"
    unset "pids[hostile]"
}
attacked() { [ "$(grep -c '^[a-z-]* [0-9.]* ' "$work/hostile.log")" = "$1" ]; }
# ended NAME REFUSAL LOGGED: what clientd told the other side, and its log
ended() {
    grep -qE "^$1 [0-9.]+ .*$2" "$work/hostile.log" || fail "clientd answered '$1' with: $(grep "^$1 " "$work/hostile.log")"
    grep -qE "connection to the server ended: .*$3|warning: .*$3" "$work/clientd-one.log" || fail "the log does not say '$3'"
}

step "1. Before its greeting, and instead of it"
hostile garbage silence too-long stored-first hello-back cut-welcome other-version
ended garbage 'refuse: ' 'a frame of an unknown type'
ended silence '' 'the connection was cut|the other side has closed the connection'
ended too-long 'refuse: ' 'a frame longer than its kind may be'
ended stored-first 'refuse: ' 'a frame at the wrong time'
ended hello-back 'refuse: ' 'a frame that does not go in this direction'
ended cut-welcome 'refuse: ' 'a field that is cut off'
ended other-version 'refuse: this version was not offered' 'broke the protocol before its greeting'

step "2. Behind it"
hostile unknown-type welcome-twice unit-list notice no-job garbage-later bad-text strangers
ended unknown-type 'refuse: ' 'a frame of an unknown type'
ended welcome-twice 'refuse: ' 'a frame at the wrong time'
for attack in unit-list notice; do ended $attack 'refuse: ' 'a frame that does not go in this direction'; done
for attack in no-job garbage-later bad-text strangers; do ended $attack 'refuse: ' 'connection ended: a '; done

step "3. It waits longer and longer: the last ones came after half of the longest wait, at the least"
tail -n 3 "$work/hostile.log" | while read -r name waited _; do
    awk -v waited="$waited" 'BEGIN { exit !(waited >= 0.49) }' || fail "$name came after $waited s"
done || exit 1

step "4. More jobs than can be in hand: the last one is refused"
stop clientd-one
start_clientd two
hostile jobs
grep -q 'notice: the client has more jobs in hand already than it can keep' "$work/hostile.log" || fail "the server was not told"
grep -q 'job 200000 is refused: the client has more jobs in hand' "$work/clientd-two.log" || fail "the log does not say so"
[ "$(ctl_of two --json status | jq -r .jobs)" = 1024 ] || fail "$(ctl_of two --json status | jq -r .jobs) jobs are in hand"
stop clientd-two

step "5. The real server is there again: it works as before"
start_serviced
start_clientd one
PATIENCE=40 wait_until "one is connected" connected one
run 0 ctl_of one scan --source adf --mode gray --title afterwards
same_pages "$(the_document)" "$work"/stack/pages/*.pnm

step "6. A command that lets one request after the other wait: the 65th is refused, the others are answered"
"$operator" load "$work/stack"
echo 200000 >"$work/stack/rate"
run 0 ctl_of one scan --source adf --mode gray --title watched --no-wait
number=$(ctl_of one --json jobs | jq -r '.[-1].id')
timeout 60 python3 - "$work/clientd-one.sock" "$number" >"$out" 2>&1 <<'PYTHON'
import socket, struct, sys
JOB_LIST_REQUEST, OUTCOME, LIMIT = 0x107, 0x901, 69
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
for request in range(1, 66):
    connection.sendall(struct.pack(">IHHQIBB", 6, JOB_LIST_REQUEST, 0, int(sys.argv[2]), request, 0, 1))
waiting, ends = b"", {}
while len(ends) < 65:
    part = connection.recv(65536)
    assert part, "clientd has closed the connection"
    waiting += part
    while len(waiting) >= 16:
        length, kind, _, _ = struct.unpack(">IHHQ", waiting[:16])
        if len(waiting) < 16 + length:
            break
        if kind == OUTCOME:
            request, code, error = struct.unpack(">IBH", waiting[16:23])
            ends[request] = (code, error)
            assert len(ends) > 1 or request == 65, f"{request} was answered first"
        waiting = waiting[16 + length:]
assert ends.pop(65) == (1, LIMIT), ends
assert set(ends.values()) == {(0, 0)}, ends
PYTHON
[ $? = 0 ] || fail "the requests were not answered so"

step "7. Orderly end"
stop clientd-one
stop serviced
