/* The bad network: connections through the proxy, and the faults that are on order for them. */
#ifndef RIG_LINK_NETWORK_H
#define RIG_LINK_NETWORK_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct link_network;

/* What is wrong with the network now. Bytes are those of payload from clients to the server, counted from the
   order on over all connections; 0 means 'not ordered'. */
struct link_faults {
    bool refuse;             /* new connections are reset */
    bool dark;               /* new connections go nowhere: accepted, everything swallowed */
    double stalled_until;    /* seconds of link_now: nothing moves before */
    double rate;             /* bytes per second of each direction of each connection; 0 for no limit */
    double delay;            /* seconds, one way */
    uint64_t corrupt_in;     /* the byte so many bytes from here gets a bit flipped (1: the next) */
    uint64_t cut_in;         /* all connections are reset after so many more bytes */
    uint64_t cut_every;      /* what cut_in becomes after a cut, */
    unsigned long cuts_left; /* so many times */
};

struct link_counts {
    uint64_t to_server, to_client; /* bytes that were handed on */
    uint64_t swallowed;            /* bytes that went nowhere */
    unsigned long connections, refused, cuts, corrupted;
    unsigned long open; /* now */
};

/* A network to the server at `address`. Returns NULL without memory. The caller frees it with
 * link_network_free. */
struct link_network *link_network_new(struct event_base *base, const struct sockaddr *address,
                                      socklen_t length);

/* Drops all connections, frees and clears *network; safe on NULL. */
void link_network_free(struct link_network **network);

/* Takes a new client connection; the descriptor belongs to the network from here on. */
void link_network_accept(struct link_network *network, evutil_socket_t client);

/* The faults, to read and to change; after a change link_network_changed lets all connections see it. */
struct link_faults *link_network_faults(struct link_network *network);
void link_network_changed(struct link_network *network);

/* Ends all connections at once: with a reset, or with an orderly end of stream. */
void link_network_cut(struct link_network *network, bool reset);

/* All open connections go dark for good: they stay open and swallow everything, in both directions. */
void link_network_darken(struct link_network *network);

struct link_counts link_network_counts(const struct link_network *network);

/* Seconds on a clock that only goes forward. */
double link_now(void);

#endif
