/*
 * The execution of a PRINT_COMMAND, in order of time:
 *
 *   1. the command arrives, and the printer is opened and asked whether it can do that
 *   2. sheets that an earlier run has handed over are adopted; the printer is looked at
 *   3. PRINT_SHEET: a job is made at the printer, without data, and the daemon hears its ticket
 *   4. RELEASE_SHEET: the ticket is durable, the data goes to the printer
 *   5. the printer is asked until it is known what has become of the sheet (print_watch.c)
 *   6. NO_MORE_SHEETS: all has been said. Or something interferes: what is under way is canceled, its fate is
 *      told, and then the reason
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <deskline/frame.h>
#include <deskline/ledger.h>
#include <deskline/words.h>

#include "base/log.h"
#include "clientd/units/print_block.h"
#include "clientd/units/print_job_internal.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_signals.h"

#define OPEN_MS    5000 /* a printer that is being started */
#define RETRY_MS   200
#define ADOPT_MS   50 /* the daemon tells of all sheets that are to be adopted at once */
#define SETTLE_MS  10000
#define POLL_MS    100
#define NO_SHEET   0
#define SIDES_MOST 2u

static int receive_command(struct print_job *job);
static enum print_step open_printer(struct print_job *job, const struct record_print_options *options);
static enum print_step adopt_sheets(struct print_job *job);
static enum print_step take_frames(struct print_job *job, int timeout_ms);
static enum print_step create_sheets(struct print_job *job);
static enum print_step release_sheet(struct print_job *job, const struct frame *frame);
static enum print_step send_sheets(struct print_job *job);
static enum print_step carry_out(struct print_job *job);
static enum print_step finish(struct print_job *job);

/* ---- How it ends --------------------------------------------------------------------------------------- */

enum print_step print_job_lost(struct print_job *job)
{
    (void)job;
    unit_signals_stop();
    return PRINT_OVER;
}

static enum print_step tell_error(struct print_job *job, uint16_t code, uint32_t sheet, const char *text)
{
    log_warning("sheet %u: %s: %s", sheet, error_find(code)->keyword, text);
    struct frame notice = {.type = FRAME_ERROR_NOTICE,
                           .error_notice = {.code = code,
                                            .text = frame_text_of(text),
                                            .phase = {.function = FUNCTION_PRINTING,
                                                      .step = PHASE_PRINT_PRINTING,
                                                      .page = sheet,
                                                      .device_page = sheet},
                                            .interrupted = sheet}};
    return unit_link_send(job->sheets.link, &notice) ? print_job_lost(job) : PRINT_OVER;
}

/* A printer that cannot be asked is not asked for each sheet: the next run adopts them. */
enum print_step print_job_fail(struct print_job *job, uint16_t code, uint32_t sheet, const char *text)
{
    char copy[PRINTER_TEXT_SIZE]; /* it may belong to what goes now */
    bool is_lost = job->lost_ms || code == ERROR_PRINTER_MISSING;
    snprintf(copy, sizeof copy, "%s", text);
    if (print_sheets_settle(&job->sheets, is_lost ? 0 : SETTLE_MS))
        return print_job_lost(job);
    uint32_t left = job->sheets.count ? job->sheets.items[0]->number : NO_SHEET;
    if (job->sheets.first_hurt)
        sheet = job->sheets.first_hurt;
    if (left && (!sheet || left < sheet))
        sheet = left;
    print_sheets_clear(&job->sheets);
    return tell_error(job, code, sheet, copy);
}

void print_job_fail_in_the_end(struct print_job *job, uint16_t code, uint32_t sheet, const char *text)
{
    struct print_failure *failure = &job->in_the_end;
    if (failure->code && failure->sheet <= sheet)
        return;
    failure->code = code;
    failure->sheet = sheet;
    snprintf(failure->text, sizeof failure->text, "%s", text);
}

/* Sheets before the one that failed come out first; behind it nothing new is begun. */
static bool is_behind(const struct print_job *job, const struct print_sheet *sheet)
{
    return job->in_the_end.code && sheet->number >= job->in_the_end.sheet;
}

static bool is_at_work(const struct print_job *job)
{
    for (unsigned i = 0; i < job->sheets.count; i++) {
        const struct print_sheet *sheet = job->sheets.items[i];
        if (!is_behind(job, sheet) || (sheet->had_data && sheet->fate == FATE_WORKS))
            return true;
    }
    return false;
}

