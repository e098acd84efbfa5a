/* Who trusts whom: the contexts from which sessions are made. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire/identity_internal.h"
#include "wire/tls_internal.h"

/* AES-128 first: with hardware support it is the fastest of the three, and there is nothing to gain from
 * more. */
#define CIPHERS "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS  "X25519:P-256"

_Static_assert(TLS_WHY_BYTES == IDENTITY_WHY_BYTES, "one buffer serves both");
_Static_assert(TLS_DIGEST_BYTES == IDENTITY_DIGEST_BYTES, "one digest serves both");

/* A certificate with no extended key usage at all would pass OpenSSL's check of the purpose. Ours always have
 * one. */
static int check_purpose_is_stated(int is_ok, X509_STORE_CTX *store)
{
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    if (!is_ok || X509_STORE_CTX_get_error_depth(store) > 0)
        return is_ok;
    if (X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE)
        return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_INVALID_PURPOSE);
    return 0;
}

/* Enrolling: nothing is trusted yet but a digest. The certificate in the chain that has it becomes the root
 * of a store of its own, against which the chain is then verified as usual. */
static int verify_against_digest(X509_STORE_CTX *presented, void *context)
{
    const uint8_t *wanted = context;
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(presented);
    X509 *root = NULL;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    int verified = 0;

    for (int i = 0; i < sk_X509_num(chain) && !root; i++) {
        uint8_t digest[TLS_DIGEST_BYTES];
        unsigned length = sizeof digest;
        X509 *candidate = sk_X509_value(chain, i);
        if (X509_digest(candidate, EVP_sha256(), digest, &length) == 1 &&
            memcmp(digest, wanted, sizeof digest) == 0)
            root = candidate;
    }
    X509_STORE_CTX_set_error(presented, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
    if (root && store && check && X509_STORE_add_cert(store, root) == 1 &&
        X509_STORE_CTX_init(check, store, X509_STORE_CTX_get0_cert(presented), chain) == 1) {
        X509_STORE_CTX_set_default(check, "ssl_server");
        X509_STORE_CTX_set_verify_cb(check, check_purpose_is_stated);
        verified = X509_verify_cert(check) == 1;
        X509_STORE_CTX_set_error(presented, X509_STORE_CTX_get_error(check));
    }
    X509_STORE_CTX_free(check);
    X509_STORE_free(store);
    return verified;
}

static void free_digest(void *parent, void *digest, CRYPTO_EX_DATA *data, int index, long number,
                        void *pointer)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)pointer;
    free(digest);
}

/* Sessions outlive their context, so the digest lives as long as OpenSSL's own, counted, context. */
static int digest_index(void)
{
    static int index = -1;
    if (index < 0)
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_digest);
    return index;
}

static SSL_CTX *new_ssl(const SSL_METHOD *method)
{
    SSL_CTX *ssl = SSL_CTX_new(method);
    if (!ssl)
        return NULL;
    if (SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(ssl, CIPHERS) != 1 || SSL_CTX_set1_groups_list(ssl, GROUPS) != 1) {
        SSL_CTX_free(ssl);
        return NULL;
    }
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(ssl, 0); /* a resumed session would not show its certificate again */
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    /* No chain but what is asked for: the other side has the authority, and would keep a second copy of it
     * for every connection. */
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    return ssl;
}

static bool use_identity(SSL_CTX *ssl, const struct identity *identity)
{
    return SSL_CTX_use_certificate(ssl, identity->certificate) == 1 &&
           SSL_CTX_use_PrivateKey(ssl, identity->key) == 1 && SSL_CTX_check_private_key(ssl) == 1 &&
           X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), identity->authority) == 1;
}

static int finish(struct tls_context **context, SSL_CTX *ssl, bool is_server)
{
    *context = memory_new(sizeof **context);
    **context = (struct tls_context){.ssl = ssl, .is_server = is_server};
    return 0;
}

int tls_context_new_server(struct tls_context **context, const struct identity *server,
                           char why[TLS_WHY_BYTES])
{
    SSL_CTX *ssl = new_ssl(TLS_server_method());
    *context = NULL;
    /* The authority's certificate goes along, for hosts that enrol and know only its digest. */
    if (!ssl || !use_identity(ssl, server) || SSL_CTX_add1_chain_cert(ssl, server->authority) != 1 ||
        SSL_CTX_add_client_CA(ssl, server->authority) != 1) {
        SSL_CTX_free(ssl);
        return identity_fail(-EIO, why, "TLS cannot be set up for the server");
    }
    /* Without FAIL_IF_NO_PEER_CERT: who has no certificate yet may enrol. */
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, check_purpose_is_stated);
    SSL_CTX_set_client_hello_cb(ssl, tls_session_heard_hello, NULL);
    return finish(context, ssl, true);
}

int tls_context_new_client(struct tls_context **context, const struct identity *client,
                           char why[TLS_WHY_BYTES])
{
    SSL_CTX *ssl = new_ssl(TLS_client_method());
    *context = NULL;
    if (!ssl || !use_identity(ssl, client)) {
        SSL_CTX_free(ssl);
        return identity_fail(-EIO, why, "TLS cannot be set up for the client");
    }
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, check_purpose_is_stated);
    return finish(context, ssl, false);
}

int tls_context_new_enrolling(struct tls_context **context, const uint8_t authority_digest[TLS_DIGEST_BYTES],
                              char why[TLS_WHY_BYTES])
{
    SSL_CTX *ssl = new_ssl(TLS_client_method());
    uint8_t *digest = memory_new(TLS_DIGEST_BYTES);
    *context = NULL;
    memcpy(digest, authority_digest, TLS_DIGEST_BYTES);
    if (!ssl || digest_index() < 0 || SSL_CTX_set_ex_data(ssl, digest_index(), digest) != 1) {
        free(digest);
        SSL_CTX_free(ssl);
        return identity_fail(-EIO, why, "TLS cannot be set up for enrolling");
    }
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, verify_against_digest, digest);
    return finish(context, ssl, false);
}

void tls_context_free(struct tls_context **context)
{
    if (!*context)
        return;
    SSL_CTX_free((*context)->ssl);
    free(*context);
    *context = NULL;
}
