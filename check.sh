#!/usr/bin/env bash
# Installs what the tests need, builds Deskline in every way that counts, and runs every test.
# The last line is `N passed, N failed, N skipped`.
#
#   ./check.sh               all of it, well under 30 minutes
#   ./check.sh --quick       one plain build and its tests
#   FUZZ_SECONDS=600 ./check.sh    fuzz for longer;  SIM_SEEDS=5000000 ./check.sh  simulate more
set -u
cd "$(dirname "$0")"
top=$PWD
builds=${CHECK_BUILDS:-$top/build-check}
jobs=$(nproc)
passed=0 failed=0 skipped=0
fuzz_seconds=${FUZZ_SECONDS:-10}
export PATIENCE=${PATIENCE:-90} # seconds that a story waits for what has to come: four of them run at a time

say() { printf '\n== %s\n' "$*"; }

# check NAME COMMAND…: one test; exit 77 says that it was skipped. Fails if the test does.
check() {
    local name=$1 log
    shift
    log=$builds/$(echo "$name" | tr -c 'a-zA-Z0-9\n' '-').log
    "$@" >"$log" 2>&1
    case $? in
    0) passed=$((passed + 1)) && echo "PASS: $name" ;;
    77) skipped=$((skipped + 1)) && echo "SKIP: $name" ;;
    *) failed=$((failed + 1)) && echo "FAIL: $name" && tail -n 40 "$log" && return 1 ;;
    esac
}

# build NAME CC CONFIGURE-OPTIONS…: configures and makes in its own folder.
build() {
    local folder=$builds/$1 cc=$2
    shift 2
    mkdir -p "$folder" && cd "$folder" && CC=$cc CFLAGS="${CHECK_CFLAGS:--O2 -g}" "$top/configure" --enable-werror "$@" &&
        make -s -j"$jobs" && make -s -j"$jobs" check TESTS=
}

# tests NAME [TEST…]: make check in that build, its results counted one by one.
tests() {
    local folder=$builds/$1 result
    shift
    # The stories wait more than they compute.
    (cd "$folder" && make -s -j"$((jobs * 2))" check ${1:+TESTS="$*"} >check.log 2>&1)
    grep -hE '^(PASS|SKIP|FAIL|XPASS|ERROR): ' "$folder/check.log"
    for result in $(sed -n 's/^\(PASS\|SKIP\|FAIL\|XPASS\|ERROR\): .*/\1/p' "$folder/check.log"); do
        case $result in
        PASS) passed=$((passed + 1)) ;;
        SKIP) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) ;;
        esac
    done
    if ! grep -qE '^(PASS|FAIL): ' "$folder/check.log"; then
        failed=$((failed + 1))
        echo "FAIL: no test ran in $folder" && tail -n 40 "$folder/check.log"
    fi
    grep -lE '^:test-result: (FAIL|ERROR)' -r "$folder" --include='*.trs' 2>/dev/null | while read -r trs; do
        echo "---- ${trs%.trs}.log" && tail -n 60 "${trs%.trs}.log"
    done
}

fuzz() {
    local target=$1
    mkdir -p "$builds/corpus/$target"
    "$builds/clang/tests/fuzz/$target" -max_total_time="$fuzz_seconds" -timeout=5 -rss_limit_mb=512 -print_final_stats=1 \
        "$builds/corpus/$target" $([ -d "$top/tests/fuzz/corpus/${target#fuzz_}" ] && echo "$top/tests/fuzz/corpus/${target#fuzz_}")
}

hardening() {
    command -v systemd-analyze >/dev/null || return 77
    systemd-analyze security --offline=true --threshold=15 "$builds/gcc/init/deskline-serviced.service"
}

manuals() { mandoc -T lint -W warning man/*.[1-8]; }

distcheck() { cd "$builds/gcc" && make -s -j"$jobs" distcheck DISTCHECK_CONFIGURE_FLAGS=--enable-werror SIM_SEEDS=2000 DESKLINE_E2E=short; }

finish() {
    echo
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
    exit
}

say "What is needed"
./bootstrap.sh --tests --packages || { failed=1; finish; }
mkdir -p "$builds"
autoreconf -fi >"$builds/autoreconf.log" 2>&1 || { cat "$builds/autoreconf.log"; failed=1; finish; }

say "gcc, as it is released"
check "build with gcc" build gcc gcc || finish
tests gcc
if [ "${1:-}" = --quick ]; then finish; fi

say "gcc with AddressSanitizer and UndefinedBehaviorSanitizer"
CHECK_CFLAGS="-O1 -g" check "build with sanitizers" build sanitized gcc --enable-sanitizers || finish
SIM_SEEDS=${SIM_SEEDS:-10000} MOMENTS=${MOMENTS:-4} tests sanitized

say "clang"
CHECK_CFLAGS="-O1 -g" check "build with clang and fuzz targets" build clang clang --enable-fuzzers
for target in "$builds"/clang/tests/fuzz/fuzz_*; do
    case $target in *.o | *.log | *.trs) continue ;; esac
    [ -x "$target" ] && check "$(basename "$target") for $fuzz_seconds s" fuzz "$(basename "$target")"
done

say "What is delivered"
check "systemd's security score of serviced" hardening
check "manual pages" manuals
check "make distcheck" distcheck
finish
