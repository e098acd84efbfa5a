/*
 * The connections of clients. Of each client at most one session is open: a newer one supersedes it.
 *
 *   connected ──► (anonymous) ENROLL_REQUEST ──► closed
 *        └──────► HELLO ──► checked, older one closed, WELCOME ──► open ──► closed
 */
#ifndef DESKLINE_SERVICED_FRONT_SESSIONS_H
#define DESKLINE_SERVICED_FRONT_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serviced/front/visitor.h"

struct sessions;
struct session;
struct server;

struct sessions *sessions_new(struct server *server);
/* All are told goodbye. */
void sessions_free(struct sessions **sessions);

/* A connection that was accepted: takes the descriptor. `address` is "HOST:PORT", `host` what limits count
 * by. */
void sessions_accept(struct sessions *sessions, int fd, const char *host, const char *address);
size_t sessions_count(const struct sessions *sessions);

/* The open session of a client, or NULL. */
struct session *sessions_find(const struct sessions *sessions, const char *client);
struct visitor *session_visitor(struct session *session);
const char *session_address(const struct session *session);
/* Its units as it told them last: the payload of a UNIT_LIST. */
struct frame_list session_units(const struct session *session);
/* Asks the client to look for its units: told (once, later) when they have come, or with NULL when the
 * session ends. False when too many ask already. */
typedef void (*session_units_told)(void *context, const struct session *session);
bool session_ask_units(struct session *session, session_units_told told, void *context);
/* Ends the session of a client with that reason, if there is one. */
void sessions_drop(struct sessions *sessions, const char *client, enum error_code code);

#endif
