/* The page ledger: what it says of pages, how it travels, and what it does not believe. */
#include <check.h>
#include <deskline/ledger.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A ledger from a picture: u unread, r read, s stored, ? uncertain, x skipped. */
static struct ledger drawn(const char *picture, uint32_t total)
{
    static const char letters[] = "urs?x";
    struct ledger ledger = {.total = total};
    for (uint32_t page = 1; picture[page - 1]; page++) {
        enum page_state state = (enum page_state)(strchr(letters, picture[page - 1]) - letters);
        ck_assert_int_eq(ledger_set(&ledger, page, state, 0), 0);
    }
    return ledger;
}

static const struct {
    const char *picture;
    uint32_t total;
    uint32_t first_unstored, first_unread, last_finished, next_read;
    bool has_gap;
    uint32_t gap_first, gap_count;
    bool is_complete;
} pictures[] = {
    {"", 0, 1, 1, 0, 0, true, 1, 0, false},
    {"s", 0, 2, 2, 1, 0, true, 2, 0, false},
    {"ss", 2, 3, 3, 2, 0, false, 3, 0, true},
    {"sr", 2, 2, 3, 2, 2, false, 3, 0, false},
    {"ssrr?", 0, 3, 5, 4, 3, true, 5, 0, false},
    {"ssrr?", 7, 3, 5, 4, 3, true, 5, 3, false},
    {"sxs", 3, 4, 4, 3, 0, false, 4, 0, true},
    {"xx", 2, 3, 3, 0, 0, false, 3, 0, false}, /* nothing is stored: no document */
    {"susr", 4, 2, 2, 4, 4, true, 2, 1, false},
    {"s?us", 4, 2, 2, 4, 0, true, 2, 2, false},
    {"su", 1, 2, 2, 1, 0, false, 2, 0, true}, /* what is behind the total does not count */
    {"r", 1, 1, 2, 1, 1, false, 2, 0, false},
};

START_TEST(questions)
{
    struct ledger ledger = drawn(pictures[_i].picture, pictures[_i].total);
    uint32_t first, count = 0;
    ck_assert_uint_eq(ledger_first_unstored(&ledger), pictures[_i].first_unstored);
    ck_assert_uint_eq(ledger_first_unread(&ledger), pictures[_i].first_unread);
    ck_assert_uint_eq(ledger_last_finished(&ledger), pictures[_i].last_finished);
    ck_assert_uint_eq(ledger_next_read(&ledger, 1), pictures[_i].next_read);
    ck_assert_int_eq(ledger_gap(&ledger, &first, &count), pictures[_i].has_gap);
    if (pictures[_i].has_gap) {
        ck_assert_uint_eq(first, pictures[_i].gap_first);
        ck_assert_uint_eq(count, pictures[_i].gap_count);
    }
    ck_assert_int_eq(ledger_is_complete(&ledger), pictures[_i].is_complete);
    ledger_free(&ledger);
    ledger_free(&ledger);
}
END_TEST

START_TEST(travels_in_runs)
{
    struct ledger ledger = drawn(pictures[_i].picture, pictures[_i].total), back = {0}, copy = {0};
    struct frame_list_builder builder = {0};
    struct record_account account;
    const char *why;
    ledger.floor = 3;
    ledger_to_account(&ledger, &builder, &account);
    ck_assert_uint_le(account.runs.count, strlen(pictures[_i].picture));
    ck_assert_int_eq(ledger_from_account(&back, FUNCTION_READING, &account, &why), 0);
    ck_assert(ledger_equal(&ledger, &back));
    ledger_copy(&copy, &back);
    ck_assert(ledger_equal(&ledger, &copy));
    ledger_set(&copy, 1, PAGE_SKIPPED, 9);
    ck_assert(!ledger_equal(&ledger, &copy));
    frame_list_builder_free(&builder);
    ledger_free(&ledger);
    ledger_free(&back);
    ledger_free(&copy);
}
END_TEST

START_TEST(page_numbers_are_bounded)
{
    struct ledger ledger = {0};
    ck_assert_int_eq(ledger_set(&ledger, 0, PAGE_READ, 0), -ERANGE);
    ck_assert_int_eq(ledger_set(&ledger, LEDGER_MAX_PAGES + 1, PAGE_READ, 0), -ERANGE);
    ck_assert_int_eq(ledger_set(&ledger, UINT32_MAX, PAGE_READ, 0), -ERANGE);
    ck_assert_int_eq(ledger_set(&ledger, LEDGER_MAX_PAGES, PAGE_READ, 0), 0);
    ck_assert_uint_eq(ledger_get(&ledger, 0).state, PAGE_UNREAD);
    ck_assert_uint_eq(ledger_get(&ledger, UINT32_MAX).state, PAGE_UNREAD);
    ck_assert_uint_eq(ledger_count(&ledger, PAGE_UNREAD), LEDGER_MAX_PAGES - 1);
    ledger_free(&ledger);
}
END_TEST

