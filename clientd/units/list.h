/* `reading_unit list`: which devices there are, and what they can do. */
#ifndef DESKLINE_CLIENTD_UNITS_LIST_H
#define DESKLINE_CLIENTD_UNITS_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct scanner;
struct unit_link;

/* Looks for devices, opens each of them and `devices` besides, and sends one UNIT_LIST. 0; -EPIPE when the
 * daemon is gone; -EINTR when asked to stop; another negative errno, logged, when the list cannot be made. */
int list_send(struct scanner *scanner, struct unit_link *link, bool local_only, char *const *devices,
              size_t device_count);

#endif
