#include "config.h"

#include "clientd/execution.h"

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

#define STOP_GRACE_MS  6000u  /* from TERM to KILL */
#define CLOSE_LIMIT_MS 35000u /* behind its last word a unit lets the device go within so long */
#define DRAIN_MS       1000u  /* frames that are still in the socket of an ended process */
#define ARGUMENTS_MAX  40

struct execution {
    struct child *child; /* NULL when it has ended */
    struct peer *peer;   /* NULL when the socket has ended */
    struct loop_timer *drain;
    struct execution_callbacks callbacks;
    void *context;
    struct frame_page_begin page; /* that is being read; page.page 0: none */
    uint64_t job;
    uint32_t watchdog_ms;
    bool has_word; /* `end` is what the unit said, or what was decided about it */
    bool is_over;
    bool is_held; /* by SIGSTOP */
    struct execution_end end;
    char exit_text[256];
};

static void on_frame(void *context, const struct frame *frame);
static void on_stall(void *context);
static void on_exit_of_unit(void *context, int wait_status);
static void on_closed(void *context, const struct peer_end *end);
static void on_drained(void *context);

/* ---- Starting ----------------------------------------------------------------------------------------- */

struct arguments {
    char program[512];
    char *list[ARGUMENTS_MAX];
    unsigned count;
    char *options; /* a copy that is cut up */
};

static void add(struct arguments *arguments, const char *option, const char *value)
{
    if (arguments->count + 3 > ARGUMENTS_MAX)
        return;
    /* execve's argv is not const, but nobody writes to it. */
    arguments->list[arguments->count++] = (char *)(uintptr_t)option;
    if (value)
        arguments->list[arguments->count++] = (char *)(uintptr_t)value;
}

static void arguments_make(struct arguments *arguments, const struct execution_orders *orders)
{
    memset(arguments, 0, sizeof *arguments);
    snprintf(arguments->program, sizeof arguments->program, "%s/reading_unit", orders->unit_folder);
    add(arguments, "reading_unit", "read");
    add(arguments, "--spool", orders->spool_folder);
    add(arguments, "--device", orders->device);
    if (orders->source_name)
        add(arguments, "--source-name", orders->source_name);
    arguments->options = memory_text(orders->options);
    char *rest = arguments->options, *option;
    while (rest && (option = strsep(&rest, ";"))) {
        option += strspn(option, " ");
        if (*option)
            add(arguments, "--option", option);
    }
}

int execution_start(struct execution **execution, struct loop *loop, struct peer_sweep *sweep,
                    const struct execution_orders *orders, const struct execution_callbacks *callbacks,
                    void *context)
{
    static const struct child_callbacks child_callbacks = {on_exit_of_unit};
    static const struct peer_callbacks peer_callbacks = {.on_frame = on_frame, .on_closed = on_closed};
    const struct peer_options options = {.where = AT_DAEMON, .when = WHEN_OPEN, .label = "reading_unit"};
    struct execution *made = memory_new(sizeof *made);
    struct arguments arguments;
    int fd = -1;
    made->callbacks = *callbacks;
    made->context = context;
    made->job = orders->job;
    made->watchdog_ms = orders->watchdog_ms;
    made->drain = loop_timer_new(loop, on_drained, made);
    arguments_make(&arguments, orders);
    int error =
        child_start(&made->child, loop, arguments.program, arguments.list, &child_callbacks, made, &fd);
    if (error)
        log_error("%s cannot be started: %s", arguments.program, strerror(-error));
    free(arguments.options);
    if (!error)
        error = peer_new(&made->peer, sweep, fd, NULL, &options, &peer_callbacks, made);
    if (!error)
        error = peer_send(
            made->peer,
            &(struct frame){.type = FRAME_READ_COMMAND, .job = orders->job, .read_command = orders->command});
    if (error) {
        execution_free(&made);
        return error;
    }
    child_watch(made->child, made->watchdog_ms, on_stall);
    *execution = made;
    return 0;
}

/* ---- While it runs ------------------------------------------------------------------------------------ */

static void on_page_begin(struct execution *execution, const struct frame *frame)
{
    execution->page = frame->page_begin;
    execution->callbacks.on_format(execution->context, &execution->page);
}

static void on_page_progress(struct execution *execution, const struct frame *frame)
{
    if (frame->page_progress.page == execution->page.page)
        execution->callbacks.on_growth(execution->context, execution->page.page, frame->page_progress.length);
}

static void on_page_end(struct execution *execution, const struct frame *frame)
{
    const struct frame_page_end *end = &frame->page_end;
    if (end->page == 0 || end->page != execution->page.page ||
        end->generation != execution->page.generation || end->digest.length != SPOOL_DIGEST_BYTES) {
        log_error("the reading unit ended page %u, which it has not begun", end->page);
        return;
    }
    struct spool_page page = {.page = end->page,
                              .generation = end->generation,
                              .length = end->length,
                              .rows = end->rows,
                              .begin = execution->page};
    memcpy(page.digest, end->digest.at, sizeof page.digest);
    page.begin.height = end->rows;
    execution->page.page = 0;
    execution->callbacks.on_page(execution->context, &page);
}

/* Its last word: from now on it only lets the device go. */
static void take_word(struct execution *execution, const struct execution_end *end)
{
    if (execution->has_word)
        return;
    execution->has_word = true;
    execution->end = *end;
    if (execution->child)
        child_watch(execution->child, CLOSE_LIMIT_MS, on_stall);
}

