/* Page formats; every codec there and back; what encoders refuse. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "page_samples.h"

struct depth {
    enum page_codec codec;
    uint8_t bits, components;
};

static const struct depth depths[] = {
    {PAGE_CODEC_FLATE, 8, 1}, {PAGE_CODEC_FLATE, 8, 3}, {PAGE_CODEC_FLATE, 16, 1}, {PAGE_CODEC_FLATE, 16, 3},
    {PAGE_CODEC_G4, 1, 1},    {PAGE_CODEC_JPEG, 8, 1},  {PAGE_CODEC_JPEG, 8, 3},
};
#define DEPTHS ((int)(sizeof depths / sizeof depths[0]))

static const uint32_t widths[] = {1, 2, 3, 7, 8, 9, 63, 64, 65, 127, 1000, 65535};
#define WIDTHS (sizeof widths / sizeof widths[0])

static struct page_format grey(uint32_t width, uint32_t height)
{
    return (struct page_format){PAGE_CODEC_FLATE, width, height, 8, 1, 300, 300};
}

START_TEST(formats_are_checked)
{
    static const struct {
        struct page_format format;
        int good;
    } cases[] = {
        {{PAGE_CODEC_FLATE, 1, 0, 8, 1, 0, 0}, 1},
        {{PAGE_CODEC_FLATE, 1, 0, 1, 1, 0, 0}, 0},
        {{PAGE_CODEC_FLATE, 1, 0, 8, 2, 0, 0}, 0},
        {{PAGE_CODEC_FLATE, 1, 0, 8, 4, 0, 0}, 0},
        {{PAGE_CODEC_FLATE, 1, 0, 40, 1, 0, 0}, 0},
        {{PAGE_CODEC_FLATE, 1, 0, 8, 33, 0, 0}, 0},
        {{PAGE_CODEC_FLATE, 0, 1, 8, 1, 0, 0}, 0},
        {{PAGE_CODEC_FLATE, PAGE_MAX_WIDTH_PX, 1, 8, 1, 0, 0}, 1},
        {{PAGE_CODEC_FLATE, PAGE_MAX_WIDTH_PX + 1, 1, 8, 1, 0, 0}, 0},
        {{PAGE_CODEC_FLATE, UINT32_MAX, UINT32_MAX, 16, 3, 0, 0}, 0},
        {{PAGE_CODEC_FLATE, 32768, 65536, 8, 1, 0, 0}, 1},
        {{PAGE_CODEC_FLATE, 32768, 65537, 8, 1, 0, 0}, 0},
        {{PAGE_CODEC_FLATE, 8, 8, 8, 1, PAGE_MAX_DPI + 1, 0}, 0},
        {{PAGE_CODEC_G4, 9, 9, 1, 1, 300, 300}, 1},
        {{PAGE_CODEC_G4, 9, 9, 8, 1, 300, 300}, 0},
        {{PAGE_CODEC_G4, 9, 9, 1, 3, 300, 300}, 0},
        {{PAGE_CODEC_JPEG, PAGE_MAX_JPEG_PX, 1, 8, 3, 300, 300}, 1},
        {{PAGE_CODEC_JPEG, PAGE_MAX_JPEG_PX + 1, 1, 8, 3, 300, 300}, 0},
        {{PAGE_CODEC_JPEG, 1, PAGE_MAX_JPEG_PX + 1, 8, 3, 300, 300}, 0},
        {{PAGE_CODEC_JPEG, 1, 1, 16, 1, 300, 300}, 0},
        {{PAGE_CODEC_PDF, 0, 0, 0, 0, 0, 0}, 1},
        {{(enum page_codec)0, 1, 1, 8, 1, 0, 0}, 0},
        {{(enum page_codec)5, 1, 1, 8, 1, 0, 0}, 0},
        {{(enum page_codec) - 1, 1, 1, 8, 1, 0, 0}, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why = NULL;

        ck_assert_msg(page_format_check(&cases[i].format, &why) == (cases[i].good ? 0 : -EINVAL), "case %zu",
                      i);
        ck_assert_msg((why == NULL) == cases[i].good, "case %zu", i);
    }
}
END_TEST

START_TEST(row_sizes_and_names)
{
    struct page_format format = {PAGE_CODEC_G4, 9, 0, 1, 1, 0, 0};

    ck_assert_uint_eq(page_row_bytes(&format), 2);
    format = (struct page_format){PAGE_CODEC_FLATE, UINT32_MAX, 0, 16, 3, 0, 0};
    ck_assert_uint_eq(page_row_bytes(&format), UINT64_C(25769803770));
    ck_assert_uint_eq(page_max_rows(&format), 0);
    format.width_px = 1024;
    ck_assert_uint_eq(page_max_rows(&format), PAGE_MAX_SAMPLE_BYTES / 6144);
    format = (struct page_format){PAGE_CODEC_JPEG, 1, 0, 8, 1, 0, 0};
    ck_assert_uint_eq(page_max_rows(&format), PAGE_MAX_JPEG_PX);
    ck_assert_str_eq(page_codec_name(PAGE_CODEC_JPEG), "jpeg");
    ck_assert_str_eq(page_codec_suffix(PAGE_CODEC_JPEG), "jpg");
    ck_assert_ptr_null(page_codec_name((enum page_codec)0));
    ck_assert_ptr_null(page_codec_suffix((enum page_codec)99));
}
END_TEST

/* libjpeg rounds: what comes back is near, where the picture has no noise. */
static void assert_near(const struct sample *sample, const uint8_t *out)
{
    uint64_t sum = 0;
    size_t length = sample->row_bytes * sample->rows;

    for (size_t i = 0; i < length; i++)
        sum += (uint64_t)abs((int)out[i] - (int)sample->pixels[i]);
    ck_assert_uint_le(sum / length, 2);
}

