/* Whether a unit can do what is asked for, before a job is opened for it. Pure. */
#ifndef DESKLINE_CLIENTD_UNIT_CHECK_H
#define DESKLINE_CLIENTD_UNIT_CHECK_H

#include <stddef.h>

#include <deskline/frame.h>

/* 0, or -ENOTSUP with one sentence that says what is possible. A capability that the unit does not tell of is
 * not checked: the device is. */
int unit_check(const struct record_unit *unit, const struct record_read_options *options, char *text,
               size_t size);
/* The same for a printer. */
int unit_check_printer(const struct record_unit *unit, const struct record_print_options *options, char *text,
                       size_t size);

#endif
