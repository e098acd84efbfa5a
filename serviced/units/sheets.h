/* From an opened document to the blocks of its sheets, one after the other. */
#ifndef DESKLINE_SERVICED_UNITS_SHEETS_H
#define DESKLINE_SERVICED_UNITS_SHEETS_H

#include "serviced/units/splitting.h"

/* Opens the document, says SPLIT_DOCUMENT, and SPLIT_BLOCK for each block once it is durable. 0; -ECANCELED
 * with the refusal; -EPIPE when the daemon is gone. `orders` has its ranges fitted to the document. */
int sheets_make(struct splitting_orders *orders, struct refusal *refusal);

#endif
