/*
 * Keys and certificates: the site's own authority, the server's certificate, the clients'.
 *
 * All keys are ECDSA on P-256. Functions return 0 or a negative errno with one sentence in `why`. An identity
 * is a private key, the certificate that goes with it (not yet there while a client enrols) and the
 * certificate of the authority that issued it.
 */
#ifndef DESKLINE_WIRE_IDENTITY_H
#define DESKLINE_WIRE_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#define IDENTITY_WHY_BYTES    256
#define IDENTITY_DIGEST_BYTES 32
#define IDENTITY_NAME_BYTES   65 /* an X.509 common name has at most 64 characters */

struct identity;

/* The authority: a new key and a certificate over itself, good for ten years. */
int identity_new_authority(struct identity **authority, const char *name, char why[IDENTITY_WHY_BYTES]);
/* A server's identity: a new key, certified for serverAuth. Not good for longer than the authority. */
int identity_new_server(struct identity **server, const struct identity *authority, const char *name,
                        unsigned days, char why[IDENTITY_WHY_BYTES]);
/* A client's identity before it is certified: a new key and, in *request_der (the caller frees it), a PKCS
 * #10 request over it with an empty subject. */
int identity_new_request(struct identity **client, uint8_t **request_der, size_t *request_length,
                         char why[IDENTITY_WHY_BYTES]);

struct identity_client_certificate {
    uint8_t *der; /* the caller frees it */
    size_t length;
    uint8_t digest[IDENTITY_DIGEST_BYTES]; /* of the client's public key: see identity_digest */
};
/* Certifies the key of a request under our `name`: nothing in the request but its key counts. -EBADMSG when
 * the request is malformed, not signed with its own key, or its key is not on P-256. */
int identity_certify_client(const struct identity *authority, const uint8_t *request_der,
                            size_t request_length, const char *name, unsigned days,
                            struct identity_client_certificate *certificate, char why[IDENTITY_WHY_BYTES]);
/* The client takes its certificate: it has to be over its own key, for clientAuth, and issued by the
 * authority whose certificate has the SHA-256 digest `authority_digest` (the token's). -EBADMSG otherwise;
 * the identity stays as it was. */
int identity_accept(struct identity *client, const uint8_t *certificate_der, size_t certificate_length,
                    const uint8_t *authority_der, size_t authority_length,
                    const uint8_t authority_digest[IDENTITY_DIGEST_BYTES], char why[IDENTITY_WHY_BYTES]);

/* NAME.key (mode 0600), NAME.crt and NAME-ca.crt in the folder, all PEM. Durable; they block. An identity is
 * there when NAME.crt is, which is written last. identity_load: -ENOENT when there is none; -EBADMSG when the
 * files do not belong together. */
int identity_store(const struct identity *identity, int folder_fd, const char *name,
                   char why[IDENTITY_WHY_BYTES]);
int identity_load(struct identity **identity, int folder_fd, const char *name, char why[IDENTITY_WHY_BYTES]);

/* SHA-256 of the public key (SubjectPublicKeyInfo): what the registry knows a client by. */
int identity_digest(const struct identity *identity, uint8_t digest[IDENTITY_DIGEST_BYTES]);
/* SHA-256 of the authority's certificate (DER): what a token carries. */
int identity_authority_digest(const struct identity *identity, uint8_t digest[IDENTITY_DIGEST_BYTES]);
/* The authority's certificate; the caller frees *der. */
int identity_authority_der(const struct identity *identity, uint8_t **der, size_t *length);
/* The common name in the certificate. */
int identity_name(const struct identity *identity, char name[IDENTITY_NAME_BYTES]);
/* Seconds for which the certificate is still good; negative: it has expired. */
int64_t identity_seconds_left(const struct identity *identity);

void identity_free(struct identity **identity);

#endif
