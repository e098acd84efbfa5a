/* How a sheet gets to the printer: steps 3 and 4 of print_job.c. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include <deskline/frame.h>
#include <deskline/words.h>

#include "base/log.h"
#include "clientd/units/print_block.h"
#include "clientd/units/print_job_internal.h"

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
    sheet->changed_ms = print_sheets_now(); /* from now on the printer keeps it waiting */
    uint32_t pages = print_block_pages(sheet->block);
    sheet->sides = pages && pages < job->order_sides ? pages : job->order_sides;
}

static enum print_step create_sheet(struct print_job *job, struct print_sheet *sheet)
{
    struct printer *printer = job->sheets.printer;
    struct printer_error error;
    struct printer_ticket ticket; /* the sheet's only when it is whole */
    char name[sizeof job->title + 32];
    if (!sheet->block)
        open_block(job, sheet);
    if (!sheet->block)
        return PRINT_NEXT;
    snprintf(name, sizeof name, "%s (%" PRIu32 "/%" PRIu32 ")", job->title, sheet->number, job->total);
    if (printer->ops->create(printer, name, sheet->sides == PRINT_SIDES_MOST, &ticket, &error) !=
        PRINTER_GOOD)
        return sheet_waits(job, sheet, &error);
    sheet->ticket = ticket;
    sheet->changed_ms = print_sheets_now();
    job->lost_ms = 0;
    return print_sheets_tell_created(&job->sheets, sheet) ? print_job_lost(job) : PRINT_NEXT;
}

/* Sheets come out in their order: the lowest first, and none before another. None before one that is still at
 * another printer, either: it may be this one's in the end. */
enum print_step print_send_create(struct print_job *job)
{
    enum print_step step = PRINT_NEXT;
    for (unsigned i = 0; i < job->sheets.count && step == PRINT_NEXT; i++) {
        struct print_sheet *sheet = job->sheets.items[i];
        if (print_job_is_behind(job, sheet) || sheet->is_elsewhere)
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

enum print_step print_send_release(struct print_job *job, const struct frame *frame)
{
    struct print_sheet *sheet = print_sheets_find(&job->sheets, frame->release_sheet.sheet);
    if (!sheet || !sheet->block || !sheet->ticket.job || sheet->is_released)
        return print_job_broken(job, frame, "for a sheet that does not wait for it");
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
    job->poll_ms = PRINT_POLL_MS;
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

/* None overtakes one that may have been lost on the way, or that the printer holds back. */
enum print_step print_send_sheets(struct print_job *job)
{
    enum print_step step = PRINT_NEXT;
    for (unsigned i = 0; i < job->sheets.count && step == PRINT_NEXT; i++) {
        struct print_sheet *sheet = job->sheets.items[i];
        if (print_job_is_behind(job, sheet))
            break;
        if (sheet->is_released && !sheet->had_data)
            step = send_sheet(job, sheet);
        if (step == PRINT_NEXT && (sheet->is_doubtful || (sheet->is_released && !sheet->had_data) ||
                                   print_sheets_is_held(&job->sheets, sheet)))
            break;
    }
    return step;
}
