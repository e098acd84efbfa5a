/* How it goes at the printer: what it says of the sheets and of itself, and when that is an error. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <deskline/ledger.h>
#include <deskline/words.h>

#include "base/log.h"
#include "clientd/units/print_job_internal.h"
#include "clientd/units/printer_state.h"

#define POLL_LEAST_MS 100
#define POLL_MOST_MS  1000
#define GRACE_MS      2000  /* a printer in trouble may still get a sheet out */
#define SUSPECT_MS    10000 /* a printer that warns, before it is known how long a sheet takes there */
#define SLOW_FACTOR   3
#define TELL_MS       5000 /* the daemon hears so often that there is something to wait for */
#define NO_SHEET      0

static const struct printer_ops *ops_of(const struct print_job *job)
{
    return job->sheets.printer->ops;
}

static enum print_step fail_with(struct print_job *job, const struct printer_error *error, uint32_t sheet)
{
    return print_job_fail(job, error->code, sheet, error->text);
}

/* What the printer says of itself, as a sentence. */
static enum print_step fail_with_trouble(struct print_job *job, const struct printer_look *look,
                                         uint16_t code, uint32_t sheet)
{
    char reasons[sizeof look->reasons];
    struct printer_error error;
    printer_state_errors(look->reasons, reasons, sizeof reasons);
    if (strcmp(reasons, "none") == 0 && !look->message[0])
        printer_failed(&error, code, REACHED, "%s, and does not say why", error_find(code)->sentence);
    else
        printer_failed(&error, code, REACHED, "%s (the printer says %s%s%s)", error_find(code)->sentence,
                       reasons, look->message[0] ? ": " : "", look->message);
    return fail_with(job, &error, sheet);
}

/* ---- At the start ------------------------------------------------------------------------------------- */

/* A stopped queue would print what lies in it as soon as it starts: our jobs are off it first. What was lying
 * there for a sheet that is wanted is told of in the end, and then starts anew. */
static enum print_step start_queue(struct print_job *job, struct printer_look *look)
{
    struct printer_error error;
    uint32_t first = job->sheets.count ? job->sheets.items[0]->number : NO_SHEET;
    if (print_sheets_settle(&job->sheets, job->orders->settle_ms, false))
        return print_job_lost(job);
    log_notice("the printer was stopped: starting it");
    if (ops_of(job)->resume(job->sheets.printer, &error) != PRINTER_GOOD)
        return fail_with_trouble(job, look, look->trouble, first);
    if (ops_of(job)->look(job->sheets.printer, look, &error) != PRINTER_GOOD)
        return fail_with(job, &error, first);
    if (look->state == PRINTER_STOPPED)
        return fail_with_trouble(job, look, look->trouble, first);
    if (job->sheets.first_hurt)
        print_job_fail_in_the_end(job, ERROR_PRINT_RESTARTED, job->sheets.first_hurt,
                                  "sheets were waiting at a printer that had been stopped");
    return PRINT_NEXT;
}

/* A queue's reasons are those of its last job: whether they still stand shows when it prints. A printer's own
 * are those of now. */
enum print_step print_watch_start(struct print_job *job)
{
    struct printer_look look;
    struct printer_error error;
    uint32_t first = job->sheets.count ? job->sheets.items[0]->number : NO_SHEET;
    if (ops_of(job)->look(job->sheets.printer, &look, &error) != PRINTER_GOOD)
        return fail_with(job, &error, first);
    bool is_stopped = look.state == PRINTER_STOPPED;
    if (is_stopped && (look.is_queue || look.trouble == ERROR_PRINTER_STOPPED))
        if (start_queue(job, &look) == PRINT_OVER)
            return PRINT_OVER;
    if (!look.is_queue && look.trouble)
        return fail_with_trouble(job, &look, look.trouble, first);
    if (!look.is_accepting)
        return print_job_fail(job, ERROR_PRINTER_STOPPED, first, "the printer does not accept jobs");
    return PRINT_NEXT;
}

