/* forge-certificate AUTHORITY-FOLDER|- NAME DAYS FOLDER: FOLDER/client.key and client.crt for NAME, issued by
 * the authority in AUTHORITY-FOLDER, or by one made up on the spot; good for so many days, expired when
 * negative. */
#include "config.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int is_so, const char *what)
{
    if (!is_so) {
        fprintf(stderr, "forge-certificate: %s\n", what);
        exit(1);
    }
}

static FILE *open_in(const char *folder, const char *name, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, mode);
    must(file != NULL, path);
    return file;
}

static X509 *issue(EVP_PKEY *key, const char *name, X509_NAME *issuer, EVP_PKEY *issuer_key, long days)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 4711);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400L * 1000);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * days);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, issuer ? issuer : subject);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION *usage = X509V3_EXT_conf_nid(NULL, &context, NID_ext_key_usage, "clientAuth");
    must(usage && X509_add_ext(certificate, usage, -1) && X509_sign(certificate, issuer_key, EVP_sha256()),
         "cannot sign");
    X509_EXTENSION_free(usage);
    return certificate;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fputs("forge-certificate AUTHORITY-FOLDER|- NAME DAYS FOLDER\n", stderr);
        return 2;
    }
    EVP_PKEY *key = EVP_EC_gen("P-256"), *issuer_key;
    X509 *authority = NULL;
    if (strcmp(argv[1], "-") == 0) {
        issuer_key = EVP_EC_gen("P-256");
    } else {
        FILE *file = open_in(argv[1], "authority.key", "r");
        issuer_key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        fclose(file);
        file = open_in(argv[1], "authority.crt", "r");
        authority = PEM_read_X509(file, NULL, NULL, NULL);
        fclose(file);
        must(authority != NULL, "cannot read the authority's certificate");
    }
    must(key && issuer_key, "no keys");
    X509 *certificate = issue(key, argv[2], authority ? X509_get_subject_name(authority) : NULL, issuer_key,
                              strtol(argv[3], NULL, 10));
    FILE *file = open_in(argv[4], "client.key", "w");
    must(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 && fclose(file) == 0,
         "cannot write");
    file = open_in(argv[4], "client.crt", "w");
    must(PEM_write_X509(file, certificate) == 1 && fclose(file) == 0, "cannot write");
    X509_free(certificate);
    X509_free(authority);
    EVP_PKEY_free(key);
    EVP_PKEY_free(issuer_key);
    return 0;
}
