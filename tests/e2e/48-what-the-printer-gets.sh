#!/bin/bash
# What the printers put out is what was sent, as it was asked for: PDFs with fonts and images, pictures, texts and documents
# that were scanned, in text and pixels; copies, page ranges, both sides, paper, colours, orientation, fit.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/rig/printers.sh"

printer hall
printer attic
printer cellar
start_cups
queue hall
queue cellar ppd
DRIVERLESS_OPTIONS=-2 start_driverless attic
export CUPS_SERVER=127.0.0.1:${cups_port[cups]}
CLIENT_SETTINGS="[printer attic]
uri = $(printer_uri attic)"
for kind in gray color lineart; do SIZE='--width 300 --height 420' scanner $kind 2 $kind; done
start_serviced
start_clientd
enroll
run 0 ctl units --refresh
cd "$work" || exit 99

# sheets PRINTER COUNT: so many have come out since the last look, into sheet[1], sheet[2] …
declare -A seen=()
sheets() {
    local all
    mapfile -t all < <(printer_sheets "$1")
    sheet=("" "${all[@]:${seen[$1]:-0}}")
    seen[$1]=${#all[@]}
    [ $((${#sheet[@]} - 1)) = "$2" ] || fail "$((${#sheet[@]} - 1)) sheets came out of $1, not $2"
}
# logs PRINTER WORD VALUES: as the printer was asked, sheet by sheet, those that came out last
logs() {
    local values
    values=$(sed -n "s/^out sheet=.* $2=\\([^ ]*\\) .*/\\1/p" "$work/$1/log" | tail -n "$(wc -w <<<"$3")" | paste -sd ' ')
    [ "$values" = "$3" ] || fail "$1 was asked for the $2 '$values', not '$3'"
}
pages_of() { pdfinfo "$1" | sed -n 's/^Pages: *//p'; }
size_of() { pdfinfo "$1" | sed -n 's/^Page size: *\([0-9.]*\) x \([0-9.]*\) .*/\1 x \2/p'; }
# same_look DOCUMENT PAGE SHEET [SIDE]: text and pixels
same_look() {
    local side=${4:-1}
    qpdf --check "$3" >"$out" 2>&1 || fail "qpdf finds fault with $3"
    cmp -s <(pdftotext -f "$2" -l "$2" "$1" -) <(pdftotext -f "$side" -l "$side" "$3" -) || fail "page $2 of $1 has another text in $3"
    cmp -s <(pdftoppm -r 50 -cropbox -f "$2" -l "$2" "$1") <(pdftoppm -r 50 -cropbox -f "$side" -l "$side" "$3") ||
        fail "page $2 of $1 looks different in $3"
}
# What the sheets are, in the numbers of their pages: "1+2 3": two on the first, one on the second.
numbers() {
    local each
    for each in "${sheet[@]:1}"; do
        pdftotext "$each" - | sed -n 's/.*This is page \([0-9]*\).*/\1/p' | paste -sd +
    done | paste -sd ' '
}
come_out() {
    sheets "$1" "$(wc -w <<<"$2")"
    [ "$(numbers)" = "$2" ] || fail "the sheets of $1 are '$(numbers)', not '$2'"
}
python3 "$source_dir/tests/rig/hostile_pdf.py" shared shared.pdf 7
python3 "$source_dir/tests/rig/hostile_pdf.py" plain plain.pdf 5

step "1. A PDF whose pages share fonts, images, forms and patterns: each page is the one that was sent"
run 0 ctl print --printer hall shared.pdf
sheets hall 7
for page in 1 2 3 4 5 6 7; do same_look shared.pdf $page "${sheet[page]}"; done
run 0 sctl print one/attic --pages 2-4 shared.pdf
sheets attic 3
for page in 2 3 4; do same_look shared.pdf $page "${sheet[page - 1]}"; done

step "2. A text with letters of three alphabets, and a PDF with the fonts that it was given"
printf 'Grüße, Ελλάδα, Москва\n%s\n\fthe end\n' "$(seq 1 30)" >letter.txt
run 0 ctl print --printer hall letter.txt
sheets hall 2
for words in Grüße Ελλάδα Москва 30; do
    pdftotext "${sheet[1]}" - | grep -qw "$words" || fail "'$words' is not in the text"
done
pdftotext "${sheet[2]}" - | grep -qx 'the end' || fail "the second page is another"
[ "$(pdffonts "${sheet[1]}" | tail -n +3 | awk '{ print $(NF - 4) }' | sort -u)" = yes ] || fail "a font is not embedded"
qpdf --empty --object-streams=generate --pages "${sheet[@]:1}" -- fonts.pdf
run 0 ctl print --printer attic fonts.pdf
sheets attic 2
for page in 1 2; do same_look fonts.pdf $page "${sheet[page]}"; done

step "3. Pictures: a JPEG as it is, a PNG and three images of a TIFF sample by sample"
color=$(ls color/pages/*1.pnm) grays=(gray/pages/*.pnm)
pnmtojpeg -quality 90 "$color" >photo.jpg && pnmtopng -quiet "$color" >chart.png || exit 99
faxed=("${grays[@]}" "$color")
for page in 1 2 3; do pnmtotiff -quiet -none "${faxed[page - 1]}" >$page.tif 2>/dev/null || exit 99; done
tiffcp -c lzw [123].tif fax.tif || exit 99
run 0 ctl print --printer hall photo.jpg chart.png fax.tif
sheets hall 5
pdfimages -j "${sheet[1]}" photo && cmp -s photo-000.jpg photo.jpg || fail "the JPEG did not arrive unchanged"
same_pages "${sheet[2]}" "$color"
for page in 1 2 3; do same_pages "${sheet[page + 2]}" "${faxed[page - 1]}"; done

step "4. Scanned in grey, colour and lineart, archived, and printed: the samples that the scanner read"
for kind in gray color lineart; do
    run 0 ctl scan --scanner rig:$kind --source adf --mode $kind --title "scan in $kind"
    number=$(ctl --json documents | jq "[.[] | select(.title == \"scan in $kind\")][0].id")
    pages=($kind/pages/*.pnm)
    for printer in hall attic; do
        run 0 ctl print --printer $printer "$number"
        sheets $printer 2
        [ "$(printer_titles $printer | tail -n 1)" = "scan in $kind (2/2)" ] || fail "the title at the printer is $(printer_titles $printer | tail -n 1)"
        for page in 1 2; do same_pages "${sheet[page]}" "${pages[page - 1]}"; done
    done
done
run 0 sctl print one/hall --sides long "$number"
sheets hall 1
same_pages "${sheet[1]}" "${pages[@]}"

step "5. Both sides of a sheet go together; an odd page has no back, and copies begin on a sheet of their own"
for edge in long short; do
    run 0 ctl print --printer attic --sides $edge plain.pdf
    come_out attic '1+2 3+4 5'
    logs attic sides "two-sided-$edge-edge two-sided-$edge-edge one-sided"
    says 'is completed: 3 of 3 sheets printed'
done
run 0 ctl print --printer attic --sides long --copies 2 --pages 2-4 plain.pdf
come_out attic '2+3 4 2+3 4'
run 0 ctl print --printer attic --sides one --pages 5 --copies 3 plain.pdf
come_out attic '5 5 5'
logs attic sides 'one-sided one-sided one-sided'
run 0 ctl print --printer hall --sides long --pages 1,3- plain.pdf
come_out hall '1+3 4+5'

step "6. Paper and colours: the printer is asked for them, and the sheets have that size"
run 0 ctl print --printer attic --media legal --color gray letter.txt
sheets attic 2
logs attic media 'na_legal_8.5x14in na_legal_8.5x14in'
logs attic color 'monochrome monochrome'
[ "$(size_of "${sheet[1]}")" = '612 x 1008' ] || fail "the paper is $(size_of "${sheet[1]}")"
run 0 ctl print --printer cellar --media letter --color color plain.pdf
sheets cellar 5
logs cellar media 'na_letter_8.5x11in na_letter_8.5x11in'
logs cellar color 'color color'
run 0 ctl print --printer cellar --media a4 --color gray --sides short plain.pdf
sheets cellar 3
logs cellar color 'monochrome monochrome monochrome'
logs cellar sides 'two-sided-short-edge two-sided-short-edge one-sided'

step "7. Fit, and which way up: a picture and a text on landscape paper, a page made smaller"
run 0 ctl print --printer hall --orientation landscape --media a4 letter.txt
sheets hall 2
[ "$(size_of "${sheet[1]}")" = '841.89 x 595.276' ] || fail "the text stands on $(size_of "${sheet[1]}")"
run 0 ctl print --printer hall --orientation portrait --media a4 chart.png
sheets hall 1
[ "$(size_of "${sheet[1]}")" = '595.276 x 841.89' ] || fail "the picture stands on $(size_of "${sheet[1]}")"
same_pages "${sheet[1]}" "$color"
run 0 ctl print --printer hall --fit --media a5 --pages 1 shared.pdf
sheets hall 1
[ "$(size_of "${sheet[1]}")" = '419.528 x 595.276' ] || fail "the page was fitted to $(size_of "${sheet[1]}")"
cmp -s <(pdftotext -f 1 -l 1 shared.pdf -) <(pdftotext "${sheet[1]}" -) || fail "the text of the fitted page is another"
run 0 ctl print --printer hall --no-scaling --media a5 --pages 1 shared.pdf
sheets hall 1
same_look shared.pdf 1 "${sheet[1]}"

# jam_at SHEET: of the job that comes next
jam_at() { printer_fault "$1" "sheet=$(($(printer_out "$1") + $2)) when=before do=jam"; }
step "8. A jam in the second copy of a range, on both sides: the account is of sheets, and each comes out once"
jam_at attic 5
run 3 ctl print --printer attic --sides long --copies 3 --pages 1-3,5 plain.pdf
number=$(ctl --json jobs | jq -r '.[-1].id')
expect_job "$number" .phase.page 5
expect_job "$number" .pages.total 6
come_out attic '1+2 3+5 1+2 3+5'
printer_clear attic
run 0 ctl restart "$number" --manner resume
come_out attic '1+2 3+5'
expect_job "$number" .state completed
jam_at hall 5
run 3 ctl print --printer hall --copies 2 --pages 2-4 plain.pdf
number=$(ctl --json jobs | jq -r '.[-1].id')
expect_job "$number" .phase.step uncertain
expect_job "$number" .phase.page 5
come_out hall '2 3 4 2'
printer_clear hall
run 0 ctl restart "$number" --manner resume
come_out hall '3 4'
expect_job "$number" .state completed

step "9. Nothing is left behind"
for printer in hall cellar attic; do [ -z "$(printer_jobs $printer)" ] || fail "jobs are left at $printer"; done
wait_until "the spool is empty" sh -c "[ -z \"\$(ls '$work/client-one/spool')\" ]"
wait_until "the server keeps no blocks" sh -c "[ -z \"\$(find '$work/server/pages' -name '*.pdf')\" ]"
cd "$build" || exit 99
stop clientd-one
stop serviced
