/* Streams that lie: cut short, too long, with flipped bits, bombs, the wrong picture. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "page_samples.h"

static const struct sample_shape shapes[] = {
    {PAGE_CODEC_FLATE, 8, 1, 37, 20, LOOK_TEXT, 0},  {PAGE_CODEC_FLATE, 16, 3, 9, 11, LOOK_NOISE, 1},
    {PAGE_CODEC_FLATE, 8, 3, 90, 60, LOOK_BLANK, 0}, {PAGE_CODEC_G4, 1, 1, 101, 30, LOOK_TEXT, 0},
    {PAGE_CODEC_G4, 1, 1, 64, 20, LOOK_NOISE, 1},    {PAGE_CODEC_G4, 1, 1, 3000, 9, LOOK_BLANK, 0},
    {PAGE_CODEC_JPEG, 8, 1, 33, 20, LOOK_NOISE, 0},  {PAGE_CODEC_JPEG, 8, 3, 50, 41, LOOK_TEXT, 1},
};
#define SHAPES ((int)(sizeof shapes / sizeof shapes[0]))

static uint8_t *room_for(const struct sample *sample)
{
    uint8_t *out = malloc(sample->row_bytes * sample->rows);

    ck_assert_ptr_nonnull(out);
    return out;
}

START_TEST(every_prefix_is_incomplete)
{
    struct sample sample;
    uint8_t *out;

    sample_make(&sample, &shapes[_i]);
    out = room_for(&sample);
    for (size_t length = 0; length < sample.stream_length; length++) {
        const char *why = NULL;

        ck_assert_int_eq(sample_decode(&sample, sample.stream, length, 100, out, &why), -EBADMSG);
        ck_assert_ptr_nonnull(why);
        ck_assert_int_eq(sample_decode(&sample, sample.stream, length, 100, NULL, NULL), -EBADMSG);
    }
    free(out);
    sample_free(&sample);
}
END_TEST

START_TEST(a_byte_too_many)
{
    struct sample sample;

    sample_make(&sample, &shapes[_i]);
    for (size_t piece = 1; piece < 100000; piece += 99998) {
        const char *why = NULL;
        uint8_t zero = 0;

        sample_sink(&sample, &zero, 1);
        ck_assert_int_eq(sample_decode(&sample, sample.stream, sample.stream_length, piece, NULL, &why),
                         -EBADMSG);
        ck_assert_str_eq(why, "bytes behind the end of the stream");
    }
    sample_free(&sample);
}
END_TEST

/* Checking and decoding have to agree; the collector sees to it that no row is too many. */
START_TEST(flipped_bits)
{
    struct sample sample;
    uint8_t *out;
    unsigned found = 0;

    sample_make(&sample, &shapes[_i]);
    out = room_for(&sample);
    for (size_t bit = 0; bit < 8 * sample.stream_length; bit++) {
        int decoded, checked;

        sample.stream[bit / 8] ^= (uint8_t)(1u << bit % 8);
        decoded = sample_decode(&sample, sample.stream, sample.stream_length, 50, out, NULL);
        checked = sample_decode(&sample, sample.stream, sample.stream_length, 50, NULL, NULL);
        ck_assert_int_eq(decoded, checked);
        ck_assert(decoded == 0 || decoded == -EBADMSG);
        if (decoded != 0)
            found++;
        else if (sample.format.codec == PAGE_CODEC_FLATE) /* a bit that fills a byte; there is a check sum */
            ck_assert_mem_eq(out, sample.pixels, sample.row_bytes * sample.rows);
        sample.stream[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_uint_gt(found, 0);
    free(out);
    sample_free(&sample);
}
END_TEST

START_TEST(overwritten_bytes)
{
    struct sample sample;
    uint8_t *out, *copy;
    uint32_t state = 7;

    sample_make(&sample, &shapes[_i]);
    out = room_for(&sample);
    copy = malloc(sample.stream_length);
    for (int round = 0; round < 5000; round++) {
        int error;

        memcpy(copy, sample.stream, sample.stream_length);
        for (uint32_t left = 1 + sample_random(&state) % 8; left > 0; left--)
            copy[sample_random(&state) % sample.stream_length] = (uint8_t)sample_random(&state);
        error =
            sample_decode(&sample, copy, sample.stream_length, 1 + sample_random(&state) % 300, out, NULL);
        ck_assert(error == 0 || error == -EBADMSG);
    }
    free(copy);
    free(out);
    sample_free(&sample);
}
END_TEST

/* Declared one row less, one row more, a pixel narrower, wider. */
START_TEST(another_size_than_declared)
{
    static const struct {
        int rows, width;
    } changes[] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}, {5000, 0}, {0, 5000}};
    struct sample sample;

    sample_make(&sample, &shapes[_i]);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct sample declared = sample;
        const char *why = NULL;

        declared.rows = (uint32_t)((int)sample.rows + changes[i].rows);
        declared.format.height_px = 0;
        declared.format.width_px = (uint32_t)((int)sample.format.width_px + changes[i].width);
        declared.row_bytes = (size_t)page_row_bytes(&declared.format);
        /* A T.6 stream does not name its width: blank rows are the same for each. */
        if (sample.format.codec == PAGE_CODEC_G4 && changes[i].width != 0)
            continue;
        ck_assert_int_eq(sample_decode(&declared, sample.stream, sample.stream_length, 512, NULL, &why),
                         -EBADMSG);
        ck_assert_ptr_nonnull(why);
    }
    sample_free(&sample);
}
END_TEST

