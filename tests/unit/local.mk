# Unit tests: one program per module, on Check.
if HAVE_CHECK
UNIT_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
UNIT_LIBS = $(CHECK_LIBS)

# page/
PAGE_TESTS = test_page_codecs test_page_hostile test_page_documents
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
endif
