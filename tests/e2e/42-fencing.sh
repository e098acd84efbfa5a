#!/bin/bash
# A copy of a host's state folder is started somewhere: the newer of two clients with one identity has the server, the
# older says why it stays away and does not fight for it; when the newer is gone the older comes back by itself.
. "$(dirname "$0")/lib.sh"

scanner stack 3 gray
pages=("$work"/stack/pages/*.pnm)
audit=$work/server/audit.log
stay_away_s=30
connects() { grep -c ' connected client=one ' "$audit"; }
fenced() { grep -c ' refused .*client=one code=superseded ' "$audit"; }
# at EVENT: the second in which the last one was written to the audit log
at() { date -d "$(grep " $1 .*client=one " "$audit" | tail -n 1 | cut -d' ' -f1)" +%s; }

step "1. A client is enrolled, and its identity is copied"
start_serviced
start_clientd one
enroll one
mkdir -m 700 "$work/client-copy"
cp -a "$work"/client-one/client{.key,.crt,-ca.crt} "$work/client-one/server" "$work/client-copy/" ||
    fail "the identity is not where it was expected"
[ "$(connects) $(fenced)" = '1 0' ] || fail "the audit log tells of $(connects) connections and $(fenced) fenced ones"

step "2. The copy is started: it has the server, and the older one says why it does not"
start_clientd copy
wait_until "the copy is connected" connected copy
wait_until "the older one is not" disconnected one
says_so() { grep -q 'superseded' "$work/clientd-one.log"; }
wait_until "the older one says why" says_so
run 0 sctl --json client list
[ "$(jq -r '.[] | "\(.name) \(.state)"' "$out")" = 'one connected' ] || fail "it is not one client, connected"
[ "$(connects) $(fenced)" = '2 1' ] || fail "the audit log tells of $(connects) connections and $(fenced) fenced ones"

step "3. What the newer one scans gets through; the older one does not fight meanwhile"
run 0 ctl_of copy scan --source adf --mode gray
same_pages "$(the_document)" "${pages[@]}"
for sheet in 1 2 3; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet did not go through once"; done
[ "$(connects) $(fenced)" = '2 1' ] || fail "they fight: $(connects) connections, $(fenced) of them fenced"
disconnected one || fail "the older one is connected"

step "4. The newer one stops: the older one comes back by itself, and not before its time"
stop clientd-copy
fenced_at=$(at refused)
PATIENCE=60 wait_until "the older one is back" connected one
away=$(($(at connected) - fenced_at))
[ $away -ge $stay_away_s ] || fail "it came back after $away s, not $stay_away_s"
[ "$(connects) $(fenced)" = '3 1' ] || fail "the audit log tells of $(connects) connections and $(fenced) fenced ones"
"$operator" load "$work/stack"
run 0 ctl scan --source adf --mode gray
same_pages "$(the_document)" "${pages[@]}"

step "5. Orderly end"
stop clientd-one
stop serviced
