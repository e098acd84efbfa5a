#!/bin/bash
# Documents are taken apart into sheets by the real splitting unit: what comes out is what was put in, and what is
# not a document, or is meant to do harm, is refused with a sentence that says why.
. "$(dirname "$0")/lib.sh"
driver=$build/tests/rig/split-driver
make_pdf=$source_dir/tests/rig/hostile_pdf.py
blocks=$work/blocks
cd "$work" || exit 99

# split CODE FILE [OPTION=VALUE]…: into $blocks
split() {
    local code=$1
    shift
    rm -rf "$blocks" && mkdir "$blocks"
    run "$code" timeout 120 "$driver" "$build/serviced/units" "$blocks" "$@"
    ! grep -qE 'ERROR: .*Sanitizer|runtime error:' "$out" || fail "a sanitizer spoke"
}
# refused KEYWORD SENTENCE FILE [OPTION=VALUE]…: and nothing half-made lies about
refused() {
    local keyword=$1 sentence=$2
    shift 2
    split 1 "$@"
    says "^end $keyword: $sentence\$"
    [ -z "$(find "$blocks" -name '.*' -type f)" ] || fail "temporary files are left over"
}
block() { printf '%s/%06d.pdf' "$blocks" "$1"; }
blocks_are() { [ "$(ls "$blocks" | wc -l)" = "$1" ] || fail "there are $(ls "$blocks" | wc -l) blocks, not $1"; }
pages_of() { pdfinfo "$1" | sed -n 's/^Pages: *//p'; }
size_of() { pdfinfo "$1" | sed -n 's/^Page size: *\([0-9.]*\) x \([0-9.]*\) .*/\1 x \2/p'; }
whole() { qpdf --check "$1" >"$work/check" 2>&1 || { cat "$work/check" >>"$out" && fail "qpdf finds fault with $1"; }; }

# same_look DOCUMENT PAGE BLOCK PAGE: text and pixels
same_look() {
    cmp -s <(pdftotext -f "$2" -l "$2" "$1" -) <(pdftotext -f "$4" -l "$4" "$3" -) || fail "page $2 of $1 has another text"
    cmp -s <(pdftoppm -r 40 -cropbox -f "$2" -l "$2" "$1") <(pdftoppm -r 40 -cropbox -f "$4" -l "$4" "$3") ||
        fail "page $2 of $1 looks different"
}

step "a PDF whose pages share and inherit everything: each block is its page"
python3 "$make_pdf" shared shared.pdf 7
split 0 shared.pdf
says '^document kind=pdf pages=7 chosen=7 sheets=7 title=A shared document$'
says '^block 000007.pdf front=7 back=0 '
blocks_are 7
for page in 1 2 3 4 5 6 7; do
    whole "$(block $page)"
    same_look shared.pdf $page "$(block $page)" 1
    [ "$(qpdf --qdf "$(block $page)" - | grep -ac '/Subtype /Image')" = 1 ] || fail "block $page has images of other pages"
done
for name in $(ls "$blocks"); do
    grep -q "^block $name .* length=$(stat -c %s "$blocks/$name") digest=$(sha256sum "$blocks/$name" | cut -d' ' -f1)$" "$out" ||
        fail "length or digest of $name are not those of the file"
done
python3 "$make_pdf" layers layers.pdf && pdftoppm -r 20 layers.pdf layers
[ "$(pnmtoplainpnm layers-1.ppm | tail -n +4 | tr -s ' ' '\n' | grep -cx 0)" -gt 3000 ] || exit 99
split 0 layers.pdf && same_look layers.pdf 1 "$(block 1)" 1
split 0 shared.pdf
cp -r "$blocks" first && split 0 shared.pdf && diff -r first "$blocks" || fail "the same document gave other blocks"

