#include "config.h"

#include "clientd/units/print_sheets.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <deskline/ledger.h>

#include "base/log.h"
#include "base/memory.h"
#include "clientd/units/print_block.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_signals.h"

#define SETTLE_POLL_MS    100
#define SETTLE_STOPPED_MS 3500 /* of the time that a unit has when it was asked to stop */

/* Numbers of SHEET_STATUS.state. */
enum told { TOLD_CREATED = 1, TOLD_PRINTED = 2, TOLD_NOT_PRINTED = 3, TOLD_UNCERTAIN = 4, TOLD_WORKS = 5 };

int64_t print_sheets_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- The list ----------------------------------------------------------------------------------------- */

void print_sheets_clear(struct print_sheets *sheets)
{
    while (sheets->count)
        print_sheets_remove(sheets, sheets->items[sheets->count - 1]);
}

struct print_sheet *print_sheets_add(struct print_sheets *sheets, uint32_t number)
{
    unsigned at = sheets->count;
    if (sheets->count == PRINT_SHEETS_MAX || print_sheets_find(sheets, number))
        return NULL;
    for (; at > 0 && sheets->items[at - 1]->number > number; at--)
        sheets->items[at] = sheets->items[at - 1];
    struct print_sheet *sheet = memory_new(sizeof *sheet);
    sheets->items[at] = sheet;
    sheets->count++;
    sheet->number = number;
    sheet->sides = 1;
    sheet->was_watched = true;
    sheet->fate = FATE_WAITS;
    sheet->changed_ms = print_sheets_now();
    return sheet;
}

struct print_sheet *print_sheets_find(const struct print_sheets *sheets, uint32_t number)
{
    for (unsigned i = 0; i < sheets->count; i++)
        if (sheets->items[i]->number == number)
            return sheets->items[i];
    return NULL;
}

void print_sheets_remove(struct print_sheets *sheets, struct print_sheet *sheet)
{
    unsigned at = 0;
    while (sheets->items[at] != sheet)
        at++;
    sheets->count--;
    memmove(sheets->items + at, sheets->items + at + 1, (sheets->count - at) * sizeof sheets->items[0]);
    print_block_free(&sheet->block);
    free(sheet);
}

/* ---- What the printer says ---------------------------------------------------------------------------- */

static bool has_changed(const struct printer_job_look *before, const struct printer_job_look *now)
{
    return before->is_known != now->is_known || before->state != now->state || before->count != now->count ||
           before->is_stopping != now->is_stopping;
}

enum printer_status print_sheets_ask(struct print_sheets *sheets, struct print_sheet *sheet,
                                     struct printer_error *error)
{
    struct printer_job_look look;
    int64_t asked_ms = print_sheets_now();
    if (sheets->printer->ops->ask(sheets->printer, &sheet->ticket, &look, error) != PRINTER_GOOD) {
        sheet->was_watched = sheet->was_watched && error->reach == REACHED;
        if (!sheet->lost_ms && error->reach != REACHED)
            sheet->lost_ms = asked_ms;
        return PRINTER_FAILED;
    }
    sheet->lost_ms = 0;
    /* Between two connections it may have been killed and started again. */
    sheet->was_watched = sheet->was_watched && look.connection == sheet->ticket.connection;
    if (has_changed(&sheet->look, &look))
        sheet->changed_ms = print_sheets_now();
    /* What never arrived does not arrive later: nobody sends it. */
    if (sheet->is_adopted && look.has_no_data)
        sheet->had_data = false;
    sheet->is_doubtful = sheet->is_doubtful && (look.has_no_data || look.is_held);
    sheet->look = look;
    const struct sheet_knowledge known = {
        .had_data = sheet->had_data, .was_watched = sheet->was_watched, .sides = sheet->sides};
    sheet->fate = sheet_fate(&look, &known);
    if (sheet->fate == FATE_WORKS && !sheet->begun_ms)
        sheet->begun_ms = print_sheets_now();
    return PRINTER_GOOD;
}

/* A cupsd that was killed with a job in its hands may leave it out for a quarter of an hour. */
bool print_sheets_is_held(const struct print_sheets *sheets, const struct print_sheet *sheet)
{
    bool is_overtaken = sheet->fate == FATE_WAITS && sheet->number < sheets->last_printed;
    return sheet->had_data && (sheet->look.is_held || is_overtaken);
}

/* ---- What the daemon is told -------------------------------------------------------------------------- */

static int tell(struct print_sheets *sheets, struct print_sheet *sheet, enum told state)
{
    const struct record_ticket ticket = {.job = sheet->ticket.job,
                                         .uuid = frame_text_of(sheet->ticket.uuid),
                                         .printer = frame_text_of(sheet->ticket.printer)};
    sheet->told_ms = print_sheets_now();
    return unit_link_send(
        sheets->link,
        &(struct frame){.type = FRAME_SHEET_STATUS,
                        .sheet_status = {.sheet = sheet->number, .state = (uint8_t)state, .ticket = ticket}});
}

