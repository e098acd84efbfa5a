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
echo 0 >"$device/rate"
start_serviced
wait_until "the job is completed" job_is "$number" .state completed
same_pages "$(the_document)" "${pages[@]}"
for sheet in 1 2 3; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet went through twice"; done

step "2. clientd is stopped in the middle of a page: the scanner is free, the job waits for a person"
begin
ended_in_time clientd-one
grep -qx close "$device/log" || fail "the scanner was not given back"
echo 0 >"$device/rate"
start_clientd
wait_until "the job waits" job_is "$number" .state processing-stopped
"$operator" clear-condition "$device"
"$operator" load "$device"
run 0 ctl restart "$number" --manner restart
expect_job "$number" .state completed
same_pages "$(the_document)" "${pages[@]}"

step "3. SIGHUP: a new log level counts; settings that are wrong change nothing"
sed -i 's/^\[server\]/[server]\nlog-level = info/' "$work/serviced.conf"
kill -HUP "${pids[serviced]}"
wait_until "the settings were read" grep -q 'settings have been read again' "$work/serviced.log"
echo 'nonsense = 1' >>"$work/serviced.conf"
kill -HUP "${pids[serviced]}"
wait_until "wrong settings were refused" grep -q 'settings stay as they were: .*nonsense' "$work/serviced.log"
run 0 sctl status

step "4. Orderly end"
ended_in_time clientd-one
ended_in_time serviced
