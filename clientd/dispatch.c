#include "config.h"

#include "clientd/dispatch.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "clientd/control.h"
#include "clientd/jobs.h"
#include "clientd/link.h"
#include "clientd/units.h"
#include "wire/peer.h"

/* The job that a frame names, NULL (logged) when it is not in hand. */
static struct job_run *find(const struct dispatch *to, const struct frame *frame)
{
    struct job_run *run = jobs_find(to->jobs, frame->job);
    if (!run)
        log_info("%s for job %" PRIu64 ", which is not in hand", frame_name((uint16_t)frame->type),
                 frame->job);
    return run;
}

/* ---- Execution ---------------------------------------------------------------------------------------- */

static void on_read_command(const struct dispatch *to, const struct frame *frame)
{
    struct job_run *run = jobs_take(to->jobs, frame->job, &frame->read_command.options);
    if (run)
        job_run_event(run, &(struct job_read_event){.type = EVENT_COMMANDED});
}

static bool is_sound(const struct record_print_order *order)
{
    return order->blocks >= 1 && order->copies >= 1 && order->blocks <= LEDGER_MAX_PAGES / order->copies;
}

static void on_print_command(const struct dispatch *to, const struct frame *frame)
{
    const struct record_print_order *order = &frame->print_command.order;
    if (!is_sound(order)) {
        log_error("job %" PRIu64 ": the server's PRINT_COMMAND makes no sense", frame->job);
        return;
    }
    struct job_run *run = jobs_take_printing(to->jobs, frame->job, order);
    if (run)
        job_run_event(run, &(struct job_read_event){.type = EVENT_COMMANDED});
}

static void on_suspend(const struct dispatch *to, const struct frame *frame)
{
    struct job_run *run = find(to, frame);
    char text[JOB_TEXT_SIZE];
    frame_text_copy(frame->suspend_command.text, text, sizeof text);
    if (run)
        job_run_event(run, &(struct job_read_event){
                               .type = EVENT_SUSPENDED, .code = frame->suspend_command.code, .text = text});
}

static void on_page_stored(const struct dispatch *to, const struct frame *frame)
{
    struct job_run *run = find(to, frame);
    if (run)
        job_run_event(run, &(struct job_read_event){.type = EVENT_PAGE_STORED,
                                                    .page = frame->page_stored.page,
                                                    .generation = frame->page_stored.generation});
}

static void on_page_resume(const struct dispatch *to, const struct frame *frame)
{
    struct job_run *run = find(to, frame);
    if (run)
        job_run_resume_page(run, &frame->page_resume);
}

/* ---- Blocks ------------------------------------------------------------------------------------------- */

/* Of a job that is over, some may still be on their way. */
static void on_block(const struct dispatch *to, const struct frame *frame)
{
    struct job_run *run = jobs_find(to->jobs, frame->job);
    if (run && job_run_take_block(run, frame))
        return;
    if (frame->type == FRAME_PAGE_BEGIN)
        log_info("a block of job %" PRIu64 ", which prints nothing, is dropped", frame->job);
    if (frame->type == FRAME_PAGE_DATA && link_peer(to->link))
        peer_grant(link_peer(to->link), frame->page_data.bytes.length);
}

/* ---- Restarting --------------------------------------------------------------------------------------- */

static void on_manner_request(const struct dispatch *to, const struct frame *frame)
{
    const struct frame_manner_request *request = &frame->manner_request;
    const struct record_read_options unknown = {0};
    const struct record_print_order no_order = {0};
    struct designation_question question = {.round = request->round, .error = request->error_code};
    struct record_manner manner;
    char text[JOB_TEXT_SIZE];
    size_t cursor = 0;
    while (question.offer_count < MANNER_OFFERS_MAX &&
           frame_list_next(&request->manners, &frame_record_manner, &cursor, &manner))
        if (manner.manner != MANNER_NONE && strcmp(manner_name(manner.manner), "unknown") != 0)
            question.offers[question.offer_count++] =
                (struct manner_offer){(enum manner)manner.manner, manner.first_page, manner.last_page};
    frame_text_copy(request->error_text, text, sizeof text);
    /* A job that was lost here: its options come with the restart. */
    struct job_run *run = request->phase.function == FUNCTION_PRINTING
                              ? jobs_take_printing(to->jobs, frame->job, &no_order)
                              : jobs_take(to->jobs, frame->job, &unknown);
    if (run)
        job_run_event(run, &(struct job_read_event){
                               .type = EVENT_MANNER_REQUESTED, .text = text, .question = &question});
}

/* The job of a restart: as it is in hand, or as the command says of one that was lost. */
static struct job_run *take_reading(const struct dispatch *to, const struct frame *frame)
{
    const struct record_read_options *options = &frame->restart_command.options;
    struct job_run *run = jobs_take(to->jobs, frame->job, options);
    if (run && job_run_job(run)->round == 0 && !*job_run_unit(run))
        job_run_set_options(run, options);
    return run;
}

