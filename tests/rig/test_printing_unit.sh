#!/usr/bin/env bash
# The printing unit at the rig's printers, with a driver in clientd's place: what is told of each sheet, and that every
# sheet lies in the tray once. It is run in the top folder of the build.
. "$(dirname "$0")/../e2e/lib.sh"
. "$source_dir/tests/rig/printers.sh"

driver=$build/tests/rig/print-driver
unit=$build/clientd/units/printing_unit
sheets=6

# A spool with blocks that can be told from each other.
spool=$work/spool
mkdir "$spool"
for block in $(seq 10); do
    make_pdf "$work/block-$block.pdf" "this is block $block"
    "$driver" --spool "$spool" --add "$work/block-$block.pdf=$block" --pages 1 || fail "no block $block"
done

# work_at PRINTER-OR-URI JOB [DRIVER-OPTION…]: one run of the unit; what it said is in $work/JOB.said
work_at() {
    local uri=$1 job=$2
    shift 2
    [[ $uri = *://* ]] || uri=$(printer_uri "$uri")
    timeout 120 "$driver" --journal "$work/$job.journal" --blocks "$sheets" --title "$job" "$@" \
        -- "$unit" print --spool "$spool" --printer "$uri" ${LIMITS:-} >"$work/$job.said" 2>"$work/unit-$job.log"
    cp "$work/$job.said" "$out"
}
# The account as a word: p printed, r received, s submitted, u uncertain, c canceled.
account() { cut -d' ' -f2 "$work/$1.journal" | cut -c1 | tr -d '\n'; }
account_is() { [ "$(account "$1")" = "$2" ] || fail "the account of $1 is $(account "$1"), not $2"; }
error_of() { sed -n 's/^ERROR_NOTICE .* code=\([0-9]*\) .*/\1/p' "$work/$1.said"; }
fails_with() {
    [ "$(error_of "$1")" = "$2" ] || fail "$1 ended with error '$(error_of "$1")', not $2"
    grep -qx 'ended with code 0' "$work/$1.said" || fail "the unit did not end as it should"
}
finishes() { grep -q '^FUNCTION_FINISHED ' "$work/$1.said" || fail "$1 has not been finished"; }
# answer JOB SHEET printed|received: what the person says about an uncertain sheet
answer() { sed -i "s/^$2 uncertain.*/$2 $3/" "$work/$1.journal"; }
# Every sheet of the job once, in order, byte for byte.
tray_is_whole() {
    local name=$1 job=$2 expected number=0 sheet
    expected=$(for number in $(seq "$sheets"); do echo "$job ($number/$sheets)"; done)
    [ "$(printer_titles "$name" | grep "^$job (")" = "$expected" ] || fail "in the tray: $(printer_titles "$name")"
    number=0
    for sheet in $(sed -n "s|^out sheet=.* file=\\([^ ]*\\) .* title=$job (.*|\\1|p" "$work/$name/log"); do
        number=$((number + 1))
        cmp "$work/$name/$sheet" "$work/block-$number.pdf" || fail "sheet $number is another"
    done
}
condition_of() { [ -n "$(printer_condition "$1")" ]; }

step "printers are found, with what they can do"
start_cups
printer desk pace=0.05 && queue desk
printer hall pace=0.05 && start_driverless hall
CUPS_SERVER=127.0.0.1:${cups_port[cups]} "$build/tests/rig/unit-driver" --list -- "$unit" list \
    --printer "hall=$(printer_uri hall)" --printer gone=ipp://127.0.0.1:1/ipp/print >"$out" 2>"$work/list.log"
grep -q '^unit hall state=3 reasons=none' "$out" || fail "hall is not listed"
grep -q '^unit gone state=5 reasons=printer-missing' "$out" || fail "gone is not listed"
grep -q '^unit desk state=3 reasons=none model=Local Raw Printer' "$out" || fail "desk is not listed"
grep -q '^  formats=.*application/pdf' "$out" || fail "no formats"
CUPS_SERVER=127.0.0.1:1 "$build/tests/rig/unit-driver" --list -- "$unit" list >"$out" 2>"$work/list.log"
grep -q '^UNIT_LIST request=0 units=(0)' "$out" || fail "a host without a spooler has queues"

step "sheets come out in order, one job each"
sheets=10
for name in desk hall; do
    work_at $name ten
    finishes ten
    account_is ten pppppppppp
    tray_is_whole $name ten
    rm "$work/ten.journal"
done
sheets=6

step "a queue that stops: what its driver says is the same before and behind the sheet, so that somebody is asked"
for when in before after counted; do
    printer "jam-$when" && queue "jam-$when"
    printer_fault "jam-$when" "sheet=3 when=$when do=jam"
    work_at "jam-$when" jam
    fails_with jam 18
    account_is jam ppurrr
    printer_clear "jam-$when"
    [ $when = before ] && answer jam 3 received || answer jam 3 printed
    work_at "jam-$when" jam
    finishes jam
    tray_is_whole "jam-$when" jam
    rm "$work/jam.journal"
done

step "every condition has its error, and a driverless printer its count"
while read -r fault code; do
    printer "d-$fault" pace=0.05 && start_driverless "d-$fault"
    printer_fault "d-$fault" "sheet=3 do=$fault"
    work_at "d-$fault" "d$fault"
    fails_with "d$fault" "$code"
    account_is "d$fault" pprrrr
    printer_clear "d-$fault"
    work_at "d-$fault" "d$fault"
    finishes "d$fault"
    tray_is_whole "d-$fault" "d$fault"
    printer "q-$fault" && queue "q-$fault"
    printer_fault "q-$fault" "sheet=1 do=$fault"
    work_at "q-$fault" "q$fault"
    fails_with "q$fault" "$code"
    kill_hard "d-$fault"
done <<'END'
jam 18
out-of-paper 19
cover-open 20
toner-empty 22
END

step "somebody cancels a sheet at the printer"
for name in desk hall; do
    printer_fault $name "sheet=13 do=cancel"
    work_at $name cancel
    fails_with cancel 26
    case $(account cancel) in
    ppu???) answer cancel 3 received ;;
    ppr???) ;;
    *) fail "the account is $(account cancel)" ;;
    esac
    work_at $name cancel
    finishes cancel
    tray_is_whole $name cancel
    rm "$work/cancel.journal"
