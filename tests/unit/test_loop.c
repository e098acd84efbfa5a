/* base/loop: timers, signals, stopping, and what is cleared up at the end. */
#include "config.h"

#include "base/loop.h"

#include <check.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* The kernel's coarse clock may let a timer fire this much early. */
#define GRANULARITY_MS 10

struct story {
    struct loop *loop;
    struct loop_timer *timer;
    int calls;
    int signal_number;
};

static void stop_at_third_call(void *context)
{
    struct story *story = context;

    if (++story->calls == 3)
        loop_stop(story->loop);
    else
        loop_timer_start(story->timer, 10);
}

START_TEST(timer_is_one_shot_and_can_be_armed_again)
{
    struct story story = {.loop = loop_new()};
    uint64_t start = loop_now_ms(story.loop);

    story.timer = loop_timer_new(story.loop, stop_at_third_call, &story);
    loop_timer_start(story.timer, 30);
    loop_run(story.loop);
    ck_assert_int_eq(story.calls, 3);
    ck_assert_uint_ge(loop_now_ms(story.loop) - start + 3 * GRANULARITY_MS, 50);
    loop_timer_free(&story.timer);
    ck_assert_ptr_null(story.timer);
    loop_timer_free(&story.timer);
    loop_free(&story.loop);
    ck_assert_ptr_null(story.loop);
    loop_free(&story.loop);
}
END_TEST

static void count_call(void *context)
{
    ((struct story *)context)->calls++;
}

static void stop_loop(void *context)
{
    loop_stop(((struct story *)context)->loop);
}

START_TEST(stopped_and_freed_timers_do_not_fire)
{
    struct story story = {.loop = loop_new()};
    struct loop_timer *stopped = loop_timer_new(story.loop, count_call, &story);
    struct loop_timer *freed = loop_timer_new(story.loop, count_call, &story);

    story.timer = loop_timer_new(story.loop, stop_loop, &story);
    loop_timer_start(stopped, 5);
    loop_timer_start(freed, 5);
    loop_timer_start(story.timer, 40);
    loop_timer_stop(stopped);
    loop_timer_stop(stopped);
    loop_timer_free(&freed);
    loop_run(story.loop);
    ck_assert_int_eq(story.calls, 0);
    loop_timer_free(&stopped);
    loop_timer_free(&story.timer);
    loop_free(&story.loop);
}
END_TEST

static void free_own_timer(void *context)
{
    struct story *story = context;

    loop_timer_free(&story->timer);
    loop_stop(story->loop);
}

START_TEST(handler_may_free_its_timer)
{
    struct story story = {.loop = loop_new()};

    story.timer = loop_timer_new(story.loop, free_own_timer, &story);
    loop_timer_start(story.timer, 0);
    loop_run(story.loop);
    ck_assert_ptr_null(story.timer);
    loop_free(&story.loop);
}
END_TEST

static void be_busy_then_arm(void *context)
{
    struct story *story = context;

    usleep(60000);
    loop_timer_start(story->timer, 60);
    raise(SIGUSR1); /* the loop turns at once and looks at its timers */
}

static void ignore_signal(void *context, int signal_number)
{
    (void)context;
    (void)signal_number;
}

/* A busy handler must not eat the time of a timer that it starts. */
START_TEST(timer_counts_from_its_start)
{
    struct story story = {.loop = loop_new()};
    struct loop_timer *busy = loop_timer_new(story.loop, be_busy_then_arm, &story);
    uint64_t start = loop_now_ms(story.loop);

    loop_on_signal(story.loop, SIGUSR1, ignore_signal, NULL);
    story.timer = loop_timer_new(story.loop, stop_loop, &story);
    loop_timer_start(busy, 10);
    loop_run(story.loop);
    ck_assert_uint_ge(loop_now_ms(story.loop) - start + 2 * GRANULARITY_MS, 130);
    loop_timer_free(&busy);
    loop_timer_free(&story.timer);
    loop_free(&story.loop);
}
END_TEST

START_TEST(longest_delay_does_not_wrap)
{
    struct story story = {.loop = loop_new()};
    struct loop_timer *far = loop_timer_new(story.loop, count_call, &story);

    story.timer = loop_timer_new(story.loop, stop_loop, &story);
    loop_timer_start(far, UINT32_MAX);
    loop_timer_start(story.timer, 20);
    loop_run(story.loop);
    ck_assert_int_eq(story.calls, 0);
    loop_timer_free(&far);
    loop_timer_free(&story.timer);
    loop_free(&story.loop);
}
END_TEST

START_TEST(stop_before_run_is_kept)
{
    struct story story = {.loop = loop_new()};

    loop_stop(story.loop);
    loop_run(story.loop); /* would never return */
    story.timer = loop_timer_new(story.loop, stop_loop, &story);
    loop_timer_start(story.timer, 1);
    loop_run(story.loop);
    loop_timer_free(&story.timer);
    loop_free(&story.loop);
}
END_TEST

static void note_signal(void *context, int signal_number)
{
    struct story *story = context;

    story->signal_number = signal_number;
    story->calls++;
    loop_stop(story->loop);
}

START_TEST(signals_reach_their_handlers)
{
    struct story story = {.loop = loop_new()};

    loop_on_signal(story.loop, SIGTERM, note_signal, &story);
    loop_on_signal(story.loop, SIGHUP, note_signal, &story);
    ck_assert_int_eq(raise(SIGHUP), 0);
    loop_run(story.loop);
    ck_assert_int_eq(story.signal_number, SIGHUP);
    ck_assert_int_eq(raise(SIGTERM), 0);
    loop_run(story.loop);
    ck_assert_int_eq(story.signal_number, SIGTERM);
    ck_assert_int_eq(story.calls, 2);
    loop_free(&story.loop);
}
END_TEST

START_TEST(broken_pipe_is_an_error_not_a_death)
{
    struct loop *loop = loop_new();
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(write(ends[1], "x", 1), -1);
    close(ends[1]);
    loop_free(&loop);
}
END_TEST

struct guest {
    struct loop_ending ending;
    int ended;
};

static void end_guest(struct loop_ending *ending)
{
    ((struct guest *)ending)->ended++;
}

START_TEST(endings_run_once_unless_removed)
{
    struct loop *loop = loop_new();
    struct guest guests[3];

    for (int i = 0; i < 3; i++) {
        guests[i] = (struct guest){.ending.end = end_guest};
        loop_ending_add(loop, &guests[i].ending);
    }
    loop_ending_remove(&guests[1].ending);
    loop_free(&loop);
    ck_assert_int_eq(guests[0].ended, 1);
    ck_assert_int_eq(guests[1].ended, 0);
    ck_assert_int_eq(guests[2].ended, 1);
}
END_TEST

START_TEST(wall_clock_is_of_this_era)
{
    ck_assert_uint_gt(wall_clock_ms(), UINT64_C(1577836800000)); /* 2020 */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loop");
    TCase *tests = tcase_create("loop");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tests);
    tcase_add_test(tests, timer_is_one_shot_and_can_be_armed_again);
    tcase_add_test(tests, stopped_and_freed_timers_do_not_fire);
    tcase_add_test(tests, handler_may_free_its_timer);
    tcase_add_test(tests, timer_counts_from_its_start);
    tcase_add_test(tests, longest_delay_does_not_wrap);
    tcase_add_test(tests, stop_before_run_is_kept);
    tcase_add_test(tests, signals_reach_their_handlers);
    tcase_add_test(tests, broken_pipe_is_an_error_not_a_death);
    tcase_add_test(tests, endings_run_once_unless_removed);
    tcase_add_test(tests, wall_clock_is_of_this_era);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
