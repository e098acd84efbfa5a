/* The sheets under way at the printer: what is known of each, and what the daemon is told of it. */
#ifndef DESKLINE_CLIENTD_UNITS_PRINT_SHEETS_H
#define DESKLINE_CLIENTD_UNITS_PRINT_SHEETS_H

#include <stdbool.h>
#include <stdint.h>

#include "clientd/units/printer.h"
#include "clientd/units/sheet_fate.h"

struct print_block;
struct unit_link;

#define PRINT_SHEETS_MAX 64u

struct print_sheet {
    uint32_t number, block_number, block_generation;
    uint32_t sides;
    struct printer_ticket ticket; /* job 0: the printer has none yet */
    struct print_block *block;    /* until it has been sent */
    bool is_adopted;              /* an earlier run has handed it over */
    bool is_unwanted;             /* it is to be canceled, and nobody minds */
    bool is_elsewhere;            /* its ticket is another printer's */
    bool is_released;             /* its data may be sent */
    bool had_data;                /* its document may be at the printer */
    bool is_doubtful;             /* … but the printer has not said so, or holds it back */
    bool was_watched;             /* the printer has been in sight all the time */
    enum sheet_fate fate;         /* as it was seen last, with … */
    struct printer_job_look look; /* … this */
    int64_t begun_ms;             /* when it was sent, or seen at the device, 0: not yet */
    int64_t changed_ms;           /* when that was another one before */
    int64_t told_ms;              /* when the daemon heard of it last */
    int64_t lost_ms;              /* since when its printer cannot be asked, 0: it can */
};

struct print_sheets {
    struct printer *printer;
    struct unit_link *link;
    struct print_sheet *items[PRINT_SHEETS_MAX]; /* in the order of their numbers */
    unsigned count;
    uint32_t first_hurt;   /* lowest wanted sheet that was told as not printed or uncertain */
    uint32_t last_printed; /* highest that was printed */
    int64_t slowest_ms;    /* the longest from there until one was printed */
};

/* Monotonic milliseconds. */
int64_t print_sheets_now(void);

/* Gives all memory back; the printer and the link are not the sheets' own. */
void print_sheets_clear(struct print_sheets *sheets);
/* NULL when there are too many, or it is there already. */
struct print_sheet *print_sheets_add(struct print_sheets *sheets, uint32_t number);
/* NULL when it is not there. */
struct print_sheet *print_sheets_find(const struct print_sheets *sheets, uint32_t number);
void print_sheets_remove(struct print_sheets *sheets, struct print_sheet *sheet);

/* Asks the printer what has become of a sheet that has a ticket, and keeps the answer. */
enum printer_status print_sheets_ask(struct print_sheets *sheets, struct print_sheet *sheet,
                                     struct printer_error *error);
/* Whether the printer holds it back: it says so, or has printed one behind it. */
bool print_sheets_is_held(const struct print_sheets *sheets, const struct print_sheet *sheet);
/* Tells the daemon of a sheet that was created, and that the printer works on one. Errors of the link. */
int print_sheets_tell_created(struct print_sheets *sheets, struct print_sheet *sheet);
int print_sheets_tell_work(struct print_sheets *sheets, struct print_sheet *sheet);
/* Tells the daemon how it ended, and forgets the sheet. */
int print_sheets_end(struct print_sheets *sheets, struct print_sheet *sheet, enum sheet_fate fate);

/* Cancels all that have a ticket, and waits up to limit_ms until each has ended at the device; tells the
 * daemon of those. Others stay: an adopting run finds out. is_spared: nothing is wrong with the printer (nor
 * when the unit was just asked to stop), and what is on the paper path may come out in half of that time,
 * rather than become uncertain. Errors of the link. */
int print_sheets_settle(struct print_sheets *sheets, int64_t limit_ms, bool is_spared);

#endif
