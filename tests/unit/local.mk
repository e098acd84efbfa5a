# Unit tests: one program per module, on Check.
if HAVE_CHECK
UNIT_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
UNIT_LIBS = $(CHECK_LIBS)

# base/
UNIT_BASE = \
  tests/unit/test_blob \
  tests/unit/test_child \
  tests/unit/test_conf \
  tests/unit/test_log \
  tests/unit/test_loop \
  tests/unit/test_service \
  tests/unit/test_worker
check_PROGRAMS += $(UNIT_BASE)
TESTS += $(UNIT_BASE)
tests_unit_test_blob_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_blob_LDADD = libbase.la $(UNIT_LIBS)
tests_unit_test_child_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_child_LDADD = libbase.la $(UNIT_LIBS)
tests_unit_test_conf_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_conf_LDADD = libbase.la $(UNIT_LIBS)
tests_unit_test_log_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_log_LDADD = libbase.la $(UNIT_LIBS)
tests_unit_test_loop_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_loop_LDADD = libbase.la $(UNIT_LIBS)
tests_unit_test_service_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_service_LDADD = libbase.la $(UNIT_LIBS)
tests_unit_test_worker_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_worker_LDADD = libbase.la $(UNIT_LIBS)

# page/
endif