static void there_and_back(const struct sample_shape *shape)
{
    static const size_t pieces[] = {1, 7, 65536};
    struct sample sample;
    uint8_t *out;

    sample_make(&sample, shape);
    out = malloc(sample.row_bytes * sample.rows);
    for (size_t i = 0; i < 3; i++) {
        const char *why = "";

        if (pieces[i] == 1 && sample.stream_length > 20000)
            continue;
        memset(out, 0x5a, sample.row_bytes * sample.rows);
        ck_assert_msg(sample_decode(&sample, sample.stream, sample.stream_length, pieces[i], out, &why) == 0,
                      "%s: width %u, rows %u, look %d, pieces of %zu", why, shape->width, shape->rows,
                      shape->look, pieces[i]);
        ck_assert_int_eq(sample_decode(&sample, sample.stream, sample.stream_length, pieces[i], NULL, &why),
                         0);
        if (shape->codec != PAGE_CODEC_JPEG)
            ck_assert_mem_eq(out, sample.pixels, sample.row_bytes * sample.rows);
        else if (shape->look == LOOK_BLANK)
            assert_near(&sample, out);
    }
    free(out);
    sample_free(&sample);
}

START_TEST(there_and_back_again)
{
    const struct depth *depth = &depths[_i];
    static const uint32_t heights[] = {1, 2, 17, 40};

    for (size_t w = 0; w < WIDTHS; w++)
        for (size_t h = 0; h < 4; h++)
            for (int look = 0; look < LOOKS; look++)
                for (int unknown = 0; unknown < 2; unknown++) {
                    struct sample_shape shape = {depth->codec, depth->bits, depth->components,
                                                 widths[w],    heights[h],  (enum sample_look)look,
                                                 unknown};

                    if (depth->codec == PAGE_CODEC_JPEG && shape.width > PAGE_MAX_JPEG_PX)
                        shape.width = PAGE_MAX_JPEG_PX;
                    if (shape.width > 1000 && (shape.rows > 2 || look == LOOK_TEXT))
                        continue;
                    there_and_back(&shape);
                }
}
END_TEST

