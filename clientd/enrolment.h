/*
 * Making this host known to a server, once: the token is redeemed for a certificate, which is kept in the
 * state folder with the server's address. One enrolment at a time.
 */
#ifndef DESKLINE_CLIENTD_ENROLMENT_H
#define DESKLINE_CLIENTD_ENROLMENT_H

#include <stdint.h>

struct enrolment;
struct identity;
struct loop;
struct peer_sweep;
struct worker_pool;

/* What is there from an earlier enrolment: *identity (the caller frees it) and the server's address. -ENOENT
 * when this host is not enrolled; other errors are logged. Blocks. */
int enrolment_load(int state_fd, struct identity **identity, char *address, unsigned address_size);

/* Called once: `identity` is kept in the state folder already and now the callee's; or NULL with a code of
 * errors.def and one sentence. The enrolment may be freed in here. */
typedef void (*enrolment_done)(void *context, struct identity *identity, const char *address, uint16_t code,
                               const char *text);

/* `server` replaces the token's address, unless it is empty. -EBADMSG when the token is none: nothing is
 * called. */
int enrolment_start(struct enrolment **enrolment, struct loop *loop, struct peer_sweep *sweep,
                    struct worker_pool *pool, int state_fd, const char *token, const char *server,
                    enrolment_done done, void *context);
/* Nothing is called any more. Safe on NULL; clears *enrolment. */
void enrolment_free(struct enrolment **enrolment);

#endif
