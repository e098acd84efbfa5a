/* Preloaded into ippeveprinter, which ends when no avahi-daemon answers, even where it is to announce
   nothing: a client library that agrees to all and does nothing. The printer is also bound to this machine's
   loopback only, and does not end where there is no IPv6. */
#include "config.h"

#include <cups/http.h>
#include <dlfcn.h>
#include <sys/eventfd.h>

/* The calls that are made, as libavahi-client and libavahi-common declare them; the objects are not looked
 * into. */
void *avahi_threaded_poll_new(void);
const void *avahi_threaded_poll_get(void *poll);
int avahi_threaded_poll_start(void *poll);
void avahi_threaded_poll_lock(void *poll);
void avahi_threaded_poll_unlock(void *poll);
void *avahi_client_new(const void *poll, int flags, void *callback, void *argument, int *error);
int avahi_entry_group_free(void *group);

static int object;

void *avahi_threaded_poll_new(void)
{
    return &object;
}

const void *avahi_threaded_poll_get(void *poll)
{
    return poll;
}

int avahi_threaded_poll_start(void *poll)
{
    (void)poll;
    return 0;
}

void avahi_threaded_poll_lock(void *poll)
{
    (void)poll;
}

void avahi_threaded_poll_unlock(void *poll)
{
    (void)poll;
}

void *avahi_client_new(const void *poll, int flags, void *callback, void *argument, int *error)
{
    (void)poll, (void)flags, (void)callback, (void)argument;
    *error = 0;
    return &object;
}

int avahi_entry_group_free(void *group)
{
    (void)group;
    return 0;
}

int httpAddrListen(http_addr_t *address, int port)
{
    int (*listen_on)(http_addr_t *, int);
    int fd;

    *(void **)&listen_on = dlsym(RTLD_NEXT, "httpAddrListen");
    if (address->addr.sa_family == AF_INET)
        address->ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        address->ipv6.sin6_addr = in6addr_loopback;
    fd = listen_on(address, port);
    /* A descriptor that never has anything to read. */
    return fd < 0 && address->addr.sa_family == AF_INET6 ? eventfd(0, EFD_CLOEXEC) : fd;
}
