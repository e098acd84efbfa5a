/* The output tray: sheets/NNN.FORMAT for each sheet that came out, and its line in the log. */
#ifndef RIG_PRINTER_TRAY_H
#define RIG_PRINTER_TRAY_H

#include "tests/rig/device_state.h"
#include "tests/rig/printer_job.h"
#include "tests/rig/printer_pages.h"

struct printer_sheet {
    unsigned index, pages; /* of the chosen pages of the document: the first one, from 0, and 1 or 2 */
    unsigned copy;         /* from 1 */
};

/* How many sheets have come out so far: those that the log names. Returns -errno when it cannot be read. */
int printer_tray_count(struct device_state *state, const char *folder);

/* The sheet lies in the tray, as number `number`: when this returns, its file and its line of the log are on
   the disk. Returns 0, -EINVAL or -errno. */
int printer_tray_put(struct device_state *state, const char *folder, unsigned number,
                     const struct printer_job *job, const struct printer_pages *pages,
                     const struct printer_sheet *sheet);

#endif
