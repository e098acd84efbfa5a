/* The printing side of a job: the run of the printing unit, and the blocks that arrive for it. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "clientd/block_receive.h"
#include "clientd/job_run_internal.h"
#include "clientd/link.h"
#include "clientd/printing.h"
#include "clientd/settings.h"
#include "clientd/spool.h"
#include "clientd/units.h"

/* The most that a server takes of a page, too, unless its settings say otherwise. */
#define BLOCK_BYTES_MAX (UINT64_C(2) << 30)

static void on_sheet(void *context, uint32_t sheet, enum sheet_state state, const struct job_ticket *ticket);
static void on_end(void *context, const struct unit_end *end);

/* ---- 1. Start ----------------------------------------------------------------------------------------- */

static void start_failed(struct job_run *run, uint16_t code, const char *text)
{
    log_warning("job %" PRIu64 ": %s", run->record.job.id, text);
    job_run_event(run, &(struct job_read_event){.type = EVENT_UNIT_FAILED, .code = code, .text = text});
}

/* The printer behind the name: as it was found, as the settings say, or as it was found for an earlier run.
 */
static bool find_printer(struct job_run *run)
{
    struct job_record *record = &run->record;
    const struct printer_settings *printer = settings_printer(run->around->settings, record->order.unit);
    struct record_unit unit;
    if (units_find(run->around->units, UNIT_KIND_PRINTING, record->order.unit, &unit))
        frame_text_copy(unit.device, record->device, sizeof record->device);
    else if (printer && printer->uri)
        snprintf(record->device, sizeof record->device, "%s", printer->uri);
    return record->device[0] != 0;
}

static void units_found(void *context)
{
    struct job_run *run = context;
    run->is_waiting = false;
    run->is_looking = false;
    if (find_printer(run)) {
        job_run_start_printing(run);
    } else {
        char text[JOB_TEXT_SIZE];
        snprintf(text, sizeof text, "there is no printer %s on this host", run->record.order.unit);
        start_failed(run, ERROR_PRINTER_MISSING,
                     run->record.order.unit[0] ? text : "no printer was found on this host");
    }
    job_run_carry_out(run);
}

/* The printer is not among those that are known: the search may be under way, or it is new. */
static void look_for_printer(struct job_run *run)
{
    if (units_when_found(run->around->units, units_found, run) < 0) {
        start_failed(run, ERROR_PRINTER_MISSING, "too many wait for the list of printers");
        return;
    }
    run->is_looking = true;
    run->is_waiting = true;
}

void job_run_start_printing(struct job_run *run)
{
    static const struct printing_callbacks callbacks = {on_sheet, on_end};
    const struct job_surroundings *around = run->around;
    const struct job_read *job = &run->record.job;
    char folder[640], text[JOB_TEXT_SIZE];
    if (run->is_shutting_down)
        return; /* `running` has been saved: it is told at the next start */
    if (!find_printer(run)) {
        look_for_printer(run);
        return;
    }
    uint64_t user = around->device_user(around->context, run->record.device, job->id);
    run->is_queued = user != 0;
    if (user) { /* the sheets of two jobs are not to lie in the tray one between the other */
        log_notice("job %" PRIu64 " waits until job %" PRIu64 " has done with the printer", job->id, user);
        return;
    }
    snprintf(folder, sizeof folder, "%s/%" PRIu64, around->spool_path, job->id);
    const struct printing_orders orders = {.unit_folder = around->settings->unit_folder,
                                           .spool_folder = folder,
                                           .uri = run->record.device,
                                           .watchdog_ms = (uint32_t)around->settings->printing_watchdog_ms,
                                           .job = job->id,
                                           .order = job_order_view(&run->record.order, job)};
    int error = printing_start(&run->printing, around->loop, around->sweep, &orders, &callbacks, run);
    if (error) {
        snprintf(text, sizeof text, "the printing unit cannot be started: %s", strerror(-error));
        start_failed(run, ERROR_PRINTER_DIED, text);
    }
}

bool job_run_waits_for_printer(const struct job_run *run, const char *uri)
{
    return run->is_queued && strcmp(run->record.device, uri) == 0;
}

void job_run_take_printer(struct job_run *run)
{
    unsigned count = run->held_count;
    run->held_count = 0;
    job_run_start_printing(run);
    for (unsigned i = 0; i < count; i++)
        job_run_tell_sheet(run, &run->held[i]);
}

void job_run_leave_queue(struct job_run *run)
{
    if (!run->is_queued)
        return;
    run->is_queued = false;
    run->held_count = 0;
    job_run_event(run, &(struct job_read_event){.type = EVENT_UNIT_FAILED, .code = ERROR_PRINT_RESTARTED});
}

void job_run_stop_looking(struct job_run *run)
{
    if (run->is_looking)
        units_cancel(run->around->units, run);
    run->is_looking = false;
}

/* ---- 2. Sheets ---------------------------------------------------------------------------------------- */

static void print_sheet(struct job_run *run, uint32_t sheet)
{
    const struct job_read *job = &run->record.job;
    uint32_t block = job_print_block(job, sheet);
    printing_sheet(run->printing, sheet, block, ledger_get(&job->spooled, block).generation);
}

void job_run_tell_sheet(struct job_run *run, const struct job_read_action *action)
{
    const struct print_slot *slot = job_print_slot(&run->record.job, action->page);
    if (run->is_queued && run->held_count < sizeof run->held / sizeof *run->held)
        run->held[run->held_count++] = *action;
    if (!run->printing)
        return; /* its end is told, or about to be */
    if (action->type == ACTION_PRINT_SHEET)
        print_sheet(run, action->page);
    else if (action->type == ACTION_RELEASE_SHEET)
        printing_release(run->printing, action->page);
    else if (slot)
        printing_adopt(run->printing, action->page, action->cancel, &slot->ticket);
}

