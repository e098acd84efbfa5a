/* Shared by wire/tls_context.c and wire/tls_session.c. */
#ifndef DESKLINE_WIRE_TLS_INTERNAL_H
#define DESKLINE_WIRE_TLS_INTERNAL_H

#include <openssl/ssl.h>

#include "wire/tls.h"

struct tls_context {
    SSL_CTX *ssl;
    bool is_server;
};

#endif
