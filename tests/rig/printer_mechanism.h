/* The printer itself: takes a job apart into sheets, moves them, and has the faults of its script. */
#ifndef RIG_PRINTER_MECHANISM_H
#define RIG_PRINTER_MECHANISM_H

#include "tests/rig/printer_faults.h"
#include "tests/rig/printer_job.h"

/* Prints the job on the printer that is the folder. Returns how the run ends. */
enum printer_end printer_mechanism_run(const char *folder, const struct printer_job *job);

#endif
