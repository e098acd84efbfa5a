/* Which manners are on offer in which situation, and what each does to the ledger. */
#include <check.h>
#include <deskline/phase.h>
#include <stdio.h>
#include <string.h>

static const char letters[] = "urs?x";

static struct ledger drawn(const char *picture, uint32_t total)
{
    struct ledger ledger = {.total = total};
    for (uint32_t page = 1; picture[page - 1]; page++)
        ledger_set(&ledger, page, (enum page_state)(strchr(letters, picture[page - 1]) - letters), 1);
    return ledger;
}

static const char *picture_of(const struct ledger *ledger, char text[32])
{
    for (uint32_t page = 1; page <= ledger->count; page++)
        text[page - 1] = letters[ledger_get(ledger, page).state];
    text[ledger->count] = '\0';
    return text;
}

static const struct {
    const char *picture;
    uint32_t total;
    uint16_t error;
    bool interrupted;
    uint32_t page, device_page;
    uint8_t step;
    const char *offers; /* words with the pages they are about */
} situations[] = {
    {"", 0, ERROR_MEDIA_EMPTY, false, 1, 1, PHASE_READ_STARTING, "resume 1 restart 1 abandon 0"},
    {"", 0, ERROR_MEDIA_JAM, true, 1, 1, PHASE_READ_STARTING, "resume 1 skip 1 restart 1 abandon 0"},
    {"ss", 0, ERROR_MEDIA_JAM, true, 3, 3, PHASE_READ_READING,
     "resume 3 from-page 1-2 redo-last 2 skip 3 finish 2 restart 1 abandon 0"},
    {"srr", 0, ERROR_LINK_LOST, true, 2, 4, PHASE_READ_SENDING,
     "resume 4 from-page 1-3 redo-last 3 finish 3 restart 1 abandon 0"},
    {"ss?", 0, ERROR_SHEET_UNCERTAIN, true, 3, 3, PHASE_READ_READING,
     "resume 3 from-page 1-2 redo-last 2 skip 3 finish 2 restart 1 abandon 0"},
    {"suss", 0, ERROR_PAGE_LOST, false, 2, 2, PHASE_READ_READING, /* a hole: the device has to start there */
     "resume 2 from-page 1 finish 4 restart 1 abandon 0"},
    {"u", 1, ERROR_PAGE_INVALID, true, 1, 1, PHASE_READ_STARTING,
     "resume 1 restart 1 abandon 0"}, /* not the only one */
    {"ss", 2, ERROR_DELIVERY_FAILED, false, 3, 3, PHASE_READ_DELIVERING,
     "resume 3 from-page 1-2 redo-last 2 finish 2 restart 1 abandon 0"},
};

START_TEST(offers)
{
    struct ledger ledger = drawn(situations[_i].picture, situations[_i].total);
    struct phase phase = phase_of(FUNCTION_READING, &ledger);
    struct manner_offer list[MANNER_OFFERS_MAX];
    char text[256] = "", one[64];
    ck_assert_uint_eq(phase.function, FUNCTION_READING);
    ck_assert_uint_eq(phase.page, situations[_i].page);
    ck_assert_uint_eq(phase.device_page, situations[_i].device_page);
    ck_assert_str_eq(phase_name(phase.step), phase_name(situations[_i].step));
    unsigned count = manner_offers(&ledger, &phase, situations[_i].error, situations[_i].interrupted, list);
    ck_assert_uint_le(count, MANNER_OFFERS_MAX);
    for (unsigned i = 0; i < count; i++) {
        if (list[i].first_page == list[i].last_page)
            snprintf(one, sizeof one, "%s%s %u", i ? " " : "", manner_name((uint8_t)list[i].manner),
                     list[i].first_page);
        else
            snprintf(one, sizeof one, "%s%s %u-%u", i ? " " : "", manner_name((uint8_t)list[i].manner),
                     list[i].first_page, list[i].last_page);
        strcat(text, one);
    }
    ck_assert_str_eq(text, situations[_i].offers);
    ledger_free(&ledger);
}
END_TEST

/* What the user saw may be behind what is on offer by now. */
static bool resolves(const struct manner_offer *list, unsigned count, uint8_t manner, uint32_t page,
                     uint32_t to)
{
    return manner_resolve(list, count, manner, &page) && page == to;
}

