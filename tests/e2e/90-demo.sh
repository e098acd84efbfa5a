#!/bin/bash
# The demonstration, first without a terminal, then on one: the jam, the document, its print, the paper that runs out, and
# nothing left running.
. "$(dirname "$0")/lib.sh"
command -v ippeveprinter >/dev/null || { echo "ippeveprinter is missing (./bootstrap.sh --demo)" && exit 77; }

# all_is_there NAME: six pages in the document, each of which came out of the printer once, and in order
all_is_there() {
    local state=$work/$1 document
    document=$(find "$state/archive" -name '*.pdf')
    same_pages "$document" "$state"/scanner/pages/*.pnm
    mkdir "$work/$1-out"
    for sheet in "$state"/printer/sheets/*.pdf; do
        pdfimages -png "$sheet" "$work/$1-out/$(basename "$sheet" .pdf)" || fail "$sheet is not readable"
    done
    "$operator" compare "$state"/scanner/pages/*.pnm -- "$work/$1"-out/*.png >"$out" 2>&1 || fail "other sheets were printed"
}
is_quiet() { ! pgrep -f -- "$work/$1/" >/dev/null || fail "something was left running"; }

step "1. It runs to its end without a question, and without a word that is not its own"
run 0 "$source_dir/demo.sh" --build "$build" --state "$work/demo"
says 'has stopped at page 3: .*media-jam'
says 'page 6 stored'
says 'has stopped at sheet 4: .*media-empty'
says '^job 2 is completed: 6 of 6 sheets printed$'
says 'Everything has been stopped'
! grep -qiE 'permission|not found|no such|error' "$out" || fail "it complains"

step "2. Six pages in the document; the third sheet went in twice, the others once; each came out once"
says '^Sheets that came out .* order: 1 2 3 4 5 6$'
says '^Sheets that went in.* order: 1 2 3 3 4 5 6$'
all_is_there demo

step "3. Nothing is left running, and no socket"
is_quiet demo
[ ! -e "$work/demo/clientd.sock" ] || fail "clientd left its socket"
[ ! -e "$work/demo/serviced.sock" ] || fail "serviced left its socket"

step "4. Interrupted in the middle, it stops them all the same"
start demo bash -c 'trap - INT; exec "$@"' - "$source_dir/demo.sh" --build "$build" --state "$work/again"
wait_until "a page is read" grep -q '^delivered page=1' "$work/again/scanner/log"
kill -TERM "${pids[demo]}"
timeout 15 tail --pid="${pids[demo]}" -f /dev/null || fail "the demonstration does not stop"
wait "${pids[demo]}"
[ $? = 143 ] || fail "it did not end by the signal"
unset "pids[demo]"
is_quiet again

step "5. On a terminal it asks both times; Enter is resume"
command -v tmux >/dev/null || { echo '  tmux is not installed: left out' && exit 0; }
terminal() { tmux -S "$work/terminal" "$@"; }
screen() { terminal capture-pane -p -J -t desk -S -; }
shows() { screen | grep -qE -- "$1"; }
at_exit() { terminal kill-server 2>/dev/null; }
terminal -f /dev/null new-session -d -s desk -x 110 -y 50 \
    "'$source_dir/demo.sh' --build '$build' --state '$work/asked'; echo \"code \$?\"; read" || fail "no terminal"
asks() { [ "$(screen | grep -c '^Manner \[1\]:')" = "$1" ]; }
wait_until "it asks at the jam" asks 1
wait_until "the sheet is back" test ! -e "$work/asked/scanner/condition"
terminal send-keys -t desk Enter
wait_until "it asks about the paper" asks 2
shows '^Job 2 on front-desk has stopped at sheet 4: the printer is out of paper' || fail "it does not say why"
shows '^Safe: +sheets 1-3 are printed\.' || fail "it does not say what is safe"
wait_until "paper is in" test ! -e "$work/asked/printer/condition"
terminal send-keys -t desk Enter
wait_until "it ends" shows '^code 0$'
screen >"$out"
says '^Sheets that came out .* order: 1 2 3 4 5 6$'
says '^Sheets that went in.* order: 1 2 3 3 4 5 6$'
all_is_there asked
is_quiet asked
terminal kill-server
