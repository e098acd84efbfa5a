#!/bin/bash
# kill -9 of serviced, of clientd, of the printing unit and of cupsd, each at random moments that are spread over a printing
# job. The job goes on by itself, or is resumed; where nobody can know about a sheet, a person looks into the tray. In the end
# the printer's own record has every sheet once, in order, and at every stop it agrees with the server's ledger.
# SEED chooses the moments, MOMENTS how many there are for each (20; 5 with sanitizers, which take their time).
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

RANDOM=${SEED:-4711}
moments=20
! grep -qs __asan_init "$build"/clientd/clientd "$build"/clientd/.libs/clientd || moments=5
moments=${MOMENTS:-$moments}
sheets=4
echo "the moments are those of SEED=${SEED:-4711}"

printer hall pace=0.03
printer attic pace=0.03
start_cups
queue hall
start_driverless attic
export CUPS_SERVER=127.0.0.1:${cups_port[cups]}
CLIENT_SETTINGS="[printer attic]
uri = $(printer_uri attic)"
start_serviced
start_clientd
enroll
make_pdf "$work/report.pdf" $(seq $sheets)

# A moment of the job: so far is a sheet in the printer, as that notes itself, or nothing is there yet; and a little later.
choose_a_moment() {
    local whens=(before after counted)
    sheet=$((RANDOM % (sheets + 1))) when=${whens[RANDOM % 3]} later=$((RANDOM % 100))
    [ $((RANDOM % 2)) = 0 ] || later=0
    moment="$printer: $((later)) ms behind '$when sheet $sheet'"
    [ $sheet = 0 ] || printer_fault "$printer" "sheet=$sheet when=$when do=hang:0"
}
noted() { grep -q "^fault sheet=$sheet when=$when " "$work/$printer/log"; }
wait_for_the_moment() {
    [ $sheet = 0 ] || wait_quickly "it is $moment" noted
    [ $later = 0 ] || read -rt "$(printf '0.%03d' $later)" <> <(:) || true
}

