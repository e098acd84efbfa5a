/* Inside a session, for sessions.c (its life) and session_frames.c (what an open one says). */
#ifndef DESKLINE_SERVICED_FRONT_SESSION_H
#define DESKLINE_SERVICED_FRONT_SESSION_H

#include <stdbool.h>

#include "serviced/front/sessions.h"
#include "serviced/jobs/registry.h"

#define SESSION_UNIT_QUESTIONS 8

struct session {
    struct visitor visitor; /* first */
    struct sessions *sessions;
    char client[REGISTRY_NAME_BYTES]; /* from the certificate; empty: none */
    uint8_t digest[REGISTRY_DIGEST_BYTES];
    char host[64], address[80];
    bool is_open, is_enrolling;
    struct frame_list units; /* our copy of the bytes */
    struct {
        session_units_told told; /* NULL: none */
        void *context;
    } unit_questions[SESSION_UNIT_QUESTIONS]; /* asked of the client under the index + 1 */
    struct session *next, **link;
};

/* A frame of an open session. The session may be gone afterwards. */
void session_frame(struct session *session, const struct frame *frame);
void session_keep_units(struct session *session, const struct frame_list *units);
/* Frees them, and answers who still waits for them. */
void session_forget_units(struct session *session);

#endif