/* Strips of noise and of nothing in turn make the deflate method change to and fro. */
START_TEST(a_page_that_changes_its_nature)
{
    struct sample_shape shape = {PAGE_CODEC_FLATE, 8, 1, 1000, 3000, LOOK_NOISE, 1};
    struct sample sample, again = {0};
    struct page_encoder *encoder;
    uint8_t *out;
    uint32_t rows;

    sample_make(&sample, &shape);
    for (uint32_t y = 0; y < shape.rows; y++)
        if (y / 500 % 2 == 0)
            memset(sample.pixels + y * sample.row_bytes, 0xff, sample.row_bytes);
    ck_assert_int_eq(page_encoder_new(&encoder, &sample.format, sample_sink, &again), 0);
    ck_assert_int_eq(page_encoder_rows(encoder, sample.pixels, shape.rows), 0);
    ck_assert_int_eq(page_encoder_finish(encoder, &rows), 0);
    page_encoder_free(&encoder);
    out = malloc(sample.row_bytes * sample.rows);
    ck_assert_int_eq(sample_decode(&sample, again.stream, again.stream_length, 4096, out, NULL), 0);
    ck_assert_mem_eq(out, sample.pixels, sample.row_bytes * sample.rows);
    ck_assert_uint_lt(again.stream_length, sample.row_bytes * sample.rows * 11 / 20);
    free(out);
    sample_free(&sample);
    sample_free(&again);
}
END_TEST

/* Marks that come again every fourth row: matches shrink them much further than runs alone (72-fold, not 44).
 */
START_TEST(a_drawing_is_worth_matches)
{
    struct page_format format = {PAGE_CODEC_FLATE, 1000, 2000, 8, 1, 0, 0};
    struct sample sample = {.format = format, .rows = 2000, .row_bytes = 1000};
    uint8_t *pixels = calloc(2000, 1000), *out = malloc(2000 * 1000);
    struct page_encoder *encoder;
    uint32_t rows, state = 99;

    for (size_t y = 0; y < 4; y++)
        for (int i = 0; i < 10; i++)
            pixels[y * 1000 + sample_random(&state) % 1000] = (uint8_t)sample_random(&state);
    for (size_t y = 4; y < 2000; y++)
        memcpy(pixels + y * 1000, pixels + (y - 4) * 1000, 1000);
    ck_assert_int_eq(page_encoder_new(&encoder, &format, sample_sink, &sample), 0);
    ck_assert_int_eq(page_encoder_rows(encoder, pixels, 2000), 0);
    ck_assert_int_eq(page_encoder_finish(encoder, &rows), 0);
    page_encoder_free(&encoder);
    ck_assert_int_eq(sample_decode(&sample, sample.stream, sample.stream_length, 4096, out, NULL), 0);
    ck_assert_mem_eq(out, pixels, 2000 * 1000);
    ck_assert_uint_lt(sample.stream_length, 2000 * 1000 / 60);
    free(out);
    free(pixels);
    sample_free(&sample);
}
END_TEST

/* Every run length in both colours, by rows that no row above helps with. */
START_TEST(g4_every_run_length)
{
    enum { WIDTH = 6000 };
    struct page_format format = {PAGE_CODEC_G4, WIDTH, 0, 1, 1, 0, 0};
    struct sample sample = {.format = format, .rows = 2 * (WIDTH - 1), .row_bytes = (WIDTH + 7) / 8};
    struct page_encoder *encoder;
    uint8_t *out, *pixels = calloc(sample.rows, sample.row_bytes);
    uint32_t rows;

    for (uint32_t run = 1; run < WIDTH; run++)
        for (uint32_t x = 0; x < WIDTH; x++) {
            uint8_t bit = (uint8_t)(0x80 >> x % 8);

            /* A row that is black for the run and white behind, and one the other way round. */
            if (x < run)
                pixels[2 * (run - 1) * sample.row_bytes + x / 8] |= bit;
            else
                pixels[(2 * (run - 1) + 1) * sample.row_bytes + x / 8] |= bit;
        }
    ck_assert_int_eq(page_encoder_new(&encoder, &format, sample_sink, &sample), 0);
    ck_assert_int_eq(page_encoder_rows(encoder, pixels, sample.rows), 0);
    ck_assert_int_eq(page_encoder_finish(encoder, &rows), 0);
    page_encoder_free(&encoder);
    out = malloc(sample.rows * sample.row_bytes);
    ck_assert_int_eq(sample_decode(&sample, sample.stream, sample.stream_length, 1000, out, NULL), 0);
    ck_assert_mem_eq(out, pixels, sample.rows * sample.row_bytes);
    free(out);
    free(pixels);
    sample_free(&sample);
}
END_TEST

