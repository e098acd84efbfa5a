/* Squeezing: what zlib makes of the streams, at the borders of strips, runs and code lengths. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "page/huffman.h"
#include "page/run_block.h"
#include "page/squeeze.h"
#include "page_samples.h"

#define LENGTH_MAX ((size_t)5 * RUN_BLOCK_BYTES)

struct stream {
    uint8_t bytes[2 * LENGTH_MAX];
    size_t length, fail_at;
};

static struct stream *stream, *again;
static uint8_t *bytes, *back;
static struct squeeze *squeeze;

static int keep(void *context, const uint8_t *part, size_t length)
{
    struct stream *to = context;

    if (to->length + length > to->fail_at)
        return -EDQUOT;
    memcpy(to->bytes + to->length, part, length);
    to->length += length;
    return 0;
}

static void set_up(void)
{
    stream = malloc(sizeof *stream);
    again = malloc(sizeof *again);
    bytes = malloc(LENGTH_MAX);
    back = malloc(LENGTH_MAX + 1);
    ck_assert(stream != NULL && again != NULL && bytes != NULL && back != NULL);
}

static void tear_down(void)
{
    free(stream);
    free(again);
    free(bytes);
    free(back);
}

static void squeeze_in_pieces(struct stream *to, size_t length, size_t piece)
{
    to->length = 0;
    to->fail_at = sizeof to->bytes;
    ck_assert_int_eq(squeeze_new(&squeeze, keep, to), 0);
    for (size_t at = 0; at < length; at += piece)
        ck_assert_int_eq(squeeze_bytes(squeeze, bytes + at, length - at < piece ? length - at : piece), 0);
    ck_assert_int_eq(squeeze_finish(squeeze), 0);
    squeeze_free(&squeeze);
    ck_assert_ptr_null(squeeze);
}

static void comes_back(const struct stream *from, size_t length)
{
    uLongf out = LENGTH_MAX + 1;
    uLong in = from->length;

    ck_assert_int_eq(uncompress2(back, &out, from->bytes, &in), Z_OK);
    ck_assert_uint_eq(in, from->length);
    ck_assert_uint_eq(out, length);
    ck_assert_mem_eq(back, bytes, length);
}

static void goes_round(size_t length)
{
    squeeze_in_pieces(stream, length, LENGTH_MAX);
    comes_back(stream, length);
}

START_TEST(every_length_of_run)
{
    static const size_t lengths[] = {1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,
                                     18,  19,  66,  67,  130, 131, 226, 227, 256, 257, 258, 259,
                                     260, 261, 262, 515, 516, 517, 518, 519, 520, 1000};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (size_t before = 0; before < 9; before++) {
            size_t length = 0;

            for (size_t k = 0; k < before; k++)
                bytes[length++] = (uint8_t)(k + 1);
            memset(bytes + length, 0, lengths[i]);
            length += lengths[i];
            goes_round(length); /* up to the end of the strip */
            memset(bytes + length, 7, lengths[i]);
            goes_round(length + lengths[i]); /* a second one behind it */
        }
}
END_TEST

START_TEST(borders_of_strips)
{
    uint32_t state = 3;

    for (size_t strips = 0; strips < 3; strips++)
        for (size_t around = 0; around < 3; around++)
            for (unsigned mask = 0; mask < 256; mask = mask * 2 + 1) {
                size_t length = strips * RUN_BLOCK_BYTES + around;

                if (strips > 0)
                    length -= 1;
                for (size_t i = 0; i < length; i++)
                    bytes[i] = (uint8_t)(sample_random(&state) & mask);
                goes_round(length);
            }
}
END_TEST

/* Strips of noise, of words that repeat, and even ones, in every order: zlib's and ours take turns. */
START_TEST(methods_take_turns)
{
    uint32_t state = 9;

    for (unsigned order = 0; order < 243; order++) {
        unsigned left = order;

        for (size_t i = 0; i < LENGTH_MAX; i++) {
            if (i > 0 && i % RUN_BLOCK_BYTES == 0)
                left /= 3;
            bytes[i] = (uint8_t)(left % 3 == 0   ? sample_random(&state) & 15
                                 : left % 3 == 1 ? (i % 100 < 95 ? 0 : i * i)
                                                 : 5);
        }
        goes_round(LENGTH_MAX);
        ck_assert_uint_lt(stream->length, LENGTH_MAX * 3 / 5);
    }
}
END_TEST

