# Each folder of tests brings its own list.
include tests/unit/local.mk
include tests/fuzz/local.mk
include tests/rig/local.mk
include tests/sim/local.mk
include tests/e2e/local.mk

TESTS += tests/test_protocol_doc.sh
EXTRA_DIST += tests/test_protocol_doc.sh doc/protocol.md
