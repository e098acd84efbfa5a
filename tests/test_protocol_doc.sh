#!/bin/sh
# The frame chapter of doc/protocol.md is what the frame table says. To bring it up to date:
#   tests/test_protocol_doc.sh --update
set -eu
document=${srcdir:-.}/doc/protocol.md
made=$(mktemp)
trap 'rm -f "$made"' EXIT

awk '{ print } $0 == "<!-- frames: begin -->" { exit }' "$document" > "$made"
./wire/frame_manual >> "$made"
awk '$0 == "<!-- frames: end -->" { on = 1 } on { print }' "$document" >> "$made"
grep -q '^<!-- frames: begin -->$' "$made" && grep -q '^<!-- frames: end -->$' "$made" || {
    echo "doc/protocol.md has lost its markers" >&2
    exit 1
}
if [ "${1:-}" = --update ]; then
    cat "$made" > "$document"
else
    diff -u "$document" "$made"
fi
