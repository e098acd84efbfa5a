# The end-to-end stories. Each is a test of its own; lib.sh has what they share.
E2E_TESTS =
E2E_TESTS += tests/e2e/10-reading-unit.sh
E2E_TESTS += tests/e2e/20-jam-and-every-manner.sh
E2E_TESTS += tests/e2e/21-every-kind-of-page.sh
E2E_TESTS += tests/e2e/22-trouble-everywhere.sh
E2E_TESTS += tests/e2e/55-another-client.sh
E2E_TESTS += tests/e2e/90-demo.sh
TESTS += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/lib.sh tests/e2e/another_client.py $(E2E_TESTS)
