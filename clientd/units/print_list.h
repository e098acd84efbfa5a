/* `printing_unit list`: which printers there are, and what they can do. */
#ifndef DESKLINE_CLIENTD_UNITS_PRINT_LIST_H
#define DESKLINE_CLIENTD_UNITS_PRINT_LIST_H

#include <stddef.h>

struct unit_link;

/* A printer of the settings. */
struct print_list_printer {
    const char *name, *uri;
};

/* Asks each of `printers`, and the spooler of this host for its queues, and sends one UNIT_LIST. A host
 * without a spooler has no queues. 0; -EPIPE when the daemon is gone; -EINTR when asked to stop; -ENOMEM. */
int print_list_send(struct unit_link *link, const struct print_list_printer *printers, size_t count);

#endif
