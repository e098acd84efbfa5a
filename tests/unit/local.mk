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
  tests/unit/test_page_range \
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
tests_unit_test_page_range_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_page_range_LDADD = libbase.la $(UNIT_LIBS)
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
  tests/unit/test_page_send \
  tests/unit/test_peer \
  tests/unit/test_peer_memory \
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
tests_unit_test_page_send_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_page_send_LDADD = libdeskline.la $(UNIT_LIBS)
tests_unit_test_peer_SOURCES = tests/unit/test_peer.c tests/unit/test_tls_support.c tests/unit/test_tls_support.h
tests_unit_test_peer_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_peer_LDADD = libwire.la $(UNIT_LIBS)
tests_unit_test_peer_memory_SOURCES = tests/unit/test_peer_memory.c tests/unit/peer_crowd.c tests/unit/peer_crowd.h \
  tests/unit/test_tls_support.c tests/unit/test_tls_support.h
tests_unit_test_peer_memory_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_peer_memory_LDADD = libwire.la $(UNIT_LIBS)
tests_unit_test_reader_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_reader_LDADD = libwire.la $(UNIT_LIBS)

# page/
PAGE_TESTS = test_page_codecs test_page_hostile test_page_documents test_page_squeeze
check_PROGRAMS += $(PAGE_TESTS)
TESTS += $(PAGE_TESTS)
check_LTLIBRARIES += libpagesamples.la
libpagesamples_la_SOURCES = tests/unit/page_samples.c tests/unit/page_samples.h
libpagesamples_la_CFLAGS = $(UNIT_CFLAGS)
libpagesamples_la_LIBADD = libpage.la
test_page_codecs_SOURCES = tests/unit/test_page_codecs.c
test_page_codecs_CFLAGS = $(UNIT_CFLAGS)
test_page_codecs_LDADD = libpagesamples.la libpage.la $(UNIT_LIBS)
test_page_hostile_SOURCES = tests/unit/test_page_hostile.c
test_page_hostile_CFLAGS = $(UNIT_CFLAGS) $(ZLIB_CFLAGS)
test_page_hostile_LDADD = libpagesamples.la libpage.la $(UNIT_LIBS) $(ZLIB_LIBS)
test_page_documents_SOURCES = tests/unit/test_page_documents.c
test_page_documents_CFLAGS = $(UNIT_CFLAGS) $(ZLIB_CFLAGS) $(TIFF_CFLAGS) $(JPEG_CFLAGS)
test_page_documents_LDADD = libpagesamples.la libpage.la $(UNIT_LIBS) $(ZLIB_LIBS) $(TIFF_LIBS)
test_page_squeeze_SOURCES = tests/unit/test_page_squeeze.c
test_page_squeeze_CFLAGS = $(UNIT_CFLAGS) $(ZLIB_CFLAGS)
test_page_squeeze_LDADD = libpagesamples.la libpage.la $(UNIT_LIBS) $(ZLIB_LIBS)

# clientd/units/
check_PROGRAMS += tests/unit/test_reading_unit
TESTS += tests/unit/test_reading_unit
tests_unit_test_reading_unit_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_reading_unit_LDADD = libreading.la $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_printing_tables tests/unit/test_printing_unit
TESTS += tests/unit/test_printing_tables tests/unit/test_printing_unit
tests_unit_test_printing_tables_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_printing_tables_LDADD = libprinting.la $(UNIT_LIBS)
tests_unit_test_printing_unit_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_printing_unit_LDADD = libprinting.la libreading.la $(UNIT_LIBS)

# ctl/
CTL_TESTS = tests/unit/test_ctl_arguments tests/unit/test_ctl_show tests/unit/test_ctl_run
check_PROGRAMS += $(CTL_TESTS)
TESTS += $(CTL_TESTS)
tests_unit_test_ctl_arguments_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_ctl_arguments_LDADD = libctl.la $(UNIT_LIBS)
tests_unit_test_ctl_show_SOURCES = tests/unit/test_ctl_show.c tests/unit/ctl_jobs.h tests/unit/ctl_jobs.c
tests_unit_test_ctl_show_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_ctl_show_LDADD = libctl.la $(JANSSON_LIBS) $(UNIT_LIBS)
tests_unit_test_ctl_run_SOURCES = tests/unit/test_ctl_run.c tests/unit/ctl_jobs.h tests/unit/ctl_jobs.c
tests_unit_test_ctl_run_CFLAGS = $(UNIT_CFLAGS) $(OPENSSL_CFLAGS)
tests_unit_test_ctl_run_LDADD = libctl.la $(OPENSSL_LIBS) $(UNIT_LIBS) -lutil

# clientd/
UNIT_CLIENTD = tests/unit/test_block_receive tests/unit/test_client_job tests/unit/test_client_jobs tests/unit/test_client_spool tests/unit/test_designation
check_PROGRAMS += $(UNIT_CLIENTD)
TESTS += $(UNIT_CLIENTD)
tests_unit_test_client_job_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_client_job_LDADD = libclientjob.la libdeskline.la $(UNIT_LIBS)
tests_unit_test_designation_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_designation_LDADD = libclientjob.la libdeskline.la $(UNIT_LIBS)
tests_unit_test_block_receive_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_block_receive_LDADD = libclientd.la $(UNIT_LIBS)
tests_unit_test_client_jobs_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_client_jobs_LDADD = libclientd.la $(UNIT_LIBS)
tests_unit_test_client_spool_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_client_spool_LDADD = libclientd.la $(UNIT_LIBS)

# serviced/
UNIT_SERVICED = tests/unit/test_blocks tests/unit/test_registry tests/unit/test_server_job tests/unit/test_split \
  tests/unit/test_splitting tests/unit/test_store tests/unit/test_upload
check_PROGRAMS += $(UNIT_SERVICED)
TESTS += $(UNIT_SERVICED)
tests_unit_test_blocks_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_blocks_LDADD = libserviced.la $(UNIT_LIBS)
tests_unit_test_registry_CFLAGS = $(UNIT_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_registry_LDADD = libserviced.la $(SQLITE_LIBS) $(UNIT_LIBS)
tests_unit_test_server_job_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_server_job_LDADD = libserverjob.la libdeskline.la $(UNIT_LIBS)
tests_unit_test_split_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_split_LDADD = libserviced.la $(UNIT_LIBS)
tests_unit_test_splitting_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_splitting_LDADD = libsplitting.la $(UNIT_LIBS)
tests_unit_test_store_CFLAGS = $(UNIT_CFLAGS) $(OPENSSL_CFLAGS)
tests_unit_test_store_LDADD = libserviced.la $(OPENSSL_LIBS) $(UNIT_LIBS)
tests_unit_test_upload_CFLAGS = $(UNIT_CFLAGS) $(OPENSSL_CFLAGS)
tests_unit_test_upload_LDADD = libserviced.la $(OPENSSL_LIBS) $(UNIT_LIBS)
endif
