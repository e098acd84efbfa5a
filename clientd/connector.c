#include "config.h"

#include "clientd/connector.h"

#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/memory.h"
#include "base/worker.h"

#define ATTEMPT_S  5
#define WHY_BYTES  256
#define HOST_BYTES 256

/* What the worker is busy with: outlives a connector that was given up meanwhile. */
struct lookup {
    struct connector *connector; /* NULL: nobody wants it any more */
    char host[HOST_BYTES], port[8];
    struct addrinfo *found;
    int problem; /* of getaddrinfo */
};

struct connector {
    struct loop *loop;
    struct worker_strand *strand;
    struct lookup *lookup; /* under way */
    struct addrinfo *addresses, *next;
    struct event *event;
    int fd;
    char address[HOST_BYTES + 16];
    char why[WHY_BYTES];
    connector_done done;
    void *context;
};

static void lookup_done(void *context, int result);
static void try_next(struct connector *connector);
static void attempt_over(evutil_socket_t fd, short what, void *context);

static bool split(const char *address, struct lookup *lookup)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;
    if (length > 2 && address[0] == '[' && address[length - 1] == ']') {
        address++;
        length -= 2;
    } else if (memchr(address, ':', length)) {
        return false; /* IPv6 without brackets */
    }
    if (length == 0 || length >= sizeof lookup->host || !colon[1] ||
        strlen(colon + 1) >= sizeof lookup->port || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    memcpy(lookup->host, address, length);
    snprintf(lookup->port, sizeof lookup->port, "%s", colon + 1);
    return true;
}

static int look_up(void *context)
{
    struct lookup *lookup = context;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    lookup->problem = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->found);
    return 0;
}

int connector_start(struct connector **connector, struct loop *loop, struct worker_pool *pool,
                    const char *address, connector_done done, void *context)
{
    struct lookup *lookup = memory_new(sizeof *lookup);
    *connector = NULL;
    if (!split(address, lookup)) {
        free(lookup);
        return -EINVAL;
    }
    struct connector *made = memory_new(sizeof *made);
    made->loop = loop;
    made->strand = worker_strand_new(pool);
    made->lookup = lookup;
    made->fd = -1;
    made->done = done;
    made->context = context;
    snprintf(made->address, sizeof made->address, "%s", address);
    lookup->connector = made;
    worker_submit(made->strand, look_up, lookup_done, lookup);
    *connector = made;
    return 0;
}

static void lookup_done(void *context, int result)
{
    struct lookup *lookup = context;
    struct connector *connector = lookup->connector;
    (void)result;
    if (!connector) {
        if (lookup->found)
            freeaddrinfo(lookup->found);
        free(lookup);
        return;
    }
    connector->lookup = NULL;
    connector->addresses = connector->next = lookup->problem ? NULL : lookup->found;
    snprintf(connector->why, sizeof connector->why, "the server's name in %.150s cannot be looked up: %s",
             connector->address, lookup->problem ? gai_strerror(lookup->problem) : "no address");
    free(lookup);
    try_next(connector);
}

static void finish(struct connector *connector, int fd)
{
    connector->fd = -1;
    connector->done(connector->context, fd, connector->why);
}

static void note(struct connector *connector, int error)
{
    snprintf(connector->why, sizeof connector->why, "the server at %.150s cannot be reached: %s",
             connector->address, strerror(error));
}

static void try_next(struct connector *connector)
{
    const struct timeval limit = {.tv_sec = ATTEMPT_S};
    for (struct addrinfo *at; (at = connector->next);) {
        connector->next = at->ai_next;
        connector->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connector->fd >= 0 &&
            (connect(connector->fd, at->ai_addr, at->ai_addrlen) == 0 || errno == EINPROGRESS)) {
            connector->event =
                event_new(loop_base(connector->loop), connector->fd, EV_WRITE, attempt_over, connector);
            if (connector->event && event_add(connector->event, &limit) == 0)
                return;
            errno = ENOMEM;
        }
        note(connector, errno);
        if (connector->fd >= 0)
            close(connector->fd);
        connector->fd = -1;
    }
    finish(connector, -1);
}

static void attempt_over(evutil_socket_t fd, short what, void *context)
{
    struct connector *connector = context;
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    event_free(connector->event);
    connector->event = NULL;
    if (!(what & EV_TIMEOUT) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        error = errno;
    if (!error) {
        finish(connector, fd);
        return;
    }
    note(connector, error);
    close(fd);
    connector->fd = -1;
    try_next(connector);
}

void connector_free(struct connector **connector)
{
    struct connector *old = *connector;
    *connector = NULL;
    if (!old)
        return;
    if (old->lookup)
        old->lookup->connector = NULL;
    if (old->event)
        event_free(old->event);
    if (old->fd >= 0)
        close(old->fd);
    if (old->addresses)
        freeaddrinfo(old->addresses);
    worker_strand_free(&old->strand);
    free(old);
}