/* Each page a run of its own, and every text as long as it may be. */
START_TEST(the_longest_account_fits_every_frame)
{
    static char letters[512];
    struct ledger ledger = {.total = LEDGER_MAX_PAGES};
    struct frame_list_builder runs = {0}, manners = {0};
    struct record_account account;
    const struct record_manner manner = {1, 1, LEDGER_MAX_PAGES};
    memset(letters, 'x', sizeof letters);
    const struct frame_text t64 = {letters, 64}, t128 = {letters, 128}, t256 = {letters, 256},
                            t512 = {letters, 512};
    for (uint32_t page = LEDGER_MAX_PAGES; page > 0; page--)
        ck_assert_int_eq(ledger_set(&ledger, page, PAGE_READ, page % 2), 0);
    ledger_to_account(&ledger, &runs, &account);
    ck_assert_uint_eq(account.runs.count, LEDGER_MAX_PAGES);
    for (unsigned i = 0; i < 16; i++)
        ck_assert_int_eq(frame_list_add(&manners, &frame_record_manner, &manner), 0);
    const struct frame frames[] = {
        {.type = FRAME_JOB_STATUS,
         .job = 1,
         .job_status = {.client = t64,
                        .service = {letters, 32},
                        .title = t256,
                        .reasons = t256,
                        .account = account,
                        .error_text = t512,
                        .action = t512,
                        .manners = frame_list_view(&manners),
                        .unit = t128}},
        {.type = FRAME_READING_STATUS, .job = 1, .reading_status = {.account = account}},
        {.type = FRAME_ERROR_NOTICE, .job = 1, .error_notice = {.text = t512, .account = account}},
        {.type = FRAME_RESTART_COMMAND,
         .job = 1,
         .restart_command = {.options = {.unit = t128}, .account = account}},
    };
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        size_t size = frame_encoded_size(&frames[i]);
        uint8_t *bytes = malloc(size);
        ck_assert_ptr_nonnull(bytes);
        ck_assert_msg(frame_encode(&frames[i], bytes, size) == (ssize_t)size, "%s",
                      frame_name((uint16_t)frames[i].type));
        free(bytes);
    }
    frame_list_builder_free(&runs);
    frame_list_builder_free(&manners);
    ledger_free(&ledger);
}
END_TEST

#define RUNS_MOST 3
static const struct {
    uint32_t total;
    struct record_pages runs[RUNS_MOST];
    unsigned count;
} hostile[] = {
    {LEDGER_MAX_PAGES + 1, {{0}}, 0},
    {0, {{0, 1, PAGE_READ, 0}}, 1},                                                 /* page 0 */
    {0, {{2, 1, PAGE_READ, 0}}, 1},                                                 /* not from 1 */
    {0, {{1, 0, PAGE_READ, 0}}, 1},                                                 /* no page */
    {0, {{1, 2, PAGE_READ, 0}, {2, 1, PAGE_READ, 0}}, 2},                           /* overlap */
    {0, {{1, 2, PAGE_READ, 0}, {4, 1, PAGE_READ, 0}}, 2},                           /* gap */
    {0, {{1, 1, PAGE_SKIPPED + 1, 0}}, 1},                                          /* no such state */
    {0, {{1, LEDGER_MAX_PAGES + 1, PAGE_READ, 0}}, 1},                              /* too many */
    {0, {{1, UINT32_MAX, PAGE_READ, 0}}, 1},                                        /* far too many */
    {0, {{1, LEDGER_MAX_PAGES, PAGE_READ, 0}, {LEDGER_MAX_PAGES + 1, 1, 0, 0}}, 2}, /* one too many */
    {2, {{1, 3, PAGE_STORED, 0}}, 1},                                               /* behind the total */
};

START_TEST(hostile_accounts)
{
    struct ledger ledger = drawn("sr", 0), before = drawn("sr", 0);
    struct frame_list_builder builder = {0};
    struct record_account account = {.total = hostile[_i].total};
    const char *why = NULL;
    for (unsigned i = 0; i < hostile[_i].count; i++)
        ck_assert_int_eq(frame_list_add(&builder, &frame_record_pages, &hostile[_i].runs[i]), 0);
    account.runs = frame_list_view(&builder);
    ck_assert_int_eq(ledger_from_account(&ledger, FUNCTION_READING, &account, &why), -EBADMSG);
    ck_assert_ptr_nonnull(why);
    ck_assert(ledger_equal(&ledger, &before)); /* unchanged */
    frame_list_builder_free(&builder);
    ledger_free(&ledger);
    ledger_free(&before);
}
END_TEST

START_TEST(revert_sets_generations)
{
    struct ledger ledger = drawn("ssrr", 4);
    ledger_revert(&ledger, 3, 5);
    ck_assert_uint_eq(ledger.total, 0);
    ck_assert_uint_eq(ledger_get(&ledger, 2).state, PAGE_STORED);
    ck_assert_uint_eq(ledger_get(&ledger, 2).generation, 0);
    for (uint32_t page = 3; page <= 9; page++) { /* also behind the last entry */
        ck_assert_uint_eq(ledger_get(&ledger, page).state, PAGE_UNREAD);
        ck_assert_uint_eq(ledger_get(&ledger, page).generation, 5);
    }
    ledger_set(&ledger, 7, PAGE_READ, 6);
    ck_assert_uint_eq(ledger_get(&ledger, 6).generation, 5);
    ledger_revert(&ledger, 1, 8);
    ck_assert_uint_eq(ledger_last_finished(&ledger), 0);
    ck_assert_uint_eq(ledger_get(&ledger, 7).generation, 8);
    ledger_free(&ledger);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger");
    TCase *tests = tcase_create("ledger");
    tcase_add_loop_test(tests, questions, 0, sizeof pictures / sizeof pictures[0]);
    tcase_add_loop_test(tests, travels_in_runs, 0, sizeof pictures / sizeof pictures[0]);
    tcase_add_test(tests, page_numbers_are_bounded);
    tcase_add_test(tests, the_longest_account_fits_every_frame);
    tcase_add_loop_test(tests, hostile_accounts, 0, sizeof hostile / sizeof hostile[0]);
    tcase_add_test(tests, revert_sets_generations);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
