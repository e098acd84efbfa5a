#include "config.h"

#include "clientd/job_run_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/worker.h"
#include "clientd/block_receive.h"
#include "clientd/execution.h"
#include "clientd/link.h"
#include "clientd/printing.h"
#include "wire/page_transfer.h"

/* ---- Events in ---------------------------------------------------------------------------------------- */

static void append(struct job_run *run, const struct job_read_action *action)
{
    if (run->count == run->room) {
        struct job_read_action *grown = memory_new((run->room + 16) * sizeof *grown);
        for (unsigned i = 0; i < run->count; i++)
            grown[i] = run->actions[(run->first + i) % run->room];
        free(run->actions);
        run->actions = grown;
        run->first = 0;
        run->room += 16;
    }
    run->actions[(run->first + run->count++) % run->room] = *action;
}

int job_run_event(struct job_run *run, const struct job_read_event *event)
{
    struct job_read *job = &run->record.job;
    struct job_read_actions actions;
    enum job_read_state before = job->state;
    int result = 0;
    job_read_handle(job, event, &actions);
    log_debug("job %" PRIu64 ": %s", job->id, job_read_event_name(event->type));
    if (job->state != before)
        log_info("job %" PRIu64 ": %s -> %s (%s)", job->id, job_read_state_name(before),
                 job_read_state_name(job->state), job_read_event_name(event->type));
    for (unsigned i = 0; i < actions.count; i++) {
        if (actions.items[i].type == ACTION_REFUSE)
            result = -EPERM;
        append(run, &actions.items[i]);
    }
    job_run_carry_out(run);
    return result;
}

/* ---- Actions out -------------------------------------------------------------------------------------- */

static bool is_printing(const struct job_run *run)
{
    return run->record.job.function == FUNCTION_PRINTING;
}

static void take_order(struct job_run *run)
{
    run->record.order = run->pending;
    run->record.device[0] = 0;
    log_notice("job %" PRIu64 " goes on at the printer %s", run->record.job.id, run->record.order.unit);
}

static void stop_unit(struct job_run *run)
{
    if (run->execution)
        execution_stop(run->execution);
    if (run->printing)
        printing_stop(run->printing);
    job_run_leave_queue(run);
}

static void carry_out(struct job_run *run, const struct job_read_action *action)
{
    switch (action->type) {
    case ACTION_SAVE:
        job_run_save(run);
        break;
    case ACTION_TAKE_ORDER:
        take_order(run);
        break;
    case ACTION_START_UNIT:
        if (is_printing(run))
            job_run_start_printing(run);
        else
            job_run_start_unit(run, action);
        break;
    case ACTION_ADOPT_SHEET:
    case ACTION_PRINT_SHEET:
    case ACTION_RELEASE_SHEET:
        job_run_tell_sheet(run, action);
        break;
    case ACTION_END_UNIT:
        if (run->printing)
            printing_no_more(run->printing);
        break;
    case ACTION_CONTINUE_UNIT:
        if (run->execution)
            execution_continue(run->execution);
        break;
    case ACTION_STOP_UNIT:
        stop_unit(run);
        break;
    case ACTION_DROP_PAGE:
    case ACTION_DROP_STORED:
    case ACTION_DROP_FROM:
        job_run_drop(run, action);
        break;
    case ACTION_FLOW:
        if (!is_printing(run)) /* blocks come by themselves */
            page_transfer_flow(run->transfer);
        break;
    case ACTION_HOLD:
        page_transfer_hold(run->transfer);
        break;
    case ACTION_SEND_NOTICE:
    case ACTION_SEND_STATUS:
    case ACTION_SEND_STORED:
    case ACTION_SEND_FINISHED:
    case ACTION_SEND_MANNER:
    case ACTION_SEND_RESTART:
        job_run_send(run, action);
        break;
    case ACTION_TELL:
        run->around->on_changed(run->around->context, run->record.job.id);
        break;
    case ACTION_REFUSE: /* said by job_run_event */
        break;
    case ACTION_FORGET:
        job_run_forget(run);
        break;
    }
}

