/* Keys and certificates: what is issued, what is refused, and what stays on disk. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blob.h"
#include "tests/unit/test_tls_support.h"
#include "wire/identity_internal.h"

static struct test_site site;
static char why[IDENTITY_WHY_BYTES];

static void set_up(void)
{
    test_site_start(&site);
}

static void tear_down(void)
{
    test_site_stop(&site);
}

START_TEST(certificates_say_what_they_are_for)
{
    struct identity *client = test_site_client(&site, "kontor", 30);
    char name[IDENTITY_NAME_BYTES];
    ck_assert_int_eq(identity_name(client, name), 0);
    ck_assert_str_eq(name, "kontor");
    ck_assert_uint_eq(X509_get_extended_key_usage(client->certificate), XKU_SSL_CLIENT);
    ck_assert_uint_eq(X509_get_extended_key_usage(site.server->certificate), XKU_SSL_SERVER);
    ck_assert_int_eq(X509_check_ca(site.authority->certificate), 1);
    ck_assert_int_eq(X509_check_ca(client->certificate), 0);
    ck_assert_int_eq(X509_check_ca(site.server->certificate), 0);
    ck_assert_int_gt(identity_seconds_left(client), 29 * 86400);
    ck_assert_int_le(identity_seconds_left(client), 30 * 86400);
    ck_assert_int_gt(identity_seconds_left(site.authority), (int64_t)3650 * 86400);
    identity_free(&client);
    identity_free(&client);
}
END_TEST

START_TEST(nothing_outlives_the_authority)
{
    struct identity *server;
    ck_assert_int_eq(identity_new_server(&server, site.authority, "s", 20000, why), 0);
    ck_assert_int_le(identity_seconds_left(server), identity_seconds_left(site.authority));
    identity_free(&server);
}
END_TEST

START_TEST(names_are_bounded)
{
    struct identity *server;
    char name[66];
    memset(name, 'a', 65);
    name[65] = '\0';
    ck_assert_int_lt(identity_new_server(&server, site.authority, name, 1, why), 0);
    ck_assert_ptr_null(server);
    ck_assert_uint_gt(strlen(why), 0);
    ck_assert_int_lt(identity_new_server(&server, site.authority, "", 1, why), 0);
    name[64] = '\0';
    ck_assert_int_eq(identity_new_server(&server, site.authority, name, 1, why), 0);
    identity_free(&server);
}
END_TEST

static int certify(const uint8_t *request, size_t length)
{
    struct identity_client_certificate certificate;
    why[0] = '\0';
    int error = identity_certify_client(site.authority, request, length, "x", 1, &certificate, why);
    ck_assert(error == 0 || (why[0] != '\0' && certificate.der == NULL));
    free(certificate.der);
    return error;
}

START_TEST(damaged_requests_are_refused)
{
    struct identity *client;
    uint8_t *request;
    size_t length;
    ck_assert_int_eq(identity_new_request(&client, &request, &length, why), 0);
    ck_assert_int_eq(certify(request, length), 0);
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *part = malloc(cut ? cut : 1);
        memcpy(part, request, cut);
        ck_assert_int_eq(certify(part, cut), -EBADMSG);
        free(part);
    }
    uint8_t *longer = calloc(1, length + 1);
    memcpy(longer, request, length);
    ck_assert_int_eq(certify(longer, length + 1), -EBADMSG);
    for (size_t at = 0; at < length; at++) { /* the signature covers all that is said */
        longer[at] ^= 1;
        ck_assert_int_eq(certify(longer, length), -EBADMSG);
        longer[at] ^= 1;
    }
    free(longer);
    free(request);
    identity_free(&client);
}
END_TEST

static int certify_key(EVP_PKEY *key)
{
    X509_REQ *request = X509_REQ_new();
    X509_NAME *subject = X509_REQ_get_subject_name(request);
    uint8_t *der = NULL;
    X509_REQ_set_version(request, X509_REQ_VERSION_1);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)"somebody-else", -1, -1,
                               0);
    X509_REQ_set_pubkey(request, key);
    ck_assert_int_gt(X509_REQ_sign(request, key, EVP_sha256()), 0);
    int length = i2d_X509_REQ(request, &der);
    struct identity_client_certificate made;
    int error = identity_certify_client(site.authority, der, (size_t)length, "ours", 1, &made, why);
    if (!error) {
        const uint8_t *at = made.der;
        char name[IDENTITY_NAME_BYTES];
        X509 *certificate = d2i_X509(NULL, &at, (long)made.length);
        ck_assert_int_eq(identity_common_name(certificate, name, sizeof name), 0);
        ck_assert_str_eq(name, "ours"); /* the request's subject counts for nothing */
        X509_free(certificate);
    }
    free(made.der);
    OPENSSL_free(der);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    return error;
}

