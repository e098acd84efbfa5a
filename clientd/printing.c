#include "config.h"

#include "clientd/printing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

/* A unit that is to stop takes its sheets back from the printer, and asks for a while what has become of
 * them. */
#define STOP_GRACE_MS   20000u
#define STALL_PER_REACH 6u
#define REACH_MOST_S    20u
#define PROGRAM         "printing_unit"

struct printing {
    struct unit_process *process;
    struct printing_callbacks callbacks;
    void *context;
    uint64_t job;
    uint32_t watchdog_ms;
    bool is_ending;                /* it has heard that all is done */
    uint32_t awaited[PRINT_SLOTS]; /* sheets of which the unit has to say something; 0: none */
};

static void on_frame(void *context, const struct frame *frame);
static void on_stall(void *context);
static void on_end(void *context, const struct unit_end *end);

/* The unit says by itself, and with a reason, that the printer does not go on or cannot be reached; the
 * watchdog is for a unit that does not. */
static void write_limits(uint32_t watchdog_ms, char *stall, char *reach, size_t size)
{
    uint32_t stall_s = watchdog_ms / 1000u * 2 / 3, reach_s = stall_s / STALL_PER_REACH;
    reach_s = reach_s < REACH_MOST_S ? reach_s : REACH_MOST_S;
    snprintf(stall, size, "%" PRIu32, stall_s ? stall_s : 1);
    snprintf(reach, size, "%" PRIu32, reach_s ? reach_s : 1);
}

int printing_start(struct printing **printing, struct loop *loop, struct peer_sweep *sweep,
                   const struct printing_orders *orders, const struct printing_callbacks *callbacks,
                   void *context)
{
    static const struct unit_process_callbacks process_callbacks = {on_frame, on_stall, on_end};
    char stall_limit[16], reach_limit[16];
    write_limits(orders->watchdog_ms, stall_limit, reach_limit, sizeof stall_limit);
    /* execve's argv is not const, but nobody writes to it. */
    char *const arguments[] = {(char *)(uintptr_t)PROGRAM,
                               (char *)(uintptr_t) "print",
                               (char *)(uintptr_t) "--spool",
                               (char *)(uintptr_t)orders->spool_folder,
                               (char *)(uintptr_t) "--printer",
                               (char *)(uintptr_t)orders->uri,
                               (char *)(uintptr_t) "--stall-limit",
                               stall_limit,
                               (char *)(uintptr_t) "--reach-limit",
                               reach_limit,
                               NULL};
    const struct unit_process_orders process_orders = {.unit_folder = orders->unit_folder,
                                                       .program = PROGRAM,
                                                       .arguments = arguments,
                                                       .job = orders->job,
                                                       .died = ERROR_PRINTER_DIED,
                                                       .stop_grace_ms = STOP_GRACE_MS};
    struct printing *made = memory_new(sizeof *made);
    made->callbacks = *callbacks;
    made->context = context;
    made->job = orders->job;
    made->watchdog_ms = orders->watchdog_ms;
    int error = unit_process_start(&made->process, loop, sweep, &process_orders, &process_callbacks, made);
    if (error) {
        printing_free(&made);
        return error;
    }
    unit_process_send(made->process,
                      &(struct frame){.type = FRAME_PRINT_COMMAND, .print_command = {orders->order}});
    *printing = made;
    return 0;
}

/* ---- Progress ----------------------------------------------------------------------------------------- */

static bool awaits_any(const struct printing *printing)
{
    for (unsigned i = 0; i < PRINT_SLOTS; i++)
        if (printing->awaited[i])
            return true;
    return false;
}

/* A unit that has nothing to do, because blocks are missing or a ticket is not durable yet, is not stalled.
 */
static void await(struct printing *printing, uint32_t sheet)
{
    if (!awaits_any(printing))
        unit_process_watch(printing->process, printing->watchdog_ms);
    for (unsigned i = 0; i < PRINT_SLOTS; i++)
        if (!printing->awaited[i] || printing->awaited[i] == sheet) {
            printing->awaited[i] = sheet;
            return;
        }
}

static void await_no_more(struct printing *printing, uint32_t sheet)
{
    for (unsigned i = 0; i < PRINT_SLOTS; i++)
        if (printing->awaited[i] == sheet)
            printing->awaited[i] = 0;
    if (!awaits_any(printing))
        unit_process_watch(printing->process, 0);
}

/* ---- To the unit -------------------------------------------------------------------------------------- */

