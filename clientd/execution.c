#include "config.h"

#include "clientd/execution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

#define STOP_GRACE_MS 6000u
#define ARGUMENTS_MAX 40
#define PROGRAM       "reading_unit"

struct execution {
    struct unit_process *process;
    struct execution_callbacks callbacks;
    void *context;
    struct frame_page_begin page; /* that is being read; page.page 0: none */
    uint64_t job;
    uint32_t watchdog_ms;
};

static void on_frame(void *context, const struct frame *frame);
static void on_stall(void *context);
static void on_end(void *context, const struct unit_end *end);

/* ---- Starting ----------------------------------------------------------------------------------------- */

struct arguments {
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
    add(arguments, PROGRAM, "read");
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
    static const struct unit_process_callbacks process_callbacks = {on_frame, on_stall, on_end};
    struct execution *made = memory_new(sizeof *made);
    struct arguments arguments;
    made->callbacks = *callbacks;
    made->context = context;
    made->job = orders->job;
    made->watchdog_ms = orders->watchdog_ms;
    arguments_make(&arguments, orders);
    const struct unit_process_orders process_orders = {.unit_folder = orders->unit_folder,
                                                       .program = PROGRAM,
                                                       .arguments = arguments.list,
                                                       .job = orders->job,
                                                       .died = ERROR_UNIT_DIED,
                                                       .stop_grace_ms = STOP_GRACE_MS};
    int error = unit_process_start(&made->process, loop, sweep, &process_orders, &process_callbacks, made);
    free(arguments.options);
    if (error) {
        execution_free(&made);
        return error;
    }
    unit_process_send(made->process,
                      &(struct frame){.type = FRAME_READ_COMMAND, .read_command = orders->command});
    unit_process_watch(made->process, made->watchdog_ms);
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

static void on_finished(struct execution *execution, const struct frame *frame)
{
    unit_process_take_word(execution->process,
                           &(struct unit_end){.has_finished = true,
                                              .page = frame->function_finished.last_page,
                                              .medium_ended = frame->function_finished.medium_ended != 0});
}

static void on_error_notice(struct execution *execution, const struct frame *frame)
{
    const struct frame_error_notice *notice = &frame->error_notice;
    struct unit_end end = {.code = notice->code, .page = notice->interrupted};
    if (notice->code == ERROR_SPOOL_FULL) {
        unit_process_watch(execution->process, 0); /* it waits for us */
        execution->callbacks.on_paused(execution->context);
        return;
    }
    frame_text_copy(notice->text, end.text, sizeof end.text);
    unit_process_take_word(execution->process, &end);
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
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].type == frame->type) {
            handlers[i].handle(execution, frame);
            return;
        }
    log_warning("the reading unit sent %s, which nobody waits for", frame_name((uint16_t)frame->type));
}

void execution_pause(struct execution *execution)
{
    struct unit_process *process = execution->process;
    if (!unit_process_is_alive(process) || unit_process_is_held(process) || unit_process_has_word(process))
        return;
    unit_process_hold(process);
    execution->callbacks.on_paused(execution->context);
}

void execution_continue(struct execution *execution)
{
    if (!unit_process_is_alive(execution->process))
        return;
    unit_process_watch(execution->process, execution->watchdog_ms);
    if (unit_process_is_held(execution->process))
        unit_process_release(execution->process);
    else
        unit_process_send(execution->process, &(struct frame){.type = FRAME_CONTINUE_COMMAND});
}

void execution_stop(struct execution *execution)
{
    unit_process_stop(execution->process);
}

/* ---- The end ------------------------------------------------------------------------------------------ */

static void on_stall(void *context)
{
    struct execution *execution = context;
    struct unit_end end = {.code = ERROR_UNIT_STALLED, .page = execution->page.page, .is_without_word = true};
    snprintf(end.text, sizeof end.text, "the scanner sent nothing for %u seconds",
             execution->watchdog_ms / 1000u);
    unit_process_take_word(execution->process, &end);
    unit_process_stop(execution->process);
}

static void on_end(void *context, const struct unit_end *end)
{
    struct execution *execution = context;
    struct unit_end known = *end;
    if (known.code == ERROR_UNIT_DIED && known.is_without_word)
        known.page = execution->page.page;
    execution->callbacks.on_end(execution->context, &known);
}

void execution_free(struct execution **execution)
{
    struct execution *old = *execution;
    *execution = NULL;
    if (!old)
        return;
    unit_process_free(&old->process);
    free(old);
}
