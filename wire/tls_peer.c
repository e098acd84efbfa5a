/* Who the other side of a TLS connection is. */
#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <string.h>

#include "wire/identity_internal.h"
#include "wire/tls_internal.h"

/* A key that nobody has and that can verify nothing: it is for key agreement. */
static EVP_PKEY *nobodys_key;

static void make_nobodys_key(void)
{
    static const uint8_t point[32] = {9};
    nobodys_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, sizeof point);
}

/* OpenSSL keeps the other side's certificate as long as the connection, with its key in a form that is made
 * for verifying: 2 KiB. The handshake was the only one to verify anything with it (TLS 1.3 has no
 * renegotiation, and authentication after the handshake is not offered), and all that is asked for later is
 * the digest. Where the key cannot be taken out it stays, and nothing is lost but the memory. */
static void drop_key(X509 *certificate)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_nobodys_key);
    if (nobodys_key)
        X509_set_pubkey(certificate, nobodys_key);
    ERR_clear_error();
}

int tls_peer_remember(struct tls_session *session)
{
    X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    if (!certificate)
        return 0;
    int error = identity_key_digest(certificate, session->peer_digest);
    if (!error)
        drop_key(certificate);
    return error;
}

bool tls_peer_is_anonymous(const struct tls_session *session)
{
    return SSL_get0_peer_certificate(session->ssl) == NULL;
}

int tls_peer_digest(const struct tls_session *session, uint8_t digest[TLS_DIGEST_BYTES])
{
    if (tls_peer_is_anonymous(session))
        return -ENOENT;
    memcpy(digest, session->peer_digest, TLS_DIGEST_BYTES);
    return 0;
}

int tls_peer_name(const struct tls_session *session, char *name, size_t size)
{
    const X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    return certificate ? identity_common_name(certificate, name, size) : -ENOENT;
}
