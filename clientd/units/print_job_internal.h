/* What print_job.c (the steps), print_send.c (how a sheet gets to the printer) and print_watch.c (how it goes
 * there) share: nobody else includes it.
 */
#ifndef DESKLINE_CLIENTD_UNITS_PRINT_JOB_INTERNAL_H
#define DESKLINE_CLIENTD_UNITS_PRINT_JOB_INTERNAL_H

#include "clientd/units/print_job.h"
#include "clientd/units/print_sheets.h"

#define PRINT_SIDES_MOST 2u
#define PRINT_POLL_MS    100

struct frame;

struct print_failure {
    uint16_t code; /* of errors.def, 0: none */
    uint32_t sheet;
    char text[PRINTER_TEXT_SIZE];
};

struct print_job {
    const struct print_job_orders *orders;
    struct print_sheets sheets; /* printer and link among others */
    uint32_t blocks, total;     /* of one copy, and sheets of all */
    uint32_t order_sides;
    char title[257];
    int folder_fd;
    bool is_silent; /* the printer has not answered in this turn: it is not asked for more */
    bool is_ending; /* the daemon has no more sheets */

    int64_t poll_ms;                 /* the present distance between two looks */
    int64_t trouble_ms;              /* since when the printer has been in trouble, 0: it is not */
    int64_t lost_ms;                 /* since when it cannot be asked, 0: it can */
    struct print_failure in_the_end; /* to be told when the sheets that are at the device have come out */
};

/* Whether there is a next step. */
enum print_step { PRINT_NEXT, PRINT_OVER };

/* Ends the job: what is under way is canceled and told of, then the error. Returns PRINT_OVER. */
enum print_step print_job_fail(struct print_job *job, uint16_t code, uint32_t sheet, const char *text);
/* The daemon is gone, or speaks nonsense. Returns PRINT_OVER. */
enum print_step print_job_lost(struct print_job *job);
/* Sheets before that one, and what the printer works on, are waited for; then the job fails with that. */
void print_job_fail_in_the_end(struct print_job *job, uint16_t code, uint32_t sheet, const char *text);

/* A frame that makes no sense. Returns PRINT_OVER. */
enum print_step print_job_broken(struct print_job *job, const struct frame *frame, const char *why);
/* Whether a failure that is told in the end keeps the sheet from being begun. */
bool print_job_is_behind(const struct print_job *job, const struct print_sheet *sheet);

/* PRINT_SHEET: makes jobs for all sheets that have none, as far as the printer has room. */
enum print_step print_send_create(struct print_job *job);
/* RELEASE_SHEET. */
enum print_step print_send_release(struct print_job *job, const struct frame *frame);
/* Sends the data of all that are released. */
enum print_step print_send_sheets(struct print_job *job);

/* The printer could not be asked, or told, for that reason: it is waited for, but not for ever. */
enum print_step print_watch_lost(struct print_job *job, const struct printer_error *error);
/* Looks at the printer before anything is sent to it. */
enum print_step print_watch_start(struct print_job *job);
/* Asks for all sheets. */
enum print_step print_watch_sheets(struct print_job *job);
/* The same, and looks at the printer. */
enum print_step print_watch_turn(struct print_job *job);

#endif
