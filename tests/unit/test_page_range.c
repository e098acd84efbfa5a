/* base/page_range: what is a range, what is none, and which pages come out. */
#include "config.h"

#include "base/page_range.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct page_ranges ranges;
static char why[200];

/* The pages one by one, "1 2 3 5 8 9 10 ", or the sentence. */
static const char *pages_of(const char *text, uint32_t pages)
{
    static char list[4096];
    size_t length = 0;
    uint32_t count = 0;

    strcpy(why, "-");
    if (page_ranges_parse(&ranges, text, why, sizeof why) < 0 ||
        page_ranges_fit(&ranges, pages, why, sizeof why) < 0)
        return why;
    list[0] = '\0';
    for (uint32_t page = 0; (page = page_ranges_next(&ranges, page)) != 0; count++)
        length += (size_t)snprintf(list + length, sizeof list - length, "%u ", page);
    ck_assert_uint_eq(count, page_ranges_total(&ranges));
    return list;
}

static const struct {
    const char *text;
    uint32_t pages;
    const char *expected;
} given[] = {
    {"1-3,5,8-", 10, "1 2 3 5 8 9 10 "},
    {NULL, 3, "1 2 3 "},
    {"", 2, "1 2 "},
    {"   ", 2, "1 2 "},
    {" 1 , 3 - 4 ", 4, "'3 - 4' is no page range; pages are written as in 1-3,5,8-"},
    {" 1 , 3-4 ", 4, "1 3 4 "},
    {"1", 1, "1 "},
    {"1-1", 1, "1 "},
    {"1-", 1, "1 "},
    {"007", 7, "7 "},
    {"10-", 10, "10 "},
    {"1,2,3", 3, "1 2 3 "},
    {"11-", 10, "there is no page 11: the document has 10 pages"},
    {"2", 1, "there is no page 2: the document has 1 page"},
    {"1-11", 10, "there is no page 11: the document has 10 pages"},
    {"4294967295", 10, "there is no page 4294967294: the document has 10 pages"},
    {"1-99999999999999999999", 10, "there is no page 4294967294: the document has 10 pages"},
    {"0", 5, "there is no page 0 as in '0'; the first page is 1"},
    {"0-3", 5, "there is no page 0 as in '0-3'; the first page is 1"},
    {"1-0", 5, "there is no page 0 as in '1-0'; the first page is 1"},
    {"3-1", 5, "the page range '3-1' runs backwards"},
    {",", 5, "a page range is empty; pages are written as in 1-3,5,8-"},
    {"1,", 5, "a page range is empty; pages are written as in 1-3,5,8-"},
    {",1", 5, "a page range is empty; pages are written as in 1-3,5,8-"},
    {"1, ,2", 5, "a page range is empty; pages are written as in 1-3,5,8-"},
    {"-3", 5, "'-3' is no page range; pages are written as in 1-3,5,8-"},
    {"1--3", 5, "'1--3' is no page range; pages are written as in 1-3,5,8-"},
    {"1-3-5", 5, "'1-3-5' is no page range; pages are written as in 1-3,5,8-"},
    {"+1", 5, "'+1' is no page range; pages are written as in 1-3,5,8-"},
    {"one", 5, "'one' is no page range; pages are written as in 1-3,5,8-"},
    {"1;2", 5, "'1;2' is no page range; pages are written as in 1-3,5,8-"},
    {"\x1b[2J", 5, "'\\x1B[2J' is no page range; pages are written as in 1-3,5,8-"},
    {"1-,3", 5, "nothing can follow '1-', which goes on to the last page"},
    {"3,3", 5, "'3' does not lie behind page 3: page ranges are in ascending order"},
    {"1-3,2-5", 5, "'2-5' does not lie behind page 3: page ranges are in ascending order"},
    {"5,1", 5, "'1' does not lie behind page 5: page ranges are in ascending order"},
};

START_TEST(every_text_gives_its_pages_or_its_sentence)
{
    const char *said = pages_of(given[_i].text, given[_i].pages);

    ck_assert_msg(strcasecmp(said, given[_i].expected) == 0, "'%s' of %u: '%s', not '%s'",
                  given[_i].text ? given[_i].text : "NULL", given[_i].pages, said, given[_i].expected);
}
END_TEST

START_TEST(number_of_ranges_is_bounded)
{
    char text[PAGE_RANGE_MOST * 8];
    size_t length = 0;

    for (unsigned i = 1; i <= PAGE_RANGE_MOST; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%u", i == 1 ? "" : ",", i * 2);
    ck_assert_int_eq(page_ranges_parse(&ranges, text, why, sizeof why), 0);
    ck_assert_uint_eq(ranges.count, PAGE_RANGE_MOST);
    snprintf(text + length, sizeof text - length, ",900");
    ck_assert_int_eq(page_ranges_parse(&ranges, text, why, sizeof why), -EINVAL);
    ck_assert_str_eq(why, "there are more than 256 page ranges");
}
END_TEST

/* A long piece is quoted in part; a sentence that nobody wants is none. */
START_TEST(sentences_are_bounded)
{
    char text[5000], small[8];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(page_ranges_parse(&ranges, text, why, sizeof why), -EINVAL);
    ck_assert_uint_lt(strlen(why), 120);
    ck_assert_int_eq(page_ranges_parse(&ranges, text, small, sizeof small), -EINVAL);
    ck_assert_uint_eq(strlen(small), sizeof small - 1);
    ck_assert_int_eq(page_ranges_parse(&ranges, text, NULL, 0), -EINVAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page_range");
    TCase *tests = tcase_create("page_range");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, every_text_gives_its_pages_or_its_sentence, 0,
                        (int)(sizeof given / sizeof given[0]));
    tcase_add_test(tests, number_of_ranges_is_bounded);
    tcase_add_test(tests, sentences_are_bounded);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
