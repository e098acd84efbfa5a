#!/usr/bin/env bash
# The rig's printers, seen by programs that know nothing of them: lp, ipptool. Each fault once, and what the printers
# have noted of it. It is run in the top folder of the build.
. "$(dirname "$0")/../e2e/lib.sh"
. "$source_dir/tests/rig/printers.sh"

now_ms() { echo $(($(date +%s%N) / 1000000)); }
at() { echo "127.0.0.1:${cups_port[$CUPS]}"; }
# lay PRINTER FILE [LP-OPTION…]: through lp; $job is the number
lay() {
    local name=$1 file=$2
    shift 2
    lp -h "$(at)" -d "$name" "$@" "$file" >"$out" 2>&1 || fail "lp: $(cat "$out")"
    job=$(sed -n "s/^request id is $name-\\([0-9]*\\) .*/\\1/p" "$out")
}
# A queue of its own for each fault: what one leaves behind does not matter to the next.
broken_queue() {
    printer "$1" "${@:3}"
    queue "$1"
    printer_fault "$1" "$2"
}
# shows PRINTER JOB STATE IMPRESSIONS PRINTER-STATE REASONS: the job, and soon the printer
shows() {
    wait_for_job "$1" "$2" "$3"
    wait_until "$1 is $5 $6" printer_is "$1" "$5" "$6"
    [ "$(job_attribute "$1" "$2" job-impressions-completed)" = "$4" ] || fail "$1: job $2 has not $4 impressions"
}
printer_is() { [[ $(printer_attribute "$1" printer-state) = "$2" && $(printer_attribute "$1" printer-state-reasons) =~ ^$3$ ]]; }
logged() {
    local count
    count=$(grep -cxE -- "$3" "$work/$1/log")
    [ "$count" = "$2" ] || fail "'$3' is in the log of $1 $count times, not $2: $(printer_log "$1")"
}
sheets() { [ "$(printer_out "$1")" = "$2" ] || fail "$1 has put out $(printer_out "$1") sheets, not $2"; }
enable() { printer_clear "$1" && queue_enable "$1"; }
text_of() { pdftotext "$1" - | tr -d '\f' | grep .; }

make_pdf "$work/one.pdf" "the only page"
make_pdf "$work/three.pdf" "page one" "page two" "page three"
echo '%PDF-1.4 rubbish' >"$work/rubbish.pdf"
one=$work/one.pdf three=$work/three.pdf

step "they start in less than a second"
before=$(now_ms)
start_cups
printer raw && queue raw
printer ppd && queue ppd ppd
took_cups=$(($(now_ms) - before))
printer direct && start_driverless direct
took=$(($(now_ms) - before))
echo "  cupsd with two queues: $took_cups ms; ippeveprinter: $((took - took_cups)) ms"
[ $took -lt ${START_MS:-2000} ] || fail "they took $took ms"

step "what comes out is what was sent: every sheet, once, in order, by its title and digest"
lay raw "$one" -t "a title of words"
wait_for_job raw "$job" completed
cmp "$one" "$(printer_sheets raw)" || fail "the sheet is another"
[ "$(printer_titles raw)" = "a title of words" ] || fail "the title is $(printer_titles raw)"
logged raw 1 "out sheet=1 job=$job pages=1 copy=1/1 .* sha256=$(sha256sum <"$one" | cut -c1-64) title=a title of words"
lay raw "$three" -n 2
wait_for_job raw "$job" completed
sheets raw 7
[ "$(for sheet in $(printer_sheets raw | tail -n 6); do text_of "$sheet"; done | sed 's/page //' | tr '\n' ' ')" = \
    'one two three one two three ' ] || fail "not two copies of three pages"
lay ppd "$three" -n 2 -o sides=two-sided-long-edge -o media=A4
wait_for_job ppd "$job" completed
text=$(for sheet in $(printer_sheets ppd); do text_of "$sheet"; done)
[ "$(sort <<<"$text" | uniq -c | awk '{ print $1 $3 }' | tr '\n' ' ')" = '2one 2three 2two ' ] || fail "through filters: $text"
grep -q '^out sheet=1 .* sides=two-sided-long-edge media=A4 ' "$work/ppd/log" || fail "the options are not noted"
printf 'plain text\n' >"$work/plain.txt"
lay ppd "$work/plain.txt"
wait_for_job ppd "$job" completed
[ -n "$(text_of "$(printer_sheets ppd | tail -n 1)")" ] || fail "no text" # the filter's fonts tell no characters
print_job direct "$three" 'ATTR integer copies 2' 'ATTR keyword sides two-sided-long-edge' 'ATTR rangeOfInteger page-ranges 1-1,3-3'
wait_for_job direct "$job" completed
sheets direct 2
[ "$(job_attribute direct "$job" job-impressions-completed)" = 4 ] || fail "the impressions are not counted"
[ "$(for sheet in $(printer_sheets direct); do text_of "$sheet"; done | sed 's/page //' | tr '\n' ' ')" = 'one three one three ' ] ||
    fail "not two copies of pages 1 and 3"

