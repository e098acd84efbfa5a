#!/bin/bash
# SIGTERM in the middle of a page, at either side: an orderly end, and the job goes on after the next start. SIGHUP reads
# the settings again.
. "$(dirname "$0")/lib.sh"

scanner stack 3 gray
device=$work/stack
pages=("$device"/pages/*.pnm)
start_serviced
start_clientd
enroll

# A scan whose first page takes a second or two.
begin() {
    "$operator" load "$device"
    : >"$device/log"
    echo 150000 >"$device/rate"
    run 0 ctl scan --source adf --mode gray --no-wait
    number=$(sctl --json jobs | jq -r '.[-1].id')
    wait_until "a page is being read" grep -q '^start page=1' "$device/log"
}
ended_in_time() {
    local before=$SECONDS
    stop "$1"
    [ $((SECONDS - before)) -le 5 ] || fail "$1 took $((SECONDS - before)) s to stop"
}

step "1. serviced is stopped in the middle of a page: clientd reads on, the job is completed after the start"
begin
ended_in_time serviced
grep -q 'the connection to the server ended: the server is being stopped' "$work/clientd-one.log" ||
    fail "clientd was not told goodbye"
echo 0 >"$device/rate"
start_serviced
wait_until "the job is completed" job_is "$number" .state completed
same_pages "$(the_document)" "${pages[@]}"
for sheet in 1 2 3; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet went through twice"; done

step "2. clientd is stopped in the middle of a page: the scanner is free, the job waits for a person"
begin
ended_in_time clientd-one
wait_until "serviced has been told goodbye" grep -q 'disconnected client=one .*reason=clientd stops' "$work/serviced.log"
grep -qx close "$device/log" || fail "the scanner was not given back"
echo 0 >"$device/rate"
start_clientd
wait_until "the job waits" job_is "$number" .state processing-stopped
"$operator" clear-condition "$device"
"$operator" load "$device"
run 0 ctl restart "$number" --manner restart
expect_job "$number" .state completed
same_pages "$(the_document)" "${pages[@]}"

step "3. SIGHUP: a new log level counts, up and down; settings that are wrong change nothing"
debugs() { grep -c ' serviced: debug: ' "$work/serviced.log"; }
[ "$(debugs)" = 0 ] || fail "serviced is talkative already"
sed -i 's/^\[server\]/[server]\nlog-level = debug/' "$work/serviced.conf"
kill -HUP "${pids[serviced]}"
wait_until "the settings were read" grep -q 'settings have been read again' "$work/serviced.log"
run 0 sctl jobs
[ "$(debugs)" -gt 0 ] || fail "the new level does not count"
sed -i 's/^log-level = .*/log-level = error/' "$work/serviced.conf"
kill -HUP "${pids[serviced]}"
run 0 sctl jobs # whose answer may cross the signal; that of the next one does not
before=$(wc -l <"$work/serviced.log")
run 0 sctl jobs
[ "$(wc -l <"$work/serviced.log")" = "$before" ] || fail "the new level does not count"
sed -i 's/^log-level = .*/log-level = notice/' "$work/serviced.conf"
kill -HUP "${pids[serviced]}"
sed -i 's/^\[client\]/[client]\nlog-level = debug/' "$work/clientd-one.conf"
! grep -q ' clientd: debug: ' "$work/clientd-one.log" || fail "clientd is talkative already"
kill -HUP "${pids[clientd-one]}"
wait_until "the settings were read" grep -q 'settings were read again' "$work/clientd-one.log"
run 0 ctl jobs
grep -q ' clientd: debug: ' "$work/clientd-one.log" || fail "the new level does not count"
echo 'nonsense = 1' >>"$work/serviced.conf"
kill -HUP "${pids[serviced]}"
wait_until "wrong settings were refused" grep -q 'settings stay as they were: .*nonsense' "$work/serviced.log"
run 0 sctl status

step "4. Orderly end"
ended_in_time clientd-one
ended_in_time serviced