static struct job_run *take_printing(const struct dispatch *to, const struct frame *frame, bool *is_moved)
{
    const struct record_print_order *order = &frame->restart_command.order;
    struct job_run *run = jobs_take_printing(to->jobs, frame->job, order);
    if (!run)
        return NULL;
    if (job_run_job(run)->blocks == 0)
        job_run_set_order(run, order);
    if (job_run_job(run)->blocks != order->blocks || job_run_job(run)->copies != order->copies) {
        log_error("job %" PRIu64 ": the server's RESTART_COMMAND is about another document", frame->job);
        return NULL;
    }
    *is_moved = order->options.unit.length && !frame_text_is(order->options.unit, job_run_unit(run));
    /* One that is being carried out is not touched: the state machine ignores what comes meanwhile. */
    if (*is_moved && job_run_job(run)->state != JOB_READ_RESTARTING)
        job_run_set_pending_order(run, order);
    return run;
}

static void on_restart_command(const struct dispatch *to, const struct frame *frame)
{
    const struct frame_restart_command *command = &frame->restart_command;
    bool is_printing = command->function == FUNCTION_PRINTING, is_moved = false;
    struct ledger ledger = {0};
    const char *why;
    if (ledger_from_account(&ledger, is_printing ? FUNCTION_PRINTING : FUNCTION_READING, &command->account,
                            &why) ||
        !manner_fits(command->manner, command->page) || (is_printing && !is_sound(&command->order))) {
        ledger_free(&ledger);
        log_error("job %" PRIu64 ": the server's RESTART_COMMAND makes no sense", frame->job);
        return;
    }
    struct job_run *run = is_printing ? take_printing(to, frame, &is_moved) : take_reading(to, frame);
    if (run)
        job_run_event(run, &(struct job_read_event){.type = EVENT_RESTART_COMMANDED,
                                                    .round = command->round,
                                                    .manner = command->manner,
                                                    .page = command->page,
                                                    .is_moved = is_moved,
                                                    .ledger = &ledger});
    ledger_free(&ledger);
}

/* ---- What is known of jobs ---------------------------------------------------------------------------- */

static void on_job_opened(const struct dispatch *to, const struct frame *frame)
{
    jobs_note(to->jobs, frame->job);
    control_answer(to->control, frame);
}

static void on_job_status(const struct dispatch *to, const struct frame *frame)
{
    if (frame->job_status.request)
        control_answer(to->control, frame);
    else
        jobs_take_status(to->jobs, frame);
}

static void on_job_closed(const struct dispatch *to, const struct frame *frame)
{
    char text[512];
    frame_text_copy(frame->job_closed.text, text, sizeof text);
    jobs_close(to->jobs, frame->job, frame->job_closed.state, text);
}

static void on_answer(const struct dispatch *to, const struct frame *frame)
{
    control_answer(to->control, frame);
}

/* ---- Units -------------------------------------------------------------------------------------------- */

void dispatch_send_units(const struct dispatch *to, uint32_t request)
{
    link_send(to->link,
              &(struct frame){.type = FRAME_UNIT_LIST, .unit_list = {request, units_list(to->units)}});
}

/* A search that is asked for sends the list by itself if it has changed. */
static void on_unit_list_request(const struct dispatch *to, const struct frame *frame)
{
    if (frame->unit_list_request.refresh)
        units_refresh(to->units);
    dispatch_send_units(to, frame->unit_list_request.request);
}

static const struct {
    enum frame_type type;
    void (*handle)(const struct dispatch *to, const struct frame *frame);
} handlers[] = {
    {FRAME_READ_COMMAND, on_read_command},
    {FRAME_SUSPEND_COMMAND, on_suspend},
    {FRAME_PRINT_COMMAND, on_print_command},
    {FRAME_PAGE_BEGIN, on_block},
    {FRAME_PAGE_DATA, on_block},
    {FRAME_PAGE_END, on_block},
    {FRAME_UPLOAD_CREDIT, on_answer},
    {FRAME_PAGE_STORED, on_page_stored},
    {FRAME_PAGE_RESUME, on_page_resume},
    {FRAME_MANNER_REQUEST, on_manner_request},
    {FRAME_RESTART_COMMAND, on_restart_command},
    {FRAME_JOB_OPENED, on_job_opened},
    {FRAME_JOB_STATUS, on_job_status},
    {FRAME_JOB_CLOSED, on_job_closed},
    {FRAME_OUTCOME, on_answer},
    {FRAME_DOCUMENT_LIST, on_answer},
    {FRAME_DOCUMENT_DATA, on_answer},
    {FRAME_DOCUMENT_END, on_answer},
    {FRAME_UNIT_LIST_REQUEST, on_unit_list_request},
};

void dispatch_frame(const struct dispatch *to, const struct frame *frame)
{
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].type == frame->type) {
            handlers[i].handle(to, frame);
            return;
        }
    log_info("%s from the server is for a function that this client does not have",
             frame_name((uint16_t)frame->type));
}
