# The end-to-end stories. Each is a test of its own; lib.sh has what they share.
E2E_TESTS =
E2E_TESTS += tests/e2e/10-reading-unit.sh
E2E_TESTS += tests/e2e/20-jam-and-every-manner.sh
E2E_TESTS += tests/e2e/21-every-kind-of-page.sh
E2E_TESTS += tests/e2e/22-trouble-everywhere.sh
E2E_TESTS += tests/e2e/23-the-uncertain-sheet.sh
E2E_TESTS += tests/e2e/30-the-link-is-cut.sh
E2E_TESTS += tests/e2e/31-the-link-is-down-for-longer.sh
E2E_TESTS += tests/e2e/32-kill-at-random-moments.sh
E2E_TESTS += tests/e2e/33-a-unit-that-misbehaves.sh
E2E_TESTS += tests/e2e/34-stopped-and-started.sh
E2E_TESTS += tests/e2e/35-disk-full.sh
E2E_TESTS += tests/e2e/36-power-loss-moments.sh
E2E_TESTS += tests/e2e/40-two-scanners-at-once.sh
E2E_TESTS += tests/e2e/90-demo.sh
TESTS += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/lib.sh $(E2E_TESTS)
