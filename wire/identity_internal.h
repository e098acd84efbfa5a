/* What is inside an identity, for wire/identity*.c and wire/tls*.c alone. */
#ifndef DESKLINE_WIRE_IDENTITY_INTERNAL_H
#define DESKLINE_WIRE_IDENTITY_INTERNAL_H

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "wire/identity.h"

struct identity {
    EVP_PKEY *key;
    X509 *certificate; /* NULL while a client enrols; an authority's is `authority`, too */
    X509 *authority;
};

/* Puts a sentence into `why`, with OpenSSL's own reason behind it, empties OpenSSL's error queue, and returns
 * `error`. */
int identity_fail(int error, char why[IDENTITY_WHY_BYTES], const char *sentence);
/* ECDSA on P-256 and nothing else. */
bool identity_key_is_p256(const EVP_PKEY *key);
/* SHA-256 over the SubjectPublicKeyInfo. 0 or -EIO. */
int identity_key_digest(const X509 *certificate, uint8_t digest[IDENTITY_DIGEST_BYTES]);
int identity_common_name(const X509 *certificate, char *name, size_t size);
/* Whether key, certificate and authority belong together (issued by it, over this key). */
bool identity_belongs_together(const struct identity *identity);

#endif
