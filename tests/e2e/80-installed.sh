#!/bin/bash
# What `make install` leaves behind is whole: programs that speak for themselves, manuals, units, completion, and a
# library against which somebody else's program is built.
. "$(dirname "$0")/lib.sh"

unset MAKEFLAGS MFLAGS MAKELEVEL # of the make that runs this story
root=$work/root
made() { sed -n "s|^$1 = ||p" "$build/Makefile" | tail -n 1; }
# folder NAME: one of the build's folders, asked of make, which knows what they are made of
folder() {
    printf 'include %s\nprint-folder:\n\t@echo "$(%s)"\n' "$build/Makefile" "$1" |
        make -s --no-print-directory -C "$build" -f - print-folder
}
there() { [ -s "$root$1" ] || fail "$1 is not installed"; }

step "1. make install"
make -C "$build" install DESTDIR="$root" >"$work/install.log" 2>&1 || fail "make install"
bin=$(folder bindir) sbin=$(folder sbindir) lib=$(folder libdir) man=$(folder mandir) pc=$(folder pkgconfigdir)
export LD_LIBRARY_PATH="$root$lib"

step "2. The four programs say their version and how they are used"
version=$(made PACKAGE_VERSION)
for program in "$bin/clientctl" "$bin/servicectl" "$sbin/clientd" "$sbin/serviced"; do
    run 0 "$root$program" --version
    says "$version"
    run 0 "$root$program" --help
    says "$(basename "$program")"
    says '--version'
done
for unit in reading_unit printing_unit splitting_unit; do
    [ -x "$root$(folder pkglibexecdir)/$unit" ] || fail "$unit is not installed"
done

step "3. The manuals, the units, the headers"
for page in man1/clientctl.1 man1/servicectl.1 man5/clientd.conf.5 man5/serviced.conf.5 man7/deskline.7 \
    man8/clientd.8 man8/serviced.8; do
    there "$man/$page"
done
for header in frame.h frames.def errors.def phases.def manners.def words.h ledger.h phase.h; do
    there "$(folder deskline_includedir)/$header"
done
there "$pc/deskline.pc"

step "4. The units of systemd are sound"
units=$(folder systemdsystemunitdir)
for unit in deskline-clientd deskline-serviced; do
    there "$units/$unit.service"
    program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$root$units/$unit.service")
    [ -x "$root$program" ] || fail "$unit starts $program, which is not installed"
done
if command -v systemd-analyze >/dev/null; then
    mkdir "$work/units"
    for unit in deskline-clientd deskline-serviced; do # with the programs where they are now
        sed "s|^ExecStart=|&$root|" "$root$units/$unit.service" >"$work/units/$unit.service"
    done
    run 0 systemd-analyze verify --man=no "$work"/units/*.service
    ! grep -q 'deskline-' "$out" || fail "systemd-analyze finds fault"
    # The score is told in tenths: 1.5 and 2.0 at most.
    run 0 systemd-analyze security --no-pager --offline=true --threshold=15 "$work/units/deskline-serviced.service"
    run 0 systemd-analyze security --no-pager --offline=true --threshold=20 "$work/units/deskline-clientd.service"
else
    echo '  systemd-analyze is not installed: left out'
fi

# calls_of GROUP: the system calls in a group of systemd's, and in those that it names
calls_of() {
    local line
    systemd-analyze syscall-filter --no-pager "$1" | tail -n +2 | while read -r line _; do
        case $line in
        @*) calls_of "$line" ;;
        [a-z_]*) echo "$line" ;;
        esac
    done
}
# filter_of UNIT: what its SystemCallFilter lines leave
filter_of() {
    local kind word words
    : >"$work/allowed"
    sed -n 's/^SystemCallFilter=//p' "$root$units/$1.service" | sed 's/^~/- /; t; s/^/+ /' | while read -r kind words; do
        for word in $words; do
            case $word in @*) calls_of "$word" ;; *) echo "$word" ;; esac
        done | sort -u >"$work/named"
        if [ "$kind" = + ]; then
            sort -u "$work/named" "$work/allowed" >"$work/left"
        else
            comm -23 "$work/allowed" "$work/named" >"$work/left"
        fi
        mv "$work/left" "$work/allowed"
    done
    calls_of @default >>"$work/allowed" # always
    sort -u -o "$work/allowed" "$work/allowed"
}

step "5. The server's unit lets the splitting unit do what it does: no other system call, no code that is written"
if ! command -v systemd-analyze >/dev/null || ! command -v strace >/dev/null || [ -n "$(folder SANITIZE_FLAGS)" ]; then
    echo '  needs strace and systemd-analyze, and no sanitizers: left out'
else
    filter_of deskline-serviced
    [ "$(wc -l <"$work/allowed")" -gt 200 ] && grep -qx openat "$work/allowed" || fail "the filter is not understood"
    ! grep -qx sched_setscheduler "$work/allowed" || fail "what is taken out of the filter is still in it"
    mkdir "$work/blocks"
    printf 'A letter.\nGrüße, Γειά, здравствуй\n' >"$work/letter.txt"
    run 0 strace -f -o "$work/calls" -E HOME=/ "$build/tests/rig/split-driver" "$build/serviced/units" "$work/blocks" \
        "$work/letter.txt"
    grep -q 'execve.*splitting_unit' "$work/calls" || fail "nothing was seen"
    sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$work/calls" | sort -u | comm -23 - "$work/allowed" >"$out"
    [ ! -s "$out" ] || fail "these system calls are not allowed"
    ! grep -E 'PROT_WRITE\|PROT_EXEC|mprotect\(.*PROT_EXEC' "$work/calls" >"$out" || fail "memory is written and executed"
fi

step "6. bash completes the names of the commands"
complete_word() {
    PATH="$root$bin:$PATH" bash --norc -c '
        . "$1" && COMP_WORDS=("${@:2}") && COMP_CWORD=$(($# - 2)) &&
        $(complete -p "$2" | sed "s/.*-F \([^ ]*\).*/\1/") && echo "${COMPREPLY[@]}"' \
        complete "$root$(folder bashcompletiondir)/$1" "$@"
}
run 0 complete_word clientctl re
[ "$(cat "$out")" = restart ] || fail "'clientctl re' is not completed to 'restart'"
run 0 complete_word servicectl client rev
[ "$(cat "$out")" = revoke ] || fail "'servicectl client rev' is not completed to 'revoke'"

step "7. A program of somebody else, with the flags of pkg-config"
export PKG_CONFIG_PATH="$root$pc" PKG_CONFIG_SYSROOT_DIR=$root
run 0 pkg-config --modversion deskline
says "^$version\$"
# A library that was built with sanitizers wants them in the program too; the words are several on purpose.
# shellcheck disable=SC2046,SC2086
run 0 $(made CC) -Wall -Werror $(folder SANITIZE_FLAGS) $(pkg-config --cflags deskline) \
    "$source_dir/tests/e2e/other_client.c" -o "$work/other_client" $(pkg-config --libs deskline)
run 0 ldd "$work/other_client"
says "libdeskline.* => $root$lib/"
run 0 "$work/other_client"
[ "$(cat "$out")" = ok ] || fail "a HELLO does not come back as it was sent"