int print_sheets_tell_created(struct print_sheets *sheets, struct print_sheet *sheet)
{
    return tell(sheets, sheet, TOLD_CREATED);
}

int print_sheets_tell_work(struct print_sheets *sheets, struct print_sheet *sheet)
{
    return tell(sheets, sheet, TOLD_WORKS);
}

int print_sheets_end(struct print_sheets *sheets, struct print_sheet *sheet, enum sheet_fate fate)
{
    enum told state = fate == FATE_PRINTED       ? TOLD_PRINTED
                      : fate == FATE_NOT_PRINTED ? TOLD_NOT_PRINTED
                                                 : TOLD_UNCERTAIN;
    log_info("sheet %u (job %u at %s): %s%s%s", sheet->number, sheet->ticket.job, sheet->ticket.printer,
             sheet_fate_name(fate), sheet->look.message[0] ? ", " : "", sheet->look.message);
    int error = tell(sheets, sheet, state);
    if (fate == FATE_PRINTED && sheet->number > sheets->last_printed)
        sheets->last_printed = sheet->number;
    if (fate == FATE_PRINTED && sheet->begun_ms && sheet->told_ms - sheet->begun_ms > sheets->slowest_ms)
        sheets->slowest_ms = sheet->told_ms - sheet->begun_ms;
    bool is_offered_again = fate == FATE_NOT_PRINTED && sheet->is_elsewhere;
    if (fate != FATE_PRINTED && !sheet->is_unwanted && !is_offered_again &&
        (!sheets->first_hurt || sheet->number < sheets->first_hurt))
        sheets->first_hurt = sheet->number;
    print_sheets_remove(sheets, sheet);
    return error;
}

/* ---- The end of all of them --------------------------------------------------------------------------- */

/* The last one first: what waits is off the printer before what it waits for ends. Whether it still waits is
 * asked anew: a printer begins the next sheet as soon as one has ended. */
static void cancel_sheets(struct print_sheets *sheets, bool with_work)
{
    struct printer_error error;
    for (unsigned i = sheets->count; i-- > 0;) {
        struct print_sheet *sheet = sheets->items[i];
        bool is_asked =
            !sheet->ticket.job || with_work || print_sheets_ask(sheets, sheet, &error) == PRINTER_GOOD;
        bool is_meant = sheet->ticket.job && (with_work || sheet->fate != FATE_WORKS || sheet->is_unwanted);
        if (!is_asked || (is_meant && sheets->printer->ops->cancel(sheets->printer, &sheet->ticket, &error) !=
                                          PRINTER_GOOD))
            log_warning("sheet %u cannot be canceled: %s", sheet->number, error.text);
    }
}

/* Whether nothing is left that the printer could still say something about. */
static bool ask_all(struct print_sheets *sheets, int *link_error)
{
    struct printer_error error;
    bool is_settled = true;
    for (unsigned i = 0; i < sheets->count && !*link_error;) {
        struct print_sheet *sheet = sheets->items[i];
        bool is_told = sheet->ticket.job != 0;
        if (is_told && print_sheets_ask(sheets, sheet, &error) != PRINTER_GOOD) {
            is_told = false;
            is_settled = false;
        } else if (is_told && (sheet->fate == FATE_WAITS || sheet->fate == FATE_WORKS)) {
            is_told = false;
            is_settled = false;
        }
        if (is_told)
            *link_error = print_sheets_end(sheets, sheet, sheet->fate);
        else
            i++;
    }
    return is_settled;
}

int print_sheets_settle(struct print_sheets *sheets, int64_t limit_ms, bool is_spared)
{
    const struct timespec pause = {.tv_nsec = SETTLE_POLL_MS * 1000000L};
    int64_t started_ms = print_sheets_now(), spent_ms = 0;
    bool is_stop = unit_signals_stopped(), is_settled = false;
    int link_error = 0;
    if (is_stop && limit_ms > SETTLE_STOPPED_MS)
        limit_ms = SETTLE_STOPPED_MS;
    is_spared = is_spared || is_stop;
    if (limit_ms > 0)
        cancel_sheets(sheets, !is_spared);
    while (!is_settled && !link_error && spent_ms < limit_ms) {
        is_settled = ask_all(sheets, &link_error);
        if (!is_settled)
            nanosleep(&pause, NULL);
        spent_ms = print_sheets_now() - started_ms;
        if (!is_settled && is_spared && spent_ms >= limit_ms / 2) {
            is_spared = false;
            cancel_sheets(sheets, true);
        }
    }
    return link_error;
}
