#!/bin/bash
# Documents and wishes that cannot be, and printers that keep no rule: each ends with its exit code and a sentence, the daemons
# stay as they are, and the next document comes out of the good printer.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

printer hall
printer attic
printer secret
start_cups
queue hall
queue secret raw -o printer-op-policy=password
start_driverless attic
start_hostile
export CUPS_SERVER=127.0.0.1:${cups_port[cups]}
manners=$(python3 "$printers_source/hostile_printer.py" --list)
behind='garbage close silent half endless unauthorized refuses no-job negative wrong-types control-characters upgrade'
# NAME ADDRESS: those that are no good
bad_printers() {
    local manner
    echo "ghost ipp://$CUPS_SERVER/printers/ghost"
    echo "off ipp://127.0.0.1:9/ipp/print"
    for manner in $manners; do echo "begins-$manner $(hostile_uri "$manner")"; done
    for manner in $behind; do echo "ends-$manner $(hostile_uri "sent/$manner")"; done
}
CLIENT_SETTINGS="printing-watchdog = 9s
[printer attic]
uri = $(printer_uri attic)
$(bad_printers | sed 's/\(.*\) \(.*\)/[printer \1]\nuri = \2/')"
SERVER_SETTINGS=$'[limits]\nupload-limit = 2M\nsheets = 40\nprint-pages = 500'
SIZE='--width 100 --height 140' scanner stack 2 gray
start_serviced
start_clientd
enroll
run 0 ctl units --refresh
daemons="${pids[serviced]} ${pids[clientd-one]}"
cd "$work" || exit 99
make_pdf one.pdf one

one_line() { [ "$(wc -l <"$out")" = 1 ] || fail "more or less than one line was said"; }
# refused CODE SENTENCE PRINT-ARGUMENT…: in one line, and no job is left
refused() {
    local code=$1 sentence=$2
    shift 2
    run "$code" ctl print "$@"
    one_line
    says "^clientctl: .*$sentence"
}
hostile() { python3 "$source_dir/tests/rig/hostile_pdf.py" "$1" "$1.pdf" "${2:-1}" || exit 99; }
# The daemons are the same, and a good printer prints.
unharmed() {
    local before
    before=$(printer_out hall)
    [ "$daemons" = "${pids[serviced]} ${pids[clientd-one]}" ] && kill -0 ${pids[serviced]} ${pids[clientd-one]} || fail "a daemon is gone"
    run 0 ctl print --printer hall one.pdf
    [ "$(printer_out hall)" = $((before + 1)) ] || fail "the next document was not printed"
    [ "$(grep -c 'connected to the server' clientd-one.log)" = 1 ] || fail "the connection was lost"
}

step "1. Documents that are none, or are meant to do harm"
hostile declared 100000
refused 5 'declares 100000 pages; at most 500 are allowed' --printer hall declared.pdf
hostile bomb
refused 5 'contents of page 1 unpack to more than 256 MB' --printer hall bomb.pdf
hostile circular-tree
refused 5 'page tree of the PDF is circular' --printer hall circular-tree.pdf
: >empty.pdf
refused 1 'empty.pdf cannot be printed: it is empty' --printer hall empty.pdf
cp /bin/ls program.pdf
refused 5 'the file is a program, which cannot be printed' --printer hall program.pdf
make_pdf --noise=50000 noise.pdf noise && head -c 20000 noise.pdf >cut.pdf
refused 5 'the PDF is damaged' --printer hall cut.pdf
qpdf --encrypt user owner 256 -- one.pdf locked.pdf
refused 5 'the PDF opens with a password only' --printer hall locked.pdf
mkdir folder
refused 1 'folder cannot be printed: it is a folder' --printer hall folder
refused 1 'nothing.pdf cannot be read: No such file or directory' --printer hall nothing.pdf
refused 1 'empty.pdf cannot be printed' --printer hall one.pdf empty.pdf
[ "$(printer_out hall)" = 0 ] || fail "something was printed"
unharmed

step "2. Wishes that cannot be fulfilled"
refused 2 'one, long or short|one\|long\|short|sides' --printer hall --sides both one.pdf
refused 2 'copies' --printer hall --copies 0 one.pdf
refused 2 'copies' --printer hall --copies 60001 one.pdf
refused 2 'at most 9999 copies' --printer hall --copies 10000 one.pdf
refused 2 'pages' --printer hall --pages 3-1 one.pdf
refused 2 'there is no page 2: the document has 1 page' --printer hall --pages 1-2 one.pdf
refused 2 'postage' --printer hall --media postage one.pdf
refused 2 'contradict each other' --printer hall --fit --no-scaling one.pdf
refused 2 'several printers|printers' one.pdf
refused 1 "printer .?nobody" --printer nobody one.pdf
refused 1 'no such document' --printer hall 4711
run 1 sctl print nobody/hall one.pdf
one_line
says 'no client of that name'
run 2 sctl print one/ one.pdf
one_line
unharmed
# What the printer cannot do is the printer's to say: then the job waits for another printer, say.
stops() {
    local sentence=$1
    shift
    run 3 ctl print "$@" one.pdf
    says "has stopped at sheet 1: .*$sentence"
    run 0 ctl cancel "$(ctl --json jobs | jq -r '.[-1].id')"
}
stops "does not have the paper 'iso_a3_297x420mm'; it has: na_letter" --printer attic --media a3
refused 1 "the printer attic cannot print color; possible: monochrome" --printer attic --color color one.pdf

