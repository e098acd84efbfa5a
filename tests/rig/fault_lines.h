/* The lines of a device's fault script (the file `faults`), whatever they say: the scanner's and the
   printer's scripts differ in their words only. */
#ifndef RIG_FAULT_LINES_H
#define RIG_FAULT_LINES_H

#include "tests/rig/device_state.h"

#define FAULT_SCRIPT_BYTES 16384
#define FAULT_LINE_BYTES   160

/* Reads the whole script into `script`, which has FAULT_SCRIPT_BYTES; an absent one is empty. Returns 0,
   -E2BIG or -errno. */
int fault_lines_read(struct device_state *state, char *script);

/* Whether a line says nothing: blank, or a remark. */
bool fault_lines_blank(const char *line);

/* Notes that the fault of this line happened, which had `times` to go (-1: always): the line leaves the
   script, or its `times=` goes down. Returns 0 or -errno. */
int fault_lines_spend(struct device_state *state, const char *line, long times);

/* Adds a line. Returns 0 or -errno. */
int fault_lines_add(struct device_state *state, const char *line);

/* The value of `times=`: a number from 1, or `always` (-1). Returns 0 or -EINVAL. */
int fault_lines_times(const char *value, long *times);

/* A number that is not negative and ends where `rest` says ("" or "%"). Returns 0 or -EINVAL. */
int fault_lines_number(const char *text, const char *rest, double *value);

#endif