/* ---- Sheets ------------------------------------------------------------------------------------------- */

/* What ended a sheet that nobody here has canceled: the printer's trouble, or what it says of the job. */
static enum print_step fail_with_sheet(struct print_job *job, uint32_t number,
                                       const struct printer_job_look *job_look)
{
    struct printer_look look;
    struct printer_error error;
    bool is_canceled = job_look->state == JOB_CANCELED;
    uint16_t code = is_canceled            ? ERROR_PRINT_CANCELED
                    : job_look->is_refused ? ERROR_PRINT_REFUSED
                                           : ERROR_PRINTER_ERROR;
    if (!is_canceled && ops_of(job)->look(job->sheets.printer, &look, &error) == PRINTER_GOOD && look.trouble)
        return fail_with_trouble(job, &look, look.trouble, number);
    printer_failed(&error, code, REACHED, "sheet %u was %s at the printer%s%s", number,
                   is_canceled ? "canceled" : "given up", job_look->message[0] ? ": " : "",
                   job_look->message);
    return fail_with(job, &error, number);
}

static enum print_step sheet_is_uncertain(struct print_job *job, uint32_t number,
                                          const struct printer_job_look *look)
{
    char text[PRINTER_TEXT_SIZE];
    if (look->is_known && (look->state == JOB_CANCELED || look->state == JOB_ABORTED))
        return fail_with_sheet(job, number, look);
    const char *why = !look->is_known         ? "the printer does not know its job any more"
                      : look->history_is_lost ? "the printer has lost the history of its job"
                                              : "the printer has done its job, but counts no sheet";
    snprintf(text, sizeof text, "nobody can know whether sheet %u has been printed: %s", number, why);
    print_job_fail_in_the_end(job, ERROR_PRINT_UNCERTAIN, number, text);
    return PRINT_NEXT;
}

static enum print_step sheet_has_ended(struct print_job *job, struct print_sheet *sheet)
{
    const struct print_sheet ended = *sheet; /* it goes with being told of */
    if (print_sheets_end(&job->sheets, sheet, ended.fate))
        return print_job_lost(job);
    if (ended.fate == FATE_PRINTED || ended.is_unwanted)
        return PRINT_NEXT;
    if (ended.fate == FATE_UNCERTAIN)
        return sheet_is_uncertain(job, ended.number, &ended.look);
    if (ended.is_elsewhere) /* and printed here instead */
        return PRINT_NEXT;
    if (ended.had_data)
        return fail_with_sheet(job, ended.number, &ended.look);
    print_job_fail_in_the_end(job, ERROR_PRINT_RESTARTED, ended.number,
                              "the unit ended before it had given a sheet to the printer");
    return PRINT_NEXT;
}

/* Nobody will ever tell of it. */
static enum print_step give_sheet_up(struct print_job *job, struct print_sheet *sheet)
{
    sheet->fate = FATE_UNCERTAIN;
    sheet->look = (struct printer_job_look){0};
    return sheet_has_ended(job, sheet);
}

/* Its printer cannot be asked. One that is not the order's is not waited for as if it were. */
static enum print_step sheet_is_lost(struct print_job *job, struct print_sheet *sheet,
                                     const struct printer_error *error)
{
    bool is_over = sheet->lost_ms && print_sheets_now() - sheet->lost_ms >= job->orders->reach_ms;
    if (!sheet->is_elsewhere && error->reach != REACHED && !job->lost_ms)
        job->lost_ms = sheet->lost_ms ? sheet->lost_ms : print_sheets_now();
    if (!is_over && error->reach != REACHED)
        return PRINT_NEXT;
    if (!sheet->is_elsewhere)
        return fail_with(job, error, sheet->number);
    return give_sheet_up(job, sheet);
}

