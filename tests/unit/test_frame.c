/* The codec, driven by its own table: every frame there is, at its boundaries. */
#include <check.h>
#include <deskline/frame.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/bytes.h"
#include "wire/utf8.h"

/* How the fields of a frame are filled. */
enum filling { FILL_ZERO, FILL_SMALL, FILL_MOST, FILLINGS };

#define ARENA_LISTS 256
static struct frame_list_builder lists[ARENA_LISTS];
static unsigned list_count;
static char text_of_most[1u << 16];
static uint8_t bytes_of_most[1u << 16];

static void fill_record(const struct frame_record_info *type, enum filling filling, uint8_t *body);

/* A list at its most would often be over its frame's cap: the most records that stay far below it. */
static void fill_list(const struct frame_field_info *field, enum filling filling, struct frame_list *list)
{
    unsigned count = filling == FILL_ZERO ? 0 : filling == FILL_SMALL ? 1 : 3;
    ck_assert_uint_lt(list_count, ARENA_LISTS);
    struct frame_list_builder *builder = &lists[list_count++];
    uint8_t *record = calloc(1, field->record->size);
    for (unsigned i = 0; i < count && i < field->most; i++) {
        fill_record(field->record, FILL_SMALL, record);
        ck_assert_int_eq(frame_list_add(builder, field->record, record), 0);
    }
    free(record);
    *list = frame_list_view(builder);
}

static void fill_field(const struct frame_field_info *field, enum filling filling, uint8_t *to)
{
    static const uint64_t numbers[] = {
        [FILL_ZERO] = 0, [FILL_SMALL] = 0x0102030405060708, [FILL_MOST] = UINT64_MAX};
    uint64_t number = numbers[filling];
    uint32_t length = filling == FILL_ZERO ? 0 : filling == FILL_SMALL && field->most > 3 ? 3 : field->most;
    switch (field->kind) {
    case FIELD_U8:
        *to = (uint8_t)number;
        break;
    case FIELD_U16:
        memcpy(to, &(uint16_t){(uint16_t)number}, 2);
        break;
    case FIELD_U32:
        memcpy(to, &(uint32_t){(uint32_t)number}, 4);
        break;
    case FIELD_I32: {
        int32_t value = filling == FILL_ZERO ? 0 : filling == FILL_SMALL ? -2 : INT32_MIN;
        memcpy(to, &value, 4);
        break;
    }
    case FIELD_U64:
        memcpy(to, &number, 8);
        break;
    case FIELD_TEXT:
        *(struct frame_text *)(void *)to = (struct frame_text){text_of_most, length};
        break;
    case FIELD_BYTES:
        *(struct frame_bytes *)(void *)to = (struct frame_bytes){bytes_of_most, length};
        break;
    case FIELD_SUB:
        fill_record(field->record, filling, to);
        break;
    case FIELD_LIST:
        fill_list(field, filling, (struct frame_list *)(void *)to);
        break;
    }
}

static void fill_record(const struct frame_record_info *type, enum filling filling, uint8_t *body)
{
    for (const struct frame_field_info *field = type->fields; field->name; field++)
        fill_field(field, filling, body + field->offset);
}

static struct frame filled(const struct frame_info *info, enum filling filling)
{
    struct frame frame = {.type = info->type, .flags = 0, .job = info->job == OF_JOB ? 7 : 0};
    fill_record(&info->body, filling, (uint8_t *)&frame.hello);
    return frame;
}

static void forget_lists(void)
{
    while (list_count > 0)
        frame_list_builder_free(&lists[--list_count]);
}

static void set_up(void)
{
    memset(text_of_most, 'x', sizeof text_of_most);
    memset(bytes_of_most, 0xa5, sizeof bytes_of_most);
}

/* The frame's bytes in memory of exactly that size, so that a sanitizer sees a step too far. */
static uint8_t *encoded(const struct frame *frame, size_t *length)
{
    size_t size = frame_encoded_size(frame);
    uint8_t *bytes = malloc(size);
    ssize_t written = frame_encode(frame, bytes, size);
    ck_assert_msg(written == (ssize_t)size, "%s: %zd", frame_name((uint16_t)frame->type), written);
    *length = size;
    return bytes;
}

static int decode(const uint8_t *bytes, struct frame *frame, const char **why)
{
    struct frame_header header;
    frame_header_decode(bytes, &header);
    return frame_decode(&header, bytes + FRAME_HEADER_BYTES, frame, why);
}

