#!/bin/bash
# The disk is full: the server's pages, its registry, the client's spool; and the archive cannot be written. The job
# says so, waits, and goes on when there is room. No sheet is read again.
. "$(dirname "$0")/lib.sh"

# small NAME SIZE: a small file system at $work/mnt-NAME.
small() { mkdir -p "$work/mnt-$1" && mount -t tmpfs -o "size=$2" none "$work/mnt-$1" 2>/dev/null; }
small server 24m || { echo 'no file system can be mounted here'; exit 77; }
small pages 24m && small client 24m || exit 99
# The pages have a disk of their own, beside which there is a folder that is nobody's business.
mkdir "$work/mnt-server/pages" "$work/mnt-pages/pages" || exit 99
mount --bind "$work/mnt-pages/pages" "$work/mnt-server/pages" || exit 99

# fill FOLDER [KIB]: so many KiB are left, none by default. make_room FOLDER.
fill() {
    [ -z "${2:-}" ] || fallocate -l "${2}K" "$1/room"
    cat /dev/zero >"$1/filler" 2>/dev/null
    [ -z "${2:-}" ] || rm "$1/room"
}
make_room() { rm "$1/filler"; }

link() { "$build/tests/rig/rig-link" "$work/net.sock" "$@" >"$out" 2>&1 || fail "the network: $*"; }

SIZE='--width 700 --height 990' scanner stack 5 gray
printf '[server]\nstate = %s\ncontrol = %s\narchive = %s\nheartbeat = 1s\nfree-space = 4M\n' \
    "$work/mnt-server" "$work/serviced.sock" "$work/archive" >"$work/serviced.conf"
printf '[client]\nstate = %s\ncontrol = %s\nunit-folder = %s\nreconnect-max = 1s\nwatchdog = 2s\nlog-level = debug\n' \
    "$work/mnt-client" "$work/clientd-one.sock" "$build/clientd/units" >"$work/clientd-one.conf"
start_serviced
start link "$build/tests/rig/link-proxy" --listen 127.0.0.1:0 --to "127.0.0.1:$port" --control "$work/net.sock"
wait_until "the network is there" grep -q '^listening on ' "$work/link.log"
start_clientd
enroll one "$(sed -n 's/^listening on //p' "$work/link.log")"
device=$work/stack
pages=("$device"/pages/*.pnm)

# A fresh stack and its job, in $number, at the moment when page 2 is being read.
scan_to_page_2() {
    "$operator" load "$device"
    : >"$device/log"
    echo 1500000 >"$device/rate"
    run 0 ctl scan --source adf --mode gray --title "$1" --no-wait
    number=$(ctl --json jobs | jq -r '.[-1].id')
    wait_until "page 2 is being read" grep -qx 'start page=2 sheet=2' "$device/log"
}
here_is() { [ "$(ctl --json show "$number" | jq -r "$1")" = "$2" ]; }
ends_by_itself() {
    wait_until "job $number is completed" job_is "$number" .state completed
    same_pages "$(archived | grep "/one-$number-")" "${pages[@]}"
    for sheet in 1 2 3 4 5; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet went through $(fed stack $sheet) times"; done
    ! grep -q '^interrupted' "$device/log" || fail "the scanner was interrupted"
}
# heartbeats COUNT: so many seconds, as the daemons themselves count them
heartbeats() { wait_until "$1 heartbeats have passed" have_beaten $(($(beaten) + $1)); }
have_beaten() { [ "$(beaten)" -ge "$1" ]; }
beaten() { grep -c ' [<>] PONG ' "$work/clientd-one.log"; }
all_is_read() { grep -qx close "$device/log"; }
is_suspended() { job_is "$number" '[.state, (.state_reasons | index("spool-area-full") != null)] | map(tostring) | join(" ")' 'processing-stopped true'; }

step "1. The server's pages: the job is suspended, the scanner goes on, and the job when there is room"
fill "$work/mnt-pages" 1000
scan_to_page_2 server-pages
wait_until "the job is suspended" is_suspended
wait_until "the client knows it" here_is '.state_reasons | index("spool-area-full") != null' true
expect_job "$number" .error.code spool-area-full
expect_job "$number" '.error.action | test("[Mm]ake space")' true
wait_until "all is read" all_is_read
run 1 sctl restart "$number" --manner resume
says 'disk is full: the job goes on by itself'
run 1 timeout 5 "$build/ctl/clientctl" --control "$work/clientd-one.sock" restart "$number" --manner resume
says 'disk is full: the job goes on by itself'
is_suspended || fail "the job is no longer suspended"
make_room "$work/mnt-pages"
ends_by_itself

step "2. … also over a restart of the server on the full disk"
fill "$work/mnt-pages" 1000
scan_to_page_2 server-restarted
wait_until "the job is suspended" is_suspended
wait_until "all is read" all_is_read
kill_hard serviced
start_serviced
wait_until "the client is connected" connected
wait_until "the job is suspended again" is_suspended
make_room "$work/mnt-pages"
ends_by_itself

step "3. The registry: nothing is said to be stored before it is registered"
scan_to_page_2 registry
fill "$work/mnt-server"
wait_until "all is read" all_is_read
wait_until "the log tells of it" grep -qiE 'registry.*(full|space)' "$work/serviced.log"
! job_is "$number" .state completed || fail "the job is completed, and not registered"
[ "$(find "$work/mnt-client/spool/$number" -type f -size +1k | wc -l)" -gt 0 ] || fail "the client gave pages up that are not registered"
make_room "$work/mnt-server"
ends_by_itself

step "4. The client's spool: the unit waits with the sheet in its hands"
scan_to_page_2 spool
fill "$work/mnt-client"
wait_until "the job is suspended" is_suspended
heartbeats 4 # longer than the watchdog: a unit that waits for room has not stalled
is_suspended || fail "the job no longer waits for room: $(job "$number" .state)"
! all_is_read || fail "the scanner was given up"
make_room "$work/mnt-client"
ends_by_itself

step "5. … and while the link is down"
scan_to_page_2 spool-and-link
link refuse
link cut
fill "$work/mnt-client"
wait_until "clientd knows that the disk is full" here_is '.state_reasons | index("spool-area-full") != null' true
make_room "$work/mnt-client"
link accept
ends_by_itself

step "6. The archive cannot be written: delivery-failed, and resume when it can"
for day in "$(date -u +%F)" "$(date -u -d tomorrow +%F)"; do
    [ ! -e "$work/archive/$day" ] || mv "$work/archive/$day" "$work/archive/before-$day"
    : >"$work/archive/$day"
done
scan_to_page_2 archive
wait_until "the delivery has failed" job_is "$number" .error.code delivery-failed
expect_job "$number" .state processing-stopped
expect_job "$number" .pages.stored 5
heartbeats 3
[ "$(grep -c "job $number .*delivery-failed" "$work/serviced.log")" -le 2 ] || fail "the delivery is tried again and again"
rm "$work/archive/$(date -u +%F)" "$work/archive/$(date -u -d tomorrow +%F)"
run 0 ctl restart "$number" --manner resume
ends_by_itself

step "7. Orderly end"
stop clientd-one
stop serviced
