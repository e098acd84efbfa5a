# The end-to-end stories. Each is a test of its own; lib.sh has what they share.
E2E_TESTS = \
  tests/e2e/10-reading-unit.sh \
  tests/e2e/20-jam-and-every-manner.sh \
  tests/e2e/50-hostile-peers.sh \
  tests/e2e/60-clear-errors.sh \
  tests/e2e/70-clean-shutdown.sh
TESTS += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/lib.sh $(E2E_TESTS)
