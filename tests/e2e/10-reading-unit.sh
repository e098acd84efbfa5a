#!/bin/sh
# The reading unit alone, driven as clientd drives it, over the real libsane: the rig's scanner and SANE's own `test`
# device. Run in the top folder of the build.
set -u
build=$(pwd)
operator=$build/tests/rig/rig-operator
driver=$build/tests/rig/unit-driver
image=$build/tests/rig/spool-image
unit=$build/clientd/units/reading_unit
work=$(mktemp -d "${TMPDIR:-/tmp}/reading-unit.XXXXXX") || exit 99
trap '! mountpoint -q "$work/small" || umount "$work/small"; rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM

SANE_CONFIG_DIR=$work/sane
LD_LIBRARY_PATH=$build/rig-sane-checked${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export SANE_CONFIG_DIR LD_LIBRARY_PATH
device=$work/scanner
log=$work/out

step() {
    echo "* $*"
}

fail() {
    echo "FAILED: $*"
    sed 's/^/    /' "$log"
    [ -f "$device/log" ] && tail -n 20 "$device/log"
    exit 1
}

# A scanner of its own for each part: scanner PAGES [KIND] [OPTIONS OF THE DEVICE...]
scanner() {
    rm -rf "$work/sane" "$device" "$work/spool"
    mkdir -p "$work/spool"
    "$operator" set-up "$work/sane" one "$device" || exit 99
    printf 'rig\ntest\n' >"$work/sane/dll.conf"
    pages=$1
    "$operator" make-pages "$device/pages" "$pages" --kind "${2:-gray}" || exit 99
    "$operator" load "$device" || exit 99
    [ $# -le 2 ] || { shift 2; printf '%s\n' "$@" >"$device/options"; }
}

# read_with [FIELDS OF THE COMMAND...] [-- ARGUMENTS OF THE UNIT...]
read_with() {
    fields=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        fields="$fields $1"
        shift
    done
    [ $# -eq 0 ] || shift
    # shellcheck disable=SC2086 # words of ours
    timeout 60 "$driver" $fields -- "$unit" read --spool "$work/spool" --device "$name" "$@" >"$log" 2>"$work/err" ||
        fail "the driver ended with $?"
    cat "$work/err" >>"$log"
    grep -q "ERROR: .*Sanitizer\|runtime error:" "$log" && fail "a sanitizer spoke"
    return 0
}
name=rig:one

has() {
    grep -q -- "$1" "$log" || fail "expected: $1"
}

has_no() {
    ! grep -q -- "$1" "$log" || fail "not expected: $1"
}

# The pages FIRST … LAST of the spool (generation 1) are those of the scanner, sample by sample.
same_pages() {
    for page in $(seq "$1" "$2"); do
        "$image" "$work/spool" "$page" 1 >"$work/page.pnm" 2>>"$log" || fail "page $page of the spool is not sound"
        "$operator" compare "$(printf '%s/pages/%03d.pnm' "$device" "$page")" -- "$work/page.pnm" >>"$log" 2>&1 ||
            fail "page $page is not what was in the scanner"
    done
}

spool_holds() {
    held=$(ls "$work/spool" | tr '\n' ' ')
    [ "$held" = "$1" ] || fail "the spool holds '$held' instead of '$1'"
}

step "lists the devices with what they can do, and one that is not there with the reason"
scanner 1
timeout 60 "$driver" --list -- "$unit" list --device rig:gone >"$log" 2>&1
has "unit rig:one state=3 reasons=none model=Deskline rig scanner"
has "sources=flatbed,adf,adf-duplex"
has "modes=lineart,gray,color"
has "depths=8,16"
has "resolutions=75-1200/1"
has "width-um=216000"
has "unit rig:gone state=5 reasons=device-missing"
has "unit test:0 state=3"
has "source-names=Flatbed,Automatic Document Feeder"
has "ended with code 0"

step "reads a stack: every kind of page comes out as it went in"
for kind in gray:2:8 color:3:8 lineart:1:0 gray16:2:16 color16:3:16; do
    mode=${kind#*:}
    scanner 5 "${kind%%:*}"
    read_with --generation 1 --source 2 --mode "${mode%:*}" --depth "${mode#*:}" --resolution 100
    has "FUNCTION_FINISHED.*last_page=5 medium_ended=1"
    has "PAGE_BEGIN.*x_dpi=100 y_dpi=100"
    has "ended with code 0"
    same_pages 1 5
done

step "reads three images per page, and pages whose height is known only at the end"
scanner 2 color three-pass=1
read_with --generation 1 --source 2 --mode 3
same_pages 1 2
scanner 2 color16 three-pass=1 unknown-height=1
read_with --generation 1 --source 2 --mode 3 --depth 16
has "PAGE_BEGIN.*height=0"
same_pages 1 2
spool_holds "page-000001-000001.meta page-000001-000001.stream page-000002-000001.meta page-000002-000001.stream "

step "reads both sides, whether duplex is a source or an option, or named by the settings"
for option in adf-mode=0 adf-mode=1; do
    scanner 4 gray $option
    read_with --generation 1 --source 3 --mode 2
    has "last_page=4 medium_ended=1"
    same_pages 1 4
    [ "$("$operator" fed "$device")" = 2 ] || fail "four sides are two sheets"
done
scanner 4 gray source-names=Glas,Einzug,Beidseitig
read_with --generation 1 --source 3 --mode 2
has "code=14 .*Beidseitig"
read_with --generation 1 --source 3 --mode 2 -- --source-name Beidseitig
same_pages 1 4

step "stops at the count, and goes on with the next sheet"
scanner 4
read_with --generation 1 --source 2 --mode 2 --count 2
has "last_page=2 medium_ended=0"
read_with --generation 1 --source 2 --mode 2 --first 3 --expected 4
has "last_page=4 medium_ended=1"
same_pages 1 4

step "reads one page at a time from the glass"
scanner 2
read_with --generation 1 --source 1 --mode 2
has "last_page=1 medium_ended=1"
read_with --generation 2 --source 1 --mode 2 --count 1
has "last_page=1 medium_ended=0"
read_with --generation 3 --source 1 --mode 2 --count 2
has "ERROR_NOTICE.*code=13 .*page=2 .*interrupted=0"

step "an empty feeder: nothing to begin with, the end, or a sheet that is missing"
for late in 0 1; do
    scanner 2 gray no-docs-from-read=$late
    read_with --generation 1 --source 2 --mode 2
    has "last_page=2 medium_ended=1"
    has_no "page=3"
    read_with --generation 2 --source 2 --mode 2 --first 3 --expected 3
    has "ERROR_NOTICE.*code=12 .*interrupted=3"
    read_with --generation 3 --source 2 --mode 2
    has "ERROR_NOTICE.*code=2 .*interrupted=0"
    spool_holds "page-000001-000001.meta page-000001-000001.stream page-000002-000001.meta page-000002-000001.stream "
done

step "a jam after 40 % of page 3: two pages are whole, the third was begun, and the rest follows later"
scanner 5
"$operator" fault "$device" 'page=3 at=40% do=JAMMED'
read_with --generation 1 --source 2 --mode 2
has "ERROR_NOTICE.*code=1 .*jam.*interrupted=3"
has "ended with code 0"
same_pages 1 2
spool_holds "page-000001-000001.meta page-000001-000001.stream page-000002-000001.meta page-000002-000001.stream page-000003-000001.stream "
"$operator" put-back "$device" 3
"$operator" clear-condition "$device"
rm "$work/spool/page-000003-000001.stream"
read_with --generation 1 --source 2 --mode 2 --first 3 --expected 3
same_pages 1 5

step "what stops a scan before paper moves leaves nothing behind"
scanner 2
"$operator" fault "$device" 'page=1 at=start do=DEVICE_BUSY'
read_with --generation 1 --source 2 --mode 2
has "ERROR_NOTICE.*code=4 .*interrupted=0"
spool_holds ""
"$operator" unplug "$device"
read_with --generation 1 --source 2 --mode 2
has "ERROR_NOTICE.*code=6 .*interrupted=0"
name=rig:none
read_with --generation 1
has "ERROR_NOTICE.*code=6 .*interrupted=0"
name=rig:one

step "cover open and input error in the middle of a page"
for fault in COVER_OPEN:3 IO_ERROR:5; do
    scanner 2
    "$operator" fault "$device" "page=2 at=50% do=${fault%:*}"
    read_with --generation 1 --source 2 --mode 2
    has "ERROR_NOTICE.*code=${fault#*:} .*interrupted=2"
    scanner 1
    "$operator" fault "$device" "page=1 at=50% do=${fault%:*}"
    read_with --generation 1 --source 1 --mode 2
    has "ERROR_NOTICE.*code=${fault#*:} .*interrupted=0"
    spool_holds ""
done

step "a driver that crashes leaves the page begun"
scanner 2
"$operator" fault "$device" 'page=2 at=50% do=CRASH'
read_with --generation 1 --source 2 --mode 2
has "killed by signal 11"
same_pages 1 1
spool_holds "page-000001-000001.meta page-000001-000001.stream page-000002-000001.stream "

step "a driver that gives nothing for ever shows no progress, takes little processor, and stops when told to"
scanner 1
"$operator" fault "$device" 'page=1 at=50% do=ZERO'
read_with --generation 1 --source 2 --mode 2 --stall-ms 1000
has stalled
has "ended with code 0"
has_no ERROR_NOTICE

step "a driver that hangs even when cancelled is left behind after five seconds"
scanner 1
"$operator" fault "$device" 'page=1 at=50% do=HANG'
read_with --generation 1 --source 2 --mode 2 --stall-ms 500
has stalled
has "ended with code 1"
has "does not come back"

step "stops in the middle of a page, and lets the device go, on SIGTERM and when the daemon is gone"
for how in --stop-on --leave-on; do
    scanner 2
    echo 400000 >"$device/rate"
    read_with --generation 1 --source 2 --mode 2 $how PAGE_PROGRESS
    has "ended with code 0"
    "$operator" log "$device" | grep -q close || fail "the device was not closed"
    "$operator" log "$device" | grep -q "delivered page=1" && fail "the page was read to its end"
done

step "a full spool: the device waits, and no byte is lost"
if mkdir "$work/small" && mount -t tmpfs -o size=2m none "$work/small" 2>/dev/null; then
    scanner 2
    dd if=/dev/zero of="$work/small/filling" bs=1k count=1600 2>/dev/null
    spool=$work/spool
    rmdir "$spool" && ln -s "$work/small" "$spool"
    read_with --generation 1 --source 2 --mode 2 --make-room "$work/small/filling"
    has "ERROR_NOTICE.*code=33 .*interrupted=0"
    has "last_page=2 medium_ended=1"
    same_pages 1 2
    [ "$("$operator" fed "$device")" = 2 ] || fail "a sheet went through twice"
    rm "$spool"
    umount "$work/small"
else
    echo "  (left out: no small file system can be mounted here)"
fi

step "what the scanner cannot do is refused with what it can, before anything moves"
scanner 1 gray resolutions=75,150,300
read_with --generation 1 --source 2 --mode 2 --resolution 200
has "code=14 .*200 dpi; it can do: 75,150,300"
read_with --generation 1 --source 2 --mode 2 --width 500000
has "code=14 .*beyond"
read_with --generation 1 --source 2 --mode 2 -- --option nonsense=1
has "code=14 .*nonsense"
scanner 1 gray max-depth=8 no-brightness=1
read_with --generation 1 --source 2 --mode 2 --depth 16
has "code=14 .*8 bits per sample in this mode, not 16"
read_with --generation 1 --source 2 --mode 2 --brightness 20
has "code=14 .*brightness"
[ "$("$operator" fed "$device")" = 0 ] || fail "a sheet moved"
spool_holds ""

step "SANE's own test device: three images, 16 bits, black and white by depth, no height, errors while reading"
name=test:0
# That driver forgets a buffer of its own after some errors, and is unloaded before its name can be found.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS
scanner 1
read_with --generation 1 --source 1 --mode 3 --resolution 100 -- --option three-pass=yes --option three-pass-order=GBR \
    --option "test-picture=Color pattern"
has "PAGE_BEGIN.*components=3"
has "medium_ended=1"
read_with --generation 2 --source 1 --mode 3 --resolution 100 -- --option "test-picture=Color pattern"
"$image" "$work/spool" 1 1 >"$work/three.pnm" && "$image" "$work/spool" 1 2 >"$work/one.pnm" || fail "not sound"
cmp "$work/three.pnm" "$work/one.pnm" >>"$log" 2>&1 || fail "three images are another picture than one"
read_with --generation 3 --source 1 --mode 2 --depth 16 --resolution 100 -- --option test-picture=Grid
"$image" "$work/spool" 1 3 >"$work/page.pnm" || fail "not sound"
read_with --generation 4 --source 1 --mode 1 --resolution 100 -- --option test-picture=Grid
has "PAGE_BEGIN.*codec=2.*bits=1 components=1"
"$image" "$work/spool" 1 4 >"$work/page.pnm" || fail "not sound"
read_with --generation 5 --source 1 --mode 2 --resolution 100 -- --option hand-scanner=yes
has "PAGE_BEGIN.*height=0"
has "PAGE_END.*rows=[1-9]"
"$image" "$work/spool" 1 5 >"$work/page.pnm" || fail "not sound"
read_with --generation 6 --source 2 --mode 2
has "last_page=10 medium_ended=1"
read_with --generation 7 --source 2 --mode 2 -- --option read-return-value=SANE_STATUS_JAMMED
has "ERROR_NOTICE.*code=1 .*interrupted=1"
read_with --generation 8 --source 1 --mode 3 --codec 3 --resolution 100
has "PAGE_BEGIN.*codec=3"
"$image" "$work/spool" 1 8 >"$work/page.pnm" || fail "not sound"

echo "all of it"
