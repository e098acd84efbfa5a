/* What the policy answers by itself, and what it leaves to the user. */
#include "config.h"

#include <check.h>

#include "clientd/designation.h"

#define DEFAULT                                                                                              \
    {                                                                                                        \
        MANNER_RESUME, MANNER_NONE, MANNER_NONE                                                              \
    }
#define EAGER                                                                                                \
    {                                                                                                        \
        MANNER_RESUME, MANNER_SKIP, MANNER_NONE                                                              \
    }
#define ASKING                                                                                               \
    {                                                                                                        \
        MANNER_NONE, MANNER_NONE, MANNER_NONE                                                                \
    }

static const struct {
    struct designation_policy policy;
    uint16_t error;
    uint32_t interrupted;
    bool hole;
    enum manner expect;
} answers[] = {
    /* What happened between the machines is nobody's business at the device. */
    {DEFAULT, ERROR_LINK_LOST, 0, false, MANNER_RESUME},
    {DEFAULT, ERROR_SPOOL_FULL, 0, false, MANNER_RESUME},
    {DEFAULT, ERROR_SERVER_RESTARTED, 0, false, MANNER_RESUME},
    /* What does not pass by itself needs somebody, whatever the policy says. */
    {DEFAULT, ERROR_DELIVERY_FAILED, 0, false, MANNER_NONE},
    {EAGER, ERROR_DELIVERY_FAILED, 0, false, MANNER_NONE},
    {EAGER, ERROR_STORAGE, 0, true, MANNER_NONE},
    {EAGER, ERROR_LINK_LOST, 0, false, MANNER_RESUME},
    {ASKING, ERROR_LINK_LOST, 0, false, MANNER_NONE},
    /* A sheet may have moved. */
    {DEFAULT, ERROR_MEDIA_JAM, 2, false, MANNER_NONE},
    {DEFAULT, ERROR_MEDIA_NEEDED, 0, false, MANNER_NONE},
    {DEFAULT, ERROR_PAGE_LOST, 0, false, MANNER_NONE},
    {DEFAULT, ERROR_ACCOUNT_LOST, 0, false, MANNER_NONE},
    {EAGER, ERROR_MEDIA_JAM, 2, false, MANNER_SKIP},
    /* clientd ended: that depends on whether a page was being read. */
    {DEFAULT, ERROR_CLIENT_RESTARTED, 0, false, MANNER_RESUME},
    {DEFAULT, ERROR_CLIENT_RESTARTED, 2, false, MANNER_NONE},
    {EAGER, ERROR_CLIENT_RESTARTED, 0, false, MANNER_RESUME},
    {EAGER, ERROR_CLIENT_RESTARTED, 2, false, MANNER_SKIP},
    /* A sheet has to be found, whatever the error is. */
    {DEFAULT, ERROR_LINK_LOST, 0, true, MANNER_NONE},
    {DEFAULT, ERROR_CLIENT_RESTARTED, 0, true, MANNER_NONE},
    {EAGER, ERROR_LINK_LOST, 0, true, MANNER_SKIP},
    {DEFAULT, ERROR_LIMIT, 0, false, MANNER_NONE},
    {EAGER, ERROR_NOT_FOUND, 0, false, MANNER_NONE},
    /* What a policy cannot say, or is not on offer. */
    {{MANNER_FROM_PAGE, MANNER_FROM_PAGE, MANNER_NONE}, ERROR_LINK_LOST, 0, false, MANNER_NONE},
    {{MANNER_FROM_PAGE, MANNER_FROM_PAGE, MANNER_NONE}, ERROR_MEDIA_JAM, 1, false, MANNER_NONE},
    {{MANNER_REDO_LAST, MANNER_RESUME, MANNER_NONE}, ERROR_LINK_LOST, 0, false, MANNER_NONE},
    {{(enum manner)99, (enum manner)99, MANNER_NONE}, ERROR_LINK_LOST, 0, false, MANNER_NONE},
};

START_TEST(answer)
{
    /* redo-last is not on offer */
    struct designation_question question = {
        .round = 1,
        .error = answers[_i].error,
        .offers = {{MANNER_RESUME, 3, 3}, {MANNER_FROM_PAGE, 0, 2}, {MANNER_SKIP, 3, 3}},
        .offer_count = 3};
    ck_assert_int_eq(
        designation_by_policy(&answers[_i].policy, &question,
                              &(struct designation_situation){.interrupted = answers[_i].interrupted,
                                                              .hole = answers[_i].hole}),
        answers[_i].expect);
}
END_TEST

START_TEST(nothing_on_offer)
{
    const struct designation_policy policy = DEFAULT;
    const struct designation_question question = {.round = 1, .error = ERROR_LINK_LOST};
    ck_assert_int_eq(designation_by_policy(&policy, &question, &(struct designation_situation){0}),
                     MANNER_NONE);
}
END_TEST

