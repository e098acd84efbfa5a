/*
 * TLS 1.3 over non-blocking sockets, mutual, with the site's own authority.
 *
 * Who is who: a server is whoever has a certificate of our authority for serverAuth; host names are not
 * looked at, since the authority issues for nobody else. A client without a certificate gets through the
 * handshake and is reported as anonymous: it may enrol, and nothing else. A client with a certificate that
 * does not hold (foreign, expired, for another purpose) does not get through. The registry's check of the
 * key's digest comes on top.
 *
 * What is written is encrypted into a buffer of the session and goes to the socket in one piece: four records
 * in one system call. The buffer is there only while something waits in it.
 */
#ifndef DESKLINE_WIRE_TLS_H
#define DESKLINE_WIRE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_WHY_BYTES    256
#define TLS_DIGEST_BYTES 32
#define TLS_WRITE_MAX    65536u /* bytes of one tls_write */

struct identity;
struct tls_context;
struct tls_session;

/* Contexts may be freed while sessions made from them live. Errors: negative errno and a sentence. */
int tls_context_new_server(struct tls_context **context, const struct identity *server,
                           char why[TLS_WHY_BYTES]);
int tls_context_new_client(struct tls_context **context, const struct identity *client,
                           char why[TLS_WHY_BYTES]);
/* A client that has no certificate yet: the server's chain has to end in a certificate with this SHA-256
 * digest. */
int tls_context_new_enrolling(struct tls_context **context, const uint8_t authority_digest[TLS_DIGEST_BYTES],
                              char why[TLS_WHY_BYTES]);
void tls_context_free(struct tls_context **context);

enum tls_result {
    TLS_DONE,
    TLS_WANT_READ,  /* again when the socket is readable */
    TLS_WANT_WRITE, /* again when the socket is writable */
    TLS_EOF,        /* the other side has ended the connection in order */
    TLS_FAILED,     /* tls_why says what happened; only freeing is left */
};

/* The descriptor (connected, non-blocking) stays the caller's and has to outlive the session. */
int tls_session_new(struct tls_session **session, struct tls_context *context, int fd);
/* Until it is done, nothing else may be called but tls_flush, tls_why, tls_failure and
 * tls_session_free. */
enum tls_result tls_handshake(struct tls_session *session);
/* *length bytes into `bytes` when done. */
enum tls_result tls_read(struct tls_session *session, void *bytes, size_t room, size_t *length);
/* Takes all of the 1 … TLS_WRITE_MAX bytes (done) or none of them (want-write: tls_flush first). */
enum tls_result tls_write(struct tls_session *session, const void *bytes, size_t length);
/* Sends what was encrypted: done when nothing waits any more. */
enum tls_result tls_flush(struct tls_session *session);
/* Announces the end of what this side sends; tls_flush sends it. */
void tls_close(struct tls_session *session);
/* Bytes are inside the session that no event of the socket will announce. */
bool tls_has_pending(const struct tls_session *session);
/* Gives back what a session holds only to be fast: for when nothing has moved for a while. */
void tls_relax(struct tls_session *session);

enum tls_failure {
    TLS_FAILURE_LINK,     /* the connection broke or was cut */
    TLS_FAILURE_TRUST,    /* a certificate does not hold, here or at the other side */
    TLS_FAILURE_PROTOCOL, /* this is no TLS 1.3, or it was tampered with */
};
enum tls_failure tls_failure(const struct tls_session *session);
/* What failed, for a log: one phrase without a newline. */
const char *tls_why(const struct tls_session *session);

/* Valid after the handshake. */
bool tls_peer_is_anonymous(const struct tls_session *session);
/* SHA-256 of the other side's public key (SubjectPublicKeyInfo). -ENOENT when it is anonymous. */
int tls_peer_digest(const struct tls_session *session, uint8_t digest[TLS_DIGEST_BYTES]);
/* The common name in the other side's certificate; cut never: -ENAMETOOLONG. -ENOENT when it is anonymous. */
int tls_peer_name(const struct tls_session *session, char *name, size_t size);

void tls_session_free(struct tls_session **session);

#endif