done

printer slow pace=0.4 && queue slow
printer calm pace=0.4 && start_driverless calm
step "kill -9 of the unit between a job and its data, and behind it"
for name in slow calm; do
    for state in 1 5; do
        job=kill$state
        work_at $name $job --kill-on "SHEET_STATUS job=7 sheet=3 state=$state"
        grep -qx 'killed by signal 9' "$out" || fail "it was not killed"
        work_at $name $job
        [ $state = 5 ] || work_at $name $job
        [ "$(account $job)" = pppppp ] || work_at $name $job
        account_is $job pppppp
        tray_is_whole $name $job
        rm "$work/$job.journal"
    done
done

step "a sheet that is not wanted any more, and TERM"
for name in slow calm; do
    work_at $name term --stop-on "SHEET_STATUS job=7 sheet=3 state=1"
    fails_with term 37
    case $(account term) in *[us]*) fail "something is left open: $(account term)" ;; esac
    work_at $name term
    finishes term
    tray_is_whole $name term
    rm "$work/term.journal"
done

step "another job has the number"
work_at calm uuid --kill-on "SHEET_STATUS job=7 sheet=3 state=5"
sed -i 's/urn:uuid:...../urn:uuid:00000/' "$work/uuid.journal"
work_at calm uuid
fails_with uuid 30
account_is uuid ppurrr

step "a power cycle of the printer: its sheet is uncertain"
printer weak && start_driverless weak
printer_fault weak "sheet=3 do=power-loss"
LIMITS="--reach-limit 1" work_at weak weak
fails_with weak 24
account_is weak ppsrrr
kill_hard weak
start_driverless weak
work_at weak weak
fails_with weak 30
account_is weak ppurrr
answer weak 3 received
work_at weak weak
finishes weak
tray_is_whole weak weak