START_TEST(pages_are_resolved)
{
    struct ledger ledger = drawn("sss", 0);
    struct phase phase = phase_of(FUNCTION_READING, &ledger);
    struct manner_offer list[MANNER_OFFERS_MAX];
    unsigned count = manner_offers(&ledger, &phase, ERROR_MEDIA_EMPTY, false, list);
    ck_assert(!resolves(list, count, MANNER_FROM_PAGE, 0, 0));
    ck_assert(resolves(list, count, MANNER_FROM_PAGE, 1, 1));
    ck_assert(resolves(list, count, MANNER_FROM_PAGE, 3, 3));
    ck_assert(!resolves(list, count, MANNER_FROM_PAGE, 4, 4));
    ck_assert(resolves(list, count, MANNER_REDO_LAST, 0, 3));
    ck_assert(resolves(list, count, MANNER_REDO_LAST, 2, 2)); /* one more has been read since */
    ck_assert(!resolves(list, count, MANNER_REDO_LAST, 4, 4));
    ck_assert(!resolves(list, count, MANNER_SKIP, 0, 4));
    ck_assert(resolves(list, count, MANNER_RESUME, 77, 4)); /* its page does not matter */
    ck_assert(!resolves(list, count, MANNER_NONE, 0, 0));
    ck_assert(!resolves(list, count, 200, 0, 0));
    ledger_free(&ledger);
}
END_TEST

static const struct {
    const char *before;
    uint32_t total;
    enum manner manner;
    uint32_t page;
    const char *after;
    uint32_t total_after, given_up;
} effects[] = {
    {"ss?", 0, MANNER_RESUME, 0, "ssu", 0, 0},
    {"ssr?", 5, MANNER_RESUME, 0, "ssru", 5, 0},
    {"ssr", 0, MANNER_FROM_PAGE, 2, "suu", 0, 2},
    {"ssr", 3, MANNER_REDO_LAST, 3, "ssu", 0, 3},
    {"ss?", 0, MANNER_SKIP, 3, "ssx", 0, 0},
    {"ss", 0, MANNER_SKIP, 3, "ssx", 0, 0},
    {"su?s", 0, MANNER_SKIP, 2, "sxus", 0, 0},
    {"ss?", 0, MANNER_FINISH, 2, "ssu", 2, 0},
    {"sus", 0, MANNER_FINISH, 3, "sxs", 3, 0},
    {"ssr", 0, MANNER_RESTART, 1, "uuu", 0, 1},
    {"ss?", 4, MANNER_ABANDON, 0, "ss?", 4, 0},
    /* No page of a job: */
    {"ss", 2, MANNER_FROM_PAGE, 0, "ss", 2, 0},
    {"ss", 2, MANNER_REDO_LAST, 0, "ss", 2, 0},
    {"ss", 2, MANNER_RESTART, 0, "ss", 2, 0},
    {"ss", 2, MANNER_SKIP, 0, "ss", 2, 0},
    {"ss", 2, MANNER_FINISH, 0, "ss", 2, 0},
    {"ss", 2, MANNER_FINISH, UINT32_MAX, "ss", 2, 0},
    {"ss", 2, MANNER_RESTART, LEDGER_MAX_PAGES + 1, "ss", 2, 0},
};

START_TEST(apply)
{
    struct ledger ledger = drawn(effects[_i].before, effects[_i].total);
    char text[32];
    ck_assert_uint_eq(manner_apply(FUNCTION_READING, &ledger, effects[_i].manner, effects[_i].page, 9),
                      effects[_i].given_up);
    ck_assert_str_eq(picture_of(&ledger, text), effects[_i].after);
    ck_assert_uint_eq(ledger.total, effects[_i].total_after);
    for (uint32_t page = effects[_i].given_up; page && page <= ledger.count; page++)
        ck_assert_uint_eq(ledger_get(&ledger, page).generation, 9); /* old data does not count any more */
    ledger_free(&ledger);
}
END_TEST

START_TEST(words)
{
    for (uint8_t manner = MANNER_RESUME; manner <= MANNER_ABANDON; manner++)
        ck_assert_uint_eq(manner_from_name(manner_name(manner)), manner);
    ck_assert_uint_eq(manner_from_name("Resume"), MANNER_NONE);
    ck_assert_uint_eq(manner_from_name(""), MANNER_NONE);
    ck_assert_str_eq(manner_name(0), "unknown");
    ck_assert_str_eq(manner_name(255), "unknown");
    ck_assert_uint_eq(error_find(65535)->code, ERROR_INTERNAL);
    ck_assert_str_eq(error_find(ERROR_MEDIA_JAM)->keyword, "media-jam");
    ck_assert_str_eq(job_state_name(6), "processing-stopped");
    ck_assert_str_eq(job_state_name(2), "unknown");
    ck_assert_str_eq(page_state_name(PAGE_STATES), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("manner");
    TCase *tests = tcase_create("manner");
    tcase_add_loop_test(tests, offers, 0, sizeof situations / sizeof situations[0]);
    tcase_add_test(tests, pages_are_resolved);
    tcase_add_loop_test(tests, apply, 0, sizeof effects / sizeof effects[0]);
    tcase_add_test(tests, words);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
