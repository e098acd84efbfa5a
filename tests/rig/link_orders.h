/* The orders that the bad network takes: one line each, a word and its arguments. */
#ifndef RIG_LINK_ORDERS_H
#define RIG_LINK_ORDERS_H

#include "tests/rig/link_network.h"

#include <stddef.h>

/* Carries out the order in `line` (which is taken apart) and writes one line of answer without newline: `ok`,
   what was asked for, or `error: …`. Returns 0, or -EINVAL when the order was not understood; nothing has
   changed then. */
int link_order(struct link_network *network, char *line, char *answer, size_t room);

#endif
