/* Which of a client's units a request means: pure. */
#ifndef DESKLINE_SERVICED_JOBS_UNIT_CHOICE_H
#define DESKLINE_SERVICED_JOBS_UNIT_CHOICE_H

#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>

#define UNIT_NAME_BYTES 129

enum unit_kind { UNIT_READING = 1, UNIT_PRINTING = 2, UNIT_LINE = 3 };

/* The printing unit of that name among the units that a client has told of; the only one for an empty name.
 * 0 with *chosen; -ENOENT when it is not there (it may have come since they were told), -EINVAL when several
 * are and none was named; both with one sentence. */
int unit_choose_printer(const struct frame_list *units, struct frame_text name, char chosen[UNIT_NAME_BYTES],
                        char *why, size_t size);

#endif
