/* The fault script of a printer: one fault a line, such as `sheet=3 when=after do=jam times=2`. */
#ifndef RIG_PRINTER_FAULTS_H
#define RIG_PRINTER_FAULTS_H

#include "tests/rig/fault_lines.h"

/* How a run of the backend ends; the numbers are those of backend(7). */
enum printer_end {
    END_DONE = 0,
    END_FAILED = 1,
    END_HOLDS = 3,
    END_STOPS = 4,
    END_CANCELS = 5,
    END_RETRIES = 6,
    END_RETRIES_CURRENT = 7,
    END_GOES_ON = -1 /* it does not end */
};

enum printer_fault_kind {
#define FAULT(NAME, name, reason, driverless, end, argument) PRINTER_FAULT_##NAME,
#include "tests/rig/printer_faults.def"
#undef FAULT
    PRINTER_FAULT_COUNT
};

/* Before the sheet moves; when it lies in the tray; when the spooler has been told of it, too. */
enum printer_moment { MOMENT_BEFORE, MOMENT_AFTER, MOMENT_COUNTED, MOMENT_COUNT };

struct printer_fault {
    unsigned sheet; /* from 1, as they come out; 0 for any */
    enum printer_moment when;
    enum printer_fault_kind kind;
    double seconds; /* of a hang */
    long times;     /* how often it is still to happen; -1 for always */
    char line[FAULT_LINE_BYTES];
};

/* Name, how it ends the run, and the keyword of printer-state-reasons: NULL where the fault leaves no
 * condition. */
const char *printer_fault_name(enum printer_fault_kind kind);
const char *printer_moment_name(enum printer_moment when);
enum printer_end printer_fault_end(enum printer_fault_kind kind);
const char *printer_fault_reason(enum printer_fault_kind kind, bool driverless);

/* The fault with this name (a newline may follow). Returns false when there is none. */
bool printer_fault_find(const char *name, enum printer_fault_kind *kind);

/* Finds the first fault that this sheet meets at this moment, and takes it out of the script. Returns 1 with
 *fault, 0 when there is none, -EINVAL when a line cannot be read (it is logged), or -errno. */
int printer_faults_take(struct device_state *state, unsigned sheet, enum printer_moment when,
                        struct printer_fault *fault);

/* Adds a line to the script. Returns 0, -EINVAL with *why (a static string), or -errno. */
int printer_faults_add(struct device_state *state, const char *line, const char **why);

#endif
