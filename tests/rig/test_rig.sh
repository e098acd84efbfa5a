#!/bin/sh
# The rig's scanner, seen by programs that know nothing of it: scanimage and saned. It is run in the top folder of the
# build.
set -u
build=$(pwd)
operator=$build/tests/rig/rig-operator
work=$(mktemp -d "${TMPDIR:-/tmp}/rig.XXXXXX") || exit 99
saned_pid=

clean_up() {
    [ -n "$saned_pid" ] && kill "$saned_pid" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 99' HUP INT TERM

for program in scanimage saned; do
    if ! PATH=$PATH:/usr/sbin command -v $program >/dev/null; then
        echo "$program is missing (Debian: sane-utils)"
        exit 77
    fi
done

step() {
    echo "* $*"
}

fail() {
    echo "FAILED: $*"
    for log in "$work"/*/log; do
        echo "--- $log"
        cat "$log"
    done
    exit 1
}

# expect STATUS COMMAND...: its output goes to $work/out.
expect() {
    wanted=$1
    shift
    "$@" >"$work/out" 2>&1
    status=$?
    [ $status -eq "$wanted" ] || { cat "$work/out"; fail "exit $status instead of $wanted: $*"; }
}

# A device with COUNT pages and a log of its own: device NAME COUNT [page options]
device() {
    name=$1
    count=$2
    shift 2
    expect 0 "$operator" set-up "$work/sane" "$name" "$work/$name"
    expect 0 "$operator" make-pages "$work/$name/pages" "$count" --width 403 --height 311 "$@"
    dir=$work/$name
    rm -rf "$work/got"
    mkdir "$work/got"
}

scan() {
    LD_LIBRARY_PATH=$build/rig-sane SANE_CONFIG_DIR=$work/sane timeout 20 scanimage -d "rig:$name" --format=pnm "$@"
}

scan_one() {
    scan "$@" >"$work/got/001.pnm" 2>"$work/messages"
}

scan_stack() {
    scan --batch="$work/got/%03d.pnm" "$@" >"$work/messages" 2>&1
}

same() {
    "$operator" compare "$work/$name"/pages/*.pnm -- "$work"/got/* >"$work/out" 2>&1 ||
        { cat "$work/out"; fail "the pages differ"; }
}

# logged COUNT LINE: how often the whole line is in the device's log
logged() {
    found=$(grep -cxF -e "$2" "$dir/log")
    [ "$found" = "$1" ] || fail "'$2' is in the log $found times, not $1"
}

# The one line of the log that begins with this.
logged_as() {
    found=$(grep -c "^$1" "$dir/log")
    [ "$found" = 1 ] || fail "$found lines of the log begin with '$1'"
}

fed() {
    [ "$("$operator" fed "$dir")" = "$1" ] || fail "$("$operator" fed "$dir") sheets fed, not $1"
}

step "every kind of page comes out as it went in, from the feeder and from the glass"
for kind in gray color lineart gray16 color16; do
    device "$kind" 3 --kind "$kind"
    case $kind in
    gray*) mode=Gray ;;
    color*) mode=Color ;;
    *) mode=Lineart ;;
    esac
    case $kind in
    *16) depth="--depth 16" ;;
    *) depth= ;;
    esac
    # shellcheck disable=SC2086
    expect 0 scan_stack --source ADF --mode $mode $depth
    same
    fed 3
    logged 1 "fed sheet=2"
    logged 1 "eject sheet=3"
    logged 1 "no-docs"
    echo 002.pnm >"$dir/glass"
    # shellcheck disable=SC2086
    expect 0 scan_one --source Flatbed --mode $mode $depth
    expect 0 "$operator" compare "$dir/pages/002.pnm" -- "$work/got/001.pnm"
    fed 3
done

step "two sides of a sheet; the feeder counts sheets"
device duplex 6
expect 0 scan_stack --source "ADF Duplex" --mode Gray
same
fed 3
logged 1 "start page=4 sheet=2"
logged 0 "fed sheet=4"

step "a jam at 40 % of page 3: the sheet is out of the stack, the condition stays until it is removed"
device jam 5
expect 0 "$operator" fault "$dir" 'page=3 at=40% do=JAMMED'
expect 6 scan_stack --source ADF --mode Gray
grep -q "Document feeder jammed" "$work/messages" || fail "scanimage does not say what happened"
logged 1 "interrupted page=3 bytes=$((403 * 311 * 40 / 100)) sheet=3 do=JAMMED"
logged 0 "eject sheet=3"
fed 3
expect 6 scan_stack --source ADF --mode Gray
logged 1 "refused do=JAMMED"
fed 3
expect 0 "$operator" clear-condition "$dir"
expect 1 "$operator" put-back "$dir" 4
expect 0 "$operator" put-back "$dir" 3
fed 2
expect 0 scan_stack --source ADF --mode Gray --batch-start 3
same
logged 2 "fed sheet=3"
logged 1 "fed sheet=1"
logged 1 "fed sheet=5"

step "each fault does what its name says"
for fault in COVER_OPEN:8 IO_ERROR:9 DEVICE_BUSY:3 NO_MEM:10 DOUBLE_FEED:6; do
    code=${fault#*:}
    fault=${fault%:*}
    device "$fault" 2
    expect 0 "$operator" fault "$dir" "page=2 at=0% do=$fault"
    expect "$code" scan_stack --source ADF --mode Gray
    logged 1 "interrupted page=2 bytes=0 sheet=2 do=$fault"
    logged 1 "delivered page=1 bytes=125333"
done
device start 2
expect 0 "$operator" fault "$dir" 'page=1 at=start do=IO_ERROR'
expect 0 "$operator" fault "$dir" 'page=1 at=start do=JAMMED'
expect 9 scan_stack --source ADF --mode Gray
fed 0
expect 6 scan_stack --source ADF --mode Gray
fed 1
[ "$(cat "$dir/condition")" = JAMMED ] || fail "no condition"
device end 1
expect 0 "$operator" fault "$dir" 'page=1 at=100% do=IO_ERROR'
expect 9 scan_one --source ADF --mode Gray
logged 1 "interrupted page=1 bytes=125333 sheet=1 do=IO_ERROR"
device stall 1
expect 0 "$operator" fault "$dir" 'page=1 at=1000 do=STALL:0.2'
expect 0 scan_one --source ADF --mode Gray
same
logged 1 "fault page=1 bytes=1000 sheet=1 do=STALL"
device crash 2
expect 0 "$operator" fault "$dir" 'page=1 at=50% do=CRASH'
expect 139 scan_one --source ADF --mode Gray
fed 1
device exit 2
expect 0 "$operator" fault "$dir" 'page=1 at=50% do=EXIT'
expect 1 scan_one --source ADF --mode Gray
logged 1 "fault page=1 bytes=62666 sheet=1 do=EXIT"

step "times: a fault that comes three times, and one that stays"
device times 2
expect 0 "$operator" fault "$dir" 'page=1 at=start do=DEVICE_BUSY times=3'
expect 0 "$operator" fault "$dir" 'page=2 at=start do=IO_ERROR times=always'
for i in 1 2 3; do
    expect 3 scan_one --source ADF --mode Gray
done
expect 0 scan_one --source ADF --mode Gray
for i in 1 2 3 4; do
    expect 9 scan_one --source ADF --mode Gray
done
expect 1 "$operator" fault "$dir" 'page=1 at=101% do=IO_ERROR'
expect 1 "$operator" fault "$dir" 'page=1 at=start do=SMOKE'
echo 'page=2 at=lunch do=IO_ERROR' >"$dir/faults"
expect 4 scan_one --source ADF --mode Gray
logged_as "bad-fault"

step "a hanging, a silent and a crawling device"
for fault in HANG ZERO CRAWL:100; do
    device "slow-${fault%:*}" 1
    expect 0 "$operator" fault "$dir" "page=1 at=50% do=$fault"
    LD_LIBRARY_PATH=$build/rig-sane SANE_CONFIG_DIR=$work/sane \
        scanimage -d "rig:$name" --source ADF --mode Gray --format=pnm >"$work/got/001.pnm" 2>/dev/null &
    pid=$!
    while ! grep -q "^fault" "$dir/log" 2>/dev/null; do
        kill -0 $pid || fail "scanimage has ended"
        sleep 0.01
    done
    expect 1 scan_one --source ADF --mode Gray # one program at a time has the device
    logged 1 "open-refused do=IN_USE"
    [ $fault = HANG ] && kill -9 $pid || kill $pid
    wait $pid 2>/dev/null
    [ $fault = HANG ] || logged 1 "cancel"
    fed 1
    expect 0 "$operator" load "$dir"
    expect 0 scan_one --source ADF --mode Gray
    same
done

step "a rate in bytes per second"
device rate 1
echo 250000 >"$dir/rate"
began=$(date +%s%N)
expect 0 scan_one --source ADF --mode Gray
took=$((($(date +%s%N) - began) / 1000000))
[ $took -ge 450 ] || fail "125333 bytes took only $took ms"

step "the plug is pulled: no device, and an error in the middle of a page"
device plug 1
expect 0 "$operator" unplug "$dir"
expect 1 scan_one --source ADF
logged 1 "open-refused do=UNPLUGGED"
expect 0 "$operator" plug "$dir"
echo 100000 >"$dir/rate"
LD_LIBRARY_PATH=$build/rig-sane SANE_CONFIG_DIR=$work/sane \
    scanimage -d "rig:$name" --source ADF --mode Gray --format=pnm >"$work/got/001.pnm" 2>/dev/null &
pid=$!
while ! grep -q "^start" "$dir/log"; do
    sleep 0.01
done
expect 0 "$operator" unplug "$dir"
wait $pid
[ $? -eq 9 ] || fail "scanimage does not see an I/O error"
logged_as "interrupted page=1 bytes=[0-9]* sheet=1 do=UNPLUGGED"

step "makes and models: unknown height, three passes, other names, an empty feeder noticed late"
device tall 1
echo unknown-height=1 >"$dir/options"
expect 0 scan_one --source ADF --mode Gray
same
device passes 1 --kind color
echo three-pass=1 >"$dir/options"
expect 0 scan_one --source ADF --mode Color
same
device names 2
printf 'source-names=,Automatic Document Feeder,\nadf-mode=1\nresolutions=100,200\nno-brightness=1\n' >"$dir/options"
expect 0 scan_stack --source "Automatic Document Feeder" --adf-mode Duplex --mode Gray --resolution 200
same
fed 1
scan -A >"$work/out" 2>&1
grep -q -e '--resolution 100|200dpi' "$work/out" || fail "no list of resolutions"
grep -q -e '--brightness.*inactive' "$work/out" || fail "brightness is there"
device late 1
echo no-docs-from-read=1 >"$dir/options"
expect 0 "$operator" fed "$dir"
expect 0 scan_one --source ADF --mode Gray
expect 7 scan_one --source ADF --mode Gray
grep -q "sane_read: Document feeder out of documents" "$work/messages" || fail "not from sane_read"
device wrong 1
echo three-passes=1 >"$dir/options"
expect 1 scan_one
logged_as "bad-option"

step "what is not asked for as it is on the page is converted; a smaller area is cut out"
device convert 1 --kind gray
expect 0 scan_one --mode Color --depth 16
expect 1 "$operator" compare "$dir/pages/001.pnm" -- "$work/got/001.pnm"
grep -q "but .* is 403 x 311 with 3 x 16 bits" "$work/out" || fail "not converted"
expect 0 scan_one --mode Gray --resolution 100 -l 25.4 -t 0 -x 25.4 -y 50.8
head -c 200 "$work/got/001.pnm" | grep -aq "^100 200$" || fail "not cut out"

step "a comparison finds one wrong pixel, a page too few and a page too many"
device compare 2 --kind lineart
cp "$dir"/pages/* "$work/got"
same
printf '\252\125' | dd of="$work/got/002.pnm" bs=1 seek=5000 conv=notrunc 2>/dev/null
expect 1 "$operator" compare "$dir"/pages/* -- "$work"/got/*
grep -q "first difference at x=" "$work/out" || fail "the pixel is not named"
expect 1 "$operator" compare "$dir"/pages/* -- "$work/got/001.pnm"
expect 1 "$operator" compare "$dir/pages/001.pnm" -- "$work"/got/*

if command -v pnmtopng >/dev/null && command -v pamtotiff >/dev/null; then
    step "a comparison reads PNG and TIFF that others have written"
    for kind in gray color lineart gray16 color16; do
        device "compare-$kind" 2 --kind $kind
        for page in 001 002; do
            pnmtopng "$dir/pages/$page.pnm" >"$work/got/$page.png" 2>/dev/null
            pamtotiff "$dir/pages/$page.pnm" >"$work/got/$page.tif" 2>/dev/null
        done
        expect 0 "$operator" compare "$dir"/pages/* -- "$work"/got/*.png
        expect 0 "$operator" compare "$dir"/pages/* -- "$work"/got/*.tif
        expect 1 "$operator" compare "$dir"/pages/* -- "$work/got/002.png" "$work/got/001.tif"
    done
fi

step "over the network: saned and the net backend"
PATH=$PATH:/usr/sbin
device net 2 --kind color
mkdir "$work/client"
echo net >"$work/client/dll.conf"
echo 127.0.0.9 >"$work/client/net.conf"
echo 127.0.0.0/8 >"$work/sane/saned.conf"
LD_LIBRARY_PATH=$build/rig-sane SANE_CONFIG_DIR=$work/sane saned -l -b 127.0.0.9 -e >"$work/saned.out" 2>&1 &
saned_pid=$!
tries=0
until SANE_CONFIG_DIR=$work/client scanimage -L 2>/dev/null | grep -q "net:127.0.0.9:rig:net"; do
    tries=$((tries + 1))
    if ! kill -0 $saned_pid 2>/dev/null; then
        grep -q "already in use" "$work/saned.out" || { cat "$work/saned.out"; fail "saned does not run"; }
        echo "  (left out: another saned has the port)"
        exit 0
    fi
    [ $tries -lt 50 ] || { cat "$work/saned.out"; fail "saned does not show the device"; }
    sleep 0.05
done
SANE_CONFIG_DIR=$work/client timeout 20 scanimage -d net:127.0.0.9:rig:net --source ADF --mode Color --format=pnm \
    --batch="$work/got/%03d.pnm" >"$work/messages" 2>&1 || { cat "$work/messages"; fail "no scan over the network"; }
same
fed 2
exit 0
