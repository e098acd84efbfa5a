/* link-proxy: a TCP proxy that is a bad network on order. README.md beside this file describes the orders. */
#include "config.h"

#include "tests/rig/link_control.h"
#include "tests/rig/link_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    const char *listen, *to, *control;
    bool standard_input;
};

struct proxy {
    struct event_base *base;
    struct link_network *network;
    struct link_control *control;
    struct evconnlistener *listener;
    struct event *stops[2];
};

static int usage(void)
{
    fprintf(stderr, "usage: link-proxy --listen ADDRESS:PORT --to HOST:PORT [--control SOCKET] [--stdin]\n");
    return 2;
}

static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
                                            {"to", required_argument, NULL, 't'},
                                            {"control", required_argument, NULL, 'c'},
                                            {"stdin", no_argument, NULL, 's'},
                                            {0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'l':
            arguments->listen = optarg;
            break;
        case 't':
            arguments->to = optarg;
            break;
        case 'c':
            arguments->control = optarg;
            break;
        case 's':
            arguments->standard_input = true;
            break;
        default:
            return -EINVAL;
        }
    }
    return arguments->listen != NULL && arguments->to != NULL && optind == argc ? 0 : -EINVAL;
}

/* HOST:PORT to an address; the last colon divides. */
static int resolve(const char *text, struct sockaddr_storage *address, socklen_t *length)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    const char *colon = strrchr(text, ':');
    char host[256];
    int status;

    if (colon == NULL || (size_t)(colon - text) >= sizeof host)
        return -EINVAL;
    snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    status = getaddrinfo(host, colon + 1, &hints, &found);
    if (status != 0) {
        fprintf(stderr, "link-proxy: %s: %s\n", text, gai_strerror(status));
        return -EINVAL;
    }
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

static void on_client(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int length, void *context)
{
    (void)listener;
    (void)address;
    (void)length;
    link_network_accept(context, fd);
}

static void on_stop(evutil_socket_t signal_number, short what, void *context)
{
    (void)signal_number;
    (void)what;
    event_base_loopbreak(context);
}

static void tell_port(struct evconnlistener *listener)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &length) == 0 &&
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        printf("listening on %s:%s\n", host, port);
    fflush(stdout);
}

static int proxy_open(struct proxy *proxy, const struct arguments *arguments)
{
    static const int signals[2] = {SIGTERM, SIGINT};
    struct sockaddr_storage listen_at, to;
    socklen_t listen_length, to_length;
    int error = -EINVAL;

    if (resolve(arguments->listen, &listen_at, &listen_length) != 0 ||
        resolve(arguments->to, &to, &to_length) != 0)
        return error;
    proxy->base = event_base_new();
    if (proxy->base == NULL)
        return -ENOMEM;
    proxy->network = link_network_new(proxy->base, (struct sockaddr *)&to, to_length);
    if (proxy->network == NULL)
        return -ENOMEM;
    error = link_control_open(proxy->base, proxy->network, arguments->control, &proxy->control);
    if (error == 0 && arguments->standard_input)
        error = link_control_add_stdin(proxy->control);
    if (error != 0)
        return error;
    for (int i = 0; i < 2; i++) {
        proxy->stops[i] = evsignal_new(proxy->base, signals[i], on_stop, proxy->base);
        if (proxy->stops[i] == NULL || event_add(proxy->stops[i], NULL) != 0)
            return -ENOMEM;
    }
    proxy->listener =
        evconnlistener_new_bind(proxy->base, on_client, proxy->network,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 512,
                                (struct sockaddr *)&listen_at, (int)listen_length);
    return proxy->listener != NULL ? 0 : -errno;
}

static void proxy_close(struct proxy *proxy)
{
    if (proxy->listener != NULL)
        evconnlistener_free(proxy->listener);
    for (int i = 0; i < 2; i++)
        if (proxy->stops[i] != NULL)
            event_free(proxy->stops[i]);
    link_control_close(&proxy->control);
    link_network_free(&proxy->network);
    if (proxy->base != NULL)
        event_base_free(proxy->base);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct proxy proxy = {0};
    int error;

    if (parse_arguments(argc, argv, &arguments) != 0)
        return usage();
    signal(SIGPIPE, SIG_IGN);
    error = proxy_open(&proxy, &arguments);
    if (error == 0) {
        tell_port(proxy.listener);
        event_base_dispatch(proxy.base);
    } else {
        fprintf(stderr, "link-proxy: cannot start: %s\n", strerror(-error));
    }
    proxy_close(&proxy);
    return error == 0 ? 0 : 1;
}
