/* An authority, a server and clients for tests that need real certificates; and socket pairs over loopback.
 */
#ifndef DESKLINE_TESTS_UNIT_TEST_TLS_SUPPORT_H
#define DESKLINE_TESTS_UNIT_TEST_TLS_SUPPORT_H

#include "wire/identity.h"
#include "wire/tls.h"

struct test_site {
    struct identity *authority, *server;
    struct tls_context *server_tls;
};
/* Aborts when something cannot be made. */
void test_site_start(struct test_site *site);
void test_site_stop(struct test_site *site);
/* A client that the site has enrolled under this name, whose certificate is good for `days` (negative: it has
 * expired). */
struct identity *test_site_client(const struct test_site *site, const char *name, int days);
struct tls_context *test_client_tls(const struct identity *client);

/* Two connected TCP sockets on loopback. */
void test_tcp_pair(int fds[2]);

#endif