static void deflate_into(struct sample *sample, const uint8_t *bytes, size_t length)
{
    uLongf packed = compressBound(length);

    sample->stream = malloc(packed);
    ck_assert_int_eq(compress2(sample->stream, &packed, bytes, length, 9), Z_OK);
    sample->stream_length = packed;
}

START_TEST(a_bomb_ends_at_the_declared_size)
{
    struct sample sample = {.format = {PAGE_CODEC_FLATE, 100, 10, 8, 1, 0, 0}, .rows = 10, .row_bytes = 100};
    uint8_t *zeros = calloc(1, 64u << 20), *out = room_for(&sample);
    const char *why = NULL;

    deflate_into(&sample, zeros, 64u << 20);
    ck_assert_uint_lt(sample.stream_length, 100000);
    ck_assert_int_eq(sample_decode(&sample, sample.stream, sample.stream_length, 65536, out, &why), -EBADMSG);
    ck_assert_str_eq(why, "more rows than declared");
    free(zeros);
    free(out);
    sample_free(&sample);
}
END_TEST

START_TEST(a_filter_that_does_not_exist)
{
    struct sample sample = {.format = {PAGE_CODEC_FLATE, 3, 2, 8, 1, 0, 0}, .rows = 2, .row_bytes = 3};
    static const uint8_t rows[] = {4, 1, 2, 3, 5, 1, 2, 3};
    uint8_t out[6];
    const char *why = NULL;

    deflate_into(&sample, rows, sizeof rows);
    ck_assert_int_eq(sample_decode(&sample, sample.stream, sample.stream_length, 1, out, &why), -EBADMSG);
    ck_assert_str_eq(why, "unknown row filter");
    ck_assert_int_eq(sample_decode(&sample, sample.stream, sample.stream_length, 1, NULL, &why), -EBADMSG);
    sample_free(&sample);
}
END_TEST

/* A filter's arithmetic by hand, so that encoder and decoder cannot be wrong together. */
START_TEST(filters_by_the_book)
{
    struct sample sample = {.format = {PAGE_CODEC_FLATE, 3, 5, 8, 1, 0, 0}, .rows = 5, .row_bytes = 3};
    static const uint8_t rows[] = {0, 10, 20, 30, 1, 5, 5, 250, 2, 1, 1, 1, 3, 10, 0, 255, 4, 1, 2, 3};
    static const uint8_t expected[] = {10, 20, 30, 5, 10, 4, 6, 11, 5, 13, 12, 7, 14, 15, 15};
    uint8_t out[15];

    deflate_into(&sample, rows, sizeof rows);
    ck_assert_int_eq(sample_decode(&sample, sample.stream, sample.stream_length, 3, out, NULL), 0);
    ck_assert_mem_eq(out, expected, sizeof expected);
    sample_free(&sample);
}
END_TEST

START_TEST(g4_codes_without_end)
{
    struct sample sample = {.format = {PAGE_CODEC_G4, 100, 10, 1, 1, 0, 0}, .rows = 10, .row_bytes = 13};
    static const uint8_t patterns[] = {0x00, 0xff, 0x11, 0x22, 0x01, 0x88, 0x36, 0x9b, 0x6c, 0x02, 0x40};
    uint8_t *stream = malloc(100000);

    for (size_t i = 0; i < sizeof patterns; i++) {
        memset(stream, patterns[i], 100000);
        ck_assert_int_eq(sample_decode(&sample, stream, 100000, 1000, NULL, NULL), -EBADMSG);
    }
    free(stream);
}
END_TEST

static int fifth_row_fails(void *context, const uint8_t *row, size_t length)
{
    (void)row, (void)length;
    return ++*(int *)context == 5 ? -ECANCELED : 0;
}

