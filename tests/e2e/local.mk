# The end-to-end stories. Each is a test of its own; lib.sh has what they share.
E2E_TESTS = \
  tests/e2e/10-reading-unit.sh \
  tests/e2e/20-jam-and-every-manner.sh \
  tests/e2e/30-the-link-is-cut.sh \
  tests/e2e/31-the-link-is-down-for-longer.sh \
  tests/e2e/32-kill-at-random-moments.sh \
  tests/e2e/34-stopped-and-started.sh \
  tests/e2e/35-disk-full.sh
TESTS += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/lib.sh $(E2E_TESTS)