/* A sheet that may have come out is printed again only where the user has said so. */
START_TEST(uncertain_sheet)
{
    static const uint16_t errors[] = {ERROR_PRINT_UNCERTAIN, ERROR_LINK_LOST, ERROR_PRINT_RESTARTED};
    const struct designation_situation situation = {.is_uncertain = true};
    struct designation_policy policy = EAGER;
    struct designation_question question = {
        .round = 1, .offers = {{MANNER_RESUME, 1, 1}, {MANNER_SKIP, 1, 1}}, .offer_count = 2};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        question.error = errors[i];
        policy.on_uncertain_sheet = MANNER_NONE;
        ck_assert_int_eq(designation_by_policy(&policy, &question, &situation), MANNER_NONE);
        policy.on_uncertain_sheet = MANNER_RESUME;
        ck_assert_int_eq(designation_by_policy(&policy, &question, &situation), MANNER_RESUME);
        policy.on_uncertain_sheet = MANNER_SKIP;
        ck_assert_int_eq(designation_by_policy(&policy, &question, &situation), MANNER_SKIP);
    }
}
END_TEST

/* Where somebody has to see to the printer, no sheet is left out unseen, and none is printed again before the
 * user has said that the job goes on by itself, too. */
START_TEST(uncertain_sheet_at_a_printer_in_trouble)
{
    static const uint16_t errors[] = {ERROR_PRINTER_JAM,    ERROR_PRINTER_EMPTY,   ERROR_PRINTER_STOPPED,
                                      ERROR_PRINT_CANCELED, ERROR_PRINTER_MISSING, ERROR_PRINTER_DIED};
    static const enum manner manners[] = {MANNER_NONE, MANNER_RESUME, MANNER_SKIP};
    const struct designation_situation situation = {.interrupted = 1, .is_uncertain = true};
    struct designation_question question = {
        .round = 1, .offers = {{MANNER_RESUME, 1, 1}, {MANNER_SKIP, 1, 1}}, .offer_count = 2};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0] * 9; i++) {
        enum manner sheet = manners[i % 3], device = manners[i / 3 % 3];
        const struct designation_policy policy = {MANNER_RESUME, device, sheet};
        bool goes_on = sheet == MANNER_RESUME && device == MANNER_RESUME;
        question.error = errors[i / 9];
        ck_assert_int_eq(designation_by_policy(&policy, &question, &situation),
                         goes_on ? MANNER_RESUME : MANNER_NONE);
    }
}
END_TEST

/* One that is in doubt again after it has been printed again would be so for ever. */
START_TEST(uncertain_sheet_that_stays_so)
{
    const struct designation_situation situation = {.is_uncertain = true, .was_printed_again = true};
    struct designation_policy policy = {MANNER_RESUME, MANNER_RESUME, MANNER_RESUME};
    const struct designation_question question = {.round = 1,
                                                  .error = ERROR_PRINT_UNCERTAIN,
                                                  .offers = {{MANNER_RESUME, 1, 1}, {MANNER_SKIP, 1, 1}},
                                                  .offer_count = 2};
    ck_assert_int_eq(designation_by_policy(&policy, &question, &situation), MANNER_NONE);
    policy.on_uncertain_sheet = MANNER_SKIP;
    ck_assert_int_eq(designation_by_policy(&policy, &question, &situation), MANNER_SKIP);
}
END_TEST

/* The whole table of errors, and numbers that are none: who answers it. */
START_TEST(every_error_has_its_answer)
{
    static const uint16_t passing[] = {
        ERROR_NONE,      ERROR_LINK_LOST, ERROR_SPOOL_FULL, ERROR_SERVER_RESTARTED, ERROR_PRINT_RESTARTED,
        ERROR_BLOCK_LOST};
    const struct designation_policy policy = EAGER;
    struct designation_question question = {
        .round = 1, .offers = {{MANNER_RESUME, 1, 1}, {MANNER_SKIP, 1, 1}}, .offer_count = 2};
    for (uint16_t error = 0; error < 200; error++) {
        enum manner expect = error_find(error)->class == ERROR_CLASS_DEVICE ? MANNER_SKIP : MANNER_NONE;
        for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
            if (passing[i] == error)
                expect = MANNER_RESUME;
        question.error = error;
        enum manner answered =
            designation_by_policy(&policy, &question, &(struct designation_situation){.interrupted = 1});
        ck_assert_msg(answered == expect, "error %u: %s", error, manner_name((uint8_t)answered));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("designation");
    TCase *tests = tcase_create("policy");
    SRunner *runner = srunner_create(suite);
    int failures;
    tcase_add_loop_test(tests, answer, 0, sizeof answers / sizeof answers[0]);
    tcase_add_test(tests, uncertain_sheet);
    tcase_add_test(tests, uncertain_sheet_at_a_printer_in_trouble);
    tcase_add_test(tests, uncertain_sheet_that_stays_so);
    tcase_add_test(tests, nothing_on_offer);
    tcase_add_test(tests, every_error_has_its_answer);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