step "a queue in each condition: it stops, the sheet stays inside; enabled again it begins the job again"
while read -r fault reason; do
    broken_queue "$fault" "sheet=2 do=$fault"
    lay "$fault" "$three"
    shows "$fault" "$job" pending 1 stopped "$reason,paused"
    logged "$fault" 1 "fault sheet=2 when=before do=$fault job=$job"
    sheets "$fault" 1
    queue_enable "$fault"
    wait_for_log "$fault" "refused job=$job do=$fault"
    shows "$fault" "$job" pending 1 stopped "$reason,paused"
    enable "$fault"
    wait_for_job "$fault" "$job" completed
    sheets "$fault" 4
    logged "$fault" 2 "out sheet=[0-9]* job=$job pages=1 .*"
done <<'END'
jam media-jam-error
out-of-paper media-empty-error
cover-open cover-open-error
output-full output-area-full-error
toner-empty toner-empty-error
END

step "after a sheet: it lies in the tray, and only 'counted' says so"
while read -r when impressions; do
    broken_queue "jam-$when" "sheet=1 when=$when do=jam"
    lay "jam-$when" "$one"
    shows "jam-$when" "$job" pending "$impressions" stopped media-jam-error,paused
    [ $when = before ] || sheets "jam-$when" 1
    cancel -h "$(at)" "jam-$when-$job"
    enable "jam-$when"
    shows "jam-$when" "$job" canceled "$impressions" idle media-jam-error
    lay "jam-$when" "$one"
    shows "jam-$when" "$job" completed 1 idle none
done <<'END'
before 0
after 0
counted 1
END
sheets jam-before 1
sheets jam-after 2

step "a queue with the other faults"
while read -r fault state sheets printer_state reasons; do
    name=f-${fault%%:*}
    broken_queue "$name" "sheet=1 do=$fault"
    lay "$name" "$one"
    shows "$name" "$job" "$state" "$sheets" "$printer_state" "$reasons"
    sheets "$name" "$sheets"
    logged "$name" 1 "fault sheet=1 when=before do=${fault%%:*} job=$job"
done <<'END'
ioerr pending 0 stopped paused
stop pending 0 stopped paused
crash pending 0 stopped paused
hold pending-held 0 idle none
cancel canceled 0 idle none
retry-current completed 1 idle none
hang:0.3 completed 1 idle none
END
broken_queue f-retry "sheet=1 do=retry"
lay f-retry "$one"
retried=$job
wait_for_log f-retry "end job=$job code=6"
broken_queue crash-after "sheet=1 when=after do=crash"
lay crash-after "$one"
shows crash-after "$job" pending 0 stopped paused
sheets crash-after 1
printer u && queue u && lay u "$work/rubbish.pdf"
shows u "$job" pending 0 stopped paused
logged u 1 "unreadable job=$job .*"

step "a device that waits for its operator, loses the sheet, or prints it again by itself"
while read -r manner when sheets impressions; do
    broken_queue "$manner-$when" "sheet=1 when=$when do=jam" "on-condition=$manner"
    lay "$manner-$when" "$one"
    shows "$manner-$when" "$job" processing 0 processing media-jam-error
    printer_clear "$manner-$when"
    shows "$manner-$when" "$job" completed "$impressions" idle none
    sheets "$manner-$when" "$sheets"
done <<'END'
wait before 1 1
wait after 1 1
lose before 0 0
reprint after 2 1
END
broken_queue waits "sheet=1 do=jam" on-condition=wait
lay waits "$one"
wait_for_log waits "fault .*"
cancel -h "$(at)" "waits-$job"
wait_for_job waits "$job" canceled
wait_for_log waits "cancelled job=$job"
sheets waits 0

step "a queue is stopped in the middle of a sheet, and enabled: the sheet comes out twice"
printer paced pace=0.4 && queue paced && lay paced "$one"
wait_for_log paced "job .*"
queue_disable paced
wait_for_sheets paced 1
shows paced "$job" pending 1 stopped paused
enable paced
wait_for_job paced "$job" completed
sheets paced 2

step "what cupsd tries again later has been printed by now"
wait_for_job f-retry "$retried" completed
sheets f-retry 1

step "cupsd is killed, and started again: alone, with the backend, and at the moment when the sheet is out"
printer orphan pace=0.6 && queue orphan && lay orphan "$one"
uuid=$(job_attribute orphan "$job" job-uuid)
wait_for_log orphan "job .*"
kill_hard cups && start_cups
[ -n "$uuid" ] && [ "$(job_attribute orphan "$job" job-uuid)" = "$uuid" ] || fail "another job-uuid"
wait_for_job orphan "$job" completed
sheets orphan 2
printer dark pace=0.6 && queue dark && lay dark "$one"
wait_for_log dark "job .*"
cups_power_off && start_cups
wait_for_job dark "$job" completed
sheets dark 1
broken_queue loss "sheet=1 when=after do=power-loss"
lay loss "$one"
wait_until "cupsd is dead" ended cups
sheets loss 1
start_cups
wait_for_job loss "$job" completed
sheets loss 2

