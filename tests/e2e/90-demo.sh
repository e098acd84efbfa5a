#!/bin/bash
# The demonstration, without a terminal: the jam, `resume`, the document, and nothing left running.
. "$(dirname "$0")/lib.sh"

step "1. It runs to its end without a question"
run 0 "$source_dir/demo.sh" --build "$build" --state "$work/demo"
says 'has stopped at page 3: .*media-jam'
says 'page 6 stored'
says 'Both daemons have been stopped'

step "2. Six pages in the document; the third sheet went in twice, the others once"
says '^Sheets .* order: 1 2 3 3 4 5 6$'
cp "$out" "$work/demo.log"
document=$(find "$work/demo/archive" -name '*.pdf')
same_pages "$document" "$work"/demo/scanner/pages/*.pnm

step "3. Both daemons are gone, and so are their sockets"
! pgrep -f -- "--config $work/demo/" >/dev/null || fail "a daemon was left"
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
! pgrep -f -- "--config $work/again/" >/dev/null || fail "a daemon was left"