static void on_finished(struct execution *execution, const struct frame *frame)
{
    take_word(execution, &(struct execution_end){.has_finished = true,
                                                 .page = frame->function_finished.last_page,
                                                 .medium_ended = frame->function_finished.medium_ended != 0});
}

static void on_error_notice(struct execution *execution, const struct frame *frame)
{
    const struct frame_error_notice *notice = &frame->error_notice;
    struct execution_end end = {.code = notice->code, .page = notice->interrupted};
    if (notice->code == ERROR_SPOOL_FULL) {
        if (execution->child)                           /* else it died meanwhile, and this was on the way */
            child_watch(execution->child, 0, on_stall); /* it waits for us */
        execution->callbacks.on_paused(execution->context);
        return;
    }
    frame_text_copy(notice->text, end.text, sizeof end.text);
    take_word(execution, &end);
}

static const struct {
    enum frame_type type;
    void (*handle)(struct execution *execution, const struct frame *frame);
} handlers[] = {
    {FRAME_PAGE_BEGIN, on_page_begin},     {FRAME_PAGE_PROGRESS, on_page_progress},
    {FRAME_PAGE_END, on_page_end},         {FRAME_FUNCTION_FINISHED, on_finished},
    {FRAME_ERROR_NOTICE, on_error_notice},
};

static void on_frame(void *context, const struct frame *frame)
{
    struct execution *execution = context;
    if (execution->child)
        child_progress(execution->child);
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].type == frame->type) {
            handlers[i].handle(execution, frame);
            return;
        }
    log_warning("the reading unit sent %s, which nobody waits for", frame_name((uint16_t)frame->type));
}

static void signal_unit(struct execution *execution, int number)
{
    if (kill(child_pid(execution->child), number) < 0)
        log_error("the reading unit cannot be signalled: %s", strerror(errno));
}

void execution_pause(struct execution *execution)
{
    if (!execution->child || execution->is_held || execution->has_word)
        return;
    execution->is_held = true;
    child_watch(execution->child, 0, on_stall);
    signal_unit(execution, SIGSTOP);
    execution->callbacks.on_paused(execution->context);
}

/* A unit that stands still could not hear that it is to stop. */
static void release(struct execution *execution)
{
    execution->is_held = false;
    signal_unit(execution, SIGCONT);
}

void execution_continue(struct execution *execution)
{
    if (!execution->peer || !execution->child)
        return;
    child_watch(execution->child, execution->watchdog_ms, on_stall);
    if (execution->is_held) {
        release(execution);
        return;
    }
    int error =
        peer_send(execution->peer, &(struct frame){.type = FRAME_CONTINUE_COMMAND, .job = execution->job});
    if (error)
        log_error("the reading unit cannot be told to go on: %s", strerror(-error));
}

void execution_stop(struct execution *execution)
{
    if (!execution->child)
        return;
    child_stop(execution->child, STOP_GRACE_MS);
    if (execution->is_held)
        release(execution);
}

/* ---- The end ------------------------------------------------------------------------------------------ */

/* No byte has come for too long, or the device is not let go. */
static void on_stall(void *context)
{
    struct execution *execution = context;
    struct execution_end end = {
        .code = ERROR_UNIT_STALLED, .page = execution->page.page, .is_without_word = true};
    snprintf(end.text, sizeof end.text, "the scanner sent nothing for %u seconds",
             execution->watchdog_ms / 1000u);
    take_word(execution, &end);
    execution_stop(execution);
}

static void finish_if_over(struct execution *execution)
{
    if (execution->child || execution->peer || execution->is_over)
        return;
    execution->is_over = true;
    loop_timer_stop(execution->drain);
    if (!execution->has_word) {
        execution->end = (struct execution_end){
            .code = ERROR_UNIT_DIED, .page = execution->page.page, .is_without_word = true};
        snprintf(execution->end.text, sizeof execution->end.text, "%s", execution->exit_text);
    }
    execution->callbacks.on_end(execution->context, &execution->end);
}

static void on_exit_of_unit(void *context, int wait_status)
{
    struct execution *execution = context;
    char how[128];
    child_describe_exit(wait_status, how, sizeof how);
    log_write(wait_status && !execution->has_word ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
              "job %" PRIu64 ": the reading unit has ended: %s", execution->job, how);
    snprintf(execution->exit_text, sizeof execution->exit_text, "%s: %s",
             error_find(ERROR_UNIT_DIED)->sentence, how);
    child_free(&execution->child);
    if (execution->peer)
        loop_timer_start(execution->drain, DRAIN_MS);
    finish_if_over(execution);
}

static void on_closed(void *context, const struct peer_end *end)
{
    struct execution *execution = context;
    peer_free(&execution->peer);
    if (!execution->has_word)
        log_notice("the reading unit ended its connection: %s", end->text);
    if (execution->child && !execution->has_word)
        child_stop(execution->child, STOP_GRACE_MS);
    finish_if_over(execution);
}

static void on_drained(void *context)
{
    struct execution *execution = context;
    peer_free(&execution->peer);
    finish_if_over(execution);
}

void execution_free(struct execution **execution)
{
    struct execution *old = *execution;
    *execution = NULL;
    if (!old)
        return;
    child_free(&old->child);
    peer_free(&old->peer);
    loop_timer_free(&old->drain);
    free(old);
}
