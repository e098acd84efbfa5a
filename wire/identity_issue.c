/* The making of keys, certificates and requests. */
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire/identity_internal.h"

#define AUTHORITY_DAYS 3653u /* ten years */
/* A client whose clock is a little behind can use a new certificate at once. */
#define BACKDATED_SECONDS 3600
#define SERIAL_BYTES      16

struct extension {
    int nid;
    const char *value;
};
static const struct extension authority_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
    {0, NULL},
};
static const struct extension server_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"}, {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "critical,serverAuth"},   {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid"},      {0, NULL},
};
static const struct extension client_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"}, {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "critical,clientAuth"},   {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid"},      {0, NULL},
};

static bool set_extensions(X509 *certificate, X509 *issuer, const struct extension *list)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    for (; list->value; list++) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, list->nid, list->value);
        int added = extension ? X509_add_ext(certificate, extension, -1) : 0;
        X509_EXTENSION_free(extension);
        if (added != 1)
            return false;
    }
    return true;
}

/* Random, positive and never zero: RFC 5280, 4.1.2.2. */
static bool set_serial(X509 *certificate)
{
    uint8_t bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return done;
}

/* From a little ago until `days` from now, but never beyond the issuer's own end. */
static bool set_validity(X509 *certificate, const X509 *issuer, unsigned days)
{
    if (!X509_gmtime_adj(X509_getm_notBefore(certificate), -BACKDATED_SECONDS) ||
        !X509_time_adj_ex(X509_getm_notAfter(certificate), (int)days, 0, NULL))
        return false;
    if (!issuer || ASN1_TIME_compare(X509_get0_notAfter(certificate), X509_get0_notAfter(issuer)) <= 0)
        return true;
    return X509_set1_notAfter(certificate, X509_get0_notAfter(issuer)) == 1;
}

struct plan {
    const char *name;
    EVP_PKEY *key; /* that is certified */
    X509 *issuer;  /* NULL: over itself */
    EVP_PKEY *signer;
    unsigned days;
    const struct extension *extensions;
};

/* NULL when OpenSSL refuses; its error queue says why. */
static X509 *certify(const struct plan *plan)
{
    X509 *certificate = X509_new();
    X509 *issuer = plan->issuer ? plan->issuer : certificate;
    X509_NAME *subject = X509_NAME_new();

    if (!certificate || !subject || strlen(plan->name) >= IDENTITY_NAME_BYTES || plan->name[0] == '\0' ||
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *)plan->name,
                                   -1, -1, 0) != 1)
        goto fail;
    if (X509_set_version(certificate, X509_VERSION_3) != 1 || !set_serial(certificate) ||
        X509_set_subject_name(certificate, subject) != 1 ||
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1 ||
        X509_set_pubkey(certificate, plan->key) != 1 ||
        !set_validity(certificate, plan->issuer, plan->days) ||
        !set_extensions(certificate, issuer, plan->extensions) ||
        X509_sign(certificate, plan->signer, EVP_sha256()) <= 0)
        goto fail;
    X509_NAME_free(subject);
    return certificate;
fail:
    X509_NAME_free(subject);
    X509_free(certificate);
    return NULL;
}

int identity_new_authority(struct identity **authority, const char *name, char why[IDENTITY_WHY_BYTES])
{
    struct identity *made = memory_new(sizeof *made);
    *authority = NULL;
    made->key = EVP_EC_gen("P-256");
    struct plan plan = {.name = name,
                        .key = made->key,
                        .signer = made->key,
                        .days = AUTHORITY_DAYS,
                        .extensions = authority_extensions};
    made->certificate = made->key ? certify(&plan) : NULL;
    if (!made->certificate) {
        identity_free(&made);
        return identity_fail(-EIO, why, "the authority's certificate could not be made");
    }
    X509_up_ref(made->certificate);
    made->authority = made->certificate;
    *authority = made;
    return 0;
}

int identity_new_server(struct identity **server, const struct identity *authority, const char *name,
                        unsigned days, char why[IDENTITY_WHY_BYTES])
{
    struct identity *made = memory_new(sizeof *made);
    *server = NULL;
    made->key = EVP_EC_gen("P-256");
    struct plan plan = {.name = name,
                        .key = made->key,
                        .issuer = authority->certificate,
                        .signer = authority->key,
                        .days = days,
                        .extensions = server_extensions};
    made->certificate = made->key ? certify(&plan) : NULL;
    if (!made->certificate) {
        identity_free(&made);
        return identity_fail(-EIO, why, "the server's certificate could not be made");
    }
    X509_up_ref(authority->certificate);
    made->authority = authority->certificate;
    *server = made;
    return 0;
}

