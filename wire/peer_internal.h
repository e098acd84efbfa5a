/*
 * Shared by wire/peer*.c.
 *
 *   peer.c        life and end, and what the owner calls
 *   peer_turn.c   what happens when the socket moves: handshake, writing, reading
 *   peer_data.c   blocks of page and document data, credit
 *   peer_queue.c  what waits to be sent
 *   peer_sweep.c  deadlines and heartbeat
 */
#ifndef DESKLINE_WIRE_PEER_INTERNAL_H
#define DESKLINE_WIRE_PEER_INTERNAL_H

#include "wire/peer.h"
#include "wire/reader.h"
#include "wire/tls.h"

/* ---- Queue ---- */

/* A piece of what is to be sent: one or more whole frames, or one frame of data. */
struct peer_block {
    struct peer_block *next;
    size_t size, length, sent;
    bool is_data; /* page or document data: nothing is appended to it */
    uint8_t bytes[];
};
struct peer_queue {
    struct peer_block *first, **last;
    size_t bytes;      /* that wait */
    size_t data_bytes; /* of these, in data chunks */
};
void peer_queue_start(struct peer_queue *queue);
/* -EINVAL, -EMSGSIZE from the codec; nothing is queued then. */
int peer_queue_frame(struct peer_queue *queue, const struct frame *frame);
/* Takes the chunk. */
void peer_queue_chunk(struct peer_queue *queue, struct peer_block *chunk);
/* `length` bytes of the first chunk have gone. */
void peer_queue_sent(struct peer_queue *queue, size_t length);
void peer_queue_clear(struct peer_queue *queue);

/* ---- Peer ---- */

/*
 *   HANDSHAKING ──► READY ──► ENDED        the owner has been told, and will free it
 *        │            │         │
 *        │            └────┬────┘          the owner has let go, REFUSE or GOODBYE is on its way
 *        │                 ▼
 *        └──────────► LEAVING ──► (freed)
 */
enum peer_stage { PEER_HANDSHAKING, PEER_READY, PEER_ENDED, PEER_LEAVING };

struct peer {
    struct peer_sweep *sweep;
    struct peer *next, **link; /* in the sweep's list */
    int fd;
    struct tls_session *tls;
    struct reader *reader;
    struct peer_queue queue;
    struct event *read_event, *write_event, *kick_event;
    struct peer_callbacks callbacks;
    void *context;
    char *label;
    struct peer_options options;

    enum peer_stage stage;
    unsigned when;
    unsigned depth;        /* of calls from the loop that are using this peer */
    bool is_freed;         /* by its owner, while depth > 0 */
    bool is_kicked;        /* a turn is coming by itself */
    bool is_blocked;       /* the socket takes no more; its event will tell when it does */
    bool has_said_end;     /* leaving: everything is sent, the other side's end is awaited */
    bool is_deaf;          /* leaving: the other side's end has come */
    bool has_more_to_read; /* inside TLS, where no event of the socket tells */
    bool owes_ready, owes_page_room, owes_document_room; /* callbacks */

    /* An end that has been decided on, and is carried out at the end of the turn. */
    bool is_doomed, end_is_refusal, end_is_violation;
    uint16_t end_code;
    char *end_text;

    uint64_t created_ms, last_in_ms, last_out_ms, leave_by_ms;
    uint32_t heartbeat_ms;
    bool has_pinged;
    uint64_t pinged_ms; /* when it was asked; with has_pinged */
    uint64_t rate_second_ms;
    uint32_t rate_frames;

    uint64_t credit;    /* that may still be sent */
    uint64_t expected;  /* that may still arrive */
    uint64_t ungranted; /* dealt with, not yet given back */
    uint32_t window;    /* what peer_expect said in all */
    uint64_t bytes_in, bytes_out;
};

/* Carried out at the end of the turn, or in a turn of its own. The first one counts. */
void peer_doom(struct peer *peer, uint16_t code, const char *text);
/* The same, and the other side is told. */
void peer_doom_for_violation(struct peer *peer, uint16_t code, const char *text);
/* A turn soon, also without an event of the socket. */
void peer_kick(struct peer *peer);
/* For CREDIT, PING and PONG: a peer that lets even these pile up is doomed. */
void peer_send_own(struct peer *peer, const struct frame *frame);
/* One frame in the log at debug, with '>' or '<'. */
void peer_trace(const struct peer *peer, char direction, const struct frame *frame);
/* Around everything that the loop does with a peer: the end is carried out, and a freed peer goes, in leave.
 */
void peer_enter(struct peer *peer);
void peer_leave(struct peer *peer);
/* Removes everything; not while depth > 0. */
void peer_destroy(struct peer *peer);

/* ---- peer_turn.c ---- */
/* Makes the events. 0 or -ENOMEM. */
int peer_turn_start(struct peer *peer);
/* No event any more; peer_turn_resume brings them back. */
void peer_turn_pause(struct peer *peer);
void peer_turn_resume(struct peer *peer);
void peer_turn_free(struct peer *peer);
/* Another turn, if there is something left to do for one. */
void peer_turn_continue(struct peer *peer);
/* Sends what waits, as far as the socket takes it and one turn allows. */
void peer_turn_write(struct peer *peer);

/* ---- peer_data.c ---- */
/* CREDIT has come. */
void peer_credit_arrived(struct peer *peer, uint32_t bytes);
/* PAGE_DATA has come: false when it was not covered by credit (and the peer is doomed). */
bool peer_data_is_covered(struct peer *peer, uint32_t bytes);
/* Whether the owner, who was refused before, can send data again. */
bool peer_has_room(const struct peer *peer);

/* ---- peer_sweep.c ---- */
void peer_sweep_add(struct peer_sweep *sweep, struct peer *peer);
void peer_sweep_remove(struct peer *peer);
void peer_sweep_count_handshake(struct peer_sweep *sweep);
struct loop *peer_sweep_loop(struct peer_sweep *sweep);
uint64_t peer_now_ms(const struct peer *peer);

#endif
