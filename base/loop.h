/* The event loop of a daemon: one libevent base, signals, timers and an orderly stop. */
#ifndef DESKLINE_BASE_LOOP_H
#define DESKLINE_BASE_LOOP_H

#include <stdint.h>

struct event_base;
struct loop;
struct loop_timer;

struct loop *loop_new(void); /* aborts when there is no memory; also ignores SIGPIPE */
void loop_free(struct loop **loop);
struct event_base *loop_base(struct loop *loop);
/* Runs until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Calls `handler` in the loop when the signal arrives. One handler per signal; freed with the loop. */
void loop_on_signal(struct loop *loop, int signal_number, void (*handler)(void *context, int signal_number),
                    void *context);

/* A one-shot timer owned by the caller: armed with loop_timer_start (again: re-armed), freed with
 * loop_timer_free, which also disarms it. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*handler)(void *context), void *context);
void loop_timer_start(struct loop_timer *timer, uint32_t delay_ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer **timer);

/* Monotonic milliseconds, cached for the current loop turn. */
uint64_t loop_now_ms(struct loop *loop);
/* Wall-clock milliseconds since 1970. */
uint64_t wall_clock_ms(void);

#endif
