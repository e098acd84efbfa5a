#!/bin/bash
# A client that was written from doc/protocol.md alone, in another language, works with the server.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || exit 77

step "1. It enrols, sends half a page, loses its connection, and goes on at that byte"
start_serviced
mkdir "$work/another"
run 0 timeout 60 python3 "$source_dir/tests/e2e/another_client.py" \
    "$(sctl client add another --address "127.0.0.1:$port")" "$work/another"
says 'the page went on at byte'

step "2. The document is there"
expect_job 1 .state completed
run 0 qpdf --check "$(the_document)"
stop serviced
