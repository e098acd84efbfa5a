/* base/worker: order within a strand, parallel strands, results, and freeing with jobs pending. */
#include "config.h"

#include "base/loop.h"
#include "base/worker.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STRANDS 8
#define JOBS    200

static struct loop *loop;
static struct worker_pool *pool;
static pthread_t loop_thread;

static void set_up(void)
{
    loop = loop_new();
    pool = worker_pool_new(loop, 4);
    loop_thread = pthread_self();
}

static void tear_down(void)
{
    worker_pool_free(&pool);
    ck_assert_ptr_null(pool);
    worker_pool_free(&pool);
    loop_free(&loop);
}

struct sequence {
    struct worker_strand *strand;
    atomic_int running; /* jobs of the strand at once */
    int worked, done;   /* `worked` is the worker's: a race here is a finding for the thread sanitizer */
};

struct step {
    struct sequence *sequence;
    int number;
};

static int steps_left;

static int work_step(void *context)
{
    struct step *step = context;
    int in_order = step->sequence->worked++ == step->number;
    int alone = atomic_fetch_add(&step->sequence->running, 1) == 0;

    if (step->number % 50 == 0)
        usleep(200);
    atomic_fetch_sub(&step->sequence->running, 1);
    return in_order && alone && !pthread_equal(pthread_self(), loop_thread) ? step->number : -EINVAL;
}

static void step_done(void *context, int result)
{
    struct step *step = context;

    ck_assert(pthread_equal(pthread_self(), loop_thread));
    ck_assert_int_eq(result, step->number);
    ck_assert_int_eq(step->sequence->done++, step->number);
    free(step);
    if (--steps_left == 0)
        loop_stop(loop);
}

static void submit_steps(struct sequence *sequences)
{
    for (int job = 0; job < JOBS; job++) {
        for (int i = 0; i < STRANDS; i++) {
            struct step *step = malloc(sizeof *step);

            *step = (struct step){&sequences[i], job};
            worker_submit(sequences[i].strand, work_step, step_done, step);
        }
    }
    steps_left = STRANDS * JOBS;
}

START_TEST(each_strand_is_in_order)
{
    struct sequence sequences[STRANDS] = {0};

    for (int i = 0; i < STRANDS; i++)
        sequences[i].strand = worker_strand_new(pool);
    submit_steps(sequences);
    ck_assert_uint_eq(worker_strand_pending(sequences[0].strand), JOBS);
    loop_run(loop);
    for (int i = 0; i < STRANDS; i++) {
        ck_assert_int_eq(sequences[i].done, JOBS);
        ck_assert_uint_eq(worker_strand_pending(sequences[i].strand), 0);
        worker_strand_free(&sequences[i].strand);
        ck_assert_ptr_null(sequences[i].strand);
    }
}
END_TEST

START_TEST(strands_may_be_freed_with_jobs_pending)
{
    struct sequence sequences[STRANDS] = {0};

    for (int i = 0; i < STRANDS; i++)
        sequences[i].strand = worker_strand_new(pool);
    submit_steps(sequences);
    for (int i = 0; i < STRANDS; i++)
        worker_strand_free(&sequences[i].strand);
    worker_pool_free(&pool); /* waits for all of them, without the loop */
    ck_assert_int_eq(steps_left, 0);
    for (int i = 0; i < STRANDS; i++)
        ck_assert_int_eq(sequences[i].done, JOBS);
}
END_TEST

static sem_t meeting[2];

/* Each of two jobs waits for the other: only threads in parallel get through. */
static int meet(void *context)
{
    int *side = context;
    struct timespec deadline;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 10;
    sem_post(&meeting[*side]);
    return sem_timedwait(&meeting[1 - *side], &deadline) == 0 ? 0 : -errno;
}

static void met(void *context, int result)
{
    (void)context;
    ck_assert_int_eq(result, 0);
    if (--steps_left == 0)
        loop_stop(loop);
}

START_TEST(different_strands_run_in_parallel)
{
    struct worker_strand *strands[2];
    int sides[2] = {0, 1};

    steps_left = 2;
    for (int i = 0; i < 2; i++)
        sem_init(&meeting[i], 0, 0);
    for (int i = 0; i < 2; i++) {
        strands[i] = worker_strand_new(pool);
        worker_submit(strands[i], meet, met, &sides[i]);
    }
    loop_run(loop);
    for (int i = 0; i < 2; i++) {
        worker_strand_free(&strands[i]);
        sem_destroy(&meeting[i]);
    }
}
END_TEST

