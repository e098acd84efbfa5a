/*
 * Somebody at the other end of a connection who asks for things: a client (over TLS) or an operator (at the
 * control socket). Whoever answers later keeps the visitor's id, not its address.
 */
#ifndef DESKLINE_SERVICED_FRONT_VISITOR_H
#define DESKLINE_SERVICED_FRONT_VISITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>
#include <deskline/words.h>

struct server;
struct peer;
struct visitors;
struct document_stream;
struct upload;

/* The first member of a session and of a control connection. */
struct visitor {
    struct server *server;
    struct peer *peer;
    const char *client; /* NULL: an operator, who sees every client's jobs and documents */
    uint64_t id;
    void (*close)(struct visitor *visitor); /* ends the connection and frees its owner */
    struct document_stream *streams;
    struct upload *uploads;
    bool is_overrun;
    struct visitor *next, **link;
};

struct loop;
struct visitors *visitors_new(struct loop *loop);
void visitors_free(struct visitors **visitors); /* they are gone by then */

/* Gives it its id; server, peer, client and close are set. Before the peer is free, visitor_leave: its
 * streams and uploads end, and what is being prepared for it. */
void visitor_enter(struct visitor *visitor);
void visitor_leave(struct visitor *visitor);
/* Its connection has room for documents and blocks again. */
void visitor_has_room(struct visitor *visitor);
/* NULL: gone. */
struct visitor *visitor_find(const struct server *server, uint64_t id);

/* A visitor who does not keep up is closed, soon but not in here; what it missed it is told when it comes
 * again. False when the frame could not be queued. */
bool visitor_send(struct visitor *visitor, const struct frame *frame);

/* The end of a request. `text` NULL: the error's own sentence. */
struct answer {
    uint8_t exit_code;
    enum error_code code;
    const char *text;
};
void visitor_answer(struct visitor *visitor, uint32_t request, struct answer answer);
void visitor_done(struct visitor *visitor, uint32_t request);

/* One row per type of frame: who deals with it. */
struct dispatch_entry {
    enum frame_type type;
    void (*handle)(struct visitor *visitor, const struct frame *frame);
};
/* False: the table has no row for it. The visitor may be gone afterwards. */
bool dispatch(const struct dispatch_entry *table, size_t count, struct visitor *visitor,
              const struct frame *frame);

#endif
