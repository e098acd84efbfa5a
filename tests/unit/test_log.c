/* base/log and base/text: what a line looks like, and that nobody from outside can forge one. */
#include "config.h"

#include "base/log.h"
#include "base/text.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char seen[8192];
static int kept_stderr, pipe_end;

/* Sends standard error into a pipe. */
static void capture(void)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    kept_stderr = dup(STDERR_FILENO);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    pipe_end = ends[0];
}

/* Puts standard error back; what was written is in `seen`. */
static const char *captured(void)
{
    size_t length = 0;
    ssize_t got;

    ck_assert_int_eq(dup2(kept_stderr, STDERR_FILENO), STDERR_FILENO);
    close(kept_stderr);
    while ((got = read(pipe_end, seen + length, sizeof seen - 1 - length)) > 0)
        length += (size_t)got;
    close(pipe_end);
    seen[length] = '\0';
    return seen;
}

START_TEST(line_has_time_program_and_level)
{
    unsigned year, count;
    int end = 0;

    unsetenv("JOURNAL_STREAM");
    capture();
    log_start("testd", LOG_LEVEL_INFO);
    log_warning("%u pages", 7U);
    log_debug("not seen");
    captured();
    ck_assert_int_eq(
        sscanf(seen, "%4u-%*2u-%*2uT%*2u:%*2u:%*2u.%*3uZ testd: warning: %u pages%n", &year, &count, &end),
        2);
    ck_assert_uint_ge(year, 2020);
    ck_assert_uint_eq(count, 7);
    ck_assert_str_eq(seen + end, "\n");
}
END_TEST

START_TEST(priorities_under_journald)
{
    static const char *const expected = "<3>a\n<4>b\n<5>c\n<6>d\n<7>e\n";
    struct stat status;
    char stream[64];

    capture();
    ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_start("testd", LOG_LEVEL_DEBUG);
    log_error("a");
    log_warning("b");
    log_notice("c");
    log_info("d");
    log_debug("e");
    ck_assert_str_eq(captured(), expected);

    /* The variable is inherited, but standard error leads elsewhere: no priorities. */
    capture();
    setenv("JOURNAL_STREAM", "1:2", 1);
    log_start("testd", LOG_LEVEL_DEBUG);
    log_error("a");
    captured();
    ck_assert_ptr_nonnull(strstr(seen, "testd: error: a\n"));
    unsetenv("JOURNAL_STREAM");
}
END_TEST

START_TEST(line_cannot_be_forged)
{
    capture();
    log_start("testd", LOG_LEVEL_INFO);
    log_use_priorities(true);
    log_info("name %s", "x\n<3>forged\r\x1b[2J\x7f");
    ck_assert_str_eq(captured(), "<6>name x\\x0a<3>forged\\x0d\\x1b[2J\\x7f\n");
}
END_TEST

START_TEST(long_lines_are_cut)
{
    char text[5000];
    size_t length;

    /* Around the limit of 1024 bytes: "<6>" + text + newline. */
    for (size_t size = 1000; size < 1040; size++) {
        memset(text, 'x', size);
        text[size] = '\0';
        capture();
        log_use_priorities(true);
        log_info("%s", text);
        length = strlen(captured());
        ck_assert_uint_le(length, 1024);
        if (strstr(seen, "x ...\n") == NULL)
            ck_assert_uint_eq(length, size + 4);
        else
            ck_assert_uint_gt(size, 1010);
    }
    memset(text, '\n', sizeof text - 1); /* escaped, four times as long */
    text[sizeof text - 1] = '\0';
    capture();
    log_info("%s", text);
    length = strlen(captured());
    ck_assert_uint_le(length, 1024);
    ck_assert_uint_gt(length, 1000);
    ck_assert_ptr_eq(strchr(seen, '\n'), seen + length - 1);
    ck_assert_str_eq(seen + length - 9, "\\x0a ...\n");
}
END_TEST

START_TEST(errno_is_left_alone)
{
    capture();
    close(STDERR_FILENO); /* the write fails */
    errno = ENOSPC;
    log_error("x");
    ck_assert_int_eq(errno, ENOSPC);
    captured();
}
END_TEST

