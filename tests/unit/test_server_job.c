/* The server's job machine, as stories: [given] a job, [when] events, [expect] state, error and actions. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serviced/jobs/job.h"

/* One letter an action, in the order of enum job_action_type. */
static const char letters[] = "RCSUQXZdfFhDt!";

/*
 * Events: O opened, L link lost, U link up in hand, u link up not in hand, pN page N durable, FN finished
 * with N pages, jN jam while page N was read, E disk full, S space made, r restart requested, mW manner W (a
 * number of manners.def) for the open question, MW the same with a wrong round, D delivered, d delivery
 * failed, xN page N of the delivery is invalid, k canceled, R restart of the server.
 */
static const struct {
    const char *when;
    uint8_t state;
    uint16_t error;
    const char *expect; /* the actions of each event, separated by spaces; - for none */
} stories[] = {
    {"O", JOB_PROCESSING, ERROR_NONE, "RCt"},
    {"O p1 p2 F2 D", JOB_COMPLETED, ERROR_NONE, "RCt RSt RSt RtRD RtZ"},
    {"O p1 F2 p2 D", JOB_COMPLETED, ERROR_NONE, "RCt RSt Rt RStRD RtZ"},
    {"O p1 p1", JOB_PROCESSING, ERROR_NONE, "RCt RSt S"},
    {"O p1 j2", JOB_STOPPED, ERROR_MEDIA_JAM, "RCt RSt RQt"},
    {"O p1 j2 m1 p2 F2 D", JOB_COMPLETED, ERROR_NONE, "RCt RSt RQt RXt RSt RtRD RtZ"},
    {"O p1 j2 M1", JOB_STOPPED, ERROR_MEDIA_JAM, "RCt RSt RQt !"},
    {"O p1 j2 m1 m1", JOB_PROCESSING, ERROR_NONE, "RCt RSt RQt RXt !"},
    {"O p1 j2 r r m1", JOB_PROCESSING, ERROR_NONE, "RCt RSt RQt RQt RQt RXt"},
    {"O p1 j2 m6", JOB_PROCESSING, ERROR_NONE, "RCt RSt RQt RfXt"},
    {"O p1 j2 m7", JOB_CANCELED, ERROR_NONE, "RCt RSt RQt RtZ"},
    {"O j1 m3", JOB_STOPPED, ERROR_MEDIA_JAM, "RCt RQt !RQt"},
    {"O p1 L U j2 m1", JOB_PROCESSING, ERROR_NONE, "RCt RSt Rt t RQt RXt"},
    {"O L p1", JOB_STOPPED, ERROR_LINK_LOST, "RCt Rt RSt"},
    {"O p1 L u", JOB_STOPPED, ERROR_ACCOUNT_LOST, "RCt RSt Rt RQt"},
    {"O L u", JOB_STOPPED, ERROR_LINK_LOST, "RCt Rt RQt"},
    {"O p1 E", JOB_STOPPED, ERROR_SPOOL_FULL, "RCt RSt URt"},
    {"O p1 E j2", JOB_STOPPED, ERROR_MEDIA_JAM, "RCt RSt URt RUt"},
    {"O p1 E r", JOB_STOPPED, ERROR_SPOOL_FULL, "RCt RSt URt !"},
    {"O p1 E p2", JOB_STOPPED, ERROR_SPOOL_FULL, "RCt RSt URt d"},
    {"O p1 E S m1", JOB_PROCESSING, ERROR_NONE, "RCt RSt URt RQt RXt"},
    {"O p1 F1 d m1 D", JOB_COMPLETED, ERROR_NONE, "RCt RSt RtRD RQt RD RtZ"},
    {"O p1 F1 x1 m1 p1", JOB_PROCESSING, ERROR_NONE, "RCt RSt RtRD RQt RXt d"},
    {"O p1 k p2 k", JOB_CANCELED, ERROR_NONE, "RCt RSt RtZ d !"},
    {"O p1 k U", JOB_CANCELED, ERROR_NONE, "RCt RSt RtZ Z"},
    {"O p1 R U", JOB_STOPPED, ERROR_LINK_LOST, "RCt RSt R t"},
    {"O p1 F1 R D", JOB_COMPLETED, ERROR_NONE, "RCt RSt RtRD D RtZ"},
    {"O p1 j2 R r", JOB_STOPPED, ERROR_MEDIA_JAM, "RCt RSt RQt - Rt"},
};

static void handle(struct job *job, const char *word, struct job_actions *actions)
{
    static const char codes[] = "OLUupFjESrmMDdxk";
    static const enum job_event_type types[] = {JOB_EVENT_OPENED,          JOB_EVENT_LINK_LOST,
                                                JOB_EVENT_LINK_UP,         JOB_EVENT_LINK_UP,
                                                JOB_EVENT_PAGE_DURABLE,    JOB_EVENT_FINISHED,
                                                JOB_EVENT_NOTICE,          JOB_EVENT_PAGE_FAILED,
                                                JOB_EVENT_SPACE_MADE,      JOB_EVENT_RESTART_REQUESTED,
                                                JOB_EVENT_MANNER_NOTICED,  JOB_EVENT_MANNER_NOTICED,
                                                JOB_EVENT_DELIVERED,       JOB_EVENT_DELIVERY_FAILED,
                                                JOB_EVENT_DELIVERY_FAILED, JOB_EVENT_CANCELED};
    uint32_t number = (uint32_t)atoi(word + 1);
    struct ledger claimed = {0};
    struct job_event event = {.round = job->round, .page = number, .in_hand = *word == 'U'};
    if (*word == 'R') {
        job_recover(job, actions);
        return;
    }
    event.type = types[strchr(codes, *word) - codes];
    if (*word == 'E')
        event.code = ERROR_SPOOL_FULL;
    if (*word == 'd')
        event.code = ERROR_DELIVERY_FAILED;
    if (*word == 'x')
        event.code = ERROR_PAGE_INVALID;
    if (*word == 'm' || *word == 'M') {
        event.manner = (uint8_t)number;
        event.page = 0;
        event.round = job->question + (*word == 'M');
    }
    if (*word == 'j') {
        event.code = ERROR_MEDIA_JAM;
        event.ledger = &claimed;
        for (uint32_t page = 1; page < number; page++)
            ledger_set(&claimed, page, PAGE_STORED, 0);
    }
    job_handle(job, &event, actions);
    ledger_free(&claimed);
}

