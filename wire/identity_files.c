/* Identities on disk: PEM files beneath a folder handle. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blob.h"
#include "base/memory.h"
#include "wire/identity_internal.h"

#define FILE_NAME_BYTES 128
#define FILE_MAX_BYTES  65536u

/* The parts of an identity, in the order in which they are written: the certificate last, so that an identity
 * is there when it is. */
enum part { PART_KEY, PART_AUTHORITY, PART_CERTIFICATE, PARTS };
static const char *const suffixes[PARTS] = {".key", "-ca.crt", ".crt"};

static int fail_with_errno(int error, char why[IDENTITY_WHY_BYTES], const char *verb, const char *file)
{
    snprintf(why, IDENTITY_WHY_BYTES, "%s cannot be %s: %s", file, verb, strerror(-error));
    return error;
}

static bool write_part(const struct identity *identity, enum part part, BIO *out)
{
    switch (part) {
    case PART_KEY:
        return PEM_write_bio_PrivateKey(out, identity->key, NULL, NULL, 0, NULL, NULL) == 1;
    case PART_AUTHORITY:
        return PEM_write_bio_X509(out, identity->authority) == 1;
    case PART_CERTIFICATE:
        return PEM_write_bio_X509(out, identity->certificate) == 1;
    case PARTS:
        break;
    }
    return false;
}

static int store_part(const struct identity *identity, enum part part, int folder_fd, const char *file,
                      char why[IDENTITY_WHY_BYTES])
{
    /* Secure memory where there is some: the key's bytes are wiped when the BIO is freed. */
    BIO *out = BIO_new(BIO_s_secmem());
    char *bytes = NULL;
    int error;
    if (!out || !write_part(identity, part, out)) {
        BIO_free(out);
        return identity_fail(-EIO, why, "a key or certificate could not be encoded");
    }
    long length = BIO_get_mem_data(out, &bytes);
    error = blob_replace(folder_fd, file, bytes, (size_t)length);
    BIO_free(out);
    return error ? fail_with_errno(error, why, "written", file) : 0;
}

int identity_store(const struct identity *identity, int folder_fd, const char *name,
                   char why[IDENTITY_WHY_BYTES])
{
    char file[FILE_NAME_BYTES];
    if (!identity->key || !identity->certificate || !identity->authority)
        return identity_fail(-EINVAL, why, "an identity without a certificate cannot be stored");
    for (enum part part = 0; part < PARTS; part++) {
        snprintf(file, sizeof file, "%s%s", name, suffixes[part]);
        int error = store_part(identity, part, folder_fd, file, why);
        if (error)
            return error;
    }
    return 0;
}

/* There is nobody to ask: a key with a passphrase is one that cannot be read. */
static int no_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

static bool read_part(struct identity *identity, enum part part, BIO *in)
{
    switch (part) {
    case PART_KEY:
        return (identity->key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL));
    case PART_AUTHORITY:
        return (identity->authority = PEM_read_bio_X509(in, NULL, no_passphrase, NULL));
    case PART_CERTIFICATE:
        return (identity->certificate = PEM_read_bio_X509(in, NULL, no_passphrase, NULL));
    case PARTS:
        break;
    }
    return false;
}

static int load_part(struct identity *identity, enum part part, int folder_fd, const char *file,
                     char why[IDENTITY_WHY_BYTES])
{
    char *bytes = NULL;
    size_t length = 0;
    char sentence[FILE_NAME_BYTES + 64];
    int error = blob_read(folder_fd, file, FILE_MAX_BYTES, &bytes, &length);
    if (error)
        return fail_with_errno(error, why, "read", file);
    BIO *in = BIO_new_mem_buf(bytes, (int)length);
    if (!in || !read_part(identity, part, in)) {
        snprintf(sentence, sizeof sentence, "%s is not a PEM file of the kind that was expected", file);
        error = identity_fail(-EBADMSG, why, sentence);
    }
    BIO_free(in);
    OPENSSL_cleanse(bytes, length);
    free(bytes);
    return error;
}

int identity_load(struct identity **identity, int folder_fd, const char *name, char why[IDENTITY_WHY_BYTES])
{
    struct identity *made = memory_new(sizeof *made);
    char file[FILE_NAME_BYTES];
    int error = 0;
    *identity = NULL;
    for (enum part part = PARTS; part-- > 0 && !error;) {
        snprintf(file, sizeof file, "%s%s", name, suffixes[part]);
        error = load_part(made, part, folder_fd, file, why);
        /* Without its certificate there is no identity; with it, all of the rest has to be there. */
        if (error == -ENOENT && part != PART_CERTIFICATE)
            error = -EBADMSG;
    }
    if (!error && !identity_belongs_together(made)) {
        snprintf(file, sizeof file, "%s.key, %s.crt and %s-ca.crt do not belong together", name, name, name);
        error = identity_fail(-EBADMSG, why, file);
    }
    if (error) {
        identity_free(&made);
        return error;
    }
    *identity = made;
    return 0;
}