int identity_new_request(struct identity **client, uint8_t **request_der, size_t *request_length,
                         char why[IDENTITY_WHY_BYTES])
{
    struct identity *made = memory_new(sizeof *made);
    X509_REQ *request = X509_REQ_new();
    int length;

    *client = NULL;
    *request_der = NULL;
    made->key = EVP_EC_gen("P-256");
    if (!request || !made->key || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(request, made->key) != 1 || X509_REQ_sign(request, made->key, EVP_sha256()) <= 0)
        goto fail;
    length = i2d_X509_REQ(request, NULL);
    if (length <= 0 || !(*request_der = malloc((size_t)length)))
        goto fail;
    uint8_t *at = *request_der;
    *request_length = (size_t)i2d_X509_REQ(request, &at);
    X509_REQ_free(request);
    *client = made;
    return 0;
fail:
    X509_REQ_free(request);
    identity_free(&made);
    return identity_fail(-EIO, why, "the certificate request could not be made");
}

/* A request whose key may be certified, or NULL with the sentence that says why not. */
static X509_REQ *checked_request(const uint8_t *der, size_t length, const char **sentence)
{
    const uint8_t *at = der;
    X509_REQ *request = length <= LONG_MAX ? d2i_X509_REQ(NULL, &at, (long)length) : NULL;
    EVP_PKEY *key = request ? X509_REQ_get0_pubkey(request) : NULL;
    *sentence = NULL;
    if (!request || at != der + length)
        *sentence = "the certificate request is malformed";
    else if (!identity_key_is_p256(key))
        *sentence = "the certificate request is not over a key on P-256";
    else if (X509_REQ_verify(request, key) != 1)
        *sentence = "the certificate request is not signed with its own key";
    if (!*sentence)
        return request;
    X509_REQ_free(request);
    return NULL;
}

int identity_certify_client(const struct identity *authority, const uint8_t *request_der,
                            size_t request_length, const char *name, unsigned days,
                            struct identity_client_certificate *certificate, char why[IDENTITY_WHY_BYTES])
{
    const char *sentence;
    *certificate = (struct identity_client_certificate){0};
    X509_REQ *request = checked_request(request_der, request_length, &sentence);
    if (!request)
        return identity_fail(-EBADMSG, why, sentence);

    struct plan plan = {.name = name,
                        .key = X509_REQ_get0_pubkey(request),
                        .issuer = authority->certificate,
                        .signer = authority->key,
                        .days = days,
                        .extensions = client_extensions};
    X509 *made = certify(&plan);
    int length = made ? i2d_X509(made, NULL) : -1;
    int error = identity_fail(-EIO, why, "the client's certificate could not be made");
    if (length > 0 && (certificate->der = malloc((size_t)length))) {
        uint8_t *at = certificate->der;
        certificate->length = (size_t)i2d_X509(made, &at);
        error = identity_key_digest(made, certificate->digest);
    }
    X509_free(made);
    X509_REQ_free(request);
    return error;
}

static X509 *decode(const uint8_t *der, size_t length)
{
    const uint8_t *at = der;
    X509 *certificate = length <= LONG_MAX ? d2i_X509(NULL, &at, (long)length) : NULL;
    if (certificate && at == der + length)
        return certificate;
    X509_free(certificate);
    return NULL;
}

int identity_accept(struct identity *client, const uint8_t *certificate_der, size_t certificate_length,
                    const uint8_t *authority_der, size_t authority_length,
                    const uint8_t authority_digest[IDENTITY_DIGEST_BYTES], char why[IDENTITY_WHY_BYTES])
{
    struct identity offered = {.key = client->key,
                               .certificate = decode(certificate_der, certificate_length),
                               .authority = decode(authority_der, authority_length)};
    uint8_t digest[IDENTITY_DIGEST_BYTES];
    const char *sentence;

    sentence = "the server sent a malformed certificate";
    if (!offered.certificate || !offered.authority)
        goto fail;
    sentence = "the server's authority is not the one in the token";
    if (identity_authority_digest(&offered, digest) || memcmp(digest, authority_digest, sizeof digest) != 0)
        goto fail;
    sentence = "the server sent a certificate that is not this host's";
    if (!identity_belongs_together(&offered) ||
        !(X509_get_extension_flags(offered.certificate) & EXFLAG_XKUSAGE) ||
        !(X509_get_extended_key_usage(offered.certificate) & XKU_SSL_CLIENT))
        goto fail;
    X509_free(client->certificate);
    X509_free(client->authority);
    *client = offered;
    return 0;
fail:
    X509_free(offered.certificate);
    X509_free(offered.authority);
    return identity_fail(-EBADMSG, why, sentence);
}