START_TEST(level_names)
{
    enum log_level level = LOG_LEVEL_ERROR;

    ck_assert_int_eq(log_level_from_name("debug", &level), 0);
    ck_assert_int_eq(level, LOG_LEVEL_DEBUG);
    ck_assert_int_eq(log_level_from_name("error", &level), 0);
    ck_assert_int_eq(level, LOG_LEVEL_ERROR);
    ck_assert_int_eq(log_level_from_name("", &level), -EINVAL);
    ck_assert_int_eq(log_level_from_name("Error", &level), -EINVAL);
    ck_assert_int_eq(log_level_from_priority(0), LOG_LEVEL_ERROR);
    ck_assert_int_eq(log_level_from_priority(4), LOG_LEVEL_WARNING);
    ck_assert_int_eq(log_level_from_priority(9), LOG_LEVEL_DEBUG);
}
END_TEST

static const struct {
    const char *bytes, *expected;
} escapes[] = {
    {"", ""},
    {"plain \\ text", "plain \\ text"},
    {"\x01\x1f\x7f", "\\x01\\x1f\\x7f"},
    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
    {"\xc2\x9b", "\\xc2\\x9b"},                   /* C1: CSI */
    {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},          /* line separator */
    {"\xe2\x80\xae", "\\xe2\\x80\\xae"},          /* right-to-left override */
    {"\xc0\x8a", "\\xc0\\x8a"},                   /* overlong newline */
    {"\xe0\x80\x8a", "\\xe0\\x80\\x8a"},          /* the same in three bytes */
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* surrogate */
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond U+10FFFF */
    {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
    {"\xe2\x82", "\\xe2\\x82"}, /* ends within a character */
    {"\xe2(\xa1", "\\xe2(\\xa1"},
};

START_TEST(escape_of_hostile_bytes)
{
    char copy[128];
    size_t length = text_escape(copy, sizeof copy, escapes[_i].bytes, strlen(escapes[_i].bytes));

    ck_assert_str_eq(copy, escapes[_i].expected);
    ck_assert_uint_eq(length, strlen(copy));
}
END_TEST

START_TEST(escape_is_cut_between_characters)
{
    static const char bytes[] = "a\xc3\xa4\0z";
    static const char *const expected[] = {NULL,
                                           "",
                                           "a",
                                           "a",
                                           "a\xc3\xa4",
                                           "a\xc3\xa4",
                                           "a\xc3\xa4",
                                           "a\xc3\xa4",
                                           "a\xc3\xa4\\x00",
                                           "a\xc3\xa4\\x00z"};
    char copy[16];

    for (size_t size = 0; size < sizeof expected / sizeof expected[0]; size++) {
        memset(copy, '#', sizeof copy);
        ck_assert_uint_eq(text_escape(copy, size, bytes, 5), 8);
        if (size > 0)
            ck_assert_str_eq(copy, expected[size]);
        ck_assert_int_eq(copy[size], '#');
    }
}
END_TEST

START_TEST(buffer_is_bounded)
{
    struct text_buffer buffer;

    text_start(&buffer, 200);
    ck_assert_str_eq(text_of(&buffer), "");
    text_append(&buffer, "");
    text_printf(&buffer, "%s", "");
    ck_assert_str_eq(text_of(&buffer), "");
    for (int i = 0; i < 19; i++)
        text_printf(&buffer, "%010d", i);
    text_append(&buffer, "0123456789");
    ck_assert_uint_eq(buffer.length, 200);
    ck_assert(!buffer.cut);
    text_printf(&buffer, "%d", 7);
    ck_assert(buffer.cut);
    text_append(&buffer, "x");
    ck_assert_uint_eq(strlen(text_of(&buffer)), 200);
    ck_assert_str_eq(text_of(&buffer) + 180, "00000000180123456789");
    text_free(&buffer);
    text_free(&buffer);
    text_append(&buffer, "again");
    ck_assert_str_eq(text_of(&buffer), "again");
    text_free(&buffer);
}
END_TEST

START_TEST(time_in_utc)
{
    char text[TEXT_TIME_SIZE];

    text_time(0, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
    text_time(UINT64_C(951826496789), text);
    ck_assert_str_eq(text, "2000-02-29T12:14:56.789Z");
    text_time(UINT64_MAX, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *lines = tcase_create("lines"), *text = tcase_create("text");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, lines);
    tcase_add_test(lines, line_has_time_program_and_level);
    tcase_add_test(lines, priorities_under_journald);
    tcase_add_test(lines, line_cannot_be_forged);
    tcase_add_test(lines, long_lines_are_cut);
    tcase_add_test(lines, errno_is_left_alone);
    tcase_add_test(lines, level_names);
    suite_add_tcase(suite, text);
    tcase_add_loop_test(text, escape_of_hostile_bytes, 0, sizeof escapes / sizeof escapes[0]);
    tcase_add_test(text, escape_is_cut_between_characters);
    tcase_add_test(text, buffer_is_bounded);
    tcase_add_test(text, time_in_utc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
