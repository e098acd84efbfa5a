# Benchmarks: one line per figure. They are built with the tests and run by hand.
check_PROGRAMS += bench/bench_transport
bench_bench_transport_SOURCES = bench/bench_transport.c tests/unit/test_tls_support.c tests/unit/test_tls_support.h
bench_bench_transport_LDADD = libwire.la $(EVENT_LIBS) $(OPENSSL_LIBS)
# Benchmarks: `make bench/bench_page && bench/bench_page`; each prints `name value unit` lines.
EXTRA_PROGRAMS += bench/bench_page
bench_bench_page_SOURCES = bench/bench_page.c
bench_bench_page_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
bench_bench_page_LDADD = libpage.la $(ZLIB_LIBS) -lm