START_TEST(g4_bits_behind_the_row_mean_nothing)
{
    struct page_format format = {PAGE_CODEC_G4, 9, 2, 1, 1, 0, 0};
    static const uint8_t dirty[] = {0x12, 0xff, 0xa5, 0x7f}, clean[] = {0x12, 0x80, 0xa5, 0x00};
    struct sample sample = {.format = format, .rows = 2, .row_bytes = 2};
    struct page_encoder *encoder;
    uint8_t out[4];
    uint32_t rows;

    ck_assert_int_eq(page_encoder_new(&encoder, &format, sample_sink, &sample), 0);
    ck_assert_int_eq(page_encoder_rows(encoder, dirty, 2), 0);
    ck_assert_int_eq(page_encoder_finish(encoder, &rows), 0);
    page_encoder_free(&encoder);
    ck_assert_int_eq(sample_decode(&sample, sample.stream, sample.stream_length, 1, out, NULL), 0);
    ck_assert_mem_eq(out, clean, 4);
    sample_free(&sample);
}
END_TEST

START_TEST(too_many_and_too_few_rows)
{
    const struct depth *depth = &depths[_i];
    struct page_format format = {depth->codec, 5, 3, depth->bits, depth->components, 300, 300};
    struct sample sample = {.format = format};
    struct page_encoder *encoder;
    uint8_t rows[4 * 30] = {0};
    uint32_t count = 77;

    ck_assert_int_eq(page_encoder_new(&encoder, &format, sample_sink, &sample), 0);
    ck_assert_int_eq(page_encoder_finish(encoder, &count), -EINVAL);
    ck_assert_int_eq(page_encoder_rows(encoder, rows, 0), 0);
    ck_assert_int_eq(page_encoder_rows(encoder, rows, 4), -EOVERFLOW);
    ck_assert_int_eq(page_encoder_rows(encoder, rows, SIZE_MAX), -EOVERFLOW);
    ck_assert_int_eq(page_encoder_rows(encoder, rows, 2), 0);
    ck_assert_int_eq(page_encoder_finish(encoder, &count), -EINVAL);
    ck_assert_int_eq(page_encoder_rows(encoder, rows, 2), -EOVERFLOW);
    ck_assert_int_eq(page_encoder_rows(encoder, rows, 1), 0);
    ck_assert_uint_eq(count, 77);
    ck_assert_int_eq(page_encoder_finish(encoder, &count), 0);
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(page_encoder_finish(encoder, &count), -EINVAL);
    ck_assert_int_eq(page_encoder_rows(encoder, rows, 1), -EINVAL);
    page_encoder_free(&encoder);
    page_encoder_free(&encoder);
    page_encoder_free(NULL);
    sample_free(&sample);
}
END_TEST

START_TEST(unknown_height_has_a_limit_too)
{
    struct page_format format = {PAGE_CODEC_JPEG, 1, 0, 8, 1, 0, 0};
    struct sample sample = {.format = format};
    struct page_encoder *encoder;
    uint8_t *rows = calloc(PAGE_MAX_JPEG_PX + 1, 1);
    uint32_t count;

    ck_assert_int_eq(page_encoder_new(&encoder, &format, sample_sink, &sample), 0);
    ck_assert_int_eq(page_encoder_finish(encoder, &count), -EINVAL);
    ck_assert_int_eq(page_encoder_rows(encoder, rows, PAGE_MAX_JPEG_PX + 1), -EOVERFLOW);
    ck_assert_int_eq(page_encoder_rows(encoder, rows, PAGE_MAX_JPEG_PX), 0);
    ck_assert_int_eq(page_encoder_rows(encoder, rows, 1), -EOVERFLOW);
    ck_assert_int_eq(page_encoder_finish(encoder, &count), 0);
    ck_assert_uint_eq(count, PAGE_MAX_JPEG_PX);
    page_encoder_free(&encoder);
    free(rows);
    sample_free(&sample);
}
END_TEST

