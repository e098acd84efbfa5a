/* The fault script of a device: one fault a line, such as `page=3 at=40% do=JAMMED times=2`. */
#ifndef RIG_FAULT_SCRIPT_H
#define RIG_FAULT_SCRIPT_H

#include "tests/rig/fault_lines.h"

#include <sane/sane.h>
#include <stdint.h>

enum fault_kind {
#define FAULT(name, status, sticky, argument) FAULT_##name,
#include "tests/rig/faults.def"
#undef FAULT
    FAULT_COUNT
};

enum fault_place { FAULT_AT_START, FAULT_AT_PERCENT, FAULT_AT_BYTE };

struct fault {
    unsigned page; /* from 1; 0 for any page */
    enum fault_place place;
    double at; /* per cent or bytes; nothing for FAULT_AT_START */
    enum fault_kind kind;
    double argument;             /* seconds or bytes per second */
    long times;                  /* how often it is still to happen; -1 for always */
    char line[FAULT_LINE_BYTES]; /* as it stands in the script */
};

/* Reads one line. Returns 0, or -EINVAL with *why saying what was expected (a static string). */
int fault_parse(const char *line, struct fault *fault, const char **why);

/* Name of the kind, the status it makes a call return, and whether the device stays so. */
const char *fault_name(enum fault_kind kind);
SANE_Status fault_status(enum fault_kind kind);
bool fault_is_sticky(enum fault_kind kind);

/* The status of a condition by its name (as in the file `condition`); IO_ERROR when the name says nothing. */
SANE_Status fault_condition_status(const char *name);

/* The byte of an image of `total` bytes at which the fault happens. */
uint64_t fault_offset(const struct fault *fault, uint64_t total);

/* Copies the faults of the script that page number `page` meets into `faults`, in the order of the script, at
   most `room` of them. Returns their number, -EINVAL when a line cannot be read (it is logged), -E2BIG, or
   -errno. */
int fault_script_load(struct device_state *state, unsigned page, struct fault *faults, int room);

/* Notes that the fault happened: its line leaves the script, or its `times` goes down. Returns 0 or -errno.
 */
int fault_script_spend(struct device_state *state, const struct fault *fault);

/* Adds a line to the script. Returns 0, -EINVAL with *why, or -errno. */
int fault_script_add(struct device_state *state, const char *line, const char **why);

#endif
