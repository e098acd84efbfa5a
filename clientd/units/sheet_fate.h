/* What has become of a sheet, from what the printer says about its job. Pure: the table is sheet_fate.def. */
#ifndef DESKLINE_CLIENTD_UNITS_SHEET_FATE_H
#define DESKLINE_CLIENTD_UNITS_SHEET_FATE_H

#include <stdbool.h>
#include <stdint.h>

#include "clientd/units/printer.h"

enum sheet_fate {
    FATE_WAITS,       /* nothing has happened to it yet */
    FATE_WORKS,       /* the device is at it */
    FATE_PRINTED,     /* it came out */
    FATE_NOT_PRINTED, /* it did not, and never will under that ticket */
    FATE_UNCERTAIN    /* nobody can know */
};

/* What this side knows of a sheet. */
struct sheet_knowledge {
    bool had_data;    /* its document may have arrived */
    bool was_watched; /* the printer has been in sight since it got the job: a spooler that was killed forgets
                         how far a job had come, and says that it was never begun */
    uint32_t sides;   /* 1 or 2 */
};

enum sheet_fate sheet_fate(const struct printer_job_look *job, const struct sheet_knowledge *known);
const char *sheet_fate_name(enum sheet_fate fate);

#endif
