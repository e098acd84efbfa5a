/* Where orders come from: a Unix socket and, if wanted, standard input. */
#ifndef RIG_LINK_CONTROL_H
#define RIG_LINK_CONTROL_H

#include "tests/rig/link_network.h"

struct link_control;

/* Listens on the Unix socket `path` (NULL: none), which is made anew. Returns 0 with *out, or -errno. */
int link_control_open(struct event_base *base, struct link_network *network, const char *path,
                      struct link_control **out);

/* Also takes orders from standard input, and answers on standard output. Returns 0 or -ENOMEM. */
int link_control_add_stdin(struct link_control *control);

/* Drops everyone, removes the socket, frees and clears *control; safe on NULL. */
void link_control_close(struct link_control **control);

#endif
