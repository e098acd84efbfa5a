/*
 * From "HOST:PORT" to a connected socket: the name is looked up on a worker (it may block), then its
 * addresses are tried one after the other, each for at most 5 s.
 */
#ifndef DESKLINE_CLIENTD_CONNECTOR_H
#define DESKLINE_CLIENTD_CONNECTOR_H

struct connector;
struct loop;
struct worker_pool;

/* Called once: a connected, non-blocking socket that the callee owns, or -1 with one sentence. The connector
 * may be freed in here. */
typedef void (*connector_done)(void *context, int fd, const char *why);

/* -EINVAL when `address` is not HOST:PORT or [HOST]:PORT: then nothing is called. */
int connector_start(struct connector **connector, struct loop *loop, struct worker_pool *pool,
                    const char *address, connector_done done, void *context);
/* Nothing is called any more. Safe on NULL; clears *connector. */
void connector_free(struct connector **connector);

#endif
