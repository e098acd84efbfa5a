/* The reader: whole frames out of bytes in pieces of any size, and nothing out of bytes that are no frames.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/bytes.h"
#include "wire/reader.h"

struct seen {
    struct reader *reader;
    unsigned frames, stop_behind;
    uint64_t tokens[16];
    size_t page_bytes;
};

static void see(void *context, const struct frame *frame)
{
    struct seen *seen = context;
    if (frame->type == FRAME_PING)
        seen->tokens[seen->frames] = frame->ping.token;
    if (frame->type == FRAME_PAGE_DATA)
        seen->page_bytes += frame->page_data.bytes.length;
    if (++seen->frames == seen->stop_behind)
        reader_stop(seen->reader);
    if (frame->type == FRAME_HELLO)
        reader_set_when(seen->reader, WHEN_OPEN);
}

/* Puts the bytes in, at most `step` at a time, as far as the reader takes them. */
static int feed(struct reader *reader, const uint8_t *bytes, size_t length, size_t step, const char **why)
{
    for (size_t at = 0; at < length;) {
        size_t room, size = length - at < step ? length - at : step;
        uint8_t *to = reader_room(reader, &room);
        ck_assert_uint_ge(room, 1);
        size = size < room ? size : room;
        memcpy(to, bytes + at, size);
        int error = reader_filled(reader, size, why);
        if (error)
            return error;
        at += size;
    }
    return 0;
}

static size_t put_frame(const struct frame *frame, uint8_t *at, size_t room)
{
    ssize_t length = frame_encode(frame, at, room);
    ck_assert_int_gt(length, 0);
    return (size_t)length;
}

static size_t put_header(uint8_t *at, uint32_t length, uint16_t type, uint16_t flags, uint64_t job)
{
    frame_header_encode(&(struct frame_header){length, type, flags, job}, at);
    return FRAME_HEADER_BYTES;
}

START_TEST(pieces_of_every_size)
{
    uint8_t stream[512];
    size_t length = 0;
    for (uint64_t token = 1; token <= 3; token++)
        length +=
            put_frame(&(struct frame){.type = FRAME_PING, .ping = {token}}, stream + length, 512 - length);
    length += put_header(stream + length, 7, 0x7fff, FRAME_FLAG_OPTIONAL, 5);
    memset(stream + length, 0xee, 7);
    length += 7;
    length += put_frame(&(struct frame){.type = FRAME_PING, .ping = {4}}, stream + length, 512 - length);
    for (size_t step = 1; step <= length; step++) {
        struct seen seen = {0};
        const char *why;
        struct reader *reader = seen.reader = reader_new(AT_SERVER, WHEN_OPEN, see, &seen);
        ck_assert_int_eq(feed(reader, stream, length, step, &why), 0);
        ck_assert_uint_eq(seen.frames, 4);
        for (unsigned i = 0; i < 4; i++)
            ck_assert_uint_eq(seen.tokens[i], i + 1);
        ck_assert(reader_is_empty(reader));
        reader_free(&reader);
        ck_assert_ptr_null(reader);
    }
}
END_TEST

START_TEST(full_pages_and_long_frames)
{
    static uint8_t stream[4u << 20];
    static uint8_t bytes[0xffe0];
    struct frame_list_builder list = {0};
    struct record_pages run = {.count = 1};
    size_t length = 0;
    struct frame page = {.type = FRAME_PAGE_DATA, .job = 1, .page_data = {1, 0, {bytes, sizeof bytes}}};
    for (run.first = 1; run.first <= 50000; run.first++) /* a frame of 850 kB, far beyond the first buffer */
        ck_assert_int_eq(frame_list_add(&list, &frame_record_pages, &run), 0);
    struct frame status = {.type = FRAME_READING_STATUS,
                           .job = 1,
                           .reading_status = {.account = {.runs = frame_list_view(&list)}}};
    length += put_frame(&page, stream + length, sizeof stream - length);
    ck_assert_uint_eq(length, READER_BUFFER_BYTES); /* the biggest block of page data fills the buffer */
    length += put_frame(&status, stream + length, sizeof stream - length);
    length += put_frame(&page, stream + length, sizeof stream - length);
    page.page_data.bytes.length = 1000;
    length += put_frame(&page, stream + length, sizeof stream - length);
    static const size_t steps[] = {1000, 16384, 65535, 65536, 4u << 20};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct seen seen = {0};
        const char *why;
        struct reader *reader = seen.reader = reader_new(AT_SERVER, WHEN_OPEN, see, &seen);
        ck_assert_int_eq(feed(reader, stream, length, steps[i], &why), 0);
        ck_assert_uint_eq(seen.frames, 4);
        ck_assert_uint_eq(seen.page_bytes, 2 * sizeof bytes + 1000);
        reader_free(&reader);
    }
    frame_list_builder_free(&list);
}
END_TEST