static enum print_step tell_work(struct print_job *job, struct print_sheet *sheet)
{
    if (sheet->changed_ms > sheet->told_ms || print_sheets_now() - sheet->told_ms >= TELL_MS)
        if (print_sheets_tell_work(&job->sheets, sheet))
            return print_job_lost(job);
    return PRINT_NEXT;
}

static enum print_step cancel_sheet(struct print_job *job, struct print_sheet *sheet)
{
    struct printer_error error;
    if (ops_of(job)->cancel(job->sheets.printer, &sheet->ticket, &error) != PRINTER_GOOD)
        return sheet_is_lost(job, sheet, &error);
    job->poll_ms = POLL_LEAST_MS;
    return PRINT_NEXT;
}

/* The user has turned to another printer than the one that has the sheet. What waits there is taken back;
 * what moves may come out, but the sheets behind it do not wait for that for ever. */
static enum print_step sheet_is_elsewhere(struct print_job *job, struct print_sheet *sheet)
{
    int64_t spent_ms = print_sheets_now() - sheet->changed_ms, limit_ms = job->orders->reach_ms;
    if (spent_ms >= 2 * limit_ms || (sheet->look.is_stopping && spent_ms >= limit_ms))
        return give_sheet_up(job, sheet);
    bool is_taken_back = sheet->is_unwanted || !sheet->had_data || sheet->fate == FATE_WAITS;
    if (!sheet->look.is_stopping && (is_taken_back || spent_ms >= limit_ms))
        return cancel_sheet(job, sheet);
    return tell_work(job, sheet);
}

static enum print_step sheet_goes_on(struct print_job *job, struct print_sheet *sheet)
{
    int64_t now = print_sheets_now();
    if (sheet->is_elsewhere)
        return sheet_is_elsewhere(job, sheet);
    /* Left without its document by an earlier run, or not wanted: canceled, and asked for again. */
    if ((sheet->is_unwanted || (sheet->is_adopted && !sheet->had_data)) && !sheet->look.is_stopping)
        return cancel_sheet(job, sheet);
    if (!sheet->is_adopted && sheet->had_data && sheet->look.has_no_data &&
        now - sheet->changed_ms >= GRACE_MS) {
        sheet->had_data = false;
        return print_job_fail(job, ERROR_PRINTER_ERROR, sheet->number,
                              "the printer has not taken the data of a sheet");
    }
    if (print_sheets_is_held(&job->sheets, sheet) && now - sheet->changed_ms >= GRACE_MS)
        return print_job_fail(job, ERROR_PRINTER_STOPPED, sheet->number,
                              "a sheet is held back at the printer");
    return tell_work(job, sheet);
}

/* A sheet that has just been handed over is under way, too: those whose data is still to be released are not
 * asked for. */
static enum print_step ask_sheet(struct print_job *job, struct print_sheet *sheet)
{
    struct printer_error error;
    if (!sheet->ticket.job || (!sheet->is_adopted && !sheet->had_data))
        return PRINT_NEXT;
    if (!sheet->is_elsewhere && job->is_silent)
        return PRINT_NEXT;
    if (print_sheets_ask(&job->sheets, sheet, &error) != PRINTER_GOOD) {
        job->is_silent = job->is_silent || (!sheet->is_elsewhere && error.reach != REACHED);
        return sheet_is_lost(job, sheet, &error);
    }
    if (!sheet->is_elsewhere)
        job->lost_ms = 0;
    if (sheet->fate == FATE_WAITS || sheet->fate == FATE_WORKS)
        return sheet_goes_on(job, sheet);
    return sheet_has_ended(job, sheet);
}

/* ---- The printer -------------------------------------------------------------------------------------- */

enum print_step print_watch_lost(struct print_job *job, const struct printer_error *error)
{
    int64_t now = print_sheets_now();
    if (error->reach == REACHED)
        return fail_with(job, error, NO_SHEET);
    if (!job->lost_ms)
        job->lost_ms = now;
    return now - job->lost_ms >= job->orders->reach_ms ? fail_with(job, error, NO_SHEET) : PRINT_NEXT;
}

