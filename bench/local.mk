# Benchmarks: one line per figure. They are built with the tests and run by hand.
check_PROGRAMS += bench/bench_transport
bench_bench_transport_SOURCES = bench/bench_transport.c tests/unit/test_tls_support.c tests/unit/test_tls_support.h
bench_bench_transport_LDADD = libwire.la $(EVENT_LIBS) $(OPENSSL_LIBS)