static void on_sheet(void *context, uint32_t sheet, enum sheet_state state, const struct job_ticket *ticket)
{
    static const enum job_read_event_type events[] = {[SHEET_CREATED] = EVENT_SHEET_CREATED,
                                                      [SHEET_PRINTED] = EVENT_SHEET_PRINTED,
                                                      [SHEET_NOT_PRINTED] = EVENT_SHEET_NOT_PRINTED,
                                                      [SHEET_UNCERTAIN] = EVENT_SHEET_UNCERTAIN};
    job_run_event(context, &(struct job_read_event){.type = events[state], .page = sheet, .ticket = ticket});
}

static void on_end(void *context, const struct unit_end *end)
{
    struct job_run *run = context;
    char text[JOB_TEXT_SIZE];
    snprintf(text, sizeof text, "%s", end->text); /* `end` goes with the printing */
    const struct job_read_event event = {.type = end->has_finished ? EVENT_UNIT_FINISHED : EVENT_UNIT_FAILED,
                                         .code = end->code,
                                         .text = text,
                                         .page = end->page};
    char uri[sizeof run->record.device];
    snprintf(uri, sizeof uri, "%s", run->record.device);
    printing_free(&run->printing);
    job_run_event(run, &event);
    run->around->on_printer_free(run->around->context, uri);
    run->around->on_changed(run->around->context, run->record.job.id);
}

/* ---- 3. Blocks ---------------------------------------------------------------------------------------- */

static bool is_wanted(void *context, uint32_t block, uint32_t generation)
{
    const struct job_run *run = context;
    return job_print_wants_block(&run->record.job, block, generation);
}

static bool has_room(void *context)
{
    return !job_run_is_over_limit(context);
}

/* Beginning with that sheet, every so many. */
static void note_received(struct job_run *run, uint32_t first, uint32_t step)
{
    const struct job_read *job = &run->record.job;
    for (uint32_t sheet = first; sheet <= run->saved.count; sheet += step) {
        struct ledger_page known = ledger_get(&run->saved, sheet);
        uint32_t block = job_print_block(job, sheet);
        if (known.state == PAGE_HELD && ledger_get(&job->spooled, block).state == PAGE_RECEIVED)
            ledger_set(&run->saved, sheet, PAGE_RECEIVED, known.generation);
    }
}

void job_run_note_blocks(struct job_run *run)
{
    if (run->blocks)
        note_received(run, 1, 1);
}

static void on_received(void *context, uint32_t block, uint32_t generation)
{
    struct job_run *run = context;
    job_run_event(
        run, &(struct job_read_event){.type = EVENT_BLOCK_RECEIVED, .page = block, .generation = generation});
    note_received(run, block, run->record.job.blocks);
}

static void on_failed(void *context, int error)
{
    struct job_run *run = context;
    bool is_full = error == -ENOSPC || error == -EDQUOT;
    uint16_t code = is_full ? ERROR_SPOOL_FULL : error == -EBADMSG ? ERROR_BLOCK_LOST : ERROR_STORAGE;
    const char *text = error == -EBADMSG ? "the data of a sheet arrives damaged from the server"
                       : is_full         ? NULL
                                         : strerror(-error);
    job_run_give_up_if_broken(run->record.job.id, error);
    job_run_event(run, &(struct job_read_event){.type = EVENT_BLOCK_FAILED, .code = code, .text = text});
}

static void on_violation(void *context, const char *why)
{
    const struct job_run *run = context;
    log_error("job %" PRIu64 ": the server broke the protocol: %s", run->record.job.id, why);
    link_refuse(run->around->link, ERROR_PROTOCOL, why);
}

void job_run_new_blocks(struct job_run *run)
{
    static const struct block_receive_callbacks callbacks = {is_wanted, has_room, on_received, on_failed,
                                                             on_violation};
    run->blocks = block_receive_new(run->strand, run->around->spool_fd, run->record.job.id, BLOCK_BYTES_MAX,
                                    &callbacks, run);
}

/* What is in the spool: blocks that are whole, the newest generation of each, and one of those that are not.
 */
void job_run_recover_blocks(struct job_run *run, const struct spool_findings *findings)
{
    struct job_read *job = &run->record.job;
    for (size_t i = 0; i < findings->count; i++) {
        const struct spool_page *page = &findings->pages[i];
        struct ledger_page known = ledger_get(&job->spooled, page->page);
        if (page->page < 1 || page->page > job->blocks ||
            (known.state == PAGE_RECEIVED && known.generation > page->generation))
            continue;
        ledger_set(&job->spooled, page->page, PAGE_RECEIVED, page->generation);
        block_receive_found(run->blocks, page);
    }
    for (size_t i = 0; i < findings->part_count; i++)
        block_receive_found_part(run->blocks, &findings->parts[i]);
}

bool job_run_take_block(struct job_run *run, const struct frame *frame)
{
    if (!run->blocks)
        return false;
    if (frame->type == FRAME_PAGE_BEGIN)
        block_receive_begin(run->blocks, &frame->page_begin);
    else if (frame->type == FRAME_PAGE_DATA)
        block_receive_data(run->blocks, &frame->page_data);
    else
        block_receive_end(run->blocks, &frame->page_end);
    return true;
}
