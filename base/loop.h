/* The event loop of a daemon: one libevent base, signals, timers and an orderly stop. */
#ifndef DESKLINE_BASE_LOOP_H
#define DESKLINE_BASE_LOOP_H

#include <stdint.h>

struct event_base;
struct loop;
struct loop_timer;

/* Aborts when there is no memory. Also ignores SIGPIPE and sends libevent's messages to the log. */
struct loop *loop_new(void);
/* Timers, and whatever else lives on the loop, are freed before. */
void loop_free(struct loop **loop);
struct event_base *loop_base(struct loop *loop);
/* Runs until loop_stop, also one that came before; may be run again afterwards. */
void loop_run(struct loop *loop);
/* Ends loop_run after the handler that is running. For the loop's own thread. */
void loop_stop(struct loop *loop);

/* Calls `handler` in the loop when the signal arrives. One handler per signal; freed with the loop. */
void loop_on_signal(struct loop *loop, int signal_number, void (*handler)(void *context, int signal_number),
                    void *context);

/* A one-shot timer owned by the caller: armed with loop_timer_start (again: re-armed), freed with
 * loop_timer_free, which also disarms it. The handler may do any of these. The granularity is that of the
 * kernel's coarse clock, a few milliseconds to either side. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*handler)(void *context), void *context);
void loop_timer_start(struct loop_timer *timer, uint32_t delay_ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer **timer);

/* What has to be cleared up when the loop is freed though its owner is gone, such as processes that are not
 * yet reaped. Embedded in its owner; `end` runs in loop_free, once, after the entry has been removed. */
struct loop_ending {
    void (*end)(struct loop_ending *ending);
    struct loop_ending *next, **link;
};
void loop_ending_add(struct loop *loop, struct loop_ending *ending);
void loop_ending_remove(struct loop_ending *ending);

/* Monotonic milliseconds, read anew at each call (no system call). */
uint64_t loop_now_ms(struct loop *loop);
/* Wall-clock milliseconds since 1970. */
uint64_t wall_clock_ms(void);

#endif
