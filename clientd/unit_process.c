#include "config.h"

#include "clientd/unit_process.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deskline/words.h>

#include "base/child.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "wire/peer.h"

#define CLOSE_LIMIT_MS 35000u /* behind its last word a unit lets the device go within so long */
#define DRAIN_MS       1000u  /* frames that are still in the socket of an ended process */

struct unit_process {
    struct child *child; /* NULL when it has ended */
    struct peer *peer;   /* NULL when the socket has ended */
    struct loop_timer *drain;
    struct unit_process_callbacks callbacks;
    void *context;
    const char *program;
    uint64_t job;
    uint16_t died;
    uint32_t stop_grace_ms;
    bool has_word; /* `end` is what the unit said, or what was decided about it */
    bool is_over;
    bool is_held; /* by SIGSTOP */
    struct unit_end end;
    char exit_text[256];
};

static void on_frame(void *context, const struct frame *frame);
static void on_stall(void *context);
static void on_exit_of_unit(void *context, int wait_status);
static void on_closed(void *context, const struct peer_end *end);
static void on_drained(void *context);

/* ---- Starting ----------------------------------------------------------------------------------------- */

int unit_process_start(struct unit_process **process, struct loop *loop, struct peer_sweep *sweep,
                       const struct unit_process_orders *orders,
                       const struct unit_process_callbacks *callbacks, void *context)
{
    static const struct child_callbacks child_callbacks = {on_exit_of_unit};
    static const struct peer_callbacks peer_callbacks = {.on_frame = on_frame, .on_closed = on_closed};
    const struct peer_options options = {.where = AT_DAEMON, .when = WHEN_OPEN, .label = orders->program};
    struct unit_process *made = memory_new(sizeof *made);
    char path[512];
    int fd = -1;
    made->callbacks = *callbacks;
    made->context = context;
    made->program = orders->program;
    made->job = orders->job;
    made->died = orders->died;
    made->stop_grace_ms = orders->stop_grace_ms;
    made->drain = loop_timer_new(loop, on_drained, made);
    snprintf(path, sizeof path, "%s/%s", orders->unit_folder, orders->program);
    int error = child_start(&made->child, loop, path, orders->arguments, &child_callbacks, made, &fd);
    if (error)
        log_error("%s cannot be started: %s", path, strerror(-error));
    else
        error = peer_new(&made->peer, sweep, fd, NULL, &options, &peer_callbacks, made);
    if (error) {
        unit_process_free(&made);
        return error;
    }
    *process = made;
    return 0;
}

/* ---- While it runs ------------------------------------------------------------------------------------ */

static void on_frame(void *context, const struct frame *frame)
{
    struct unit_process *process = context;
    if (process->child)
        child_progress(process->child);
    process->callbacks.on_frame(process->context, frame);
}

void unit_process_send(struct unit_process *process, struct frame *frame)
{
    frame->job = process->job;
    int error = process->peer ? peer_send(process->peer, frame) : -ENOTCONN;
    if (error && error != -ENOTCONN) /* else its end is about to be told */
        log_error("%s cannot be told of %s: %s", process->program, frame_name((uint16_t)frame->type),
                  strerror(-error));
}

void unit_process_watch(struct unit_process *process, uint32_t limit_ms)
{
    if (process->child && !process->has_word)
        child_watch(process->child, limit_ms, on_stall);
}

void unit_process_take_word(struct unit_process *process, const struct unit_end *end)
{
    if (process->has_word)
        return;
    unit_process_watch(process, CLOSE_LIMIT_MS);
    process->has_word = true;
    process->end = *end;
}

bool unit_process_has_word(const struct unit_process *process)
{
    return process->has_word;
}

bool unit_process_is_alive(const struct unit_process *process)
{
    return process->child && process->peer;
}

static void signal_unit(struct unit_process *process, int number)
{
    if (kill(child_pid(process->child), number) < 0)
        log_error("%s cannot be signalled: %s", process->program, strerror(errno));
}

void unit_process_hold(struct unit_process *process)
{
    process->is_held = true;
    unit_process_watch(process, 0);
    signal_unit(process, SIGSTOP);
}

bool unit_process_is_held(const struct unit_process *process)
{
    return process->is_held;
}

void unit_process_release(struct unit_process *process)
{
    process->is_held = false;
    signal_unit(process, SIGCONT);
}

void unit_process_stop(struct unit_process *process)
{
    if (!process->child)
        return;
    child_stop(process->child, process->stop_grace_ms);
    if (process->is_held) /* else it could not hear that it is to stop */
        unit_process_release(process);
}

/* ---- The end ------------------------------------------------------------------------------------------ */

/* No frame has come for too long, or the device is not let go. */
static void on_stall(void *context)
{
    struct unit_process *process = context;
    if (process->has_word)
        unit_process_stop(process);
    else
        process->callbacks.on_stall(process->context);
}

static void finish_if_over(struct unit_process *process)
{
    if (process->child || process->peer || process->is_over)
        return;
    process->is_over = true;
    loop_timer_stop(process->drain);
    if (!process->has_word) {
        process->end = (struct unit_end){.code = process->died, .is_without_word = true};
        snprintf(process->end.text, sizeof process->end.text, "%s", process->exit_text);
    }
    process->callbacks.on_end(process->context, &process->end);
}

static void on_exit_of_unit(void *context, int wait_status)
{
    struct unit_process *process = context;
    char how[128];
    child_describe_exit(wait_status, how, sizeof how);
    log_write(wait_status && !process->has_word ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
              "job %" PRIu64 ": the %s has ended: %s", process->job, process->program, how);
    snprintf(process->exit_text, sizeof process->exit_text, "%s: %s", error_find(process->died)->sentence,
             how);
    child_free(&process->child);
    if (process->peer)
        loop_timer_start(process->drain, DRAIN_MS);
    finish_if_over(process);
}

static void on_closed(void *context, const struct peer_end *end)
{
    struct unit_process *process = context;
    peer_free(&process->peer);
    if (!process->has_word)
        log_notice("the %s ended its connection: %s", process->program, end->text);
    if (process->child && !process->has_word)
        child_stop(process->child, process->stop_grace_ms);
    finish_if_over(process);
}

static void on_drained(void *context)
{
    struct unit_process *process = context;
    peer_free(&process->peer);
    finish_if_over(process);
}

void unit_process_free(struct unit_process **process)
{
    struct unit_process *old = *process;
    *process = NULL;
    if (!old)
        return;
    child_free(&old->child);
    peer_free(&old->peer);
    loop_timer_free(&old->drain);
    free(old);
}
