/* One direction of one connection: bytes from a socket, held back as the network's faults say, to another. */
#ifndef RIG_LINK_FLOW_H
#define RIG_LINK_FLOW_H

#include "tests/rig/link_network.h"

#include <event2/buffer.h>
#include <stddef.h>

struct link;

#define FLOW_HELD_BYTES (256 * 1024) /* what a flow holds at most; it reads no more until some is gone */
#define FLOW_STAMPS     256

/* What a flow has to say to its connection. After any of these but FLOW_GOES_ON the flow must not be used by
   its caller any more: the connection may be gone. */
enum flow_event {
    FLOW_GOES_ON,
    FLOW_ENDED, /* end of stream has been handed on */
    FLOW_FAILED,
    FLOW_CUT, /* the byte has come at which a cut is on order */
};

struct link_flow {
    struct link *link;
    struct link_faults *faults;
    struct link_counts *counts;
    bool to_server;
    evutil_socket_t from, to; /* to may be -1: nowhere */
    struct event *readable, *writable, *timer;
    struct evbuffer *held;
    struct {
        double due;
        size_t length;
    } stamps[FLOW_STAMPS]; /* when the held bytes may go on, a ring */
    unsigned first_stamp, stamp_count;
    double paced_since;
    double paced_bytes;
    bool dark, ended, shut, cut_when_empty;
    void (*report)(struct link *link, enum flow_event event);
};

/* Sets up the flow's events; the fields link, faults, counts, to_server, from, to and report are filled in.
   Returns 0 or -ENOMEM; link_flow_clear undoes it also half-way. */
int link_flow_start(struct link_flow *flow, struct event_base *base);
void link_flow_clear(struct link_flow *flow);

/* Looks at the faults again and goes on as they allow. May report, and the connection be gone. */
void link_flow_pump(struct link_flow *flow);

/* From here on everything is swallowed. */
void link_flow_darken(struct link_flow *flow);

#endif