START_TEST(story)
{
    struct job job;
    struct job_actions actions;
    char when[128], happened[256] = "", *rest = NULL;
    size_t length = 0;
    job_init(&job, 7);
    snprintf(when, sizeof when, "%s", stories[_i].when);
    for (char *word = strtok_r(when, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        handle(&job, word, &actions);
        if (length)
            happened[length++] = ' ';
        if (!actions.count)
            happened[length++] = '-';
        for (unsigned i = 0; i < actions.count; i++)
            happened[length++] = letters[actions.items[i].type];
    }
    happened[length] = '\0';
    ck_assert_msg(strcmp(happened, stories[_i].expect) == 0, "%s: %s, not %s", stories[_i].when, happened,
                  stories[_i].expect);
    ck_assert_msg(job.state == stories[_i].state, "%s: %s", stories[_i].when, job_state_name(job.state));
    ck_assert_msg(job.error == stories[_i].error, "%s: %s", stories[_i].when, error_find(job.error)->keyword);
    job_free(&job);
}
END_TEST

/* ---- A client that has lost its account of what it prints ---------------------------------------------- */

static struct job printing(const uint8_t *states, uint32_t count)
{
    struct job job;
    struct job_actions actions;
    job_init_printing(&job, 7, count, 1);
    job_handle(&job, &(struct job_event){.type = JOB_EVENT_OPENED}, &actions);
    for (uint32_t i = 0; i < count; i++)
        ledger_set(&job.ledger, i + 1, (enum page_state)states[i], 0);
    job_handle(&job, &(struct job_event){.type = JOB_EVENT_LINK_LOST}, &actions);
    return job;
}

static void check_states(const struct job *job, const uint8_t *states, uint32_t count)
{
    for (uint32_t sheet = 1; sheet <= count; sheet++)
        ck_assert_msg(ledger_get(&job->ledger, sheet).state == states[sheet - 1], "sheet %u is %s", sheet,
                      page_state_name(ledger_get(&job->ledger, sheet).state));
}

/* Both of those under way may have come out: each is a question of its own. */
START_TEST(every_sheet_that_was_at_the_printer_is_uncertain)
{
    static const uint8_t before[] = {PAGE_PRINTED,   PAGE_SKIPPED,  PAGE_SUBMITTED, PAGE_SUBMITTED,
                                     PAGE_UNCERTAIN, PAGE_RECEIVED, PAGE_HELD};
    static const uint8_t after[] = {PAGE_PRINTED,   PAGE_SKIPPED, PAGE_UNCERTAIN, PAGE_UNCERTAIN,
                                    PAGE_UNCERTAIN, PAGE_HELD,    PAGE_HELD};
    static const uint8_t resumed[] = {PAGE_PRINTED,   PAGE_SKIPPED, PAGE_HELD, PAGE_UNCERTAIN,
                                      PAGE_UNCERTAIN, PAGE_HELD,    PAGE_HELD};
    struct job job = printing(before, sizeof before);
    struct job_actions actions;
    job_handle(&job, &(struct job_event){.type = JOB_EVENT_LINK_UP}, &actions);
    check_states(&job, after, sizeof after);
    ck_assert_uint_eq(job.error, ERROR_PRINT_UNCERTAIN);
    ck_assert_uint_eq(job.phase.page, 3);
    job_handle(
        &job,
        &(struct job_event){.type = JOB_EVENT_MANNER_NOTICED, .round = job.question, .manner = MANNER_RESUME},
        &actions);
    check_states(&job, resumed, sizeof resumed);
    job_free(&job);
}
END_TEST

/* The order comes with the restart: before that, the client's account is empty. */
START_TEST(an_account_without_an_order_says_nothing)
{
    static const uint8_t before[] = {PAGE_PRINTED, PAGE_UNCERTAIN, PAGE_UNCERTAIN, PAGE_HELD};
    struct job job = printing(before, sizeof before);
    struct ledger empty = {0}, whole = {.total = sizeof before};
    struct job_event event = {.type = JOB_EVENT_NOTICE, .code = ERROR_LINK_LOST, .ledger = &empty};
    struct job_actions actions;
    job_handle(&job, &event, &actions);
    check_states(&job, before, sizeof before);
    ck_assert_uint_eq(job.phase.page, 2);
    event.ledger = &whole;
    job_handle(&job, &event, &actions);
    ck_assert_uint_eq(ledger_get(&job.ledger, 2).state, PAGE_HELD);
    job_free(&job);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server_job");
    TCase *tests = tcase_create("stories");
    SRunner *runner = srunner_create(suite);
    int failures;
    tcase_add_loop_test(tests, story, 0, sizeof stories / sizeof stories[0]);
    tcase_add_test(tests, every_sheet_that_was_at_the_printer_is_uncertain);
    tcase_add_test(tests, an_account_without_an_order_says_nothing);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
