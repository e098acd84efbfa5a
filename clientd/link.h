/*
 * The connection to the server, which is always there or about to come.
 *
 *   link_set_server ──► CONNECTING ──► GREETING ──► OPEN
 *                         ▲   HELLO ─►   │ WELCOME    │
 *                         │              ▼            ▼
 *                         └── back off ◄─┴────────────┘   0.2 s, doubled up to reconnect-max, with jitter;
 *                                                         after a refusal at once reconnect-max
 */
#ifndef DESKLINE_CLIENTD_LINK_H
#define DESKLINE_CLIENTD_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>

struct identity;
struct link;
struct loop;
struct peer;
struct peer_sweep;
struct worker_pool;

struct link_callbacks {
    /* HELLO is about to go out: adds records to its lists of units and of jobs in hand. */
    void (*on_hello)(void *context, struct frame_list_builder *units, struct frame_list_builder *jobs);
    void (*on_up)(void *context, const struct frame_welcome *welcome);
    void (*on_frame)(void *context, const struct frame *frame);
    void (*on_room)(void *context); /* page data may be sent again */
    void (*on_down)(void *context); /* after on_up only */
};

struct link *link_new(struct loop *loop, struct peer_sweep *sweep, struct worker_pool *pool,
                      uint32_t reconnect_max_ms, const struct link_callbacks *callbacks, void *context);
/* Says goodbye. No callback comes. Safe on NULL; clears *link. */
void link_free(struct link **link);

/* From now on this is who we are and where the server is; a connection that stands is given up. The identity
 * stays the caller's, and is not needed any longer. 0, or a negative errno that has been logged. */
int link_set_server(struct link *link, const struct identity *identity, const char *address);
void link_set_reconnect_max(struct link *link, uint32_t reconnect_max_ms);

/* While the session is open; else NULL. */
struct peer *link_peer(const struct link *link);
/* Sends; without a session, or when the queue is full (the session is then given up), -ENOTCONN. */
int link_send(struct link *link, const struct frame *frame);

/* The server broke the protocol: the session is given up, from the loop. */
void link_refuse(struct link *link, uint16_t code, const char *why);

/* For people. "" where there is none yet. */
const char *link_server(const struct link *link);
const char *link_client(const struct link *link);
/* Why there is no connection, "" while there is one. */
const char *link_problem(const struct link *link);

#endif
