#!/bin/bash
# A stack of five sheets jams at page 3 after 40 %. The job stops there, says so, and goes on in each manner.
. "$(dirname "$0")/lib.sh"

scanner stack 5 gray
start_serviced
start_clientd
enroll
device=$work/stack
pages=("$device"/pages/*.pnm)

# A fresh stack, a jam at page 3, and the job that stops on it: its number in $number.
jam_at_page_3() {
    "$operator" load "$device"
    "$operator" clear-condition "$device"
    : >"$device/log"
    "$operator" fault "$device" 'page=3 at=40% do=JAMMED'
    run 3 ctl scan --source adf --mode gray --title "$1"
    number=$(ctl --json jobs | jq -r '.[-1].id')
}
clear_the_jam() { "$operator" clear-condition "$device"; }

step "1. The jam: exit code 3, the state, two pages stored, what to do with the sheet"
jam_at_page_3 resume
says 'jam'
says 'put it back on top of the stack'
says "clientctl restart $number"
wait_until "two pages are stored" job_is "$number" .pages.stored 2
expect_job "$number" .state processing-stopped
expect_job "$number" '.state_reasons | index("media-jam") != null' true
expect_job "$number" .error.code media-jam
expect_job "$number" .phase.page 3
expect_job "$number" .phase.step reading
expect_job "$number" '.manners | sort | join(" ")' 'abandon finish from-page redo-last restart resume skip'

step "2. Off a terminal, without a manner: refused, and the manners named"
run 2 ctl restart "$number"
says 'resume'
says 'from-page'

step "3. resume: page 3 once more, no other page twice"
clear_the_jam && "$operator" put-back "$device" 3
run 0 ctl restart "$number" --manner resume
says '^page 3 stored'
! grep -qE '^page [12] stored' "$out" || fail "what was said before is said again"
same_pages "$(the_document)" "${pages[@]}"
for sheet in 1 2 4 5; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet went through twice"; done
[ "$(fed stack 3)" = 2 ] || fail "sheet 3 was not put through again"

step "4. from-page 2: pages 2 to 5 are read again, page 1 is not"
jam_at_page_3 from-page
clear_the_jam && "$operator" put-back "$device" 2
run 0 ctl restart "$number" --manner from-page 2
says '^page 2 stored'
! grep -q '^page 1 stored' "$out" || fail "what was said before is said again"
same_pages "$(the_document)" "${pages[@]}"
[ "$(fed stack 1) $(fed stack 2) $(fed stack 3)" = '1 2 2' ] || fail "other sheets were read again"

step "5. redo-last: page 2 came out damaged, and is read again too"
jam_at_page_3 redo-last
clear_the_jam && "$operator" put-back "$device" 2
run 0 ctl restart "$number" --manner redo-last
same_pages "$(the_document)" "${pages[@]}"
[ "$(fed stack 1) $(fed stack 2)" = '1 2' ] || fail "other sheets were read again"

step "6. skip: page 3 is left out"
jam_at_page_3 skip
clear_the_jam
run 0 ctl restart "$number" --manner skip
same_pages "$(the_document)" "${pages[0]}" "${pages[1]}" "${pages[3]}" "${pages[4]}"
for sheet in 1 2 3 4 5; do [ "$(fed stack $sheet)" = 1 ] || fail "sheet $sheet went through twice"; done

step "7. finish: two pages are the result"
jam_at_page_3 finish
clear_the_jam
run 0 ctl restart "$number" --manner finish
same_pages "$(the_document)" "${pages[0]}" "${pages[1]}"

step "8. restart: from the start"
jam_at_page_3 restart
clear_the_jam && "$operator" load "$device"
run 0 ctl restart "$number" --manner restart
same_pages "$(the_document)" "${pages[@]}"
[ "$(fed stack 1)" = 2 ] || fail "sheet 1 was not read again"

step "9. abandon: no document, and it is said what is kept"
jam_at_page_3 abandon
documents=$(archived | wc -l)
clear_the_jam
run 0 ctl restart "$number" --manner abandon
says '2 pages are kept'
expect_job "$number" .state canceled
[ "$(archived | wc -l)" = "$documents" ] || fail "there is a document"

step "10. Orderly end"
stop clientd-one
stop serviced
