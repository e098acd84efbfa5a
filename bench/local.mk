# Benchmarks: `make bench/bench_page && bench/bench_page`; each prints `name value unit` lines.
EXTRA_PROGRAMS += bench/bench_page
bench_bench_page_SOURCES = bench/bench_page.c
bench_bench_page_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
bench_bench_page_LDADD = libpage.la $(ZLIB_LIBS) -lm