step "no entry: a password, a queue that does not exist, one that accepts nothing"
printer secret && queue secret raw -o printer-op-policy=password
run 1 lp -h "$(at)" -d secret "$one"
says Unauthorized
sheets secret 0
printer_queue[nowhere]=$CUPS
ask nowhere Get-Printer-Attributes >"$out" 2>&1
says client-error-not-found
cupsreject -h "$(at)" raw
run 1 lp -h "$(at)" -d raw "$one"
says 'not accepting jobs'

step "the driverless printer in each condition: the job waits, and goes on when it is removed"
while read -r fault reason; do
    printer_fault direct "sheet=any do=$fault"
    print_job direct "$one"
    shows direct "$job" processing 0 processing "$reason-warning"
    printer_clear direct
    shows direct "$job" completed 1 idle none
done <<'END'
jam media-jam
out-of-paper media-empty
cover-open cover-open
output-full other
toner-empty toner-empty
END
printer_fault direct 'sheet=any do=out-of-paper'
print_job direct "$one"
wait_for_log direct "fault .* do=out-of-paper job=$job"
before=$(printer_out direct)
printer_cancel direct "$job"
shows direct "$job" canceled 0 idle none
logged direct 1 "cancelled job=$job"
printer_clear direct
sheets direct "$before"

step "the driverless printer with the other faults"
while read -r fault when state impressions sheets; do
    before=$(printer_out direct)
    printer_fault direct "sheet=any when=$when do=$fault"
    print_job direct "$one"
    shows direct "$job" "$state" "$impressions" idle none
    sheets direct $((before + sheets))
done <<'END'
ioerr before aborted 0 0
ioerr after aborted 0 1
crash before aborted 0 0
crash after aborted 0 1
crash counted aborted 1 1
cancel before canceled 0 0
cancel after canceled 0 1
hang:0.3 before completed 1 1
END
print_job direct "$work/rubbish.pdf"
shows direct "$job" aborted 0 idle none
echo on-condition=fail >"$work/direct/options"
printer_fault direct 'sheet=any do=jam'
print_job direct "$one"
shows direct "$job" aborted 0 idle media-jam-report
print_job direct "$one"
shows direct "$job" aborted 0 idle media-jam-report
logged direct 1 "refused job=$job do=jam"
printer_clear direct
echo pace=0.5 >"$work/direct/options"
before=$(printer_out direct)
print_job direct "$one"
wait_for_job direct "$job" processing
printer_freeze direct
timeout -s KILL 1 ipptool -t "$(printer_uri direct)" get-printer-attributes.test >"$out" 2>&1
[ $? = 137 ] || fail "a frozen printer answers"
printer_thaw direct
wait_for_job direct "$job" completed
sheets direct $((before + 1))

step "a power cycle: the sheet inside is lost, numbers of jobs begin again, the address stays"
before=$(printer_out direct)
print_job direct "$one"
wait_for_job direct "$job" processing
uri=$(printer_uri direct)
printer_power_cycle direct
[ "$(printer_uri direct)" = "$uri" ] || fail "the address is another"
[ -z "$(job_attribute direct "$job" job-state)" ] || fail "the printer knows its job"
print_job direct "$one"
[ "$job" = 1 ] || fail "the first job is number $job"
wait_for_job direct 1 completed
sheets direct $((before + 1))
printer_fault direct 'sheet=any when=after do=power-loss'
print_job direct "$one"
wait_until "the printer is dark" ended direct
sheets direct $((before + 2))
start_driverless direct

step "a script that cannot be read is not passed over"
run 1 "$operator" printer-fault "$work/direct" 'sheet=1 do=smoke'
run 1 "$operator" printer-fault "$work/direct" 'sheet=0 do=jam'
run 1 "$operator" printer-fault "$work/direct" 'sheet=1 when=lunch do=jam'
run 1 "$operator" printer-fault "$work/direct" 'sheet=1 do=hang'
echo 'sheet=1 do=smoke' >"$work/direct/faults"
print_job direct "$one"
shows direct "$job" aborted 0 idle none
logged direct 1 "bad-fault .*"

step "a peer that keeps no rule: no manner of it makes a stock client believe in a job"
start_hostile
answers=()
for manner in $(python3 "$printers_source/hostile_printer.py" --list); do
    # Some keep the client for ever.
    timeout -s KILL 12 ipptool -T 1 -t -f "$one" "$(hostile_uri "$manner")" print-job.test >"$work/hostile-$manner" 2>&1 &
    answers+=($!)
done
for answer in "${answers[@]}"; do
    wait "$answer" 2>/dev/null && fail "a manner was taken for a printer: $(grep -l PASS "$work"/hostile-*)"
done
for manner in $(python3 "$printers_source/hostile_printer.py" --list); do
    grep -q "^request /$manner operation=0x0002" "$work/hostile.log" || fail "$manner was never asked"
done
timeout 3 ipptool -tv "$(hostile_uri later/close)" get-printer-attributes.test >"$out" 2>&1
says 'printer-state-reasons.*= none'

step "they stop in order, and nothing stays behind"
stop direct
stop cups
! pgrep -f "$work/.*(rigprinter|cupsd.conf)" >/dev/null || fail "left behind: $(pgrep -af "$work")"
