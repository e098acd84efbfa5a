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

# wire/
UNIT_WIRE = \
  tests/unit/test_frame \
  tests/unit/test_identity \
  tests/unit/test_ledger \
  tests/unit/test_manner \
  tests/unit/test_peer \
  tests/unit/test_reader
check_PROGRAMS += $(UNIT_WIRE)
TESTS += $(UNIT_WIRE)
tests_unit_test_frame_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_frame_LDADD = libdeskline.la $(UNIT_LIBS)
tests_unit_test_identity_SOURCES = tests/unit/test_identity.c tests/unit/test_tls_support.c tests/unit/test_tls_support.h
tests_unit_test_identity_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_identity_LDADD = libwire.la $(UNIT_LIBS)
tests_unit_test_ledger_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_ledger_LDADD = libdeskline.la $(UNIT_LIBS)
tests_unit_test_manner_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_manner_LDADD = libdeskline.la $(UNIT_LIBS)
tests_unit_test_peer_SOURCES = tests/unit/test_peer.c tests/unit/test_tls_support.c tests/unit/test_tls_support.h
tests_unit_test_peer_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_peer_LDADD = libwire.la $(UNIT_LIBS)
tests_unit_test_reader_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_reader_LDADD = libwire.la $(UNIT_LIBS)

# page/
endif
