# Fuzz targets: with --enable-fuzzers (and clang) under libFuzzer, otherwise programs that run over files.
FUZZ_CODEC = wire/frame.c wire/frame_table.c wire/frame_print.c wire/utf8.c wire/words.c
if FUZZERS
noinst_PROGRAMS += tests/fuzz/fuzz_frame
FUZZ_FLAGS = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c $(FUZZ_CODEC)
else
check_PROGRAMS += tests/fuzz/fuzz_frame
FUZZ_FLAGS =
tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c tests/fuzz/run_files.c $(FUZZ_CODEC)
endif
tests_fuzz_fuzz_frame_CFLAGS = $(AM_CFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fuzz_frame_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