START_TEST(the_sink_ends_it)
{
    struct page_decoder *decoder;
    struct sample sample;
    int calls = 0;

    sample_make(&sample, &shapes[_i]);
    ck_assert_int_eq(page_decoder_new(&decoder, &sample.format, sample.rows, fifth_row_fails, &calls), 0);
    ck_assert_int_eq(page_decoder_bytes(decoder, sample.stream, sample.stream_length, NULL), -ECANCELED);
    ck_assert_int_eq(page_decoder_bytes(decoder, sample.stream, sample.stream_length, NULL), -ECANCELED);
    ck_assert_int_eq(page_decoder_finish(decoder, NULL), -ECANCELED);
    ck_assert_int_eq(calls, 5);
    page_decoder_free(&decoder);
    page_decoder_free(&decoder);
    page_decoder_free(NULL);
    sample_free(&sample);
}
END_TEST

START_TEST(declarations_that_are_refused)
{
    struct page_format format = {PAGE_CODEC_FLATE, 65536, 0, 8, 1, 0, 0};
    struct page_decoder *decoder;

    ck_assert_int_eq(page_decoder_new(&decoder, &format, 0, NULL, NULL), -EINVAL);
    ck_assert_int_eq(page_decoder_new(&decoder, &format, 32769, NULL, NULL), -EINVAL);
    format.height_px = 7;
    ck_assert_int_eq(page_decoder_new(&decoder, &format, 8, NULL, NULL), -EINVAL);
    format.codec = PAGE_CODEC_PDF;
    ck_assert_int_eq(page_decoder_new(&decoder, &format, 7, NULL, NULL), -EINVAL);
    ck_assert_ptr_null(decoder);
}
END_TEST

static void write_file(int folder, const char *name, const void *bytes, size_t length)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

START_TEST(files_are_verified)
{
    char path[] = "/tmp/test_page.XXXXXX";
    struct page_format pdf = {.codec = PAGE_CODEC_PDF};
    const char *why = NULL;
    struct sample sample;
    int folder;

    ck_assert_ptr_nonnull(mkdtemp(path));
    folder = open(path, O_RDONLY | O_DIRECTORY);
    sample_make(&sample, &shapes[_i]);
    write_file(folder, "page", sample.stream, sample.stream_length);
    ck_assert_int_eq(page_verify_file(folder, "page", &sample.format, sample.rows, &why), 0);
    ck_assert_ptr_null(why);
    ck_assert_int_eq(page_verify_file(folder, "none", &sample.format, sample.rows, &why), -ENOENT);
    ck_assert_int_eq(symlinkat("page", folder, "link"), 0);
    ck_assert_int_eq(page_verify_file(folder, "link", &sample.format, sample.rows, &why), -ELOOP);
    ck_assert_int_eq(mkfifoat(folder, "fifo", 0600), 0);
    ck_assert_int_eq(page_verify_file(folder, "fifo", &sample.format, sample.rows, &why), -EINVAL);
    ck_assert_int_eq(page_verify_file(folder, "page", &pdf, 1, &why), -EBADMSG);
    ck_assert_str_eq(why, "not a PDF");
    write_file(folder, "page", sample.stream, sample.stream_length - 1);
    ck_assert_int_eq(page_verify_file(folder, "page", &sample.format, sample.rows, &why), -EBADMSG);
    ck_assert_str_eq(why, "the stream is not complete");
    write_file(folder, "page", "%PDF-1.7", 8);
    ck_assert_int_eq(page_verify_file(folder, "page", &pdf, 1, NULL), 0);
    write_file(folder, "page", "", 0);
    ck_assert_int_eq(page_verify_file(folder, "page", &pdf, 1, NULL), -EBADMSG);
    ck_assert_int_eq(page_verify_file(folder, "page", &sample.format, sample.rows, NULL), -EBADMSG);
    unlinkat(folder, "page", 0);
    unlinkat(folder, "link", 0);
    unlinkat(folder, "fifo", 0);
    close(folder);
    rmdir(path);
    sample_free(&sample);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page_hostile");
    TCase *tests = tcase_create("hostile");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, every_prefix_is_incomplete, 0, SHAPES);
    tcase_add_loop_test(tests, a_byte_too_many, 0, SHAPES);
    tcase_add_loop_test(tests, flipped_bits, 0, SHAPES);
    tcase_add_loop_test(tests, overwritten_bytes, 0, SHAPES);
    tcase_add_loop_test(tests, another_size_than_declared, 0, SHAPES);
    tcase_add_test(tests, a_bomb_ends_at_the_declared_size);
    tcase_add_test(tests, a_filter_that_does_not_exist);
    tcase_add_test(tests, filters_by_the_book);
    tcase_add_test(tests, g4_codes_without_end);
    tcase_add_loop_test(tests, the_sink_ends_it, 0, SHAPES);
    tcase_add_test(tests, declarations_that_are_refused);
    tcase_add_loop_test(tests, files_are_verified, 0, SHAPES);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