START_TEST(pieces_make_no_difference)
{
    static const size_t pieces[] = {1, 7, 4096, RUN_BLOCK_BYTES - 1, RUN_BLOCK_BYTES, RUN_BLOCK_BYTES + 1};
    uint32_t state = 4;

    for (size_t i = 0; i < LENGTH_MAX; i++)
        bytes[i] = (uint8_t)(i / 3000 % 2 ? sample_random(&state) : i / 700);
    squeeze_in_pieces(stream, LENGTH_MAX, LENGTH_MAX);
    comes_back(stream, LENGTH_MAX);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        squeeze_in_pieces(again, LENGTH_MAX, pieces[i]);
        ck_assert_uint_eq(again->length, stream->length);
        ck_assert_mem_eq(again->bytes, stream->bytes, stream->length);
    }
}
END_TEST

START_TEST(second_stream_begins_anew)
{
    uint32_t state = 5;

    for (size_t i = 0; i < LENGTH_MAX; i++)
        bytes[i] = (uint8_t)(sample_random(&state) % 3);
    stream->length = 0;
    stream->fail_at = sizeof stream->bytes;
    ck_assert_int_eq(squeeze_new(&squeeze, keep, stream), 0);
    for (int i = 0; i < 2; i++) {
        stream->length = 0;
        ck_assert_int_eq(squeeze_bytes(squeeze, bytes, LENGTH_MAX / 2 + 1), 0);
        ck_assert_int_eq(squeeze_finish(squeeze), 0);
        comes_back(stream, LENGTH_MAX / 2 + 1);
    }
    squeeze_free(&squeeze);
    squeeze_free(&squeeze);
    squeeze_free(NULL);
}
END_TEST

START_TEST(sink_that_fails)
{
    uint32_t state = 6;
    int error = 0;

    for (size_t i = 0; i < LENGTH_MAX; i++)
        bytes[i] = (uint8_t)sample_random(&state);
    for (size_t fail_at = 0; fail_at <= LENGTH_MAX; fail_at += RUN_BLOCK_BYTES / 2) {
        stream->length = 0;
        stream->fail_at = fail_at;
        ck_assert_int_eq(squeeze_new(&squeeze, keep, stream), 0);
        error = squeeze_bytes(squeeze, bytes, LENGTH_MAX);
        if (error == 0)
            error = squeeze_finish(squeeze);
        ck_assert_int_eq(error, -EDQUOT);
        squeeze_free(&squeeze);
    }
}
END_TEST

/* Noise does not grow by more than the codes' descriptions. */
START_TEST(noise_hardly_grows)
{
    uint32_t state = 8;

    for (size_t i = 0; i < LENGTH_MAX; i++)
        bytes[i] = (uint8_t)(sample_random(&state) >> 11);
    goes_round(LENGTH_MAX);
    ck_assert_uint_lt(stream->length, LENGTH_MAX + LENGTH_MAX / 50);
}
END_TEST

/* Counts as of Fibonacci's rabbits make the deepest trees; the limit cuts them, and the codes stay complete.
 */
START_TEST(codes_are_complete)
{
    for (unsigned limit = 7; limit <= HUFFMAN_BITS_MAX; limit++)
        for (unsigned symbols = 2; symbols <= 44 && symbols <= 1u << limit; symbols++) {
            uint32_t counts[HUFFMAN_SYMBOLS_MAX] = {1, 1}, room = 0;
            struct huffman_code codes[HUFFMAN_SYMBOLS_MAX];

            for (unsigned i = 2; i < symbols; i++)
                counts[i] = counts[i - 1] + counts[i - 2];
            huffman_make(codes, counts, symbols, limit);
            for (unsigned i = 0; i < symbols; i++) {
                ck_assert_uint_ge(codes[i].length, 1);
                ck_assert_uint_le(codes[i].length, limit);
                if (i > 0)
                    ck_assert_uint_le(codes[i].length, codes[i - 1].length);
                room += 1u << (limit - codes[i].length);
                for (unsigned k = 0; k < i; k++) /* i's is the shorter one and begins none of the others */
                    ck_assert_uint_ne(codes[k].bits & ((1u << codes[i].length) - 1), codes[i].bits);
            }
            ck_assert_uint_eq(room, 1u << limit);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page squeeze");
    TCase *tests = tcase_create("squeeze");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, every_length_of_run);
    tcase_add_test(tests, borders_of_strips);
    tcase_add_test(tests, methods_take_turns);
    tcase_add_test(tests, pieces_make_no_difference);
    tcase_add_test(tests, second_stream_begins_anew);
    tcase_add_test(tests, sink_that_fails);
    tcase_add_test(tests, noise_hardly_grows);
    tcase_add_test(tests, codes_are_complete);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
