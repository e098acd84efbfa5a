/* What the unit says to its daemon, over the socket on descriptor 3. */
#ifndef DESKLINE_SERVICED_UNITS_REPORT_H
#define DESKLINE_SERVICED_UNITS_REPORT_H

#include <deskline/frame.h>

/* Sends the frame, waiting while the daemon does not take it. 0; -EPIPE when the daemon is gone; another
 * negative errno, logged, when the frame cannot be made or sent. */
int report(const struct frame *frame);

#endif