/* Walks every list, also those in records, as a reader would. */
static void walk(const struct frame_record_info *type, const uint8_t *body)
{
    for (const struct frame_field_info *field = type->fields; field->name; field++) {
        if (field->kind == FIELD_SUB)
            walk(field->record, body + field->offset);
        if (field->kind != FIELD_LIST)
            continue;
        const struct frame_list *list = (const struct frame_list *)(const void *)(body + field->offset);
        uint8_t *record = malloc(field->record->size);
        size_t cursor = 0;
        uint32_t count = 0;
        while (frame_list_next(list, field->record, &cursor, record)) {
            walk(field->record, record);
            count++;
        }
        ck_assert_uint_eq(count, list->count);
        free(record);
    }
}

/* ---- The table ---------------------------------------------------------------------------------------- */

START_TEST(table_is_in_order)
{
    size_t count;
    const struct frame_info *frames = frame_table(&count);
    ck_assert_uint_gt(count, 30);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(i == 0 || frames[i - 1].type < frames[i].type, "%s is out of order", frames[i].name);
        ck_assert_ptr_eq(frame_find((uint16_t)frames[i].type), &frames[i]);
        ck_assert_str_eq(frame_name((uint16_t)frames[i].type), frames[i].name);
        ck_assert(frames[i].where && frames[i].when);
        ck_assert_uint_le(frames[i].cap, 0x100000);
    }
    ck_assert_ptr_null(frame_find(0));
    ck_assert_ptr_null(frame_find(0xffff));
    ck_assert_str_eq(frame_name(0xffff), "unknown");
}
END_TEST

START_TEST(header_check)
{
    static const unsigned places[] = {AT_SERVER, AT_CLIENT, AT_UNIT, AT_DAEMON, AT_CONTROL, AT_COMMAND};
    static const unsigned whens[] = {WHEN_NEW, WHEN_OPEN};
    size_t count;
    const struct frame_info *info = frame_table(&count);
    for (; count-- > 0; info++) {
        struct frame_header header = {info->cap, (uint16_t)info->type, 0, info->job == OF_JOB};
        const char *why;
        for (size_t p = 0; p < 6; p++)
            for (size_t w = 0; w < 2; w++) {
                bool allowed = info->where & places[p] && info->when & whens[w];
                ck_assert_int_eq(frame_header_check(&header, places[p], whens[w], &why),
                                 allowed ? 0 : -EPROTO);
            }
        unsigned where = info->where & (~info->where + 1), when = info->when & (~info->when + 1);
        header.length++;
        ck_assert_int_eq(frame_header_check(&header, where, when, &why), -EPROTO);
        header.length--;
        header.job = !header.job;
        ck_assert_int_eq(frame_header_check(&header, where, when, &why), info->job == ANY_JOB ? 0 : -EPROTO);
    }
}
END_TEST

/* ---- Round trips and damage --------------------------------------------------------------------------- */

START_TEST(round_trip_of_every_frame)
{
    size_t count;
    const struct frame_info *info = frame_table(&count);
    for (; count-- > 0; info++)
        for (enum filling filling = FILL_ZERO; filling < FILLINGS; filling++) {
            struct frame frame = filled(info, filling), back;
            size_t length, again_length;
            const char *why;
            char line[200];
            uint8_t *bytes = encoded(&frame, &length);
            ck_assert_msg(decode(bytes, &back, &why) == 0, "%s: %s", info->name, why);
            walk(&info->body, (const uint8_t *)&back.hello);
            uint8_t *again = encoded(&back, &again_length);
            ck_assert_uint_eq(length, again_length);
            ck_assert_mem_eq(bytes, again, length);
            for (size_t size = 0; size <= sizeof line; size += 7) {
                frame_print(&back, line, size);
                ck_assert(size == 0 || strlen(line) < size);
            }
            free(bytes);
            free(again);
            forget_lists();
        }
}
END_TEST

START_TEST(every_prefix_is_refused)
{
    size_t count;
    const struct frame_info *info = frame_table(&count);
    for (; count-- > 0; info++) {
        struct frame frame = filled(info, FILL_SMALL), back;
        size_t length;
        const char *why;
        uint8_t *whole = encoded(&frame, &length);
        for (size_t cut = FRAME_HEADER_BYTES; cut < length; cut++) {
            uint8_t *part = malloc(cut);
            memcpy(part, whole, cut);
            bytes_put(part, 4, cut - FRAME_HEADER_BYTES);
            why = NULL;
            ck_assert_msg(decode(part, &back, &why) == -EBADMSG, "%s cut at %zu", info->name, cut);
            ck_assert_ptr_nonnull(why);
            free(part);
        }
        free(whole);
        forget_lists();
    }
}
END_TEST

