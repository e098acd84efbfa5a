/* Frames from the server: each to whom it is for. The table is in dispatch.c. */
#ifndef DESKLINE_CLIENTD_DISPATCH_H
#define DESKLINE_CLIENTD_DISPATCH_H

#include <deskline/frame.h>

struct control;
struct jobs;
struct link;
struct units;

struct dispatch {
    struct jobs *jobs;
    struct control *control;
    struct units *units;
    struct link *link;
};

void dispatch_frame(const struct dispatch *to, const struct frame *frame);
/* UNIT_LIST to the server; request 0 when it has not asked. */
void dispatch_send_units(const struct dispatch *to, uint32_t request);

#endif
