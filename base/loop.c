#include "config.h"

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"

#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct loop_signal {
    struct loop_signal *next;
    struct event *event;
    void (*handler)(void *context, int signal_number);
    void *context;
};

struct loop {
    struct event_base *base;
    struct loop_signal *signals;
    struct loop_ending *endings;
    bool stopped;
};

struct loop_timer {
    struct event *event;
    void (*handler)(void *context);
    void *context;
};

static _Noreturn void loop_fail(const char *what)
{
    log_error("the event loop cannot go on: %s", what);
    abort();
}

static void loop_log_from_libevent(int severity, const char *text)
{
    static const enum log_level levels[] = {
        [EVENT_LOG_DEBUG] = LOG_LEVEL_DEBUG,
        [EVENT_LOG_MSG] = LOG_LEVEL_INFO,
        [EVENT_LOG_WARN] = LOG_LEVEL_WARNING,
        [EVENT_LOG_ERR] = LOG_LEVEL_ERROR,
    };

    log_write(severity >= EVENT_LOG_DEBUG && severity <= EVENT_LOG_ERR ? levels[severity] : LOG_LEVEL_ERROR,
              "libevent: %s", text);
}

struct loop *loop_new(void)
{
    struct loop *loop = memory_new(sizeof *loop);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct event_config *config = event_config_new();

    event_set_log_callback(loop_log_from_libevent);
    if (config == NULL)
        loop_fail("no memory");
    /* With the cached time, a timer that a busy handler starts may fire early by as much as it was busy.
     * No environment variable chooses the back end of a daemon. */
    event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME | EVENT_BASE_FLAG_IGNORE_ENV);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (loop->base == NULL)
        loop_fail("no event base");
    sigaction(SIGPIPE, &ignore, NULL);
    return loop;
}

void loop_free(struct loop **loop)
{
    struct loop *old = *loop;

    if (old == NULL)
        return;
    while (old->endings != NULL) {
        struct loop_ending *ending = old->endings;

        loop_ending_remove(ending);
        ending->end(ending);
    }
    while (old->signals != NULL) {
        struct loop_signal *first = old->signals;

        old->signals = first->next;
        event_free(first->event);
        free(first);
    }
    event_base_free(old->base);
    free(old);
    *loop = NULL;
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

void loop_run(struct loop *loop)
{
    if (!loop->stopped && event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
        loop_fail("the system's wait for events failed");
    loop->stopped = false;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true; /* libevent forgets a break that came before it ran */
    event_base_loopbreak(loop->base);
}

static void loop_signal_arrived(evutil_socket_t signal_number, short what, void *context)
{
    struct loop_signal *entry = context;

    (void)what;
    entry->handler(entry->context, (int)signal_number);
}

void loop_on_signal(struct loop *loop, int signal_number, void (*handler)(void *context, int signal_number),
                    void *context)
{
    struct loop_signal *entry = memory_new(sizeof *entry);

    entry->handler = handler;
    entry->context = context;
    entry->event = evsignal_new(loop->base, signal_number, loop_signal_arrived, entry);
    if (entry->event == NULL || event_add(entry->event, NULL) != 0)
        loop_fail("a signal cannot be watched");
    entry->next = loop->signals;
    loop->signals = entry;
}

static void loop_timer_expired(evutil_socket_t unused, short what, void *context)
{
    struct loop_timer *timer = context;

    (void)unused;
    (void)what;
    timer->handler(timer->context); /* may free the timer */
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*handler)(void *context), void *context)
{
    struct loop_timer *timer = memory_new(sizeof *timer);

    timer->handler = handler;
    timer->context = context;
    timer->event = evtimer_new(loop->base, loop_timer_expired, timer);
    if (timer->event == NULL)
        loop_fail("no memory");
    return timer;
}

void loop_timer_start(struct loop_timer *timer, uint32_t delay_ms)
{
    struct timeval delay = {.tv_sec = (time_t)(delay_ms / 1000),
                            .tv_usec = (suseconds_t)(delay_ms % 1000) * 1000};

    if (evtimer_add(timer->event, &delay) != 0)
        loop_fail("no memory");
}

void loop_timer_stop(struct loop_timer *timer)
{
    evtimer_del(timer->event);
}

void loop_timer_free(struct loop_timer **timer)
{
    if (*timer == NULL)
        return;
    event_free((*timer)->event);
    free(*timer);
    *timer = NULL;
}

void loop_ending_add(struct loop *loop, struct loop_ending *ending)
{
    ending->next = loop->endings;
    ending->link = &loop->endings;
    if (ending->next != NULL)
        ending->next->link = &ending->next;
    loop->endings = ending;
}

void loop_ending_remove(struct loop_ending *ending)
{
    *ending->link = ending->next;
    if (ending->next != NULL)
        ending->next->link = ending->link;
}

static uint64_t loop_clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now); /* cannot fail for these clocks */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t loop_now_ms(struct loop *loop)
{
    (void)loop;
    return loop_clock_ms(CLOCK_MONOTONIC);
}

uint64_t wall_clock_ms(void)
{
    return loop_clock_ms(CLOCK_REALTIME);
}
