#include "config.h"

#include "tests/rig/link_control.h"

#include "tests/rig/link_orders.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_BYTES 512

struct orderer {
    struct link_control *control;
    struct orderer *next;
    struct event *readable;
    struct evbuffer *input;
    int in, out;
};

struct link_control {
    struct event_base *base;
    struct link_network *network;
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
    int listener;
    struct event *incoming;
    struct orderer *orderers;
};

static void orderer_free(struct orderer *orderer)
{
    struct orderer **place = &orderer->control->orderers;

    while (*place != NULL && *place != orderer)
        place = &(*place)->next;
    if (*place == orderer)
        *place = orderer->next;
    if (orderer->readable != NULL)
        event_free(orderer->readable);
    if (orderer->input != NULL)
        evbuffer_free(orderer->input);
    if (orderer->in > STDERR_FILENO)
        close(orderer->in);
    free(orderer);
}

/* An answer is one short line: whoever has not read a whole socket buffer of them is not waited for. */
static int answer(const struct orderer *orderer, char *line)
{
    char text[LINE_BYTES];
    size_t length;

    link_order(orderer->control->network, line, text, sizeof text - 1);
    length = strlen(text);
    text[length++] = '\n';
    return write(orderer->out, text, length) == (ssize_t)length ? 0 : -EIO;
}

static void on_line(evutil_socket_t fd, short what, void *context)
{
    struct orderer *orderer = context;
    int n = evbuffer_read(orderer->input, fd, LINE_BYTES);
    int error = 0;
    char *line;

    (void)what;
    while (error == 0 && (line = evbuffer_readln(orderer->input, NULL, EVBUFFER_EOL_LF)) != NULL) {
        error = answer(orderer, line);
        free(line);
    }
    if (n == 0 || (n < 0 && errno != EAGAIN) || error != 0 ||
        evbuffer_get_length(orderer->input) > LINE_BYTES)
        orderer_free(orderer);
}

static int add_orderer(struct link_control *control, int in, int out)
{
    struct orderer *orderer = calloc(1, sizeof *orderer);

    if (orderer == NULL)
        return -ENOMEM;
    orderer->control = control;
    orderer->in = in;
    orderer->out = out;
    orderer->next = control->orderers;
    control->orderers = orderer;
    orderer->input = evbuffer_new();
    orderer->readable = event_new(control->base, in, EV_READ | EV_PERSIST, on_line, orderer);
    if (orderer->input == NULL || orderer->readable == NULL || event_add(orderer->readable, NULL) != 0) {
        orderer_free(orderer);
        return -ENOMEM;
    }
    return 0;
}

static void on_incoming(evutil_socket_t fd, short what, void *context)
{
    int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)what;
    if (peer >= 0)
        add_orderer(context, peer, peer);
}

static int listen_at(struct link_control *control, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    strcpy(control->path, path);
    unlink(path);
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (control->listener < 0 || bind(control->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(control->listener, 8) != 0)
        return -errno;
    control->incoming =
        event_new(control->base, control->listener, EV_READ | EV_PERSIST, on_incoming, control);
    return control->incoming != NULL && event_add(control->incoming, NULL) == 0 ? 0 : -ENOMEM;
}

int link_control_open(struct event_base *base, struct link_network *network, const char *path,
                      struct link_control **out)
{
    struct link_control *control = calloc(1, sizeof *control);
    int error = 0;

    if (control == NULL)
        return -ENOMEM;
    control->base = base;
    control->network = network;
    control->listener = -1;
    if (path != NULL)
        error = listen_at(control, path);
    if (error != 0)
        link_control_close(&control);
    *out = control;
    return error;
}

int link_control_add_stdin(struct link_control *control)
{
    return add_orderer(control, STDIN_FILENO, STDOUT_FILENO);
}

void link_control_close(struct link_control **control)
{
    if (*control == NULL)
        return;
    while ((*control)->orderers != NULL)
        orderer_free((*control)->orderers);
    if ((*control)->incoming != NULL)
        event_free((*control)->incoming);
    if ((*control)->listener >= 0) {
        close((*control)->listener);
        unlink((*control)->path);
    }
    free(*control);
    *control = NULL;
}
