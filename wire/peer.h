/*
 * One connection: a socket (over TLS or plain), a reader, a bounded queue of what is to be sent, credit,
 * heartbeat, deadlines, and one teardown. Nothing in here blocks.
 *
 *   peer_new ──► handshake ──► on_ready ──► on_frame … ──► on_closed ──► peer_free
 *
 * Callbacks come from the loop only, never from inside a function that the owner calls. In each of them the
 * owner may call anything, peer_free too. PING, PONG, CREDIT, GOODBYE and REFUSE are dealt with in here:
 * on_frame never sees them.
 */
#ifndef DESKLINE_WIRE_PEER_H
#define DESKLINE_WIRE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>
#include <deskline/words.h>

struct loop;
struct tls_context;
struct tls_session;
struct peer;
struct peer_sweep;

/* The deadlines of all peers of a loop, looked at every `period_ms` (daemons: 1000). Lives longer than its
 * peers. */
struct peer_sweep *peer_sweep_new(struct loop *loop, uint32_t period_ms);
/* For the end of a daemon: runs the loop until the peers that are still saying goodbye have done so, at most
 * so long. No other peer may be left, nor anything else on the loop whose owner is gone. Safe on NULL. */
void peer_sweep_drain(struct peer_sweep *sweep, uint32_t limit_ms);
/* Peers that are still saying goodbye are closed at once; no other peer may be left. */
void peer_sweep_free(struct peer_sweep **sweep);

struct peer_options {
    unsigned where;       /* the place at which frames arrive here: AT_SERVER, AT_CLIENT, … */
    unsigned when;        /* WHEN_NEW, or WHEN_OPEN for unit and control sockets */
    bool is_tls_client;   /* which side of the handshake */
    uint32_t greeting_ms; /* closed unless it is WHEN_OPEN within so long of peer_new; 0: no limit */
    size_t queue_limit;   /* bytes that may wait to be sent; 0: 4 MiB */
    uint32_t frame_rate;  /* frames per second that may arrive, 0: no limit */
    const char *label;    /* for the log, copied: "client kontor", "127.0.0.1:4711" */
};

/* How a connection ended. */
struct peer_end {
    uint16_t code;   /* of errors.def: NONE after a GOODBYE or an end in order, LINK_LOST, PROTOCOL, LIMIT, or
                        what the other side's REFUSE said */
    bool is_refusal; /* the other side said REFUSE */
    const char *text; /* one sentence, good until on_closed returns */
};

struct peer_callbacks {
    void (*on_ready)(void *context); /* handshake done (plain: at once); may be NULL */
    void (*on_frame)(void *context, const struct frame *frame); /* views are good until it returns */
    void (*on_room)(void *context); /* page or document data may be sent again; may be NULL */
    void (*on_closed)(void *context, const struct peer_end *end); /* once; peer_free is what is left to do */
};

/* Takes the descriptor over (connected, or connecting without TLS or as TLS client; made non-blocking), also
 * on failure. `tls` NULL: plain. A TCP socket gets TCP_NODELAY. 0 or a negative errno. */
int peer_new(struct peer **peer, struct peer_sweep *sweep, int fd, struct tls_context *tls,
             const struct peer_options *options, const struct peer_callbacks *callbacks, void *context);
/* Closes at once, without another word to the other side; but a peer that was closed for a violation first
 * tells the other side so (REFUSE), by itself, for at most 2 s. Safe on NULL and in callbacks; no callback
 * comes afterwards. */
void peer_free(struct peer **peer);

/* The greeting is over: frames of WHEN_OPEN may arrive, and greeting_ms does not count any more. */
void peer_set_state(struct peer *peer, unsigned when);
/* For the log, once it is known who it is. Copied. */
void peer_set_label(struct peer *peer, const char *label);
const char *peer_label(const struct peer *peer);
/* NULL for a plain peer. For tls_peer_name and the like, from on_ready on. */
const struct tls_session *peer_tls(const struct peer *peer);

/* Queues a frame. 0; -ENOTCONN when the connection is over; -ENOBUFS when the queue is full: the peer does
 * not keep up, and closing it is what is left; -EINVAL or -EMSGSIZE when it cannot be encoded. */
int peer_send(struct peer *peer, const struct frame *frame);
/* Bytes that wait to be sent. */
size_t peer_queued(const struct peer *peer);

/* ---- Page and document data: straight from the file into the buffer that is encrypted ---- */

#define PEER_BLOCK_BYTES 0xffe0u

/* A buffer for the bytes of one PAGE_DATA or DOCUMENT_DATA; independent of any peer, so that a worker may
 * fill it. */
struct peer_block;
struct peer_block *peer_block_new(void);
uint8_t *peer_block_bytes(struct peer_block *block); /* PEER_BLOCK_BYTES of them */
void peer_block_free(struct peer_block **block);

/* Page bytes that may be sent now: 0 … PEER_BLOCK_BYTES, from the credit and what waits in the queue. When it
 * is 0, on_room comes as soon as it is not. */
size_t peer_page_room(struct peer *peer);
/* Sends `length` bytes of the block as PAGE_DATA and takes the block (clears *block). -EAGAIN when
 * peer_page_room is less than `length`, -ENOTCONN: the block stays the caller's. */
int peer_send_page(struct peer *peer, struct peer_block **block, uint64_t job, uint32_t page, uint64_t offset,
                   uint32_t length);
/* The same for DOCUMENT_DATA, whose credit is counted per request by the caller. */
size_t peer_document_room(struct peer *peer);
int peer_send_document(struct peer *peer, struct peer_block **block, uint32_t request, uint64_t offset,
                       uint32_t length);

/* ---- Credit for PAGE_DATA ---- */

/* Most credit that may be outstanding; more is a violation. */
#define PEER_CREDIT_MAX (1u << 30)

/* Sender: WELCOME said that so many bytes may be sent. CREDIT is added in here by itself. */
void peer_credit_given(struct peer *peer, uint32_t bytes);
/* Bytes that may still be sent as PAGE_DATA. */
uint64_t peer_credit(const struct peer *peer);
/* Receiver: WELCOME says that so many bytes may arrive; PAGE_DATA beyond is a violation. */
void peer_expect(struct peer *peer, uint32_t bytes);
/* Receiver: so many bytes that have arrived were dealt with, as many may come again. CREDIT goes out in
 * batches of a quarter of what peer_expect said. */
void peer_grant(struct peer *peer, uint32_t bytes);

/* ---- Life and end ---- */

/* PING when nothing has arrived for one interval; closed with LINK_LOST when nothing has for two. */
void peer_start_heartbeat(struct peer *peer, uint32_t interval_ms);

/* Say REFUSE or GOODBYE behind what is queued, and end the connection. The peer goes its own way for at most
 * 2 s; the owner has nothing to do with it any more: *peer is NULL, no callback comes. Safe on NULL. */
void peer_refuse(struct peer **peer, enum error_code code, const char *text);
void peer_goodbye(struct peer **peer, const char *text);

/* Bytes of frames since peer_new, without what TLS adds. */
uint64_t peer_bytes_in(const struct peer *peer);
uint64_t peer_bytes_out(const struct peer *peer);

#endif
