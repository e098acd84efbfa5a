/* A connection to serviced for somebody who keeps no rule: it sends what it is told to, and tells how the
 * server took it. Blocking, with a deadline of 20 s for each answer. */
#ifndef DESKLINE_TESTS_RIG_HOSTILE_LINK_H
#define DESKLINE_TESTS_RIG_HOSTILE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>
#include <deskline/words.h>

struct hostile_link;

/* Where to, and as whom. `folder` NULL: without a certificate; else the folder that holds client.key, .crt.
 */
struct hostile_target {
    const char *host, *port;
    const char *from; /* the address that it comes from, or NULL */
    const char *folder;
    const char *client; /* what HELLO says */
};

/* A bare TCP connection, or -1. */
int hostile_socket(const struct hostile_target *target);
/* Through the handshake; NULL when there is none (said on standard error). */
struct hostile_link *hostile_link_new(const struct hostile_target *target);
/* Closed at once, without a word. Safe on NULL. */
void hostile_link_free(struct hostile_link **link);

/* False when the connection is over. */
bool hostile_send_bytes(struct hostile_link *link, const void *bytes, size_t length);
bool hostile_send(struct hostile_link *link, const struct frame *frame);
/* HELLO and WELCOME. False when there was no WELCOME. */
bool hostile_hello(struct hostile_link *link, const struct hostile_target *target);

/* The next frame of that type (0: of any), or NULL at the end: then hostile_end says how it ended. Views are
 * good until the next call. */
const struct frame *hostile_wait(struct hostile_link *link, uint16_t type);

/* How it ended, as far as it was seen: a code of errors.def from a REFUSE, or one of these. */
#define HOSTILE_OPEN   1000 /* it has not */
#define HOSTILE_CLOSED 1001 /* without a REFUSE */
#define HOSTILE_SILENT 1002 /* the deadline passed */
unsigned hostile_end(const struct hostile_link *link);

/* Whether it is alive (HOSTILE_OPEN: a PING is answered), else how it ended. */
unsigned hostile_verdict(struct hostile_link *link);

#endif
