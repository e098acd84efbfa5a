/* The control socket, on which clientctl reaches the daemon. */
#ifndef DESKLINE_CLIENTD_CONTROL_H
#define DESKLINE_CLIENTD_CONTROL_H

#include <stdint.h>

#include <deskline/frame.h>

struct control;
struct jobs;
struct link;
struct loop;
struct peer_sweep;
struct units;

/* What it gives orders to; nothing of it is owned. */
struct control_reach {
    struct loop *loop;
    struct peer_sweep *sweep;
    struct link *link;
    struct jobs *jobs;
    struct units *units;
    /* Starts an enrolment; -EBUSY while one is under way, -EBADMSG for a token that is none. control_enrolled
     * says later how it ended. */
    int (*enroll)(void *context, const char *token, const char *server);
    void *context;
};

/* Listens on the path, mode 0660. A socket that an earlier clientd left behind is replaced; -EADDRINUSE when
 * one is alive. 0 or a negative errno. */
int control_new(struct control **control, const char *path, const struct control_reach *reach);
/* Says goodbye to all sessions and removes the socket. Safe on NULL; clears *control. */
void control_free(struct control **control);

/* Services that the server offers, from WELCOME. */
void control_set_services(struct control *control, const struct frame_list *services);
/* A frame from the server that answers a request. */
void control_answer(struct control *control, const struct frame *frame);
/* How an enrolment ended: code 0 and the address, or an error. */
void control_enrolled(struct control *control, uint16_t code, const char *text);
/* A job has changed, or the connection has ended: those who wait are told. */
void control_job_changed(struct control *control, uint64_t job);
void control_link_down(struct control *control);

#endif