step "cupsd is killed with all that it has begun, and comes back"
printer_fault desk "sheet=$(($(printer_out desk) + 3)) do=power-loss"
LIMITS="--reach-limit 1" work_at desk dead
fails_with dead 24
case $(account dead) in p*rr) ;; *) fail "the account is $(account dead)" ;; esac
kill_hard cups
start_cups
work_at desk dead
[ "$(account dead)" = pppppp ] || work_at desk dead
account_is dead pppppp
tray_is_whole desk dead

step "a printer that is frozen"
(
    wait_quickly "two sheets are out" grep -q 'title=ice (2/' "$work/calm/log"
    printer_freeze calm
) &
LIMITS="--reach-limit 1" work_at calm ice
fails_with ice 29
printer_thaw calm
work_at calm ice
[ "$(account ice)" = pppppp ] || work_at calm ice
account_is ice pppppp
tray_is_whole calm ice

step "a page as it is kept is wrapped, or goes as it is"
sheets=1
pages=$work/pages
mkdir "$pages"
ppmmake rgb:80/40/20 80 120 | pnmtojpeg >"$work/page.jpg"
spool_of_blocks=$spool
spool=$pages
"$driver" --spool "$pages" --add "$work/page.jpg=1" --codec 3 --width 80 --height 120 --bits 8 --components 3 --dpi 100 ||
    fail "no page"
work_at hall wrapped
finishes wrapped
pdfimages -all "$(printer_sheets hall | tail -n 1)" "$work/wrapped" && cmp "$work/wrapped-000.jpg" "$work/page.jpg" ||
    fail "the page in the PDF is another"
printer photo && FORMATS=image/jpeg start_driverless photo
work_at photo bare
finishes bare
cmp "$(printer_sheets photo)" "$work/page.jpg" || fail "the page is another"
spool=$spool_of_blocks
sheets=6

step "what cannot be printed is refused, with a sentence"
work_at hall media --media iso_a0_841x1189mm
fails_with media 25
grep -q "does not have the paper 'iso_a0_841x1189mm'; it has: na_letter" "$out" || fail "not said what it has"
work_at "ipp://127.0.0.1:${cups_port[cups]}/printers/nobody" nobody
fails_with nobody 24
work_at "usb://somewhere" usb
fails_with usb 24
printer secret && queue secret raw -o printer-op-policy=password
work_at secret secret
fails_with secret 27
printer raster && FORMATS=image/urf start_driverless raster
work_at raster raster
fails_with raster 25
printf x >>"$spool/page-000002-000000.meta"
dd if=/dev/zero of="$spool/page-000002-000000.stream" bs=1 count=1 conv=notrunc status=none
work_at hall damaged
fails_with damaged 38
account_is damaged prrrrr

step "a peer that keeps no rule"
start_hostile
hostile_at() {
    LIMITS="--reach-limit 1 --stall-limit 2" work_at "$(hostile_uri "$1")" "hostile-${1//\//-}" --stall-ms 60000
}
for manner in $(python3 "$printers_source/hostile_printer.py" --list); do
    hostile_at "$manner" &
    hostile_at "later/$manner" &
    hostile_at "sent/$manner" &
done
wait $(jobs -p | grep -vxF "$(printf '%s\n' "${pids[@]}")")
for manner in $(python3 "$printers_source/hostile_printer.py" --list); do
    for job in "hostile-$manner" "hostile-later-$manner" "hostile-sent-$manner"; do
        cp "$work/$job.said" "$out"
        [ -n "$(error_of "$job")" ] || fail "no error at $job"
        grep -qx 'ended with code 0' "$out" || fail "the unit did not survive $job"
        echo "  $job: $(sed -n 's/^ERROR_NOTICE .* text="\([^"]*\)".*/\1/p' "$out")"
    done
done
