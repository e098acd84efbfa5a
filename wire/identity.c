/* What an identity is, and what it says of itself. Its making is in identity_issue.c, its files in
 * identity_files.c. */
#include "wire/identity.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/identity_internal.h"

int identity_fail(int error, char why[IDENTITY_WHY_BYTES], const char *sentence)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    if (reason)
        snprintf(why, IDENTITY_WHY_BYTES, "%s: %s", sentence, reason);
    else
        snprintf(why, IDENTITY_WHY_BYTES, "%s", sentence);
    ERR_clear_error();
    return error;
}

bool identity_key_is_p256(const EVP_PKEY *key)
{
    char group[64];
    size_t length;
    return key && EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

int identity_key_digest(const X509 *certificate, uint8_t digest[IDENTITY_DIGEST_BYTES])
{
    uint8_t *der = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (length <= 0)
        return -EIO;
    SHA256(der, (size_t)length, digest);
    OPENSSL_free(der);
    return 0;
}

int identity_common_name(const X509 *certificate, char *name, size_t size)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return -ENOENT;
    unsigned char *text = NULL;
    int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (length < 0)
        return -EBADMSG;
    int error = 0;
    if ((size_t)length >= size)
        error = -ENAMETOOLONG;
    else if (memchr(text, 0, (size_t)length))
        error = -EBADMSG; /* "server\0.evil": two readers would see two names */
    else
        memcpy(name, text, (size_t)length + 1);
    OPENSSL_free(text);
    return error;
}

bool identity_belongs_together(const struct identity *identity)
{
    EVP_PKEY *issuer = X509_get0_pubkey(identity->authority);
    return identity_key_is_p256(identity->key) && X509_check_ca(identity->authority) == 1 &&
           X509_check_private_key(identity->certificate, identity->key) == 1 &&
           X509_check_issued(identity->authority, identity->certificate) == X509_V_OK &&
           X509_verify(identity->certificate, issuer) == 1;
}

int identity_digest(const struct identity *identity, uint8_t digest[IDENTITY_DIGEST_BYTES])
{
    return identity->certificate ? identity_key_digest(identity->certificate, digest) : -ENOENT;
}

int identity_authority_digest(const struct identity *identity, uint8_t digest[IDENTITY_DIGEST_BYTES])
{
    unsigned length = IDENTITY_DIGEST_BYTES;
    if (!identity->authority)
        return -ENOENT;
    return X509_digest(identity->authority, EVP_sha256(), digest, &length) == 1 ? 0 : -EIO;
}

int identity_authority_der(const struct identity *identity, uint8_t **der, size_t *length)
{
    int encoded;
    *der = NULL;
    if (!identity->authority)
        return -ENOENT;
    encoded = i2d_X509(identity->authority, NULL);
    if (encoded <= 0 || !(*der = malloc((size_t)encoded)))
        return encoded <= 0 ? -EIO : -ENOMEM;
    uint8_t *at = *der;
    *length = (size_t)i2d_X509(identity->authority, &at);
    return 0;
}

int identity_name(const struct identity *identity, char name[IDENTITY_NAME_BYTES])
{
    return identity->certificate ? identity_common_name(identity->certificate, name, IDENTITY_NAME_BYTES)
                                 : -ENOENT;
}

int64_t identity_seconds_left(const struct identity *identity)
{
    int days = 0, seconds = 0;
    if (!identity->certificate ||
        ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(identity->certificate)) != 1)
        return -1;
    return (int64_t)days * 86400 + seconds;
}

void identity_free(struct identity **identity)
{
    if (!*identity)
        return;
    EVP_PKEY_free((*identity)->key);
    X509_free((*identity)->certificate);
    X509_free((*identity)->authority);
    free(*identity);
    *identity = NULL;
}
