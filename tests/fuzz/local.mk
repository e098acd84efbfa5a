# Fuzz targets: with --enable-fuzzers (and clang) under libFuzzer, otherwise programs that run over files. What a
# target tries is compiled into it, so that libFuzzer sees the ways through it.
FUZZ_CODEC = wire/frame.c wire/frame_table.c wire/frame_print.c wire/utf8.c wire/words.c
FUZZ_PAGE = page/page.c page/decode.c page/decode_flate.c page/decode_g4.c page/decode_jpeg.c page/g4_codes.c \
  page/squeeze.c page/huffman.c page/run_block.c page/filter.c base/memory.c
FUZZ_SESSION = tests/fuzz/session_world.h tests/fuzz/session_world.c tests/fuzz/session_files.c wire/reader.c \
  wire/page_receive.c wire/page_send.c wire/page_transfer.c wire/ledger.c wire/phase.c wire/manner.c serviced/jobs/job.c serviced/jobs/identify.c serviced/jobs/jobs.c \
  serviced/jobs/jobs_frames.c serviced/jobs/job_run.c serviced/jobs/job_frames.c serviced/jobs/job_pages.c \
  serviced/jobs/job_tell.c serviced/jobs/job_record.c serviced/jobs/service.c serviced/front/session_frames.c \
  serviced/front/requests.c serviced/front/visitor.c serviced/front/upload.c serviced/jobs/preparation.c \
  serviced/jobs/service_print.c serviced/jobs/unit_choice.c serviced/jobs/job_audit.c serviced/jobs/job_blocks.c \
  serviced/jobs/block_window.c serviced/documents/manifest.c page/page.c base/memory.c base/page_range.c base/text.c
if FUZZERS
noinst_PROGRAMS += tests/fuzz/fuzz_frame tests/fuzz/fuzz_page tests/fuzz/fuzz_session
FUZZ_FLAGS = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
FUZZ_MAIN =
else
check_PROGRAMS += tests/fuzz/fuzz_frame tests/fuzz/fuzz_page tests/fuzz/fuzz_session
FUZZ_FLAGS =
FUZZ_MAIN = tests/fuzz/run_files.c
endif
tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c $(FUZZ_MAIN) $(FUZZ_CODEC)
tests_fuzz_fuzz_frame_CFLAGS = $(AM_CFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fuzz_frame_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fuzz_page_SOURCES = tests/fuzz/fuzz_page.c $(FUZZ_MAIN) $(FUZZ_PAGE)
tests_fuzz_fuzz_page_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS) $(JPEG_CFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fuzz_page_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fuzz_page_LDADD = $(ZLIB_LIBS) $(JPEG_LIBS)
tests_fuzz_fuzz_session_SOURCES = tests/fuzz/fuzz_session.c $(FUZZ_MAIN) $(FUZZ_SESSION) $(FUZZ_CODEC)
tests_fuzz_fuzz_session_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fuzz_session_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fuzz_session_LDADD = $(OPENSSL_LIBS)
EXTRA_DIST += tests/fuzz/corpus
