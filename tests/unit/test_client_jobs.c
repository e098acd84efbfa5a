/* The jobs of a host: how many a server can give it, and what it cannot make of them. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/worker.h"
#include "clientd/jobs.h"
#include "clientd/link.h"
#include "clientd/settings.h"
#include "clientd/spool.h"
#include "wire/peer.h"

#define JOBS_MOST 1024 /* that HELLO can tell of */

static char folder[32];
static struct settings settings;
static struct job_surroundings around;
static struct jobs *jobs;

static void on_changed(void *context, uint64_t job)
{
    (void)context, (void)job;
}

static void set_up(void)
{
    static const struct link_callbacks no_callbacks;
    strcpy(folder, "/tmp/jobs.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    memset(&around, 0, sizeof around);
    around.spool_fd = spool_open(folder);
    ck_assert_int_ge(around.spool_fd, 0);
    around.settings = &settings;
    around.loop = loop_new();
    around.sweep = peer_sweep_new(around.loop, 1000);
    around.pool = worker_pool_new(around.loop, 2);
    around.link = link_new(around.loop, around.sweep, around.pool, 1000, &no_callbacks, NULL);
    jobs = jobs_new(&around, on_changed, NULL);
}

static void tear_down(void)
{
    char command[64];
    jobs_free(&jobs);
    link_free(&around.link);
    worker_pool_free(&around.pool);
    peer_sweep_free(&around.sweep);
    loop_free(&around.loop);
    close(around.spool_fd);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(a_server_cannot_give_more_jobs_than_can_be_told_of)
{
    const struct record_print_order order = {.blocks = 3, .copies = 2};
    const struct record_read_options options = {0};
    for (uint64_t job = 1; job <= 10000; job++) {
        bool fits = job <= JOBS_MOST;
        ck_assert((jobs_take_printing(jobs, job, &order) != NULL) == fits);
        ck_assert(fits || jobs_take(jobs, job, &options) == NULL);
    }
    ck_assert_uint_eq(jobs_count(jobs), JOBS_MOST);
    ck_assert_ptr_nonnull(jobs_take_printing(jobs, 7, &order)); /* in hand already */
    ck_assert_ptr_null(jobs_find(jobs, JOBS_MOST + 1));
}
END_TEST

START_TEST(a_job_keeps_its_function)
{
    const struct record_print_order order = {.blocks = 3, .copies = 2};
    const struct record_read_options options = {0};
    struct job_run *printing = jobs_take_printing(jobs, 1, &order);
    ck_assert_ptr_nonnull(printing);
    ck_assert_ptr_eq(jobs_take_printing(jobs, 1, &order), printing);
    ck_assert_ptr_null(jobs_take(jobs, 1, &options));
    ck_assert_ptr_nonnull(jobs_take(jobs, 2, &options));
    ck_assert_ptr_null(jobs_take_printing(jobs, 2, &order));
    ck_assert_uint_eq(job_run_job(printing)->ledger.total, 6);
}
END_TEST

START_TEST(blocks_are_for_printing_only)
{
    const struct record_read_options options = {0};
    struct job_run *reading = jobs_take(jobs, 1, &options);
    ck_assert(
        !job_run_take_block(reading, &(struct frame){.type = FRAME_PAGE_BEGIN, .page_begin = {.page = 1}}));
    ck_assert(!job_run_take_block(reading, &(struct frame){.type = FRAME_PAGE_DATA}));
}
END_TEST

/* ---- What the server is told of blocks ----------------------------------------------------------------- */

static void give_block(struct job_run *run, uint32_t block)
{
    static const uint8_t byte = 'x',
                         digest[32] = {0x2d, 0x71, 0x16, 0x42, 0xb7, 0x26, 0xb0, 0x44, 0x01, 0x62, 0x7c,
                                       0xa9, 0xfb, 0xac, 0x32, 0xf5, 0xc8, 0x53, 0x0f, 0xb1, 0x90, 0x3c,
                                       0xc4, 0xdb, 0x02, 0x25, 0x87, 0x17, 0x92, 0x1a, 0x48, 0x81};
    ck_assert(job_run_take_block(
        run, &(struct frame){.type = FRAME_PAGE_BEGIN, .page_begin = {.page = block, .codec = 4}}));
    ck_assert(job_run_take_block(
        run, &(struct frame){.type = FRAME_PAGE_DATA, .page_data = {.page = block, .bytes = {&byte, 1}}}));
    ck_assert(job_run_take_block(
        run, &(struct frame){
                 .type = FRAME_PAGE_END,
                 .page_end = {.page = block, .length = 1, .rows = 1, .digest = {digest, sizeof digest}}}));
}

/* Saves the record. */
static void save(struct job_run *run)
{
    job_run_event(run, &(struct job_read_event){.type = EVENT_LINK_UP, .standing = STANDING_OPEN});
}

static void stop(void *context)
{
    loop_stop(context);
}

static void run_until_told(const struct job_run *run, uint32_t sheet, uint8_t state)
{
    struct loop_timer *tick = loop_timer_new(around.loop, stop, around.loop);
    for (int i = 0; i < 2000 && ledger_get(job_run_ledger(run), sheet).state != state; i++) {
        loop_timer_start(tick, 1);
        loop_run(around.loop);
    }
    loop_timer_free(&tick);
    ck_assert_uint_eq(ledger_get(job_run_ledger(run), sheet).state, state);
}

/* Else it would be sent once more. */
START_TEST(a_block_that_came_while_the_record_was_saved_is_told)
{
    const struct record_print_order order = {.blocks = 3, .copies = 2};
    struct job_run *run = jobs_take_printing(jobs, 1, &order);
    if (_i == 0)
        give_block(run, 2);
    save(run);
    if (_i == 1)
        give_block(run, 2);
    run_until_told(run, 2, PAGE_RECEIVED);
    run_until_told(run, 5, PAGE_RECEIVED); /* the copy */
    ck_assert_uint_eq(ledger_get(job_run_ledger(run), 1).state, PAGE_HELD);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_jobs");
    TCase *tests = tcase_create("jobs");
    SRunner *runner = srunner_create(suite);
    int failures;
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_server_cannot_give_more_jobs_than_can_be_told_of);
    tcase_add_test(tests, a_job_keeps_its_function);
    tcase_add_test(tests, blocks_are_for_printing_only);
    tcase_add_loop_test(tests, a_block_that_came_while_the_record_was_saved_is_told, 0, 2);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
