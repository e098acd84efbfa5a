#!/bin/bash
# Every kind of page, through every kind of document: what comes out is what the scanner served, sample by sample.
. "$(dirname "$0")/lib.sh"

scanner one 0
start_serviced
start_clientd
enroll
device=$work/one

# stack PAGES KIND [OPTION…]: other paper in the scanner, in the array `pages`
stack() {
    local count=$1 kind=$2
    shift 2
    rm -f "$device"/pages/* "$device/glass" "$device/options"
    "$operator" make-pages "$device/pages" "$count" --kind "$kind" --width 420 --height 594 || exit 99
    "$operator" load "$device"
    [ $# = 0 ] || printf '%s\n' "$@" >"$device/options"
    : >"$device/log"
    pages=("$device"/pages/*.pnm)
}

# scan OPTION…: the document's files are in the array `parts`
scan() {
    local before
    before=$(archived)
    run 0 ctl scan --resolution 300 "$@"
    mapfile -t parts < <(comm -13 <(echo "$before") <(archived))
    [ ${#parts[@]} -gt 0 ] || fail "there is no document"
}

# pdfimages gives 8 of 16 bits: the samples are taken out of the file as they are
same_pages_of_16_bits() {
    local object n=0
    qpdf --check "$1" >"$out" 2>&1 || fail "qpdf finds fault with $1"
    rm -rf "$work/images" && mkdir "$work/images"
    for object in $(pdfimages -list "$1" | awk 'NR > 2 {print $11}'); do
        n=$((n + 1))
        qpdf --show-object="$object" --filtered-stream-data --decode-level=generalized "$1" \
            >"$(printf '%s/images/%03d.raw' "$work" $n)"
    done
    "$operator" compare "${pages[@]}" -- "$work"/images/*.raw >"$out" 2>&1 || fail "the pages of $1 differ"
}

step "1. Ten pages in grey, in colour, in black and white"
for kind in gray color lineart; do
    stack 10 $kind
    scan --source adf --mode $kind --title "ten $kind"
    same_pages "${parts[0]}" "${pages[@]}"
    [ "$(fed one 10)" = 1 ] || fail "sheet 10 was not fed once"
done

step "2. 16 bits a sample, grey and colour"
stack 10 gray16
scan --source adf --mode gray --depth 16
same_pages_of_16_bits "${parts[0]}"
stack 10 color16
scan --source adf --mode color --depth 16
same_pages_of_16_bits "${parts[0]}"

step "3. Both sides of five sheets, in the order of reading"
stack 10 gray
scan --source adf-duplex --mode gray
same_pages "${parts[0]}" "${pages[@]}"
[ "$(fed one 5) $(fed one 6)" = '1 0' ] || fail "not five sheets went through"

step "4. A feeder that does not say before how long a page is"
stack 10 gray unknown-height=1
scan --source adf --mode gray
same_pages "${parts[0]}" "${pages[@]}"
stack 3 lineart unknown-height=1
scan --source adf --mode lineart
same_pages "${parts[0]}" "${pages[@]}"
stack 2 color three-pass=1
scan --source flatbed --mode color
same_pages "${parts[0]}" "${pages[0]}"

step "5. The glass: one page, and no sheet moves"
stack 3 gray
echo 002.pnm >"$device/glass"
scan --source flatbed --mode gray
same_pages "${parts[0]}" "${pages[1]}"
! grep -q '^fed ' "$device/log" || fail "a sheet has moved"

step "6. --pages 4 of ten: the rest of the stack stays in the feeder"
stack 10 gray
scan --source adf --mode gray --pages 4
same_pages "${parts[0]}" "${pages[@]:0:4}"
[ "$("$operator" fed "$device")" = 4 ] || fail "$("$operator" fed "$device") sheets have gone in"
scan --source adf --mode gray
same_pages "${parts[0]}" "${pages[@]:4}"

step "7. --pages 12 of ten: ten"
stack 10 gray
scan --source adf --mode gray --pages 12
same_pages "${parts[0]}" "${pages[@]}"

step "8. --pages 2 from the glass: it stops for the second page, and goes on"
stack 2 gray
run 3 ctl scan --source flatbed --mode gray --pages 2 --title glass
says 'Put the next page on the glass'
number=$(ctl --json jobs | jq -r '.[-1].id')
wait_until "page 1 is stored" job_is "$number" .pages.stored 1
expect_job "$number" .error.code media-needed
expect_job "$number" .phase.page 2
expect_job "$number" '.pages.uncertain | length' 0
echo 002.pnm >"$device/glass"
run 0 ctl restart "$number" --manner resume
same_pages "$(find "$work/archive" -name '*-glass.pdf')" "${pages[@]}"

step "9. PNG: a file a page; TIFF: one with all"
stack 4 color
scan --source adf --mode color --format png --title 'as images'
[ ${#parts[@]} = 4 ] || fail "${#parts[@]} files"
"$operator" compare "${pages[@]}" -- "${parts[@]}" >"$out" 2>&1 || fail "the images differ"
png=("${parts[@]}")
for kind in gray color lineart; do
    stack 4 $kind
    scan --source adf --mode $kind --format tiff --title "tiff $kind"
    [ ${#parts[@]} = 1 ] || fail "${#parts[@]} files"
    same_pages "${parts[0]}" "${pages[@]}"
done
for format in png tiff; do
    stack 2 color16
    scan --source adf --mode color --depth 16 --format $format
    "$operator" compare "${pages[@]}" -- "${parts[@]}" >"$out" 2>&1 || fail "the images of 16 bits differ"
    stack 2 lineart
    scan --source adf --mode lineart --format $format
    "$operator" compare "${pages[@]}" -- "${parts[@]}" >"$out" 2>&1 || fail "the black and white images differ"
done

step "10. JPEG: smaller, of the right size, near what was on the page; black and white stays exact"
for kind in gray color; do
    stack 3 $kind
    scan --source adf --mode $kind --title "small $kind" --codec jpeg
    qpdf --check "${parts[0]}" >"$out" 2>&1 || fail "qpdf finds fault with ${parts[0]}"
    rm -rf "$work/images" && mkdir "$work/images"
    pdfimages -list "${parts[0]}" >"$out"
    [ "$(grep -c ' jpeg ' "$out")" = 3 ] || fail "not three JPEG pages"
    pdfimages -png "${parts[0]}" "$work/images/p" || fail "the pages cannot be decoded"
    "$operator" compare --near 6 "${pages[@]}" -- "$work"/images/p-*.png >"$out" 2>&1 || fail "not near the original"
    ! "$operator" compare --near 6 "${pages[1]}" "${pages[2]}" "${pages[0]}" -- "$work"/images/p-*.png >"$out" 2>&1 ||
        fail "any page is near enough"
    small=${parts[0]}
done
"$operator" load "$device"
scan --source adf --mode color
[ "$(stat -c %s "$small")" -lt "$(stat -c %s "${parts[0]}")" ] || fail "JPEG is not smaller"
stack 1 lineart
scan --source adf --mode lineart --codec jpeg
says 'JPEG cannot hold black and white: the pages are kept as CCITT G4'
pdfimages -list "${parts[0]}" >"$out"
says ' ccitt '
same_pages "${parts[0]}" "${pages[@]}"
"$operator" load "$device"
scan --source adf --mode lineart
! grep -q JPEG "$out" || fail "JPEG is spoken of, and nobody has asked for it"

step "11. What the PDF says about itself"
stack 2 gray
scan --source adf --mode gray --title 'Prüfung (Teil 2): "Ende" \ 終'
pdfinfo -isodates "${parts[0]}" >"$out"
says '^Title: +Prüfung \(Teil 2\): "Ende" \\ 終$'
says '^Pages: +2$'
says '^Page size: +100\.8 x 142\.56 pts'
created=$(sed -n 's/^CreationDate: *//p' "$out")
age=$(($(date +%s) - $(date -d "$created" +%s)))
[ $age -ge 0 ] && [ $age -lt 60 ] || fail "created $age s ago, at $created"
case ${parts[0]} in
"$work/archive/$(date -u +%F)/one-"*"-Prüfung"*.pdf) ;;
*) fail "the file is called ${parts[0]}" ;;
esac