static sem_t begun, may_end;
static atomic_int running_at_once;

static int run_until_told(void *context)
{
    int others = atomic_fetch_add(&running_at_once, 1);

    (void)context;
    sem_post(&begun);
    sem_wait(&may_end);
    atomic_fetch_sub(&running_at_once, 1);
    return -others;
}

/* A job that comes while the strand's only one is running waits, though other threads are free. */
START_TEST(job_waits_for_the_running_one)
{
    struct worker_strand *strand = worker_strand_new(pool);

    sem_init(&begun, 0, 0);
    sem_init(&may_end, 0, 0);
    steps_left = 2;
    worker_submit(strand, run_until_told, met, NULL);
    sem_wait(&begun);
    worker_submit(strand, run_until_told, met, NULL);
    usleep(50000);
    ck_assert_int_eq(sem_trywait(&begun), -1);
    sem_post(&may_end);
    sem_post(&may_end);
    loop_run(loop);
    worker_strand_free(&strand);
    sem_destroy(&begun);
    sem_destroy(&may_end);
}
END_TEST

static int fail_with(void *context)
{
    return *(int *)context;
}

static int noted_result;

static void note_result(void *context, int result)
{
    (void)context;
    noted_result = result;
    loop_stop(loop);
}

START_TEST(result_is_handed_on)
{
    struct worker_strand *strand = worker_strand_new(pool);
    int error = -ENOSPC;

    worker_submit(strand, fail_with, note_result, &error);
    loop_run(loop);
    ck_assert_int_eq(noted_result, -ENOSPC);
    worker_strand_free(&strand);
}
END_TEST

struct chain {
    struct worker_strand *strand;
    int left;
};

static int do_nothing(void *context)
{
    (void)context;
    return 0;
}

/* Submits the next from its `done`; the last one frees its strand. */
static void chain_done(void *context, int result)
{
    struct chain *chain = context;

    ck_assert_int_eq(result, 0);
    if (--chain->left > 0)
        worker_submit(chain->strand, do_nothing, chain_done, chain);
    else
        worker_strand_free(&chain->strand);
}

START_TEST(pool_end_waits_for_jobs_that_dones_submit)
{
    struct chain chain = {worker_strand_new(pool), 20};

    worker_submit(chain.strand, do_nothing, chain_done, &chain);
    worker_pool_free(&pool);
    ck_assert_int_eq(chain.left, 0);
    ck_assert_ptr_null(chain.strand);
}
END_TEST

START_TEST(idle_strand_may_outlive_its_pool)
{
    struct worker_strand *strand = worker_strand_new(pool);

    worker_pool_free(&pool);
    worker_strand_free(&strand);
    worker_strand_free(&strand);
    pool = worker_pool_new(loop, 0); /* one thread at least */
    strand = worker_strand_new(pool);
    worker_submit(strand, do_nothing, note_result, NULL);
    loop_run(loop);
    worker_strand_free(&strand);
}
END_TEST

static int signals_are_blocked(void *context)
{
    sigset_t blocked;

    (void)context;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    return sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGHUP) ? 0 : -EINVAL;
}

START_TEST(threads_take_no_signals)
{
    struct worker_strand *strand = worker_strand_new(pool);
    sigset_t blocked;

    worker_submit(strand, signals_are_blocked, note_result, NULL);
    loop_run(loop);
    ck_assert_int_eq(noted_result, 0);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    ck_assert(!sigismember(&blocked, SIGTERM));
    worker_strand_free(&strand);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker");
    TCase *tests = tcase_create("worker");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, each_strand_is_in_order);
    tcase_add_test(tests, strands_may_be_freed_with_jobs_pending);
    tcase_add_test(tests, different_strands_run_in_parallel);
    tcase_add_test(tests, job_waits_for_the_running_one);
    tcase_add_test(tests, result_is_handed_on);
    tcase_add_test(tests, pool_end_waits_for_jobs_that_dones_submit);
    tcase_add_test(tests, idle_strand_may_outlive_its_pool);
    tcase_add_test(tests, threads_take_no_signals);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