# An empty tray, and a job at $printer, in $number.
begin() {
    printer=$1
    : >"$work/$printer/log"
    rm -f "$work/$printer"/{sheets/*,faults}
    choose_a_moment
    run 0 sctl print --no-wait "one/$printer" "$work/report.pdf"
    number=$(sctl --json jobs --all | jq -r 'map(.id) | max')
}

# The printer's record: the sheets that came out, in order, as 'SHEET:JOB-OF-THE-PRINTER'.
record() {
    sed -n 's/^out sheet=.* job=\([0-9]*\) .* sha256=\([^ ]*\) .*/\1 \2/p' "$work/$printer/log" |
        while read -r job sum; do echo "${page_of[$sum]:-?}:$job"; done
}
came_out() { record | cut -d: -f1 | paste -sd ' '; }
has_come_out() { record | grep -q "^$1:"; }

completed() { job_is "$number" .state completed; }
asked() { [ "$(ctl --json show "$number" | jq -r 'select(.state == "processing-stopped") | .manners | length')" -gt 0 ] 2>/dev/null; }
waits_for_somebody() {
    completed || { connected && asked && job_is "$number" .state processing-stopped; }
}

# Nothing is printed that has not come out. At most two sheets are under way, whose tickets the next run takes up; with any
# other account the job would leave a sheet out, or print it again.
the_ledger_is_right() {
    local printed=$(job "$number" .pages.printed) out=$(record | cut -d: -f1 | sort -u | wc -l)
    [ "$printed" -le "$out" ] && [ "$out" -le $((printed + 2)) ] ||
        fail "$printed sheets are printed in the ledger, and $out came out ($moment)"
    # cupsd may hold a sheet back and print the one behind it: then the phase is about a sheet that lies nowhere yet.
    local page=$(job "$number" .phase.page)
    [ "$page" -eq $((printed + 1)) ] ||
        { [ "$page" -le "$printed" ] && { ! has_come_out "$page" || [ "$(job "$number" '.pages.uncertain | index('"$page"') != null')" = true ]; }; } ||
        fail "the phase is about sheet $page, and $printed are printed ($moment)"
}
# A person who is asked for a sheet looks into the tray.
answer() {
    local page=$(job "$number" .phase.page) manner=resume
    the_ledger_is_right
    if [ "$(job "$number" '.pages.uncertain | index('"$page"') != null')" = true ]; then
        uncertain=$((uncertain + 1))
        ! has_come_out "$page" || manner=skip
    fi
    ctl restart "$number" --manner $manner >"$out" 2>&1
    [[ $? =~ ^(0|3)$ ]] || fail "job $number does not go on with $manner ($moment)"
    answers=$((answers + 1))
}
settle() {
    local questions=0
    wait_until "job $number waits or is completed ($moment)" waits_for_somebody
    until completed; do
        [ $((questions += 1)) -le $((sheets + 2)) ] || fail "one question after the other ($moment)"
        answer
        wait_until "job $number waits or is completed ($moment)" waits_for_somebody
    done
    expect_job "$number" '.pages.printed + (.pages.skipped | length)' $sheets
}
each_once() {
    [ "$(came_out)" = "$(seq -s ' ' $sheets)" ] || fail "$printer has put out '$(came_out)' ($moment)"
}

# every_moment PRINTERS ACTION…: all the moments of a kind, at the printers in turn
every_moment() {
    local printers=($1) n
    answers=0 uncertain=0
    shift
    for ((n = 0; n < moments; n++)); do
        begin "${printers[n % ${#printers[@]}]}"
        wait_for_the_moment
        "$@"
        settle
        each_once
    done
    echo "  $answers answers, $uncertain of them for uncertain sheets"
}

step "0. Without a fault: what the sheets look like"
declare -A page_of=()
printer=hall
run 0 sctl print one/hall "$work/report.pdf"
page=0
for sum in $(sed -n 's/^out sheet=.* sha256=\([^ ]*\) .*/\1/p' "$work/hall/log"); do page_of[$sum]=$((page += 1)); done
[ "${#page_of[@]}" = $sheets ] || fail "the sheets cannot be told from each other"

step "1. serviced: the printer goes on, and the job ends with nobody's help"
hit_serviced() { kill_hard serviced && start_serviced; }
every_moment 'hall attic' hit_serviced
[ $answers = 0 ] || fail "somebody had to help"

step "2. clientd, and with it the printing unit: what is at the printer is asked for, and nobody has to help"
hit_clientd() { kill_hard clientd-one && start_clientd; }
every_moment 'hall attic' hit_clientd
[ $answers = 0 ] || fail "somebody had to help"

step "3. The printing unit"
hit_unit() {
    local unit
    unit=$(pgrep -P "${pids[clientd-one]}" -f 'printing_unit print')
    [ -z "$unit" ] || kill -KILL "$unit" 2>/dev/null
}
every_moment 'hall attic' hit_unit
[ $moments -lt 5 ] || [ $answers -gt 0 ] || fail "no job had to be resumed: the moments say nothing"

# A sheet lies in the tray, and cupsd does not know it yet: then cupsd itself prints its job again, as soon as it is started,
# and nobody can keep it from that. It is one job of the printer, which was submitted once.
step "4. cupsd and its backend: all that comes out twice is what cupsd prints again"
again=0
hit_cups() {
    cups_power_off
    in_flight=$(record | tail -n 1)
    start_cups
}
each_once() {
    local twice
    twice=$(record | sort | uniq -d)
    [ -z "$twice" ] || [ "$twice" = "$in_flight" ] || fail "$printer has put out '$(came_out)', $in_flight was in flight ($moment)"
    [ -z "$twice" ] || again=$((again + 1))
    [ "$(record | uniq | cut -d: -f1 | paste -sd ' ')" = "$(seq -s ' ' $sheets)" ] ||
        fail "$printer has put out '$(record | paste -sd ' ')', $in_flight was in flight ($moment)"
}
every_moment hall hit_cups
echo "  $again sheets were printed again by cupsd"

step "5. cupsd alone: its backend goes on as an orphan, and cupsd prints the same job again"
: >"$work/hall/log"
printer=hall moment='cupsd alone' answers=0 uncertain=0
printer_fault hall 'sheet=2 when=before do=hang:0.5'
run 0 sctl print --no-wait one/hall "$work/report.pdf"
number=$(sctl --json jobs --all | jq -r 'map(.id) | max')
wait_for_log hall 'fault sheet=2 .*'
kill_hard cups
start_cups
settle
wait_until "the orphan has ended too" sheets_are hall $((sheets + 1))
[ "$(record | sort -u | cut -d: -f1 | paste -sd ' ')" = "$(seq -s ' ' $sheets)" ] ||
    fail "a sheet came out under two jobs of the printer: $(record | paste -sd ' ')"
[ "$(record | sort | uniq -d | cut -d: -f1)" = 2 ] || fail "another sheet than the one in flight came out twice"

step "6. Nothing is left over, and an orderly end"
for printer in hall attic; do # a unit that was killed between its job and the ticket leaves one without data: cupsd drops it in time
    for job in $(printer_jobs $printer); do
        [ "$(job_attribute $printer "$job" number-of-documents)" = 0 ] || fail "job $job is left at $printer, and would be printed"
    done
done
wait_until "the spool is empty" sh -c "[ -z \"\$(ls '$work/client-one/spool')\" ]"
[ -z "$(find "$work/server/pages" -type f)" ] || fail "the server has kept sheets"
stop clientd-one
stop serviced