step "two sides: a sheet is two pages, and a range keeps its count"
split 0 shared.pdf sides=two pages=1-3,6-
says '^document kind=pdf pages=7 chosen=5 sheets=3 '
says '^block 000002.pdf front=3 back=6 '
says '^block 000003.pdf front=7 back=0 '
blocks_are 3
same_look shared.pdf 3 "$(block 2)" 1
same_look shared.pdf 6 "$(block 2)" 2
[ "$(pages_of "$(block 3)")" = 1 ] || fail "the last sheet has a back"
refused bad-request "there is no page 8: the document has 7 pages" shared.pdf pages=1-8
refused bad-request "the page range '3-1' runs backwards" shared.pdf pages=3-1
refused bad-request "there is no paper 'postage'; known are a3, .*" shared.pdf media=postage
refused limit-exceeded "the PDF declares 7 pages; at most 6 are allowed" shared.pdf page-limit=6
refused limit-exceeded "the sheets up to page 1 take more than the 0 MB that are allowed" shared.pdf byte-limit=1000

step "fitted to the paper: turned as the page is, its text and fields still there"
split 0 shared.pdf fit=yes media=na_letter_8.5x11in
for page in 1 2 3; do
    whole "$(block $page)"
    [ "$(size_of "$(block $page)")" = "612 x 792" ] || fail "page $page is $(size_of "$(block $page)")"
    pdftotext "$(block $page)" - | grep -q "This is page $page of the document" || fail "the text of page $page is lost"
    # The field is green where it was: something green is on the page.
    pdftoppm -r 20 "$(block $page)" | pnmtoplainpnm | tr -s ' \n' '\n\n' | tail -n +5 | paste - - - | grep -qP '^0\t15[0-9]\t0$' ||
        fail "the field of page $page is lost"
done

# On paper of half the size it looks the same at twice the resolution.
split 0 shared.pdf fit=yes media=custom_104.9513889x148.5194444mm
for page in 1 2; do
    cmp -s <(pdftoppm -r 40 -f $page -l $page shared.pdf) <(pdftoppm -r 80 "$(block $page)") ||
        fail "page $page is not in its place when it is fitted"
done

step "text, with the fonts that its letters need"
{
    printf '\xef\xbb\xbfGrüße, Ελλάδα, Москва\r\n\tindented\n'
    seq 1 200
    printf '\fafter a form feed\n%s\nthe end' "$(printf 'long %.0s' $(seq 1 400))"
} >text.txt
split 0 text.txt
says '^document kind=text pages=5 chosen=5 sheets=5 '
whole "$(block 1)"
[ "$(size_of "$(block 1)")" = "595.276 x 841.89" ] || fail "the paper is $(size_of "$(block 1)")"
for words in Grüße Ελλάδα Москва indented; do
    pdftotext "$(block 1)" - | grep -q "$words" || fail "'$words' is not in the text"
done
[ "$(pdffonts "$(block 1)" | tail -n +3 | awk '{ print $(NF - 4) }' | sort -u)" = yes ] || fail "a font is not embedded"
numbers=$(for page in 1 2 3 4; do pdftotext -layout "$(block $page)" -; done | tr -d ' \f' | grep -xE '[0-9]+')
[ "$numbers" = "$(seq 1 200)" ] || fail "lines are lost or doubled between the pages"
pdftotext "$(block 5)" - | head -n 1 | grep -q 'after a form feed' || fail "the form feed begins no page"
[ "$(pdftotext "$(block 5)" - | grep -o long | wc -l)" = 400 ] || fail "a long line is cut"
split 0 text.txt pages=2,5 sides=two
blocks_are 1
pdftotext -f 2 "$(block 1)" - | grep -q 'the end' || fail "page 5 is not on the back"
head -c 100000 /dev/zero | tr '\0' x >one-line.txt && split 0 one-line.txt
[ "$(for block in "$blocks"/*; do pdftotext "$block" -; done | tr -cd x | wc -c)" = 100000 ] || fail "a line of 100,000 letters is cut"

