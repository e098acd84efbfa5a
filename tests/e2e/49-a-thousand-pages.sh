#!/bin/bash
# A PDF of a thousand pages takes no more memory than one of fifty: not in serviced, not in clientd, and not in its printing
# unit; the splitting unit keeps a table of the objects of the document, and nothing of what is in them. Every page comes
# out once, in order.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"
command -v python3 >/dev/null || exit 77

MARGIN_KIB=2048
TABLE_KIB=8 # for a page, its contents and its picture
PICTURE_BYTES=60000
printer hall
start_cups
queue hall
export CUPS_SERVER=127.0.0.1:${cups_port[cups]}
start_serviced
start_clientd
enroll
run 0 ctl units --refresh

# ---- The peaks ----

# VmHWM is the most that a process has had, so that a look now and then is enough.
declare -A peak=()
look() { # NAME PID
    local key value unit
    while read -r key value unit; do
        [ "$key" != VmHWM: ] || { [ "$value" -le "${peak[$1]:-0}" ] || peak[$1]=$value; }
    done 2>/dev/null <"/proc/$2/status"
}
look_at_all() {
    local daemon child name
    for daemon in serviced clientd-one; do
        look $daemon "${pids[$daemon]}"
        for child in $(<"/proc/${pids[$daemon]}/task/${pids[$daemon]}/children"); do
            { read -r name <"/proc/$child/comm"; } 2>/dev/null || continue
            look "$name" "$child"
        done
    done
}
# Prints a document of PAGES pages; the peaks are in PEAKS-PAGES.
measure() {
    local pages=$1 name
    peak=()
    ctl print --printer hall --sides long --title "$pages pages" "$work/$pages.pdf" >"$out" 2>&1 &
    local printing=$!
    while kill -0 $printing 2>/dev/null; do
        look_at_all
        read -rt 0.01 <> <(:) || true
    done
    wait $printing || fail "$pages pages were not printed"
    says "is completed: $((pages / 2)) of $((pages / 2)) sheets printed"
    for name in "${!peak[@]}"; do echo "$name ${peak[$name]}"; done >"$work/peaks-$pages"
}
peak_of() { sed -n "s/^$1 //p" "$work/peaks-$2"; }

step "1. Fifty pages, on both sides of 25 sheets; then a thousand"
for pages in 50 1000; do
    make_pdf --noise=$PICTURE_BYTES "$work/$pages.pdf" $(seq $pages)
    measure $pages
done

step "2. Each page has come out once, in its order"
sheets=($(printer_sheets hall))
[ ${#sheets[@]} = 525 ] || fail "${#sheets[@]} sheets came out"
texts() { for sheet in "$@"; do pdftotext "$sheet" - | tr -d '\f'; done | grep -v '^$'; }
cmp -s <(texts "${sheets[@]:25}") <(seq 1000) || fail "the sheets are others, or in another order"

step "3. Nothing has grown with the pages"
for name in serviced splitting_unit clientd-one printing_unit; do
    few=$(peak_of $name 50) many=$(peak_of $name 1000)
    [ -n "$few" ] && [ -n "$many" ] || fail "$name was not seen"
    echo "  $name: $few KiB with 50 pages, $many KiB with 1000"
    margin=$MARGIN_KIB
    [ $name != splitting_unit ] || margin=$((950 * TABLE_KIB))
    # Sanitizers keep for a while what was given back.
    grep -q '^SANITIZE_FLAGS = .*address' "$build/Makefile" || [ "$many" -lt $((few + margin)) ] ||
        fail "the memory of $name grows with the pages"
done

stop clientd-one
stop serviced
