# Each folder of tests brings its own list.
include tests/unit/local.mk
include tests/rig/local.mk
include tests/sim/local.mk
