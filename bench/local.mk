# Benchmarks: each prints `name value unit` lines. `make bench` builds them; they are run by hand.
BENCHES = bench/bench_page bench/bench_transport
EXTRA_PROGRAMS += $(BENCHES)
bench_bench_page_SOURCES = bench/bench_page.c
bench_bench_page_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
bench_bench_page_LDADD = libpage.la $(ZLIB_LIBS) -lm
bench_bench_transport_SOURCES = bench/bench_transport.c tests/unit/peer_crowd.c tests/unit/peer_crowd.h \
  tests/unit/test_tls_support.c tests/unit/test_tls_support.h
bench_bench_transport_LDADD = libwire.la $(EVENT_LIBS) $(OPENSSL_LIBS)

EXTRA_DIST += bench/bench_scan.sh
bench: $(BENCHES)
.PHONY: bench