void job_run_carry_out(struct job_run *run)
{
    if (run->is_carrying_out)
        return;
    run->is_carrying_out = true;
    while (run->count > 0 && !run->task && !run->is_waiting) {
        struct job_read_action action = run->actions[run->first];
        run->first = (run->first + 1) % run->room;
        run->count--;
        if (job_read_action_is_stale(&run->record.job, &action))
            log_debug("job %" PRIu64 ": what was to be said is no longer so", run->record.job.id);
        else
            carry_out(run, &action);
    }
    run->is_carrying_out = false;
    job_run_watch_space(run);
    page_transfer_go_on(run->transfer);
}

/* ---- From the server ---------------------------------------------------------------------------------- */

void job_run_resume_page(struct job_run *run, const struct frame_page_resume *resume)
{
    page_transfer_resume(run->transfer, resume);
}

void job_run_room(struct job_run *run)
{
    page_transfer_go_on(run->transfer);
}

void job_run_set_peer(struct job_run *run, struct peer *peer)
{
    page_transfer_set_peer(run->transfer, peer);
    if (run->blocks)
        block_receive_set_peer(run->blocks, peer);
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static void on_damaged(void *context, uint32_t page)
{
    job_run_event(context, &(struct job_read_event){.type = EVENT_PAGE_DAMAGED, .page = page});
}

static int open_stream(int folder_fd, uint64_t job, uint32_t page, uint32_t generation)
{
    (void)job; /* it has a folder of its own */
    return spool_stream_open(folder_fd, page, generation);
}

static struct job_run *make(struct job_surroundings *around, uint64_t job)
{
    struct job_run *run = memory_new(sizeof *run);
    run->around = around;
    run->folder_fd = -1;
    run->strand = worker_strand_new(around->pool);
    run->transfer = page_transfer_new(&(struct page_transfer_options){.pool = around->pool,
                                                                      .job = job,
                                                                      .ledger = &run->record.job.ledger,
                                                                      .open = open_stream,
                                                                      .on_damaged = on_damaged,
                                                                      .context = run});
    run->space = loop_timer_new(around->loop, job_run_look_for_space, run);
    return run;
}

void job_run_set_options(struct job_run *run, const struct record_read_options *options)
{
    run->record.options = *options;
    frame_text_copy(options->unit, run->record.unit, sizeof run->record.unit);
    run->record.options.unit = frame_text_of(run->record.unit);
    run->record.job.limit = options->pages;
    run->record.job.flatbed = options->source == 1;
}

struct job_run *job_run_new(struct job_surroundings *around, uint64_t job,
                            const struct record_read_options *options)
{
    struct job_run *run = make(around, job);
    job_read_init(&run->record.job, job, options->pages, options->source == 1, &around->policy);
    run->record.created_ms = run->record.updated_ms = (int64_t)wall_clock_ms();
    job_run_set_options(run, options);
    job_run_make_folder(run);
    return run;
}

void job_run_set_order(struct job_run *run, const struct record_print_order *order)
{
    job_order_keep(&run->record.order, order);
    run->record.device[0] = 0;
    job_print_set_order(&run->record.job, order->blocks, order->copies);
}

void job_run_set_pending_order(struct job_run *run, const struct record_print_order *order)
{
    job_order_keep(&run->pending, order);
}

void job_run_choose_unit(struct job_run *run, uint32_t round, const char *unit)
{
    run->choice.round = round;
    snprintf(run->choice.unit, sizeof run->choice.unit, "%s", unit);
}

struct job_run *job_run_new_printing(struct job_surroundings *around, uint64_t job,
                                     const struct record_print_order *order)
{
    struct job_run *run = make(around, job);
    job_print_init(&run->record.job, job, order->blocks, order->copies, &around->policy);
    run->record.created_ms = run->record.updated_ms = (int64_t)wall_clock_ms();
    job_order_keep(&run->record.order, order);
    job_run_new_blocks(run);
    job_run_make_folder(run);
    return run;
}

void job_run_page_is_whole(struct job_run *run, const struct spool_page *page)
{
    const struct frame_page_end end = {.page = page->page,
                                       .generation = page->generation,
                                       .length = page->length,
                                       .rows = page->rows,
                                       .digest = {page->digest, sizeof page->digest}};
    page_transfer_whole(run->transfer, &page->begin, &end);
}

static void use_page(void *context, const struct spool_page *page)
{
    struct job_run *run = context;
    job_run_page_is_whole(run, page);
}

struct job_run *job_run_recover(struct job_surroundings *around, uint64_t job)
{
    struct job_run *run = make(around, job);
    struct job_read *known = &run->record.job;
    struct spool_findings findings = {0};
    int error = run->folder_fd = spool_job_open(around->spool_fd, job);
    if (error >= 0)
        error = spool_load(run->folder_fd, job, &run->record);
    if (error >= 0)
        error = spool_examine(run->folder_fd, job, known->round, &findings);
    if (error >= 0)
        error = page_transfer_set_folder(run->transfer, run->folder_fd);
    if (error < 0) {
        log_error("job %" PRIu64 " in the spool cannot be taken up again: %s; its folder is left as it is",
                  job, strerror(-error));
        spool_findings_free(&findings);
        job_run_free(&run);
        return NULL;
    }
    run->record.options.unit = frame_text_of(run->record.unit);
    known->policy = &around->policy;
    if (is_printing(run)) {
        job_run_new_blocks(run);
        job_run_recover_blocks(run, &findings);
        job_print_recover(known);
    } else {
        job_read_recover(known, spool_apply(&known->ledger, &findings, use_page, run));
    }
    spool_findings_free(&findings);
    ledger_copy(&run->saved, &known->ledger);
    log_notice("job %" PRIu64 " is taken up again: %u %s in the spool", job,
               ledger_count(&known->ledger, is_printing(run) ? PAGE_RECEIVED : PAGE_READ),
               is_printing(run) ? "sheets are to be printed from what is" : "pages wait");
    return run;
}

void job_run_shut_down(struct job_run *run)
{
    run->is_shutting_down = true;
    if (run->execution)
        execution_stop(run->execution);
    printing_free(&run->printing); /* the printer goes on, and is asked at the next start */
    job_run_carry_out(run);
}

bool job_run_is_quiet(const struct job_run *run)
{
    return !run->execution && !run->examination && (run->is_waiting || (!run->task && run->count == 0));
}

const struct ledger *job_run_ledger(const struct job_run *run)
{
    return is_printing(run) ? &run->saved : &run->record.job.ledger;
}

const struct job_read *job_run_job(const struct job_run *run)
{
    return &run->record.job;
}

void job_run_times(const struct job_run *run, uint64_t *created_ms, uint64_t *updated_ms)
{
    *created_ms = (uint64_t)run->record.created_ms;
    *updated_ms = (uint64_t)run->record.updated_ms;
}

const char *job_run_unit(const struct job_run *run)
{
    return is_printing(run) ? run->record.order.unit : run->record.unit;
}

const char *job_run_title(const struct job_run *run)
{
    return run->record.order.title;
}

const struct record_read_options *job_run_options(const struct job_run *run)
{
    return &run->record.options;
}

const char *job_run_device(const struct job_run *run)
{
    if (run->printing)
        return run->record.device;
    return run->execution ? run->device : NULL;
}

uint64_t job_run_bytes(const struct job_run *run)
{
    return run->blocks ? block_receive_bytes(run->blocks) : page_transfer_bytes(run->transfer);
}

void job_run_free(struct job_run **run)
{
    struct job_run *old = *run;
    *run = NULL;
    if (!old)
        return;
    job_run_stop_looking(old);
    execution_free(&old->execution);
    printing_free(&old->printing);
    block_receive_free(&old->blocks);
    page_transfer_free(&old->transfer);
    job_run_leave_spool(old);
    worker_strand_free(&old->strand);
    loop_timer_free(&old->space);
    loop_timer_free(&old->retry);
    job_read_free(&old->record.job);
    ledger_free(&old->saved);
    free(old->actions);
    free(old);
}
