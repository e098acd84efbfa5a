#include "config.h"

#include "tests/rig/link_network.h"

#include "tests/rig/link_flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct link {
    struct link_network *network;
    struct link *next, *previous;
    evutil_socket_t client, server; /* server is -1 on a link that was dark from the start */
    struct link_flow up, down;
    struct event *connected; /* while the connection to the server is being made */
    unsigned flows_ended;
};

struct link_network {
    struct event_base *base;
    struct sockaddr_storage address;
    socklen_t address_length;
    struct link_faults faults;
    struct link_counts counts;
    struct link *links;
};

static void close_socket(evutil_socket_t *fd, bool reset)
{
    if (*fd < 0)
        return;
    if (reset)
        setsockopt(*fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(*fd);
    *fd = -1;
}

static void link_free(struct link **link, bool reset)
{
    struct link *l = *link;

    if (l->connected != NULL)
        event_free(l->connected);
    link_flow_clear(&l->up);
    link_flow_clear(&l->down);
    close_socket(&l->client, reset);
    close_socket(&l->server, reset);
    if (l->previous != NULL)
        l->previous->next = l->next;
    else
        l->network->links = l->next;
    if (l->next != NULL)
        l->next->previous = l->previous;
    l->network->counts.open--;
    free(l);
    *link = NULL;
}

/* A cut that was on order has come; the next one of a series is armed. */
static void carry_out_cut(struct link_network *network)
{
    struct link_faults *f = &network->faults;

    link_network_cut(network, true);
    if (f->cut_every != 0 && f->cuts_left > 1) {
        f->cuts_left--;
        f->cut_in = f->cut_every;
    } else {
        f->cut_every = 0;
        f->cuts_left = 0;
    }
}

static void on_flow_event(struct link *link, enum flow_event event)
{
    switch (event) {
    case FLOW_GOES_ON:
        break;
    case FLOW_CUT:
        carry_out_cut(link->network);
        break;
    case FLOW_FAILED:
        link_free(&link, true);
        break;
    case FLOW_ENDED:
        link->flows_ended++;
        if (link->flows_ended == 2 || link->server < 0)
            link_free(&link, false);
        break;
    }
}

static bool is_open(const struct link_network *network, const struct link *link)
{
    for (const struct link *l = network->links; l != NULL; l = l->next)
        if (l == link)
            return true;
    return false;
}

/* Lets both directions go on. The first may end the link, and the other is gone with it. */
static void pump(struct link *link)
{
    struct link_network *network = link->network;

    link_flow_pump(&link->up);
    if (is_open(network, link) && link->server >= 0)
        link_flow_pump(&link->down);
}

static void on_connected(evutil_socket_t fd, short what, void *context)
{
    struct link *link = context;
    int error = 0;
    socklen_t length = sizeof error;

    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
        link_free(&link, true);
        return;
    }
    event_free(link->connected);
    link->connected = NULL;
    pump(link);
}

static int connect_to_server(struct link *link)
{
    struct link_network *network = link->network;
    int one = 1;

    link->server = socket(network->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->server < 0)
        return -errno;
    setsockopt(link->server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(link->server, (struct sockaddr *)&network->address, network->address_length) != 0 &&
        errno != EINPROGRESS)
        return -errno;
    link->connected = event_new(network->base, link->server, EV_WRITE, on_connected, link);
    return link->connected != NULL && event_add(link->connected, NULL) == 0 ? 0 : -ENOMEM;
}

static int start_flows(struct link *link)
{
    struct link_network *n = link->network;
    int error;

    link->up = (struct link_flow){.link = link,
                                  .faults = &n->faults,
                                  .counts = &n->counts,
                                  .report = on_flow_event,
                                  .to_server = true,
                                  .from = link->client,
                                  .to = link->server};
    link->down = (struct link_flow){.link = link,
                                    .faults = &n->faults,
                                    .counts = &n->counts,
                                    .report = on_flow_event,
                                    .from = link->server,
                                    .to = link->client};
    error = link_flow_start(&link->up, n->base);
    return error != 0 ? error : link_flow_start(&link->down, n->base);
}

void link_network_accept(struct link_network *network, evutil_socket_t client)
{
    struct link *link;
    int one = 1, error = 0;

    network->counts.connections++;
    if (network->faults.refuse || (link = calloc(1, sizeof *link)) == NULL) {
        network->counts.refused++;
        close_socket(&client, true);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    link->network = network;
    link->client = client;
    link->server = -1;
    link->next = network->links;
    if (link->next != NULL)
        link->next->previous = link;
    network->links = link;
    network->counts.open++;
    if (!network->faults.dark)
        error = connect_to_server(link);
    if (error == 0)
        error = start_flows(link);
    if (error != 0) {
        link_free(&link, true);
        return;
    }
    if (network->faults.dark) {
        link_flow_darken(&link->up);
        link_flow_pump(&link->up);
    }
}

struct link_network *link_network_new(struct event_base *base, const struct sockaddr *address,
                                      socklen_t length)
{
    struct link_network *network = calloc(1, sizeof *network);

    if (network == NULL || length > sizeof network->address) {
        free(network);
        return NULL;
    }
    network->base = base;
    memcpy(&network->address, address, length);
    network->address_length = length;
    return network;
}

void link_network_free(struct link_network **network)
{
    if (*network == NULL)
        return;
    link_network_cut(*network, true);
    free(*network);
    *network = NULL;
}

struct link_faults *link_network_faults(struct link_network *network)
{
    return &network->faults;
}

void link_network_changed(struct link_network *network)
{
    struct link *next;

    for (struct link *link = network->links; link != NULL; link = next) {
        next = link->next;
        if (link->connected == NULL)
            pump(link);
        /* A pump may have come upon a cut that was on order: all links are gone then. */
        if (network->links == NULL)
            return;
    }
}

void link_network_cut(struct link_network *network, bool reset)
{
    network->counts.cuts += network->links != NULL;
    while (network->links != NULL) {
        struct link *link = network->links;
        link_free(&link, reset);
    }
}

void link_network_darken(struct link_network *network)
{
    for (struct link *link = network->links; link != NULL; link = link->next) {
        link_flow_darken(&link->up);
        link_flow_darken(&link->down);
    }
    link_network_changed(network);
}

struct link_counts link_network_counts(const struct link_network *network)
{
    return network->counts;
}
