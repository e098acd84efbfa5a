#include "config.h"

#include "serviced/front/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"

#define BACKLOG          512
#define ACCEPT_AT_A_TIME 64
#define PAUSE_MS         200u /* when there is no descriptor left */

struct listener {
    int fd;
    struct event *event;
    struct loop_timer *pause;
    listener_accept on_accept;
    void *context;
    char address[LISTENER_ADDRESS_BYTES];
    char *path; /* of a Unix socket */
};

/* ---- Connections come --------------------------------------------------------------------------------- */

static void describe(const struct sockaddr_storage *from, socklen_t length, char *host, size_t host_size,
                     char *address, size_t address_size)
{
    char port[8];
    if (from->ss_family == AF_UNIX ||
        getnameinfo((const struct sockaddr *)from, length, host, (socklen_t)host_size, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(host, host_size, "local");
        snprintf(address, address_size, "control");
        return;
    }
    snprintf(address, address_size, from->ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static void on_connection(evutil_socket_t socket_fd, short what, void *context)
{
    struct listener *listener = context;
    (void)socket_fd, (void)what;
    for (int i = 0; i < ACCEPT_AT_A_TIME; i++) {
        struct sockaddr_storage from = {0};
        socklen_t length = sizeof from;
        char host[64], address[LISTENER_ADDRESS_BYTES];
        int fd = accept4(listener->fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            log_error("no connection can be accepted for a moment: %s", strerror(errno));
            event_del(listener->event);
            loop_timer_start(listener->pause, PAUSE_MS);
            return;
        }
        if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (fd < 0)
            continue; /* that one has gone again */
        describe(&from, length, host, sizeof host, address, sizeof address);
        listener->on_accept(listener->context, fd, host, address);
    }
}

static void go_on(void *context)
{
    struct listener *listener = context;
    event_add(listener->event, NULL);
}

/* Takes the descriptor, also on failure. */
static int start(struct listener *listener, struct loop *loop)
{
    if (listen(listener->fd, BACKLOG) < 0)
        return -errno;
    listener->pause = loop_timer_new(loop, go_on, listener);
    listener->event = event_new(loop_base(loop), listener->fd, EV_READ | EV_PERSIST, on_connection, listener);
    if (!listener->event || event_add(listener->event, NULL) < 0)
        return -ENOMEM;
    return 0;
}

static struct listener *listener_new(listener_accept on_accept, void *context)
{
    struct listener *listener = memory_new(sizeof *listener);
    listener->fd = -1;
    listener->on_accept = on_accept;
    listener->context = context;
    return listener;
}

/* ---- TCP ---------------------------------------------------------------------------------------------- */

/* Splits "HOST:PORT" or "[HOST]:PORT" in place. */
static bool split(char *text, char **host, char **port)
{
    char *colon = strrchr(text, ':');
    if (!colon || !colon[1] || strlen(colon + 1) > 5 || colon[1 + strspn(colon + 1, "0123456789")])
        return false;
    *colon = '\0';
    *port = colon + 1;
    *host = text;
    if (text[0] == '[' && colon > text + 1 && colon[-1] == ']') {
        colon[-1] = '\0';
        *host = text + 1;
    }
    return **host && atoi(*port) <= 65535;
}

static int bind_tcp(struct listener *listener, const struct addrinfo *at)
{
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof bound;
    char host[64];
    listener->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return -errno;
    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener->fd, at->ai_addr, at->ai_addrlen) < 0 ||
        getsockname(listener->fd, (struct sockaddr *)&bound, &length) < 0)
        return -errno;
    describe(&bound, length, host, sizeof host, listener->address, sizeof listener->address);
    return 0;
}

int listener_open_tcp(struct listener **listener, struct loop *loop, const char *address,
                      listener_accept on_accept, void *context, char why[LISTENER_WHY_BYTES])
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM},
                    *found = NULL;
    struct listener *made = listener_new(on_accept, context);
    char *copy = memory_text(address), *host, *port;
    int result = -EINVAL;

    if (!split(copy, &host, &port)) {
        snprintf(why, LISTENER_WHY_BYTES, "'%s' is not an ADDRESS:PORT to listen on", address);
    } else if (getaddrinfo(host, port, &hints, &found) != 0) {
        snprintf(why, LISTENER_WHY_BYTES, "'%s' is not an address of this host: give one in listen", host);
    } else {
        result = bind_tcp(made, found);
        if (result == 0)
            result = start(made, loop);
        if (result == -EADDRINUSE)
            snprintf(why, LISTENER_WHY_BYTES, "%s is taken: stop what listens there, or choose another port",
                     address);
        else if (result < 0)
            snprintf(why, LISTENER_WHY_BYTES, "cannot listen on %s: %s", address, strerror(-result));
    }
    if (found)
        freeaddrinfo(found);
    free(copy);
    if (result < 0)
        listener_close(&made);
    *listener = made;
    return result;
}

/* ---- Unix --------------------------------------------------------------------------------------------- */

/* Whether somebody listens there. */
static bool is_alive(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool alive = fd >= 0 && (connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return alive;
}

static int make_folder(const char *path)
{
    int result = 0;
    char *folder = memory_text(path), *slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = '\0';
        if (access(folder, F_OK) < 0) { /* made without a wait for others' groups: 0755, as /run/NAME is */
            int fd = blob_folder(folder);
            result = fd < 0 ? fd : fchmod(fd, 0755) < 0 ? -errno : 0;
            if (fd >= 0)
                close(fd);
        }
    }
    free(folder);
    return result;
}

static int bind_unix(struct listener *listener, const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct stat status;
    mode_t before;
    int result;
    if (strlen(path) >= sizeof at.sun_path)
        return -ENAMETOOLONG;
    memcpy(at.sun_path, path, strlen(path));
    result = make_folder(path);
    if (result < 0)
        return result;
    if (lstat(path, &status) == 0) {
        if (!S_ISSOCK(status.st_mode))
            return -EEXIST;
        if (is_alive(&at))
            return -EADDRINUSE;
        unlink(path);
    }
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return -errno;
    before = umask(0117);
    if (bind(listener->fd, (struct sockaddr *)&at, sizeof at) < 0)
        result = -errno;
    else
        listener->path = memory_text(path);
    umask(before);
    return result;
}

int listener_open_unix(struct listener **listener, struct loop *loop, const char *path,
                       listener_accept on_accept, void *context, char why[LISTENER_WHY_BYTES])
{
    struct listener *made = listener_new(on_accept, context);
    int result = bind_unix(made, path);
    if (result == 0)
        result = start(made, loop);
    if (result == -EADDRINUSE)
        snprintf(why, LISTENER_WHY_BYTES, "the control socket %s is in use: serviced runs already", path);
    else if (result == -EEXIST)
        snprintf(why, LISTENER_WHY_BYTES, "%s is not a socket: remove it, or choose another control socket",
                 path);
    else if (result < 0)
        snprintf(why, LISTENER_WHY_BYTES, "the control socket %s cannot be made: %s", path,
                 strerror(-result));
    snprintf(made->address, sizeof made->address, "%s", path);
    if (result < 0)
        listener_close(&made);
    *listener = made;
    return result;
}

const char *listener_address(const struct listener *listener)
{
    return listener->address;
}

void listener_close(struct listener **listener)
{
    struct listener *old = *listener;
    if (!old)
        return;
    if (old->event)
        event_free(old->event);
    loop_timer_free(&old->pause);
    if (old->fd >= 0)
        close(old->fd);
    if (old->path)
        unlink(old->path);
    free(old->path);
    free(old);
    *listener = NULL;
}