/* The first sheet that is not elsewhere: those behind it wait for it. */
static const struct print_sheet *first_here(const struct print_job *job)
{
    for (unsigned i = 0; i < job->sheets.count; i++)
        if (job->sheets.items[i]->had_data && !job->sheets.items[i]->is_elsewhere)
            return job->sheets.items[i];
    return NULL;
}

/* Nothing has changed for too long: not at a sheet that the printer has, or could have begun. A printer that
 * warns of a jam, and takes far longer for a sheet than it ever did, has one: not all say so more clearly. */
static enum print_step check_stall(struct print_job *job, const struct print_sheet *first,
                                   const struct printer_look *look)
{
    int64_t spent_ms = print_sheets_now() - first->changed_ms, slowest_ms = job->sheets.slowest_ms;
    uint16_t suspicion = printer_state_suspicion(look->reasons);
    int64_t usual_ms = slowest_ms ? SLOW_FACTOR * slowest_ms + GRACE_MS : SUSPECT_MS;
    if (suspicion && first->fate == FATE_WORKS && spent_ms >= usual_ms)
        return fail_with_trouble(job, look, suspicion, first->number);
    bool waits_for_others = first->fate == FATE_WAITS && look->state == PRINTER_PROCESSING;
    if (waits_for_others || spent_ms < job->orders->stall_ms)
        return PRINT_NEXT;
    uint16_t reason = printer_state_trouble(look->reasons, true);
    return fail_with_trouble(job, look, reason == ERROR_PRINTER_STOPPED ? ERROR_PRINTER_STALLED : reason,
                             first->number);
}

static enum print_step check_printer(struct print_job *job)
{
    struct printer_look look;
    struct printer_error error;
    const struct print_sheet *first = first_here(job);
    int64_t now = print_sheets_now();
    if (!first)
        return PRINT_NEXT;
    if (ops_of(job)->look(job->sheets.printer, &look, &error) != PRINTER_GOOD)
        return print_watch_lost(job, &error);
    job->lost_ms = 0;
    if (!look.trouble || (job->trouble_ms && first->changed_ms > job->trouble_ms))
        job->trouble_ms = 0;
    if (!look.trouble)
        return check_stall(job, first, &look);
    if (!job->trouble_ms)
        job->trouble_ms = now;
    bool is_at_work = look.state != PRINTER_STOPPED || first->fate == FATE_WORKS;
    if (is_at_work && now - job->trouble_ms < GRACE_MS)
        return PRINT_NEXT;
    return fail_with_trouble(job, &look, look.trouble, first->number);
}

/* Sheets may go while this walks over them. */
enum print_step print_watch_sheets(struct print_job *job)
{
    enum print_step step = PRINT_NEXT;
    int64_t newest_ms = 0, before_ms = print_sheets_now();
    job->is_silent = false;
    for (unsigned i = 0; i < job->sheets.count && step == PRINT_NEXT;) {
        struct print_sheet *sheet = job->sheets.items[i];
        unsigned count = job->sheets.count;
        step = ask_sheet(job, sheet);
        if (step != PRINT_NEXT || job->sheets.count != count) {
            newest_ms = before_ms;
            continue;
        }
        newest_ms = sheet->changed_ms > newest_ms ? sheet->changed_ms : newest_ms;
        i++;
    }
    job->poll_ms = newest_ms >= before_ms ? POLL_LEAST_MS : job->poll_ms + job->poll_ms / 4;
    if (job->poll_ms > POLL_MOST_MS)
        job->poll_ms = POLL_MOST_MS;
    return step;
}

enum print_step print_watch_turn(struct print_job *job)
{
    enum print_step step = print_watch_sheets(job);
    return step == PRINT_NEXT && !job->is_silent ? check_printer(job) : step;
}
