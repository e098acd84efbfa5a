/* Sockets that wait for connections: TCP for clients, a Unix socket for operators. */
#ifndef DESKLINE_SERVICED_FRONT_LISTENER_H
#define DESKLINE_SERVICED_FRONT_LISTENER_H

#include <stddef.h>

struct listener;
struct loop;

#define LISTENER_WHY_BYTES     512
#define LISTENER_ADDRESS_BYTES 80

/* The descriptor (close-on-exec) is the callee's. `host`: what limits count by; `address`: "HOST:PORT". */
typedef void (*listener_accept)(void *context, int fd, const char *host, const char *address);

/* "ADDRESS:PORT", an IPv6 address in brackets. -EINVAL for another text, else a negative errno, with a
 * sentence. */
int listener_open_tcp(struct listener **listener, struct loop *loop, const char *address,
                      listener_accept on_accept, void *context, char why[LISTENER_WHY_BYTES]);
/* A socket of mode 0660; its folder is made when it is missing. A socket that nobody listens on any more is
 * replaced; one that somebody does is -EADDRINUSE. */
int listener_open_unix(struct listener **listener, struct loop *loop, const char *path,
                       listener_accept on_accept, void *context, char why[LISTENER_WHY_BYTES]);
/* Where it listens: the port that was taken for port 0. */
const char *listener_address(const struct listener *listener);
/* Removes a Unix socket's file. Safe on NULL. */
void listener_close(struct listener **listener);

#endif
