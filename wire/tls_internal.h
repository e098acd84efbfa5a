/* Shared by wire/tls_*.c. */
#ifndef DESKLINE_WIRE_TLS_INTERNAL_H
#define DESKLINE_WIRE_TLS_INTERNAL_H

#include <openssl/ssl.h>

#include "wire/tls.h"

struct tls_context {
    SSL_CTX *ssl;
    bool is_server;
};

struct tls_session {
    SSL *ssl;
    int fd;
    uint8_t *out; /* encrypted, not sent yet: out_start … out_end of out_size */
    size_t out_size, out_start, out_end;
    void *reserve;                         /* see tls_session_heard_hello */
    uint8_t peer_digest[TLS_DIGEST_BYTES]; /* unless it is anonymous */
    enum tls_failure failure;
    char *why; /* NULL while nothing has failed */
};

/* A server's callback for SSL_CTX_set_client_hello_cb. */
int tls_session_heard_hello(SSL *ssl, int *alert, void *argument);
/* The handshake is over: keeps what is asked about the other side, and lets go of the rest. 0 or -EIO. */
int tls_peer_remember(struct tls_session *session);

#endif