step "a PDF with embedded fonts, made of those blocks, is taken apart again"
split 0 text.txt && qpdf --empty --object-streams=generate --pages "$blocks"/*.pdf -- fonts.pdf
split 0 fonts.pdf sides=two
whole "$(block 1)"
same_look fonts.pdf 1 "$(block 1)" 1
same_look fonts.pdf 2 "$(block 1)" 2
same_look fonts.pdf 5 "$(block 3)" 1

step "images: JPEG unchanged, PNG and TIFF sample by sample"
"$operator" make-pages color 1 --kind color --width 300 --height 200 && "$operator" make-pages gray 1 --kind gray --width 200 --height 300 &&
    "$operator" make-pages lineart 3 --kind lineart --width 420 --height 594 || exit 99
color=$(ls color/*) gray=$(ls gray/*)
pnmtojpeg "$color" >color.jpg && pnmtopng -quiet "$color" >color.png && pnmtopng -quiet "$gray" >gray.png &&
    pnmtopng -quiet -interlace "$color" >interlaced.png && pnmtojpeg -progressive "$gray" >progressive.jpg || exit 99
split 0 color.jpg
says '^document kind=jpeg pages=1 chosen=1 sheets=1 '
whole "$(block 1)"
[ "$(size_of "$(block 1)")" = "841.89 x 595.276" ] || fail "the image is not turned with its paper: $(size_of "$(block 1)")"
pdfimages -j "$(block 1)" image && cmp -s image-000.jpg color.jpg || fail "the JPEG did not go unchanged"
split 0 color.jpg turn=portrait media=letter
[ "$(size_of "$(block 1)")" = "612 x 792" ] || fail "the paper is $(size_of "$(block 1)")"
split 0 progressive.jpg
for name in color interlaced gray; do
    split 0 $name.png
    [ $name = gray ] && sample=$gray || sample=$color
    same_pages "$(block 1)" "$sample"
done
python3 - <<'END' || exit 99
import struct, zlib
def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
def png(name, depth, row):
    head = struct.pack('>IIBBBBB', 16, 16, depth, 6, 0, 0, 0)
    open(name, 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress((b'\0' + row) * 16)) + chunk(b'IEND', b''))
# Red that cannot be seen, black that is half there, green.
png('clear8.png', 8, b'\xff\0\0\0' * 8 + b'\0\0\0\x80' * 4 + b'\0\xff\0\xff' * 4)
png('clear16.png', 16, b'\xff\xff\0\0\0\0\0\0' * 8 + b'\0\0\0\0\0\0\x80\x80' * 4 + b'\0\0\xff\xff\0\0\xff\xff' * 4)
open('clear.ppm', 'wb').write(b'P6 16 16 255\n' + (b'\xff' * 24 + b'\x7f' * 12 + b'\0\xff\0' * 4) * 16)
END
for name in clear8 clear16; do split 0 $name.png && same_pages "$(block 1)" clear.ppm; done
for page in lineart/*; do pnmtotiff -quiet -g4 "$page" >"$page.tif" 2>/dev/null || exit 99; done
tiffcp -c g4 lineart/*.tif lineart.tif && rm lineart/*.tif
split 0 lineart.tif sides=two
says '^document kind=tiff pages=3 chosen=3 sheets=2 '
qpdf --empty --pages "$blocks"/*.pdf -- lineart.pdf
same_pages lineart.pdf lineart/*
pdfimages -list lineart.pdf | grep -q ccitt || fail "lineart is not kept as g4"
for form in '-c none' '-c lzw -t' '-c jpeg -r 16'; do
    # shellcheck disable=SC2086 # words of ours
    pnmtotiff -quiet -none "$color" >color.tif 2>/dev/null && tiffcp $form color.tif form.tif || exit 99
    split 0 form.tif
    case $form in
    *jpeg*) ;;
    *) same_pages "$(block 1)" "$color" ;;
    esac
done

step "a photograph that was taken upright comes out upright"
python3 - <<'END' || exit 99
jpeg = open('color.jpg', 'rb').read()
for turn in range(1, 9):
    exif = b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0' + bytes([turn]) + b'\0\0\0\0\0\0'
    open('turn%d.jpg' % turn, 'wb').write(jpeg[:2] + b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif + jpeg[2:])
END
# What puts each of the eight right, in the words of pamflip.
turns=(- -null -leftright -rotate180 -topbottom -transpose -rotate270 -xform=leftright,topbottom,transpose -rotate90)
for turn in 1 2 3 4 5 6 7 8; do
    split 0 turn$turn.jpg
    pdftoppm -r 30 "$(block 1)" is.$turn && jpegtopnm -quiet color.jpg | pamflip ${turns[$turn]} >upright.ppm
    pnmtojpeg -quality 100 upright.ppm >upright.jpg && split 0 upright.jpg && pdftoppm -r 30 "$(block 1)" wanted
    "$operator" compare --near 8 wanted-1.ppm -- is.$turn-1.ppm >"$out" 2>&1 || fail "orientation $turn comes out wrong"
done

step "what is no document"
: >empty.pdf && refused unsupported-document-format 'the file is empty' empty.pdf
cp "$build/serviced/units/splitting_unit" program.pdf
[ "$(head -c 4 program.pdf | tr -d '\177')" = ELF ] || cp /bin/ls program.pdf
refused unsupported-document-format 'the file is a program, which cannot be printed' program.pdf
head -c 5000 /dev/urandom | tr 'a-zA-Z%' '\200-\263' >noise.pdf
refused unsupported-document-format 'the file is .*' noise.pdf
printf 'text with a \001 in it' >control.txt
refused unsupported-document-format '.*UTF-8 text \(byte 13 is none of a text\)' control.txt
printf '%%!PS-Adobe-3.0\n' >page.ps && refused unsupported-document-format 'the file is PostScript, which .*' page.ps
printf 'PK\003\004....' >letter.docx && refused unsupported-document-format 'the file is an office document .*' letter.docx
mkdir folder.pdf && refused unsupported-document-format 'the document is not a file' folder.pdf
refused storage-error 'the document cannot be opened: No such file or directory' nothing.pdf

step "PDFs that are locked"
qpdf --encrypt user owner 256 -- shared.pdf locked.pdf && refused document-password-error 'the PDF opens with a password only' locked.pdf
qpdf --encrypt '' owner 256 --print=none -- shared.pdf forbidden.pdf
refused document-permission-error 'the author of the PDF has forbidden printing it' forbidden.pdf
qpdf --encrypt '' owner 256 --print=full --modify=none -- shared.pdf allowed.pdf && split 0 allowed.pdf
! qpdf --is-encrypted "$(block 1)" || fail "a block is encrypted"
same_look shared.pdf 1 "$(block 1)" 1

step "PDFs that are damaged: repaired where nothing is lost, else refused"
sed 's/^startxref/startXref/' shared.pdf >no-table.pdf && split 0 no-table.pdf && same_look shared.pdf 2 "$(block 2)" 1
head -c 6000 shared.pdf >cut.pdf && refused document-format-error 'the PDF is damaged beyond repair: .*' cut.pdf
hostile() {
    local kind=$1
    shift
    # shellcheck disable=SC2086 # words of ours
    python3 "$make_pdf" $kind hostile.pdf ${PAGES:-1} && refused "$@" hostile.pdf
}
hostile missing-contents document-format-error 'the contents of page 2 are missing in the PDF'
hostile missing-page document-format-error '(page 2 is missing in the PDF|page 2 of the PDF .*|.*declares 2 pages but has 1.*)'
hostile damaged-contents document-format-error 'the contents of page 1 are damaged.*'
hostile no-pages document-format-error 'the PDF has no pages'
hostile no-size document-format-error 'page 1 of the PDF has no size'
hostile words document-format-error 'page 1 of the PDF has no size'
hostile line document-format-error 'page 1 of the PDF has an impossible size: 595 x 0 points'
hostile giant document-format-error 'page 1 of the PDF has an impossible size: 1e\+06 x 1e\+06 points'

step "PDFs that are meant to do harm"
PAGES=100000 hostile declared limit-exceeded 'the PDF declares 100000 pages; at most 20000 are allowed'
PAGES=10000 hostile declared document-format-error 'the PDF declares 10000 pages but has 1'
python3 "$make_pdf" same-page hostile.pdf 30000 && sed -i 's/Count 30000/Count 1    /' hostile.pdf
refused limit-exceeded 'the document has 30000 pages; at most 20000 are allowed' hostile.pdf
python3 "$make_pdf" same-page hostile.pdf 100000 && sed -i 's/Count 100000/Count 1     /' hostile.pdf
refused limit-exceeded 'the PDF has more pages than are allowed' hostile.pdf
hostile circular-tree document-format-error 'the page tree of the PDF is circular, or deeper than 64 levels'
PAGES=200000 hostile deep-tree document-format-error 'the page tree of the PDF is circular, or deeper than 64 levels'
hostile bomb limit-exceeded 'the contents of page 1 unpack to more than 256 MB'
[ "$(sed -n 's/^peak \([0-9]*\) KiB/\1/p' "$out")" -lt 500000 ] || fail "the bomb went off"
hostile bomb-in-a-form limit-exceeded 'something on page 1 unpacks to more than 256 MB'
hostile many-filters document-format-error 'the contents of page 1 are damaged'
hostile huge-image limit-exceeded 'something on page 1 unpacks to more than 256 MB'
python3 "$make_pdf" nested-arrays hostile.pdf
rm -rf "$blocks" && mkdir "$blocks"
timeout 60 "$driver" "$build/serviced/units" "$blocks" hostile.pdf >"$out" 2>&1
[ $? -le 1 ] || fail "nested arrays do harm"

step "images that are damaged or too large"
head -c 3000 color.jpg >cut.jpg && refused document-format-error 'the JPEG is damaged: Premature end of JPEG file' cut.jpg
head -c 3000 color.png >cut.png && refused document-format-error 'the PNG is damaged: .*' cut.png
head -c 300 lineart.tif >cut.tif && refused document-format-error 'image 1 of the TIFF is damaged: .*' cut.tif
python3 - <<'END' || exit 99
import struct, zlib
def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
open('giant.png', 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 200000, 200000, 8, 0, 0, 0, 0)) +
                              chunk(b'IDAT', zlib.compress(bytes(200001))) + chunk(b'IEND', b''))
END
refused limit-exceeded 'the PNG is 200000 x 200000 pixels, which cannot be printed' giant.png

step "a unit that is stuck is stopped, one that is not wanted any more is killed"
python3 "$make_pdf" plain many.pdf 1000
split 0 many.pdf cancel=3
says '^canceled$'
mkdir slow && printf '#!/bin/sh\nsleep 30\n' >slow/splitting_unit && chmod +x slow/splitting_unit
rm -rf "$blocks" && mkdir "$blocks"
run 1 timeout 20 "$driver" "$work/slow" "$blocks" shared.pdf watchdog-ms=1000
says '^end document-format-error: the document takes too long: no sheet was ready within 1 seconds$'

step "a full disk says so"
if [ "$(id -u)" = 0 ] && mkdir "$work/mnt-small" && mount -t tmpfs -o size=300k tmpfs "$work/mnt-small" 2>/dev/null; then
    run 1 timeout 60 "$driver" "$build/serviced/units" "$work/mnt-small" many.pdf
    says '^end spool-area-full: '
fi

step "1000 pages take no more memory than 50"
python3 "$make_pdf" plain few.pdf 50
split 0 few.pdf
few=$(sed -n 's/^peak \([0-9]*\) KiB/\1/p' "$out")
split 0 many.pdf
many=$(sed -n 's/^peak \([0-9]*\) KiB/\1/p' "$out")
blocks_are 1000
pdftotext "$(block 1000)" - | grep -qx 'This is page 1000' || fail "the last block is not the last page"
echo "  peak memory: $few KiB with 50 pages, $many KiB with 1000"
# Under sanitizers freed memory is held back for a while.
if ! grep -q '^SANITIZE_FLAGS = .*address' "$build/Makefile"; then
    [ "$many" -lt $((few + 6144)) ] || fail "memory grows with the pages"
fi
