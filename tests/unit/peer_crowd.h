/* A crowd of TLS clients that shake hands with a server all at once, and then keep still. */
#ifndef DESKLINE_TESTS_UNIT_PEER_CROWD_H
#define DESKLINE_TESTS_UNIT_PEER_CROWD_H

#include "wire/tls.h"

struct peer_crowd {
    double handshakes_per_s;
    double resident_kib; /* by which the server has grown for each of them, a while after they came */
};
/* The clients are a process of their own, and gone afterwards, as are the server's peers. Aborts when
 * something goes wrong. */
struct peer_crowd peer_crowd_run(struct tls_context *server, struct tls_context *client, unsigned count);

#endif