void printing_adopt(struct printing *printing, uint32_t sheet, bool cancel, const struct job_ticket *ticket)
{
    await(printing, sheet);
    unit_process_send(
        printing->process,
        &(struct frame){.type = FRAME_ADOPT_SHEET,
                        .adopt_sheet = {.sheet = sheet,
                                        .cancel = cancel,
                                        .ticket = {.job = ticket->job,
                                                   .uuid = frame_text_of(ticket->uuid),
                                                   .printer = frame_text_of(ticket->printer)}}});
}

void printing_sheet(struct printing *printing, uint32_t sheet, uint32_t block, uint32_t generation)
{
    await(printing, sheet);
    unit_process_send(printing->process,
                      &(struct frame){.type = FRAME_PRINT_SHEET, .print_sheet = {sheet, block, generation}});
}

void printing_release(struct printing *printing, uint32_t sheet)
{
    await(printing, sheet);
    unit_process_send(printing->process,
                      &(struct frame){.type = FRAME_RELEASE_SHEET, .release_sheet = {sheet}});
}

void printing_no_more(struct printing *printing)
{
    printing->is_ending = true;
    unit_process_watch(printing->process, printing->watchdog_ms);
    unit_process_send(printing->process, &(struct frame){.type = FRAME_NO_MORE_SHEETS});
}

void printing_stop(struct printing *printing)
{
    if (!printing->is_ending) /* else it ends by itself, or is seen to stall */
        unit_process_stop(printing->process);
}

/* ---- From the unit ------------------------------------------------------------------------------------ */

static void on_sheet_status(struct printing *printing, const struct frame *frame)
{
    const struct frame_sheet_status *status = &frame->sheet_status;
    struct job_ticket ticket = {.job = status->ticket.job};
    if (status->state == SHEET_UNDER_WAY)
        return;
    if (status->state < SHEET_CREATED || status->state > SHEET_UNDER_WAY) {
        log_error("job %" PRIu64 ": the printing unit says what nobody knows of sheet %u", printing->job,
                  status->sheet);
        return;
    }
    await_no_more(printing, status->sheet);
    frame_text_copy(status->ticket.uuid, ticket.uuid, sizeof ticket.uuid);
    frame_text_copy(status->ticket.printer, ticket.printer, sizeof ticket.printer);
    printing->callbacks.on_sheet(printing->context, status->sheet, (enum sheet_state)status->state,
                                 status->state == SHEET_CREATED ? &ticket : NULL);
}

static void on_finished(struct printing *printing, const struct frame *frame)
{
    unit_process_take_word(printing->process, &(struct unit_end){.has_finished = true,
                                                                 .page = frame->function_finished.last_page});
}

static void on_error_notice(struct printing *printing, const struct frame *frame)
{
    struct unit_end end = {.code = frame->error_notice.code ? frame->error_notice.code : ERROR_PRINTER_ERROR,
                           .page = frame->error_notice.interrupted};
    frame_text_copy(frame->error_notice.text, end.text, sizeof end.text);
    unit_process_take_word(printing->process, &end);
}

static const struct {
    enum frame_type type;
    void (*handle)(struct printing *printing, const struct frame *frame);
} handlers[] = {
    {FRAME_SHEET_STATUS, on_sheet_status},
    {FRAME_FUNCTION_FINISHED, on_finished},
    {FRAME_ERROR_NOTICE, on_error_notice},
};

static void on_frame(void *context, const struct frame *frame)
{
    struct printing *printing = context;
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].type == frame->type) {
            handlers[i].handle(printing, frame);
            return;
        }
    log_warning("the printing unit sent %s, which nobody waits for", frame_name((uint16_t)frame->type));
}

/* ---- The end ------------------------------------------------------------------------------------------ */

static void on_stall(void *context)
{
    struct printing *printing = context;
    struct unit_end end = {.code = ERROR_PRINTER_STALLED};
    for (unsigned i = 0; i < PRINT_SLOTS; i++)
        if (printing->awaited[i] && (!end.page || printing->awaited[i] < end.page))
            end.page = printing->awaited[i];
    snprintf(end.text, sizeof end.text, "nothing was heard of the printer for %u seconds",
             printing->watchdog_ms / 1000u);
    unit_process_take_word(printing->process, &end);
    unit_process_stop(printing->process);
}

static void on_end(void *context, const struct unit_end *end)
{
    struct printing *printing = context;
    printing->callbacks.on_end(printing->context, end);
}

void printing_free(struct printing **printing)
{
    struct printing *old = *printing;
    *printing = NULL;
    if (!old)
        return;
    unit_process_free(&old->process);
    free(old);
}