static void execute(struct print_job *job, const struct record_print_options *options)
{
    if (open_printer(job, options) == PRINT_NEXT && adopt_sheets(job) == PRINT_NEXT)
        carry_out(job);
    else
        print_sheets_clear(&job->sheets);
}

int print_job_run(const struct print_job_orders *orders, struct printer *printer, struct unit_link *link)
{
    struct print_job job = {
        .orders = orders, .sheets = {.printer = printer, .link = link}, .folder_fd = -1, .poll_ms = POLL_MS};
    int error = receive_command(&job);
    print_sheets_clear(&job.sheets);
    if (job.folder_fd >= 0)
        close(job.folder_fd);
    printer->ops->close(printer);
    return error == -EINTR || error == -EPIPE ? 0 : error;
}

/* ---- 1. The command ------------------------------------------------------------------------------------ */

/* The options point into the frame, which is good until the next one: the printer has them before that. */
static int receive_command(struct print_job *job)
{
    const struct frame *frame;
    int error = unit_link_receive(job->sheets.link, &frame);
    if (error)
        return error;
    if (frame->type != FRAME_PRINT_COMMAND) {
        log_error("from the daemon: %s instead of PRINT_COMMAND", frame_name((uint16_t)frame->type));
        return -EPROTO;
    }
    const struct record_print_order *order = &frame->print_command.order;
    job->blocks = order->blocks ? order->blocks : 1;
    job->total = job->blocks * (order->copies ? order->copies : 1);
    job->order_sides = order->options.sides > 1 ? SIDES_MOST : 1;
    frame_text_copy(order->title, job->title, sizeof job->title);
    if (!job->title[0])
        snprintf(job->title, sizeof job->title, "Deskline");
    unit_link_set_job(job->sheets.link, frame->job);
    job->folder_fd = open(job->orders->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (job->folder_fd < 0)
        tell_error(job, ERROR_STORAGE, NO_SHEET, strerror(errno));
    else
        execute(job, &order->options);
    return 0;
}

static void pause_ms(int64_t length_ms)
{
    const struct timespec pause = {.tv_nsec = length_ms * 1000000L};
    nanosleep(&pause, NULL);
}

static enum print_step open_printer(struct print_job *job, const struct record_print_options *options)
{
    struct printer *printer = job->sheets.printer;
    struct printer_error error;
    int64_t limit_ms = job->orders->reach_ms < OPEN_MS ? job->orders->reach_ms : OPEN_MS;
    int64_t until_ms = print_sheets_now() + limit_ms;
    while (printer->ops->open(printer, job->orders->uri, &error) != PRINTER_GOOD) {
        if (unit_signals_stopped())
            return PRINT_OVER;
        if (error.reach != UNREACHED || print_sheets_now() >= until_ms)
            return tell_error(job, error.code, NO_SHEET, error.text);
        pause_ms(RETRY_MS);
    }
    if (printer->ops->prepare(printer, options, &error) != PRINTER_GOOD)
        return tell_error(job, error.code, NO_SHEET, error.text);
    return PRINT_NEXT;
}

/* ---- 2. What an earlier run has left ------------------------------------------------------------------- */

static uint32_t block_of(const struct print_job *job, uint32_t sheet)
{
    return (sheet - 1) % job->blocks + 1;
}

static enum print_step broken(struct print_job *job, const struct frame *frame, const char *why)
{
    log_error("from the daemon: %s %s", frame_name((uint16_t)frame->type), why);
    return print_job_lost(job);
}

/* How many sides it has is in the order: its block may be gone. */
static enum print_step adopt_sheet(struct print_job *job, const struct frame *frame)
{
    const struct frame_adopt_sheet *adopted = &frame->adopt_sheet;
    struct print_sheet *sheet =
        adopted->sheet && adopted->ticket.job ? print_sheets_add(&job->sheets, adopted->sheet) : NULL;
    if (!sheet)
        return broken(job, frame, "for a sheet that is known, or none");
    sheet->block_number = block_of(job, adopted->sheet);
    sheet->sides = job->order_sides;
    sheet->is_adopted = sheet->had_data = true;
    sheet->was_watched = false;
    sheet->is_unwanted = adopted->cancel != 0;
    sheet->ticket.job = adopted->ticket.job;
    frame_text_copy(adopted->ticket.uuid, sheet->ticket.uuid, sizeof sheet->ticket.uuid);
    frame_text_copy(adopted->ticket.printer, sheet->ticket.printer, sizeof sheet->ticket.printer);
    sheet->is_elsewhere = strcmp(sheet->ticket.printer, job->orders->uri) != 0;
    return PRINT_NEXT;
}

/* What is known at once is told before the printer is judged. */
static enum print_step adopt_sheets(struct print_job *job)
{
    if (take_frames(job, ADOPT_MS) == PRINT_OVER)
        return PRINT_OVER;
    if (print_watch_sheets(job) == PRINT_OVER)
        return PRINT_OVER;
    return print_watch_start(job);
}

/* ---- Frames -------------------------------------------------------------------------------------------- */

static enum print_step order_sheet(struct print_job *job, const struct frame *frame)
{
    const struct frame_print_sheet *order = &frame->print_sheet;
    struct print_sheet *sheet =
        order->sheet && order->block ? print_sheets_add(&job->sheets, order->sheet) : NULL;
    if (!sheet)
        return broken(job, frame, "for a sheet that is under way, or none");
    sheet->block_number = order->block;
    sheet->block_generation = order->generation;
    return PRINT_NEXT;
}

static enum print_step take_frame(struct print_job *job, const struct frame *frame)
{
    switch (frame->type) {
    case FRAME_ADOPT_SHEET:
        return adopt_sheet(job, frame);
    case FRAME_PRINT_SHEET:
        return order_sheet(job, frame);
    case FRAME_RELEASE_SHEET:
        return release_sheet(job, frame);
    case FRAME_NO_MORE_SHEETS:
        job->is_ending = true;
        return PRINT_NEXT;
    default:
        return broken(job, frame, "is not for a printing unit at work");
    }
}

/* All that come before there was none for so long. */
static enum print_step take_frames(struct print_job *job, int timeout_ms)
{
    const struct frame *frame;
    int ready = unit_link_wait(job->sheets.link, timeout_ms);
    enum print_step step = PRINT_NEXT;
    while (ready > 0 && step == PRINT_NEXT) {
        if (unit_link_receive(job->sheets.link, &frame))
            return print_job_lost(job);
        step = take_frame(job, frame);
        ready = unit_link_wait(job->sheets.link, 0);
    }
    return step;
}

/* ---- 3. PRINT_SHEET ------------------------------------------------------------------------------------ */

static enum print_step fail_sheet(struct print_job *job, const struct print_sheet *sheet,
                                  const struct printer_error *error)
{
    return print_job_fail(job, error->code, sheet->number, error->text);
}

/* Many printers have room for one job, and say that they are busy: then it waits, but not for ever. One that
 * cannot be reached has no job of ours that anybody would print. */
static enum print_step sheet_waits(struct print_job *job, struct print_sheet *sheet,
                                   const struct printer_error *error)
{
    if (error->reach != REACHED)
        return print_watch_lost(job, error);
    if (!error->is_busy)
        return fail_sheet(job, sheet, error);
    if (print_sheets_now() - sheet->changed_ms >= job->orders->stall_ms)
        return print_job_fail(job, ERROR_PRINTER_STALLED, sheet->number, error->text);
    return PRINT_NEXT;
}

static void open_block(struct print_job *job, struct print_sheet *sheet)
{
    const struct print_block_place place = {job->folder_fd, sheet->block_number, sheet->block_generation};
    struct printer_error error;
    if (print_block_open(&sheet->block, &place, job->sheets.printer, job->title, &error) != PRINTER_GOOD) {
        print_job_fail_in_the_end(job, error.code, sheet->number, error.text);
        return;
    }
    uint32_t pages = print_block_pages(sheet->block);
    sheet->sides = pages && pages < job->order_sides ? pages : job->order_sides;
}

static enum print_step create_sheet(struct print_job *job, struct print_sheet *sheet)
{
    struct printer *printer = job->sheets.printer;
    struct printer_error error;
    char name[sizeof job->title + 32];
    if (!sheet->block)
        open_block(job, sheet);
    if (!sheet->block)
        return PRINT_NEXT;
    snprintf(name, sizeof name, "%s (%" PRIu32 "/%" PRIu32 ")", job->title, sheet->number, job->total);
    if (printer->ops->create(printer, name, sheet->sides == SIDES_MOST, &sheet->ticket, &error) !=
        PRINTER_GOOD)
        return sheet_waits(job, sheet, &error);
    sheet->changed_ms = print_sheets_now();
    job->lost_ms = 0;
    return print_sheets_tell_created(&job->sheets, sheet) ? print_job_lost(job) : PRINT_NEXT;
}

/* Sheets come out in their order: the lowest first, and none before another. */
static enum print_step create_sheets(struct print_job *job)
{
    enum print_step step = PRINT_NEXT;
    for (unsigned i = 0; i < job->sheets.count && step == PRINT_NEXT; i++) {
        struct print_sheet *sheet = job->sheets.items[i];
        if (is_behind(job, sheet))
            break;
        if (sheet->ticket.job)
            continue;
        step = create_sheet(job, sheet);
        if (step == PRINT_NEXT && !sheet->ticket.job)
            break;
    }
    return step;
}

/* ---- 4. RELEASE_SHEET ---------------------------------------------------------------------------------- */

static enum print_step release_sheet(struct print_job *job, const struct frame *frame)
{
    struct print_sheet *sheet = print_sheets_find(&job->sheets, frame->release_sheet.sheet);
    if (!sheet || !sheet->block || !sheet->ticket.job || sheet->is_released)
        return broken(job, frame, "for a sheet that does not wait for it");
    sheet->is_released = true;
    sheet->changed_ms = print_sheets_now();
    return PRINT_NEXT;
}

/* A printer that says no has nothing of it. After anything else it may have all, and is asked. */
static enum print_step send_sheet(struct print_job *job, struct print_sheet *sheet)
{
    struct printer *printer = job->sheets.printer;
    struct printer_error error;
    sheet->had_data = true;
    job->poll_ms = POLL_MS;
    bool is_sent = printer->ops->send(printer, &sheet->ticket, print_block_document(sheet->block), &error) ==
                   PRINTER_GOOD;
    if (!is_sent && error.is_busy) {
        sheet->had_data = false;
        return sheet_waits(job, sheet, &error);
    }
    print_block_free(&sheet->block);
    sheet->begun_ms = sheet->changed_ms = print_sheets_now();
    if (is_sent)
        return PRINT_NEXT;
    log_warning("sheet %u: %s", sheet->number, error.text);
    if (error.reach != REACHED) {
        sheet->is_doubtful = true;
        sheet->was_watched = false;
        return PRINT_NEXT;
    }
    sheet->had_data = error.code != ERROR_PRINT_REFUSED && error.code != ERROR_PRINTER_PASSWORD;
    return fail_sheet(job, sheet, &error);
}

/* None overtakes one that may have been lost on the way. */
static enum print_step send_sheets(struct print_job *job)
{
    enum print_step step = PRINT_NEXT;
    for (unsigned i = 0; i < job->sheets.count && step == PRINT_NEXT; i++) {
        struct print_sheet *sheet = job->sheets.items[i];
        if (is_behind(job, sheet))
            break;
        if (sheet->is_released && !sheet->had_data)
            step = send_sheet(job, sheet);
        if (step == PRINT_NEXT && (sheet->is_doubtful || (sheet->is_released && !sheet->had_data)))
            break;
    }
    return step;
}

/* ---- 5. and 6. ----------------------------------------------------------------------------------------- */

static enum print_step turn(struct print_job *job)
{
    if (send_sheets(job) == PRINT_OVER || create_sheets(job) == PRINT_OVER)
        return PRINT_OVER;
    if (take_frames(job, job->sheets.count ? (int)job->poll_ms : -1) == PRINT_OVER)
        return PRINT_OVER;
    return job->sheets.count ? print_watch_turn(job) : PRINT_NEXT;
}

static enum print_step carry_out(struct print_job *job)
{
    enum print_step step = PRINT_NEXT;
    while (step == PRINT_NEXT && !unit_signals_stopped()) {
        const struct print_failure *failure = &job->in_the_end;
        if (failure->code && !is_at_work(job))
            step = print_job_fail(job, failure->code, failure->sheet, failure->text);
        else if (job->is_ending && !job->sheets.count)
            step = finish(job);
        else
            step = turn(job);
    }
    /* Asked to stop, or the daemon is gone: then the next run adopts what is at the printer. */
    if (step == PRINT_NEXT && !unit_link_is_gone(job->sheets.link))
        step = print_job_fail(job, ERROR_PRINT_RESTARTED, NO_SHEET, "the unit was stopped");
    return step;
}

static enum print_step finish(struct print_job *job)
{
    struct frame frame = {.type = FRAME_FUNCTION_FINISHED,
                          .function_finished = {.last_page = job->sheets.last_printed, .medium_ended = 0}};
    return unit_link_send(job->sheets.link, &frame) ? print_job_lost(job) : PRINT_OVER;
}
