/* The unit's end of the socketpair to its daemon: whole frames, one after the other, blocking. */
#ifndef DESKLINE_CLIENTD_UNITS_UNIT_LINK_H
#define DESKLINE_CLIENTD_UNITS_UNIT_LINK_H

#include <stdbool.h>

#include <deskline/frame.h>

struct unit_link;

/* Takes `fd`, which stays the caller's to close. -ENOTSOCK when it is none. */
int unit_link_new(struct unit_link **link, int fd);
/* Safe on NULL; clears *link. */
void unit_link_free(struct unit_link **link);

/* The job that frames of a job are sent for; UNIT_LIST goes without. */
void unit_link_set_job(struct unit_link *link, uint64_t job);

/* Sends a frame; its job is filled in. Frames that a daemon does not take are -EINVAL. -EPIPE: the daemon is
 * gone. -EINTR: asked to stop. */
int unit_link_send(struct unit_link *link, struct frame *frame);

/* Waits for the next frame, which is good until the next call. 0; -EPIPE when the daemon is gone; -EINTR when
 * asked to stop; -EPROTO or -EBADMSG, logged, for a frame that must not come here. */
int unit_link_receive(struct unit_link *link, const struct frame **frame);

/* Waits until a frame can be received: 1, 0 after timeout_ms, -EINTR when asked to stop. */
int unit_link_wait(const struct unit_link *link, int timeout_ms);

/* Whether the daemon has closed its end. Does not wait. */
bool unit_link_is_gone(const struct unit_link *link);

#endif