struct failing_sink {
    int calls_left, calls;
};

static int failing_sink(void *context, const uint8_t *bytes, size_t length)
{
    struct failing_sink *sink = context;

    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_gt(length, 0);
    sink->calls++;
    return sink->calls_left-- > 0 ? 0 : -ENOSPC;
}

/* The sink fails at its first call, its second, … until there are no more calls to fail at. */
START_TEST(the_sink_fails_at_every_call)
{
    const struct depth *depth = &depths[_i % DEPTHS];
    struct page_format format = {depth->codec, 2000, _i < DEPTHS ? 300 : 0, depth->bits, depth->components,
                                 300,          300};
    size_t row_bytes = (size_t)page_row_bytes(&format);
    uint8_t *pixels = malloc(300 * row_bytes);
    uint32_t state = 1;

    for (size_t i = 0; i < 300 * row_bytes; i++)
        pixels[i] = (uint8_t)sample_random(&state);
    for (int at = 0;; at++) {
        struct failing_sink sink = {.calls_left = at};
        struct page_encoder *encoder;
        uint32_t rows = 0;
        int error = page_encoder_new(&encoder, &format, failing_sink, &sink);

        ck_assert_int_eq(error, 0);
        for (int i = 0; i < 300 && error == 0; i++)
            error = page_encoder_rows(encoder, pixels + (size_t)i * row_bytes, 1);
        if (error == 0)
            error = page_encoder_finish(encoder, &rows);
        if (error == 0) {
            ck_assert_int_eq(sink.calls, at);
            ck_assert_int_ge(at, 1);
            page_encoder_free(&encoder);
            break;
        }
        ck_assert_int_eq(error, -ENOSPC);
        ck_assert_int_eq(page_encoder_rows(encoder, pixels, 1), -ENOSPC);
        ck_assert_int_eq(page_encoder_finish(encoder, &rows), -ENOSPC);
        ck_assert_int_eq(sink.calls, at + 1);
        page_encoder_free(&encoder);
    }
    free(pixels);
}
END_TEST

START_TEST(formats_that_cannot_be_encoded)
{
    struct page_format format = grey(0, 1);
    struct page_encoder *encoder = (struct page_encoder *)&format;

    ck_assert_int_eq(page_encoder_new(&encoder, &format, sample_sink, NULL), -EINVAL);
    ck_assert_ptr_null(encoder);
    format.codec = PAGE_CODEC_PDF;
    ck_assert_int_eq(page_encoder_new(&encoder, &format, sample_sink, NULL), -EINVAL);
    ck_assert_ptr_null(encoder);
}
END_TEST

START_TEST(no_room_for_a_page_of_unknown_height)
{
    struct page_format format = {PAGE_CODEC_JPEG, 1, 0, 8, 1, 0, 0};
    struct page_encoder *encoder;

    ck_assert_int_eq(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    ck_assert_int_eq(page_encoder_new(&encoder, &format, sample_sink, NULL), -ENOENT);
    ck_assert_ptr_null(encoder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page_codecs");
    TCase *tests = tcase_create("codecs");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, formats_are_checked);
    tcase_add_test(tests, row_sizes_and_names);
    tcase_add_loop_test(tests, there_and_back_again, 0, DEPTHS);
    tcase_add_test(tests, a_page_that_changes_its_nature);
    tcase_add_test(tests, a_drawing_is_worth_matches);
    tcase_add_test(tests, g4_every_run_length);
    tcase_add_test(tests, g4_bits_behind_the_row_mean_nothing);
    tcase_add_loop_test(tests, too_many_and_too_few_rows, 0, DEPTHS);
    tcase_add_test(tests, unknown_height_has_a_limit_too);
    tcase_add_loop_test(tests, the_sink_fails_at_every_call, 0, 2 * DEPTHS);
    tcase_add_test(tests, formats_that_cannot_be_encoded);
    tcase_add_test(tests, no_room_for_a_page_of_unknown_height);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