START_TEST(only_p256_is_certified)
{
    ck_assert_int_eq(certify_key(EVP_EC_gen("P-256")), 0);
    ck_assert_int_eq(certify_key(EVP_EC_gen("P-384")), -EBADMSG);
    ck_assert_int_eq(certify_key(EVP_EC_gen("secp256k1")), -EBADMSG);
    ck_assert_int_eq(certify_key(EVP_RSA_gen(2048)), -EBADMSG);
}
END_TEST

START_TEST(client_takes_only_its_own)
{
    struct identity *client, *other;
    struct identity_client_certificate mine, foreign;
    uint8_t *request, *other_request, *authority, digest[32], wrong[32] = {0};
    size_t length, other_length, authority_length;
    ck_assert_int_eq(identity_new_request(&client, &request, &length, why), 0);
    ck_assert_int_eq(identity_new_request(&other, &other_request, &other_length, why), 0);
    ck_assert_int_eq(identity_certify_client(site.authority, request, length, "a", 1, &mine, why), 0);
    ck_assert_int_eq(
        identity_certify_client(site.authority, other_request, other_length, "a", 1, &foreign, why), 0);
    ck_assert_int_eq(identity_authority_der(site.authority, &authority, &authority_length), 0);
    ck_assert_int_eq(identity_authority_digest(site.authority, digest), 0);

    ck_assert_int_eq(identity_accept(client, mine.der, mine.length, authority, authority_length, wrong, why),
                     -EBADMSG);
    ck_assert_int_eq(
        identity_accept(client, foreign.der, foreign.length, authority, authority_length, digest, why),
        -EBADMSG);
    ck_assert_int_eq(
        identity_accept(client, mine.der, mine.length - 1, authority, authority_length, digest, why),
        -EBADMSG);
    ck_assert_int_eq(identity_seconds_left(client), -1);
    ck_assert_int_eq(identity_accept(client, mine.der, mine.length, authority, authority_length, digest, why),
                     0);
    ck_assert_int_eq(identity_digest(client, wrong), 0);
    ck_assert_mem_eq(wrong, mine.digest, sizeof wrong);
    free(mine.der);
    free(foreign.der);
    free(request);
    free(other_request);
    free(authority);
    identity_free(&client);
    identity_free(&other);
}
END_TEST

START_TEST(files)
{
    char path[] = "/tmp/test_identity.XXXXXX";
    struct identity *client = test_site_client(&site, "kontor", 30), *back;
    uint8_t left[32], right[32];
    struct stat status;
    ck_assert_ptr_nonnull(mkdtemp(path));
    int folder = blob_folder(path);
    ck_assert_int_ge(folder, 0);
    ck_assert_int_eq(identity_load(&back, folder, "client", why), -ENOENT);
    ck_assert_ptr_null(back);
    ck_assert_int_eq(identity_store(client, folder, "client", why), 0);
    ck_assert_int_eq(fstatat(folder, "client.key", &status, 0), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(identity_load(&back, folder, "client", why), 0);
    ck_assert_int_eq(identity_digest(client, left), 0);
    ck_assert_int_eq(identity_digest(back, right), 0);
    ck_assert_mem_eq(left, right, sizeof left);
    identity_free(&back);

    /* A certificate of somebody else over our key; then no key at all; then one that is none. */
    struct identity *other = test_site_client(&site, "other", 30);
    ck_assert_int_eq(identity_store(other, folder, "other", why), 0);
    ck_assert_int_eq(renameat(folder, "other.crt", folder, "client.crt"), 0);
    ck_assert_int_eq(identity_load(&back, folder, "client", why), -EBADMSG);
    ck_assert_int_eq(identity_store(client, folder, "client", why), 0);
    ck_assert_int_eq(unlinkat(folder, "client.key", 0), 0);
    ck_assert_int_eq(identity_load(&back, folder, "client", why), -EBADMSG);
    ck_assert_int_eq(blob_replace(folder, "client.key", "nonsense", 8), 0);
    ck_assert_int_eq(identity_load(&back, folder, "client", why), -EBADMSG);
    ck_assert_ptr_null(back);
    close(folder);
    int parent = open("/tmp", O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(blob_remove_tree(parent, path + 5), 0);
    close(parent);
    identity_free(&client);
    identity_free(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("identity");
    TCase *tests = tcase_create("identity");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, certificates_say_what_they_are_for);
    tcase_add_test(tests, nothing_outlives_the_authority);
    tcase_add_test(tests, names_are_bounded);
    tcase_add_test(tests, damaged_requests_are_refused);
    tcase_add_test(tests, only_p256_is_certified);
    tcase_add_test(tests, client_takes_only_its_own);
    tcase_add_test(tests, files);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
