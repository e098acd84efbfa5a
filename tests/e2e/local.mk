# The end-to-end stories. Each is a test of its own; lib.sh has what they share.
E2E_TESTS = \
  tests/e2e/10-reading-unit.sh \
  tests/e2e/20-jam-and-every-manner.sh \
  tests/e2e/21-every-kind-of-page.sh \
  tests/e2e/22-trouble-everywhere.sh \
  tests/e2e/23-the-uncertain-sheet.sh \
  tests/e2e/25-asked-on-the-terminal.sh \
  tests/e2e/33-a-unit-that-misbehaves.sh \
  tests/e2e/40-two-scanners-at-once.sh
TESTS += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/lib.sh $(E2E_TESTS)
