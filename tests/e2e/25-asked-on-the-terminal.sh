#!/bin/bash
# A person at a terminal: the progress line, the jam, the question, and Enter for what is offered first. The terminal is
# a real one (tmux), and looked at as it stands on the screen.
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || { echo "tmux is not installed"; exit 77; }

SIZE='--width 850 --height 1100'
scanner stack 4 gray
start_serviced
start_clientd
enroll
device=$work/stack
pages=("$device"/pages/*.pnm)

terminal() { tmux -S "$work/terminal" "$@"; }
screen() { terminal capture-pane -p -t desk; }
shows() { screen | grep -qE -- "$1"; }
must_show() { shows "$1" || { screen | grep . >"$out"; fail "'$1' is not on the screen"; }; }
type_in() { terminal send-keys -t desk "$1" Enter; }
at_exit() { terminal kill-server 2>/dev/null; }

terminal -f /dev/null new-session -d -s desk -x 80 -y 50 "bash --norc" || fail "no terminal"
type_in "PS1='ready> '; LC_ALL=C.UTF-8; clientctl() { '$build/ctl/clientctl' --control '$work/clientd-one.sock' \"\$@\"; }; clear"
wait_until "the shell is ready" shows '^ready>'

# jams: a scan typed in; page 3 jams
jams() {
    "$operator" load "$device"
    "$operator" clear-condition "$device"
    : >"$device/log"
    echo 600000 >"$device/rate"
    "$operator" fault "$device" 'page=3 at=40% do=JAMMED'
    type_in "clear; clientctl scan --source adf --mode gray --title '$1'"
}

step "1. While it reads: a line with page, pages and connection, that stays one line"
jams lease
wait_until "the progress is seen" shows '^job 1: page [1-3], [0-2] stored.*connected'
wait_until "the rate is seen" shows '^job 1: page [1-3],.* [0-9.]+ MB/s, connected'

step "2. The jam: what happened, what is safe, what to do, and the manners with the default first"
wait_until "it is asked" shows '^Manner \[1\]:'
must_show '^Job 1 on one has stopped at page 3: a sheet is jammed in the feeder \(media-jam\)\.$'
must_show '^Safe: +pages 1-2 are stored at the server\.$'
must_show '^To do: +Open the feeder, take the jammed sheet out, put it back on top of'
must_show '^ {11}the stack and close the feeder\.$'
must_show '^How is it to go on\?$'
must_show '^  1  resume +go on from the page that failed \(page 3\) \[default\]$'
for manner in from-page redo-last skip finish restart abandon; do must_show "^  [2-7]  $manner "; done
[ "$(screen | grep -c '^job 1: ')" = 1 ] || fail "the progress line was not written over itself"

step "3. What is not understood is explained, and asked again"
type_in nonsense
wait_until "it is explained" shows "'nonsense' is not understood"
type_in 'from-page 9'
wait_until "the range is named" shows 'takes a page from 1 to 2'

step "4. The sheet is put back; Enter: it goes on at page 3, and the document is whole"
rm "$device/rate"
"$operator" clear-condition "$device" && "$operator" put-back "$device" 3
terminal send-keys -t desk Enter
wait_until "it is completed" shows '^job 1 is completed: document 1 with 4 pages$'
wait_until "the shell is back" shows '^ready>'
same_pages "$(archived)" "${pages[@]}"
[ "$(fed stack 1) $(fed stack 2) $(fed stack 3) $(fed stack 4)" = '1 1 2 1' ] || fail "other sheets were read again"

step "5. Ctrl-C at the question: the job waits, it is said how it goes on, and the exit code is 3"
jams later
wait_until "it has stopped" shows '^Job 2 on one has stopped at page 3'
wait_until "it is asked" shows '^Manner \[1\]:'
terminal send-keys -t desk C-c
wait_until "it is said how" shows 'clientctl restart 2'
type_in 'echo "code $?"'
wait_until "the code is seen" shows '^code 3$'
job_is 2 .state processing-stopped || fail "the job does not wait"

step "6. restart, hours later: the same question; a number and a page answer it"
rm "$device/rate"
"$operator" clear-condition "$device" && "$operator" put-back "$device" 2
type_in 'clear; echo "begins $((1 + 1))"; clientctl restart'
wait_until "the screen is another one" shows '^begins 2$'
wait_until "it is asked" shows '^Manner \[1\]:'
must_show '^Job 2 on one has stopped at page 3'
type_in 2
wait_until "the page is asked for" shows 'From which page \(1 to 2\)\?'
type_in 2
wait_until "it is completed" shows '^job 2 is completed: document 2 with 4 pages$'
same_pages "$(archived | grep later)" "${pages[@]}"

step "7. Orderly end"
terminal kill-server
stop clientd-one
stop serviced
