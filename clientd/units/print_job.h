/*
 * One execution command: PRINT_COMMAND is awaited, and its sheets go to the printer as the daemon orders
 * them.
 */
#ifndef DESKLINE_CLIENTD_UNITS_PRINT_JOB_H
#define DESKLINE_CLIENTD_UNITS_PRINT_JOB_H

#include <stdint.h>

struct printer;
struct unit_link;

/* From the command line; everything stays the caller's. */
struct print_job_orders {
    const char *uri;    /* of the printer */
    const char *spool;  /* folder of the job */
    uint32_t reach_ms;  /* so long a printer may be out of reach */
    uint32_t stall_ms;  /* so long it may work on a sheet without any change */
    uint32_t settle_ms; /* so long sheets that were canceled are waited for */
};

/* Returns when all sheets are done or one has failed (the daemon was told which), when the unit was asked to
 * stop, or when the daemon is gone: 0. -EPROTO or -EBADMSG when the daemon sends what it must not. The
 * printer is closed again in any case. */
int print_job_run(const struct print_job_orders *orders, struct printer *printer, struct unit_link *link);

#endif