/* What a header may not say; nothing is allocated for its promise. */
START_TEST(headers_that_are_refused)
{
    static const struct {
        uint32_t length;
        uint16_t type, flags;
        uint64_t job;
    } bad[] = {
        {65, FRAME_PING, 0, 0},
        {0xffffffff, FRAME_PAGE_DATA, 0, 1},
        {0xfff1, FRAME_PAGE_DATA, 0, 1},
        {8, FRAME_PING, 0, 1},                        /* a job where none may be */
        {8, FRAME_PAGE_STORED, 0, 0},                 /* none where one has to be */
        {8, FRAME_WELCOME, 0, 0},                     /* the other direction */
        {8, FRAME_HELLO, 0, 0},                       /* too late */
        {8, 0x7fff, 0, 0},                            /* unknown */
        {65537, 0x7fff, FRAME_FLAG_OPTIONAL, 0},      /* unknown, optional and too long to skip */
        {0xffffffff, 0x7fff, FRAME_FLAG_OPTIONAL, 0}, /* the same */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t header[FRAME_HEADER_BYTES];
        struct seen seen = {0};
        const char *why = NULL;
        size_t room;
        struct reader *reader = seen.reader = reader_new(AT_SERVER, WHEN_OPEN, see, &seen);
        put_header(header, bad[i].length, bad[i].type, bad[i].flags, bad[i].job);
        ck_assert_int_eq(feed(reader, header, sizeof header - 1, 3, &why), 0);
        ck_assert_ptr_null(why);
        (void)reader_room(reader, &room);
        ck_assert_uint_le(room, READER_BUFFER_BYTES);
        ck_assert_int_eq(feed(reader, header + sizeof header - 1, 1, 1, &why), -EPROTO);
        ck_assert_ptr_nonnull(why);
        ck_assert_uint_eq(seen.frames, 0);
        reader_free(&reader);
    }
}
END_TEST

START_TEST(payload_that_is_malformed)
{
    uint8_t ping[FRAME_HEADER_BYTES + 7] = {0};
    struct seen seen = {0};
    const char *why = NULL;
    struct reader *reader = seen.reader = reader_new(AT_SERVER, WHEN_OPEN, see, &seen);
    put_header(ping, 7, FRAME_PING, 0, 0);
    ck_assert_int_eq(feed(reader, ping, sizeof ping, sizeof ping, &why), -EBADMSG);
    ck_assert_ptr_nonnull(why);
    reader_free(&reader);
}
END_TEST

START_TEST(stop_in_the_callback)
{
    uint8_t stream[256];
    size_t length = 0;
    const char *why;
    struct seen seen = {.stop_behind = 2};
    struct reader *reader = seen.reader = reader_new(AT_SERVER, WHEN_OPEN, see, &seen);
    for (uint64_t token = 1; token <= 4; token++)
        length +=
            put_frame(&(struct frame){.type = FRAME_PING, .ping = {token}}, stream + length, 256 - length);
    ck_assert_int_eq(feed(reader, stream, length, length, &why), 0);
    memset(stream, 0xff, sizeof stream); /* afterwards it may be anything */
    ck_assert_int_eq(feed(reader, stream, sizeof stream, 7, &why), 0);
    ck_assert_uint_eq(seen.frames, 2);
    reader_free(&reader);
}
END_TEST

/* The greeting and the first frame behind it come in one piece: the second is judged by the new state. */
START_TEST(state_holds_for_the_next_frame)
{
    uint8_t stream[512];
    const char *why = NULL;
    size_t length = put_frame(&(struct frame){.type = FRAME_HELLO}, stream, sizeof stream);
    length += put_frame(&(struct frame){.type = FRAME_PING}, stream + length, sizeof stream - length);
    struct seen seen = {0};
    struct reader *reader = seen.reader = reader_new(AT_SERVER, WHEN_NEW, see, &seen);
    ck_assert_int_eq(feed(reader, stream, length, length, &why), 0);
    ck_assert_uint_eq(seen.frames, 2);
    ck_assert_int_eq(feed(reader, stream, length, length, &why), -EPROTO); /* a second greeting */
    reader_free(&reader);
}
END_TEST

START_TEST(release_keeps_what_is_there)
{
    uint8_t ping[64];
    const char *why;
    struct seen seen = {0};
    size_t length = put_frame(&(struct frame){.type = FRAME_PING, .ping = {9}}, ping, sizeof ping);
    struct reader *reader = seen.reader = reader_new(AT_SERVER, WHEN_OPEN, see, &seen);
    reader_release(reader);
    ck_assert_int_eq(feed(reader, ping, 10, 10, &why), 0);
    reader_release(reader);
    ck_assert(!reader_is_empty(reader));
    ck_assert_int_eq(feed(reader, ping + 10, length - 10, 64, &why), 0);
    ck_assert_uint_eq(seen.tokens[0], 9);
    reader_release(reader);
    ck_assert_int_eq(feed(reader, ping, length, 64, &why), 0);
    ck_assert_uint_eq(seen.frames, 2);
    reader_free(&reader);
    reader_free(&reader);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *tests = tcase_create("reader");
    tcase_add_test(tests, pieces_of_every_size);
    tcase_add_test(tests, full_pages_and_long_frames);
    tcase_add_test(tests, headers_that_are_refused);
    tcase_add_test(tests, payload_that_is_malformed);
    tcase_add_test(tests, stop_in_the_callback);
    tcase_add_test(tests, state_holds_for_the_next_frame);
    tcase_add_test(tests, release_keeps_what_is_there);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
