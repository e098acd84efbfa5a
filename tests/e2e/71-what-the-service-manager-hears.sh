#!/bin/bash
# The service manager is told when each daemon is ready, how it is, and that it stops: on a socket of the story's own.
. "$(dirname "$0")/lib.sh"
grep -q '^#define HAVE_SYSTEMD 1' "$build/config.h" || exit 77
command -v python3 >/dev/null || exit 77

# listener NAME: what arrives on $work/NAME.notify, a datagram a line, goes to $work/NAME.heard
listener() {
    start "listener-$1" python3 -c '
import socket, sys
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
while True:
    print(heard.recv(4096).decode().replace("\n", " "), file=open(sys.argv[2], "a"), flush=True)
' "$work/$1.notify" "$work/$1.heard"
    wait_until "somebody listens" test -S "$work/$1.notify"
}
heard() { grep -qx "$2" "$work/$1.heard" 2>/dev/null; }
# in_order NAME TEXT…: heard once each, in this order
in_order() {
    local name=$1 text before=0 line
    shift
    for text; do
        line=$(grep -nx "$text" "$work/$name.heard" | cut -d: -f1)
        [ "$(wc -w <<<"$line")" = 1 ] || fail "$name said '$text' $(wc -w <<<"$line") times"
        [ "$line" -gt "$before" ] || fail "$name said '$text' too early"
        before=$line
    done
}

listener serviced
listener clientd

step "1. serviced is ready when it can be reached, and not before"
SERVICED_UNDER="env NOTIFY_SOCKET=$work/serviced.notify" start_serviced
wait_until "serviced is ready" heard serviced READY=1

step "2. clientd is ready without a server, and tells of its connection"
CLIENTD_UNDER="env NOTIFY_SOCKET=$work/clientd.notify" start_clientd
wait_until "clientd is ready" heard clientd READY=1
enroll
wait_until "clientd tells of its connection" heard clientd "STATUS=connected to 127.0.0.1:$port"

step "3. Both say that they stop, before they have"
stop serviced
wait_until "serviced stops" heard serviced STOPPING=1
wait_until "clientd tells of its connection" heard clientd 'STATUS=no connection to the server'
stop clientd-one
wait_until "clientd stops" heard clientd STOPPING=1
in_order serviced READY=1 STOPPING=1
in_order clientd READY=1 'STATUS=no connection to the server' STOPPING=1

step "4. One that cannot start is never ready"
: >"$work/serviced.heard"
run 1 env NOTIFY_SOCKET="$work/serviced.notify" "$build/serviced/serviced" --config "$work/serviced.conf" --listen 127.0.0.1:0 \
    --control "$work/serviced.conf"
! heard serviced READY=1 || fail "it was ready"
