# What the stories about trouble at a printer share: a document of $sheets pages that carry their number, a random sheet
# for each fault, and a person who looks at the tray before an answer. Sourced behind printers.sh. Bash.
#
#   a_random_sheet                    $sheet, from SEED
#   fresh PRINTER                     its tray is emptied, and it forgets
#   print_on PRINTER [OPTION…]        the document goes to it; the job has to stop there; $number is its number
#   at_a_sheet PRINTER WHEN SECONDS   the document is on its way, and $sheet takes so long
#   stopped_for REASON                the job says why, and what a person has to do
#   account_is PRINTED [UNCERTAIN…]   what the job says of its sheets
#   person_answers PRINTER            restarts the job until it is completed; $answers: what was said, in order
#   all_came_out PRINTER [TEXTS]      every sheet once, in order, and nothing is left at the printer
#   with_one_twice SHEET              the texts, when that one came out twice
#   with_two_swapped SHEET            … when the one behind it came out before it
sheets=${SHEETS:-30}
once=$(seq -s ' ' "$sheets")
RANDOM=${SEED:-4711}
random_sheets=()
for _ in $(seq 60); do random_sheets+=($((RANDOM % sheets + 1))); done
RANDOM=$$ # others draw from it, too
echo "the sheets are those of SEED=${SEED:-4711}"

a_random_sheet() {
    sheet=${random_sheets[0]}
    random_sheets=("${random_sheets[@]:1}")
}

fresh() {
    : >"$work/$1/log"
    rm -f "$work/$1"/sheets/* "$work/$1/condition"
}

print_on() {
    local name=$1
    shift
    run 3 ctl print --printer "$name" "$@" "$work/report.pdf"
    number=$(ctl --json jobs | jq -r '[.[].id] | max')
    says "clientctl restart $number"
}

at_a_sheet() {
    fresh "$1"
    printer_fault "$1" "sheet=$sheet when=$2 do=hang:$3"
    run 0 ctl print --printer "$1" --no-wait "$work/report.pdf"
    number=$(ctl --json jobs | jq -r '[.[].id] | max')
    wait_for_log "$1" "fault sheet=$sheet when=$2 do=hang .*"
}

has_stopped() { job_is "$number" .state processing-stopped; }
stopped_for() {
    expect_job "$number" .state processing-stopped
    expect_job "$number" ".state_reasons | index(\"$1\") != null" true
    [ -n "$(job "$number" '.error.action // ""')" ] || fail "job $number does not say what there is to do"
}

account_is() {
    local printed=$1
    shift
    expect_job "$number" '"\(.pages.printed): \(.pages.uncertain | map(tostring) | join(" "))"' "$printed: $*"
}

# The texts of the sheets that have come out, in their order.
texts() {
    local file
    for file in $(printer_sheets "$1"); do pdftotext "$file" - 2>/dev/null | tr -d '\f\n '; echo; done | paste -sd ' '
}
in_tray() { [[ " $(texts "$1") " = *" $2 "* ]]; }

# Nothing moves in the printer.
at_rest() { flock -n "$work/$1/in-use" true; }

person_answers() {
    local uncertain manner code
    answers=
    wait_until "$1 is at rest" at_rest "$1"
    while ! job_is "$number" .state completed; do
        uncertain=$(job "$number" '.pages.uncertain[0] // ""')
        manner=resume
        [ -z "$uncertain" ] || expect_job "$number" '"\(.phase.step) \(.phase.page)"' "uncertain $uncertain"
        [ -z "$uncertain" ] || ! in_tray "$1" "$uncertain" || manner=skip
        answers+=${answers:+ }$manner${uncertain:+-$uncertain}
        ctl restart "$number" --manner $manner >"$out" 2>&1 </dev/null
        code=$?
        [ $code = 0 ] || [ $code = 3 ] || fail "restart ended with $code"
        [ ${#answers} -lt 100 ] || fail "no end of questions: $answers"
        wait_until "$1 is at rest" at_rest "$1"
    done
}
answered() { [ "$answers" = "$*" ] || fail "the answers were '$answers', not '$*'"; }

all_came_out() {
    [ "$(texts "$1")" = "${2:-$once}" ] || fail "$1 has put out '$(texts "$1")'"
    [ -z "$(printer_jobs "$1")" ] || fail "jobs are left at $1"
    expect_job "$number" '.pages | .printed + (.skipped | length)' "$sheets"
    expect_job "$number" '.pages.uncertain | length' 0
}

with_one_twice() { echo "$once" | sed "s/\b$1\b/$1 $1/"; }
with_two_swapped() { echo "$once" | sed "s/\b$1 $(($1 + 1))\b/$(($1 + 1)) $1/"; }
