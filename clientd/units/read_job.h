/* One execution command: READ_COMMAND is awaited, carried out and answered, page by page. */
#ifndef DESKLINE_CLIENTD_UNITS_READ_JOB_H
#define DESKLINE_CLIENTD_UNITS_READ_JOB_H

#include <stddef.h>

struct scanner;
struct unit_link;

/* From the command line; everything stays the caller's. */
struct read_job_orders {
    const char *device;      /* the driver's name of it */
    const char *spool;       /* folder of the job */
    const char *source_name; /* the driver's word for the source, or NULL */
    char *const *extra;      /* OPTION=VALUE each */
    size_t extra_count;
};

/* Returns when the command has been carried out or has failed (the daemon was told which), when the unit was
 * asked to stop, or when the daemon is gone: 0. -EPROTO or -EBADMSG when the daemon sends what it must not;
 * -ENOMEM. The device is closed again in any case. */
int read_job_run(const struct read_job_orders *orders, struct scanner *scanner, struct unit_link *link);

#endif
