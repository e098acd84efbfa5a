/*
 * The execution of a PRINT_COMMAND, in order of time:
 *
 *   1. the command arrives, and the printer is opened and asked whether it can do that
 *   2. sheets that an earlier run has handed over are adopted; the printer is looked at
 *   3. PRINT_SHEET: a job is made at the printer, without data, and the daemon hears its ticket
 * (print_send.c)
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
#include "clientd/units/print_job_internal.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_signals.h"

#define OPEN_MS  5000 /* a printer that is being started */
#define RETRY_MS 200
#define ADOPT_MS 50 /* the daemon tells of all sheets that are to be adopted at once */
#define NO_SHEET 0

static int receive_command(struct print_job *job);
static enum print_step open_printer(struct print_job *job, const struct record_print_options *options);
static enum print_step adopt_sheets(struct print_job *job);
static enum print_step take_frames(struct print_job *job, int timeout_ms);
static enum print_step carry_out(struct print_job *job);
static enum print_step finish(struct print_job *job);

/* ---- How it ends --------------------------------------------------------------------------------------- */

enum print_step print_job_lost(struct print_job *job)
{
    (void)job;
    unit_signals_stop();
    return PRINT_OVER;
}

enum print_step print_job_broken(struct print_job *job, const struct frame *frame, const char *why)
{
    log_error("from the daemon: %s %s", frame_name((uint16_t)frame->type), why);
    return print_job_lost(job);
}

/* Sheets before the one that failed come out first; behind it nothing new is begun. */
bool print_job_is_behind(const struct print_job *job, const struct print_sheet *sheet)
{
    return job->in_the_end.code && sheet->number >= job->in_the_end.sheet;
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
    bool is_well = code == ERROR_PRINT_CANCELED || code == ERROR_PRINT_REFUSED; /* it was about one sheet */
    if (print_sheets_settle(&job->sheets, is_lost ? 0 : job->orders->settle_ms, is_well))
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

static bool is_at_work(const struct print_job *job)
{
    for (unsigned i = 0; i < job->sheets.count; i++) {
        const struct print_sheet *sheet = job->sheets.items[i];
        if (!print_job_is_behind(job, sheet) || (sheet->had_data && sheet->fate == FATE_WORKS))
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
    struct print_job job = {.orders = orders,
                            .sheets = {.printer = printer, .link = link},
                            .folder_fd = -1,
                            .poll_ms = PRINT_POLL_MS};
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
    job->order_sides = order->options.sides > 1 ? PRINT_SIDES_MOST : 1;
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

/* How many sides it has is in the order: its block may be gone. */
static enum print_step adopt_sheet(struct print_job *job, const struct frame *frame)
{
    const struct frame_adopt_sheet *adopted = &frame->adopt_sheet;
    struct print_sheet *sheet =
        adopted->sheet && adopted->ticket.job ? print_sheets_add(&job->sheets, adopted->sheet) : NULL;
    if (!sheet)
        return print_job_broken(job, frame, "for a sheet that is known, or none");
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
        return print_job_broken(job, frame, "for a sheet that is under way, or none");
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
        return print_send_release(job, frame);
    case FRAME_NO_MORE_SHEETS:
        job->is_ending = true;
        return PRINT_NEXT;
    default:
        return print_job_broken(job, frame, "is not for a printing unit at work");
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

/* ---- 5. and 6. ----------------------------------------------------------------------------------------- */

static enum print_step turn(struct print_job *job)
{
    if (print_send_sheets(job) == PRINT_OVER || print_send_create(job) == PRINT_OVER)
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
