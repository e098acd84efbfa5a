#!/bin/bash
# Peers that keep no rule: an enrolled client that was taken over, strangers, crowds; and a server that is none. Each is
# dropped with a clear line in the log, memory stays bounded, and another client's scans go on unharmed meanwhile.
. "$(dirname "$0")/lib.sh"

hostile=$build/tests/rig/hostile-client
forge=$build/tests/rig/forge-certificate
SERVER_SETTINGS=$'[limits]\nhandshake = 2s\nframes-per-second = 5000\njobs = 40\ncredit = 256K\ngreeting = 200\ngreeting-per-address = 64'
scanner stack 3 gray
echo 500000 >"$work/stack/rate"
scanner slow 2 gray
pages=("$work"/stack/pages/*.pnm)
start_serviced
start_clientd one
enroll one

# attack NAME OPTION…: it has to go as the attack says.
attack() {
    local name=$1
    shift
    "$hostile" 127.0.0.1 "$port" --from 127.0.0.2 "$@" "$name" >"$out" 2>&1 || fail "the attack '$name' was not met"
}
as_mallory() { attack "$1" --identity "$work/client-mallory" --client mallory "${@:2}"; }
# logged PATTERN: serviced said so since the step began, on one line.
has_logged() { tail -n "+$log_mark" "$work/serviced.log" | grep -qE -- "$1"; }
logged() { has_logged "$1" || fail "serviced's log does not say '$1'"; }
mark() { log_mark=$(($(wc -l <"$work/serviced.log") + 1)); }
resident() { awk '/^VmRSS/ {print $2}' "/proc/${pids[serviced]}/status"; }
is_sanitized() { grep -q asan "/proc/${pids[serviced]}/maps"; }

# Scans by the honest client, one after the other, until it is told that it is enough.
scan_on() {
    local count=0
    until [ -e "$work/enough" ]; do
        "$operator" load "$work/stack"
        ctl_of one scan --scanner rig:stack --source adf --mode gray --title "honest $count" >"$work/scan-$count.out" 2>&1 || break
        count=$((count + 1))
        echo $count >"$work/scanned"
    done
}

step "0. mallory is a client with a certificate, and steals it; one scans all the time"
start_clientd mallory
enroll mallory
stop clientd-mallory
short_token=$(sctl client add third --ttl 10s --address "127.0.0.1:$port") || fail "no token for 10 s"
expiry=$(($(date +%s) + 11))
scan_on &
scans=$!
wait_until "a first scan is through" test -e "$work/scanned"
before=$(resident)

step "1. Frames cut at every length, and frames that lie about their length"
mark
as_mallory prefixes
logged 'disconnected client=mallory from=127.0.0.2:[0-9]+ reason=.'
as_mallory short-frames
logged 'client=mallory .*reason=.*a field that is cut off'

step "2. Oversize lengths, unknown types, frames of another place or time, with and without jobs"
mark
as_mallory lengths
logged 'mallory.*(longer|length|cap)'
as_mallory types
as_mallory places

step "3. Formats that cannot be; data and ends that do not fit; data beyond credit"
sctl --json jobs | jq -r '.[] | select(.client == "mallory") | .id' | while read -r id; do sctl cancel "$id"; done >/dev/null
mark
as_mallory formats
as_mallory pages
logged 'PAGE_END with another length'
cancel_all() {
    sctl --json jobs | jq -r '.[] | select(.client == "mallory") | .id' |
        while read -r id; do sctl cancel "$id" >/dev/null 2>&1; done
}
cancel_all
as_mallory credit
logged 'mallory.*without credit'

step "4. Bombs, and digests that are not the page's: kept out of the archive"
mark
as_mallory bombs
as_mallory digest
logged 'another digest than its PAGE_END says'
cancel_all
archived | grep -q mallory && fail "mallory has a document"

step "5. Another client's jobs cannot be seen or touched, nor another client be played"
# A job of one's that is open, on a scanner of its own and for as long as this takes.
echo 20000 >"$work/slow/rate"
run 0 ctl_of one scan --scanner rig:slow --source adf --mode gray --title 'not mallory’s' --no-wait
foreign=$(sctl --json jobs | jq -r '.[] | select(.title == "not mallory’s").id')
wait_until "its first page is on its way" grep -q '^start page=1' "$work/slow/log"
as_mallory foreign-job --job "$foreign"
expect_job "$foreign" .state processing
echo 0 >"$work/slow/rate"
wait_until "the job is completed all the same" job_is "$foreign" .state completed
same_pages "$(archived | grep "/one-$foreign-")" "$work"/slow/pages/*.pnm
rm "$(archived | grep "/one-$foreign-")" # the last step counts those of the other scanner
mark
attack hello --identity "$work/client-mallory" --client one --number 71
logged 'HELLO names another client than the certificate'

step "6. 1024 jobs in hand with ledgers that are none; floods; more jobs than are allowed"
mark
as_mallory ledgers
as_mallory pings
logged 'client=mallory .*reason=.*frames'
as_mallory requests
as_mallory jobs
says 'limit|many|open jobs'
cancel_all

step "7. Strangers: no TLS, an old TLS, no certificate, a foreign one, an expired one, a revoked one"
mark
attack garbage
logged '127.0.0.2:[0-9]+: closed before it said who it is: .'
mark
openssl s_client -tls1_2 -connect "127.0.0.1:$port" </dev/null >"$out" 2>&1 && fail "TLS 1.2 was spoken"
wait_until "TLS 1.2 is in the log" has_logged '127.0.0.1:[0-9]+: closed before it said who it is: .*(version|protocol)'
mark
attack anonymous
logged '127.0.0.2:[0-9]+: closed before it said who it is: a frame at the wrong time'
mkdir "$work/foreign" "$work/expired"
"$forge" - one 100 "$work/foreign" && "$forge" "$work/server" one -1 "$work/expired" || fail "no certificates"
mark
attack hello --identity "$work/foreign" --client one --number 1001
logged 'self.signed|issuer|unable to get|certificate'
mark
attack hello --identity "$work/expired" --client one --number 1001
logged 'expired'
run 0 sctl client revoke mallory
mark
attack hello --identity "$work/client-mallory" --client mallory --number 67
logged 'code=revoked'

step "8. Tokens: none, used, expired, garbled; nobody learns a name from them"
mark
attack token
logged 'enrolment-refused from=127.0.0.2:[0-9]+ reason=the token is wrong, expired or used'
start_clientd newcomer
token=$(sctl client add newcomer --address "127.0.0.1:$port")
run 2 ctl_of newcomer enroll "dl1.%%%"
says 'token'
garbled=${token%????}AAAA
run 5 ctl_of newcomer enroll "$garbled"
says 'wrong, expired or used'
run 0 ctl_of newcomer enroll "$token"
start_clientd second
run 5 ctl_of second enroll "$token"
says 'wrong, expired or used'
start_clientd third
wait_until "the token has expired" eval "[ \$((\$(date +%s))) -gt $expiry ]"
run 5 ctl_of third enroll "$short_token"
says 'wrong, expired or used'

step "9. Crowds that say nothing: from one address, and from many; others get in as long as there is room"
mark
"$hostile" 127.0.0.1 "$port" --from 127.0.0.3 --number 500 crowd >"$work/crowd.out" 2>&1 &
crowd=$!
wait_until "the crowd is there" grep -q 'all there' "$work/crowd.out"
attack hello --number 66
wait $crowd || fail "the crowd was not sent away"
logged '127.0.0.3:[0-9]+: refused: too many connections'
logged '127.0.0.3:[0-9]+: closed before it said who it is: the greeting was not over in time'
crowds=()
for address in 4 5 6 7 8 9 10 11; do
    "$hostile" 127.0.0.1 "$port" --from "127.0.0.$address" --number 63 crowd >"$work/crowd.out" 2>&1 &
    crowds+=($!)
done
for crowd in "${crowds[@]}"; do wait "$crowd" || fail "a crowd was not sent away"; done
attack hello --number 66

step "10. The honest client scanned all the time, and every page is right"
touch "$work/enough"
wait $scans
[ "$(cat "$work/scanned")" -ge 3 ] || fail "only $(cat "$work/scanned") scans went through"
[ "$(archived | wc -l)" = "$(cat "$work/scanned")" ] || fail "a scan has no document"
for document in $(archived); do same_pages "$document" "${pages[@]}"; done
after=$(resident)
echo "  $(cat "$work/scanned") scans; resident before $before KiB, after $after KiB"
is_sanitized || [ "$after" -lt $((before + 49152)) ] || fail "serviced has grown from $before to $after KiB"

step "11. A server that is none: clientd says so, and waits longer and longer"
stop serviced
serve() { while :; do openssl s_server -quiet -accept "$port" -naccept 1 "$@" </dev/null; done; }
"$forge" - 'Deskline server' 100 "$work/foreign"
serve -cert "$work/foreign/client.crt" -key "$work/foreign/client.key" >/dev/null 2>&1 &
pids[fake]=$!
wait_until "the foreign certificate is in the log" grep -qiE 'certificate' "$work/clientd-one.log"
disconnected one || fail "clientd believes a foreign server"
kill_hard fake
stop clientd-one
stop clientd-newcomer
stop clientd-second
stop clientd-third
