/*
 * The function execution unit of a printing job: one run of the printing unit for one PRINT_COMMAND. It
 * starts the process, passes the sheets on, watches the printer's progress, and says exactly once how the run
 * ended:
 *
 *   printing_start ─► printing_adopt … ─► printing_sheet … ─► on_sheet … ─► on_end (once) ─► printing_free
 */
#ifndef DESKLINE_CLIENTD_PRINTING_H
#define DESKLINE_CLIENTD_PRINTING_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>

#include "clientd/unit_process.h"

struct printing;

/* What the unit says of a sheet: the states of SHEET_STATUS. */
enum sheet_state {
    SHEET_CREATED = 1,
    SHEET_PRINTED = 2,
    SHEET_NOT_PRINTED = 3,
    SHEET_UNCERTAIN = 4,
    SHEET_UNDER_WAY = 5,
};

struct printing_callbacks {
    /* CREATED comes with a ticket, the others with NULL. UNDER_WAY is not told. */
    void (*on_sheet)(void *context, uint32_t sheet, enum sheet_state state, const struct job_ticket *ticket);
    void (*on_end)(void *context, const struct unit_end *end);
};

struct printing_orders {
    const char *unit_folder;
    const char *spool_folder; /* of the job, as a path */
    const char *uri;          /* of the printer */
    uint32_t watchdog_ms;
    uint64_t job;
    struct record_print_order order;
};

/* Texts are not kept. 0, or a negative errno: then nothing is called. */
int printing_start(struct printing **printing, struct loop *loop, struct peer_sweep *sweep,
                   const struct printing_orders *orders, const struct printing_callbacks *callbacks,
                   void *context);
/* A sheet that an earlier run has handed over: `cancel` when it is not wanted any more. */
void printing_adopt(struct printing *printing, uint32_t sheet, bool cancel, const struct job_ticket *ticket);
void printing_sheet(struct printing *printing, uint32_t sheet, uint32_t block, uint32_t generation);
/* The ticket is durable. */
void printing_release(struct printing *printing, uint32_t sheet);
/* All is done: the unit ends by itself. */
void printing_no_more(struct printing *printing);
/* The unit is to take back what is under way, and to end: on_end follows. */
void printing_stop(struct printing *printing);
/* Kills what still runs, while the printer goes on with what it has; nothing is called. Safe on NULL and in
 * callbacks; clears *printing. */
void printing_free(struct printing **printing);

#endif