step "12. documents: a list of all; fetch: the bytes of the archive"
run 0 ctl --json documents
pdf=$(jq -r '[.[] | select(.title == "ten gray")][0].id' "$out")
images=$(jq -r '[.[] | select(.title == "as images")][0].id' "$out")
[ "$(jq -r ".[] | select(.id == $pdf) | \"\(.client) \(.pages) \(.parts)\"" "$out")" = 'one 10 1' ] || fail "the list is wrong"
[ "$(jq -r ".[] | select(.id == $images) | \"\(.pages) \(.parts)\"" "$out")" = '4 4' ] || fail "the list is wrong"
run 0 ctl documents
says 'one-1-ten-gray.pdf$'
says "one-$images-as-images-001.png and 3 more$"
grep -q "job $images is closed.*/one-$images-as-images-001.png and 3 more" "$work/clientd-one.log" || fail "the log names another file"
run 0 ctl --json documents
[ -f "$work/archive/$(jq -r ".[] | select(.id == $images).name" "$out")" ] || fail "there is no such file in the archive"
archived_pdf=$(find "$work/archive" -name '*-ten-gray.pdf')
run 0 ctl fetch "$pdf" -o "$work/fetched.pdf"
cmp "$work/fetched.pdf" "$archived_pdf" || fail "other bytes have arrived"
ctl fetch "$pdf" -o - | cmp - "$archived_pdf" || fail "other bytes have arrived at standard output"
mkdir "$work/fetched"
run 0 ctl fetch "$images" -o "$work/fetched"
for part in "${png[@]}"; do cmp "$part" "$work/fetched/$(basename "$part")" || fail "$(basename "$part") differs"; done
[ "$(find "$work/fetched" -type f | wc -l)" = 4 ] || fail "there are other files, too"
run 2 ctl fetch "$images" -o -
run 1 ctl fetch 99999
says 'no document 99999'

step "13. At the server: export and delete"
run 0 sctl export "$pdf" -o "$work/exported.pdf"
cmp "$work/exported.pdf" "$archived_pdf" || fail "other bytes were exported"
rm "${png[1]}" # by somebody else: the rest goes all the same
run 0 sctl delete "$images"
for part in "${png[@]}"; do [ ! -e "$part" ] || fail "$part is still there"; done
run 1 ctl fetch "$images" -o "$work/fetched"
run 1 sctl delete "$images"
says 'no '
cmp "$work/exported.pdf" "$archived_pdf" || fail "another document was deleted"
run 0 ctl --json documents
[ "$(jq "[.[] | select(.id == $images)] | length" "$out")" = 0 ] || fail "the deleted document is listed"

step "14. Orderly end"
stop clientd-one
stop serviced