step "3. More than the server allows"
make_pdf many.pdf $(seq 41)
refused 5 'would have 41 sheets; the server takes 40' --printer hall many.pdf
refused 5 'would have 42 sheets; the server takes 40' --printer hall --pages 1-21 --copies 2 many.pdf
make_pdf more.pdf $(seq 501)
refused 5 'declares 501 pages; at most 500 are allowed' --printer hall more.pdf
make_pdf --noise=3000000 large.pdf large
refused 5 'larger than the server takes: see upload-limit' --printer hall large.pdf
run 0 ctl print --printer hall --sides long --pages 1-2 --copies 3 many.pdf
unharmed

step "4. Documents of the archive that are gone, or are several files"
run 0 ctl scan --source adf --mode gray --title gone
rm "$(the_document)"
refused 1 'cannot be opened: No such file or directory' --printer hall "$(ctl --json documents | jq '.[-1].id')"
"$operator" load "$work/stack"
run 0 ctl scan --source adf --mode gray --format png --title several
refused 5 'several files: fetch them, and print each of them' --printer hall "$(ctl --json documents | jq '.[-1].id')"

step "5. A host without printers, and clients that are not connected"
hosts_printers=$CUPS_SERVER CUPS_SERVER=127.0.0.1:9
mv sane sane-away && CLIENT_SETTINGS= start_clientd bare && mv sane-away sane
enroll bare
CLIENT=bare refused 1 'has no printer|no printers?' one.pdf
run 1 sctl print bare one.pdf
one_line
says 'the client has no printer'
stop clientd-bare
wait_until "it is missed" sh -c "'$build/ctl/servicectl' --control '$work/serviced.sock' client list | grep bare | grep -vqw yes"
run 4 sctl print bare one.pdf
one_line
says 'not connected'
CUPS_SERVER=$hosts_printers

step "6. A queue that does not exist, one that needs a password, a printer that is switched off; the good ones are known"
run 0 ctl units --refresh
for name in hall attic secret ghost off; do says "^$name: "; done
stops 'ghost says client-error-not-found' --printer ghost
stops 'wants a password' --printer secret
stops 'no connection to' --printer off
unharmed

step "7. Printers that answer garbage, nothing, without end, or close the connection, before a job and behind it"
declare -A job_of=() sentence_of=()
for name in $(bad_printers | sed -n 's/^\([a-z]*s-[^ ]*\) .*/\1/p'); do
    run 0 ctl print --no-wait --printer "$name" one.pdf
    job_of[$name]=$(sed -n 's/^job //p' "$out")
done
for name in "${!job_of[@]}"; do
    wait_until "the job at $name stops" job_is "${job_of[$name]}" .state processing-stopped
    run 3 ctl watch "${job_of[$name]}"
    ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$out" || fail "the terminal of the user is written to"
    sentence_of[$name]=$(sed -n "s/^Job ${job_of[$name]} on one has stopped at sheet 1: //p" "$out")
    [ -n "${sentence_of[$name]}" ] || fail "no sentence for $name"
    echo "  $name: ${sentence_of[$name]}"
done
sentence_is() { [[ ${sentence_of[$1]} =~ $2 ]] || fail "of $1 it was said: ${sentence_of[$1]}"; }
sentence_is begins-garbage 'does not answer in HTTP \(printer-error\)\.'
sentence_is begins-close 'does not answer in HTTP \(printer-error\)\.'
sentence_is begins-page 'does not answer in IPP \(printer-error\)\.'
sentence_is begins-endless 'answers without end|does not answer in time'
sentence_is begins-silent 'does not answer in time \(unit-stalled\)\.'
sentence_is begins-unauthorized 'wants a password \(account-authorization-failed\)\.'
sentence_is ends-unauthorized 'wants a password \(account-authorization-failed\)\.'
sentence_is ends-silent 'the printer does not go on, and does not say why \(unit-stalled\)\.|nothing was heard of the printer'
unharmed
for name in "${!job_of[@]}"; do run 0 ctl cancel "${job_of[$name]}"; done
no_unit() { [ -z "$(<"/proc/${pids[clientd-one]}/task/${pids[clientd-one]}/children")" ]; }
wait_until "no unit is left" no_unit
unharmed

step "8. Nothing is left behind"
nothing_in() { [ -z "$(find "$@" -type f)" ]; }
wait_until "the spool is empty" nothing_in "$work/client-one/spool"
wait_until "the server keeps no blocks" nothing_in "$work/server/pages" -name '*.pdf'
wait_until "the server keeps no uploads" nothing_in "$work/server/uploads"
cd "$build" || exit 99
stop clientd-one
stop serviced
