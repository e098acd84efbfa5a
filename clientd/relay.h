/*
 * Requests of control clients that only the server can answer: passed on under numbers of our own, and the
 * answers passed back. The table is bounded; every request gets exactly one OUTCOME, whatever happens to the
 * connection. Uploads go through as far as the credit of the server goes; nothing of them is kept here.
 */
#ifndef DESKLINE_CLIENTD_RELAY_H
#define DESKLINE_CLIENTD_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>

struct link;
struct relay;

/* `answer` gets each answer with the asker's own number in it. */
struct relay *relay_new(struct link *link,
                        void (*answer)(void *context, void *asker, const struct frame *frame), void *context);
void relay_free(struct relay **relay);

/* Numbers of requests that a job of this host makes by itself: they are none of the table's, and the server's
 * OUTCOME tells by them which job it refuses. */
enum relay_of_job { RELAY_RESTART, RELAY_MANNER };
uint32_t relay_number_of_job(enum relay_of_job kind, uint64_t job);

/* Passes a request on; without a connection, or when too many wait, the answer is an OUTCOME. */
void relay_ask(struct relay *relay, void *asker, const struct frame *frame);
/* DOCUMENT_CREDIT for a request that was passed on. */
void relay_credit(struct relay *relay, void *asker, const struct frame *frame);
/* UPLOAD_BEGIN, UPLOAD_DATA or UPLOAD_END; one that does not follow what came before gives the upload up, and
 * the answer is an OUTCOME. A SERVICE_REQUEST that is asked later may name it. */
void relay_upload(struct relay *relay, void *asker, const struct frame *frame);
/* The asker is gone: its answers are dropped, its uploads given up. */
void relay_forget(struct relay *relay, void *asker);

/* From the server. False when it answers none of our requests. */
bool relay_take(struct relay *relay, const struct frame *frame);
/* The connection has ended: everybody is told. */
void relay_link_down(struct relay *relay);

#endif