START_TEST(flipped_bits_do_no_harm)
{
    size_t count;
    const struct frame_info *info = frame_table(&count);
    for (; count-- > 0; info++) {
        struct frame frame = filled(info, FILL_SMALL), back;
        size_t length;
        const char *why;
        char line[256];
        uint8_t *bytes = encoded(&frame, &length);
        for (size_t bit = FRAME_HEADER_BYTES * 8; bit < length * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (decode(bytes, &back, &why) == 0) {
                walk(&info->body, (const uint8_t *)&back.hello);
                frame_print(&back, line, sizeof line);
            }
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        free(bytes);
        forget_lists();
    }
}
END_TEST

START_TEST(later_versions_may_append)
{
    size_t count;
    const struct frame_info *info = frame_table(&count);
    for (; count-- > 0; info++) {
        struct frame frame = filled(info, FILL_SMALL), back;
        size_t length, again_length;
        const char *why;
        uint8_t *bytes = encoded(&frame, &length);
        uint8_t *longer = malloc(length + 5);
        memcpy(longer, bytes, length);
        memset(longer + length, 0xff, 5);
        bytes_put(longer, 4, length + 5 - FRAME_HEADER_BYTES);
        ck_assert_int_eq(decode(longer, &back, &why), 0);
        uint8_t *again = encoded(&back, &again_length);
        ck_assert_uint_eq(length, again_length);
        ck_assert_mem_eq(again, bytes, length);
        free(bytes);
        free(longer);
        free(again);
        forget_lists();
    }
}
END_TEST

/* The same in a record of a list, and in a record within a frame. */
START_TEST(later_versions_may_append_to_records)
{
    uint8_t bytes[] = {0,    0,    0,    0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, /* header */
                       0,    0,    0,    0,                          /* account, of so many bytes */
                       0,    0,    0,    9,  0, 0, 0, 1, 0, 0, 0, 1, /* total, floor, one run … */
                       0,    0,    0,    15, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0, 0,
                       3,    0xee, 0xee,     /* … and 2 bytes more */
                       0xdd,                 /* and one behind the runs */
                       0,    0,    0,    5}; /* round */
    struct frame frame;
    struct record_pages run;
    size_t cursor = 0;
    const char *why;
    bytes_put(bytes, 4, sizeof bytes - FRAME_HEADER_BYTES);
    bytes_put(bytes + 4, 2, FRAME_READING_STATUS);
    bytes_put(bytes + FRAME_HEADER_BYTES, 4, sizeof bytes - FRAME_HEADER_BYTES - 4 - 4);
    ck_assert_int_eq(decode(bytes, &frame, &why), 0);
    ck_assert_uint_eq(frame.reading_status.round, 5);
    ck_assert_uint_eq(frame.reading_status.account.total, 9);
    ck_assert_uint_eq(frame.reading_status.account.floor, 1);
    ck_assert(frame_list_next(&frame.reading_status.account.runs, &frame_record_pages, &cursor, &run));
    ck_assert_uint_eq(run.count, 2);
    ck_assert_uint_eq(run.generation, 3);
    ck_assert(!frame_list_next(&frame.reading_status.account.runs, &frame_record_pages, &cursor, &run));
    bytes[38] =
        14; /* a record that claims one byte less leaves one that is no record: a count of 1 hides it */
    ck_assert_int_eq(decode(bytes, &frame, &why), 0);
    bytes[31] = 2; /* two records, but only one is there */
    ck_assert_int_eq(decode(bytes, &frame, &why), -EBADMSG);
}
END_TEST

/* ---- Limits ------------------------------------------------------------------------------------------- */

START_TEST(encoder_keeps_the_limits)
{
    uint8_t buffer[2048];
    struct frame frame = {.type = FRAME_GOODBYE, .goodbye = {{text_of_most, 256}}};
    ck_assert_int_eq(frame_encode(&frame, buffer, sizeof buffer), FRAME_HEADER_BYTES + 2 + 256);
    ck_assert_int_eq(frame_encode(&frame, buffer, FRAME_HEADER_BYTES + 2 + 255), -EMSGSIZE);
    ck_assert_int_eq(frame_encode(&frame, buffer, FRAME_HEADER_BYTES - 1), -EMSGSIZE);
    frame.goodbye.text.length = 257;
    ck_assert_int_eq(frame_encode(&frame, buffer, sizeof buffer), -EINVAL);
    frame.goodbye.text = (struct frame_text){"a\xff", 2};
    ck_assert_int_eq(frame_encode(&frame, buffer, sizeof buffer), -EINVAL);
    frame.type = (enum frame_type)0x7fff;
    ck_assert_int_eq(frame_encode(&frame, buffer, sizeof buffer), -EINVAL);
}
END_TEST

START_TEST(decoder_keeps_the_limits)
{
    uint8_t bytes[FRAME_HEADER_BYTES + 2 + 257];
    struct frame frame;
    const char *why;
    memset(bytes, 'x', sizeof bytes);
    frame_header_encode(&(struct frame_header){2 + 257, FRAME_GOODBYE, 0, 0}, bytes);
    bytes_put(bytes + FRAME_HEADER_BYTES, 2, 256);
    ck_assert_int_eq(decode(bytes, &frame, &why), 0);
    ck_assert_uint_eq(frame.goodbye.text.length, 256);
    bytes_put(bytes + FRAME_HEADER_BYTES, 2, 257);
    ck_assert_int_eq(decode(bytes, &frame, &why), -EBADMSG);
}
END_TEST

static const struct {
    const char *bytes;
    size_t length;
    bool is_valid;
} texts[] = {
    {"", 0, true},
    {"a\0b", 3, false},
    {"\x7f", 1, true},
    {"\x80", 1, false},
    {"\xc1\xbf", 2, false}, /* overlong */
    {"\xc2\x80", 2, true},
    {"\xc2", 1, false},
    {"\xc2\x41", 2, false},
    {"\xe0\x9f\xbf", 3, false}, /* overlong */
    {"\xe0\xa0\x80", 3, true},
    {"\xed\x9f\xbf", 3, true},
    {"\xed\xa0\x80", 3, false}, /* a surrogate */
    {"\xee\x80\x80", 3, true},
    {"\xe2\x82", 2, false},
    {"\xf0\x8f\xbf\xbf", 4, false}, /* overlong */
    {"\xf0\x90\x80\x80", 4, true},
    {"\xf4\x8f\xbf\xbf", 4, true},
    {"\xf4\x90\x80\x80", 4, false}, /* above U+10FFFF */
    {"\xf5\x80\x80\x80", 4, false},
    {"\xff", 1, false},
    {"\xf0\x9f\x96", 3, false},
};

START_TEST(utf8_boundaries)
{
    uint8_t *exact = malloc(texts[_i].length ? texts[_i].length : 1);
    memcpy(exact, texts[_i].bytes, texts[_i].length);
    ck_assert_int_eq(utf8_valid(exact, texts[_i].length), texts[_i].is_valid);
    free(exact);
}
END_TEST

START_TEST(texts_are_cut_at_characters)
{
    char buffer[6];
    frame_text_copy(frame_text_of("abcd\xc3\xa9"), buffer, sizeof buffer);
    ck_assert_str_eq(buffer, "abcd");
    frame_text_copy(frame_text_of("abc\xc3\xa9"), buffer, sizeof buffer);
    ck_assert_str_eq(buffer, "abc\xc3\xa9");
    frame_text_copy(frame_text_of(NULL), buffer, sizeof buffer);
    ck_assert_str_eq(buffer, "");
    frame_text_copy(frame_text_of("x"), buffer, 0);
    ck_assert(frame_text_is(frame_text_of("x"), "x"));
    ck_assert(!frame_text_is(frame_text_of("x"), "xy"));
    ck_assert(frame_text_is(frame_text_of(NULL), ""));
}
END_TEST

/* No secret gets into a log. */
START_TEST(secrets_are_not_printed)
{
    char line[512];
    struct frame token = {.type = FRAME_CLIENT_TOKEN, .client_token = {1, frame_text_of("hush")}};
    struct frame enroll = {.type = FRAME_ENROLL_COMMAND, .enroll_command = {1, frame_text_of("hush"), {0}}};
    struct frame secret = {.type = FRAME_ENROLL_REQUEST,
                           .enroll_request = {{(const uint8_t *)"hush", 4}, {NULL, 0}}};
    const struct frame *all[] = {&token, &enroll, &secret};
    for (size_t i = 0; i < 3; i++) {
        frame_print(all[i], line, sizeof line);
        ck_assert_ptr_null(strstr(line, "hush"));
    }
    struct frame forged = {.type = FRAME_GOODBYE, .goodbye = {frame_text_of("a\n\x1b[2J\"b")}};
    frame_print(&forged, line, sizeof line);
    ck_assert_ptr_null(strchr(line, '\n'));
    ck_assert_ptr_null(strchr(line, 0x1b));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frame");
    TCase *tests = tcase_create("frame");
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, table_is_in_order);
    tcase_add_test(tests, header_check);
    tcase_add_test(tests, round_trip_of_every_frame);
    tcase_add_test(tests, every_prefix_is_refused);
    tcase_add_test(tests, flipped_bits_do_no_harm);
    tcase_add_test(tests, later_versions_may_append);
    tcase_add_test(tests, later_versions_may_append_to_records);
    tcase_add_test(tests, encoder_keeps_the_limits);
    tcase_add_test(tests, decoder_keeps_the_limits);
    tcase_add_loop_test(tests, utf8_boundaries, 0, sizeof texts / sizeof texts[0]);
    tcase_add_test(tests, texts_are_cut_at_characters);
    tcase_add_test(tests, secrets_are_not_printed);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
