#include "config.h"

#include "tests/unit/test_tls_support.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void need(int is_ok, const char *why)
{
    if (is_ok)
        return;
    fprintf(stderr, "test support: %s\n", why);
    abort();
}

void test_site_start(struct test_site *site)
{
    char why[IDENTITY_WHY_BYTES] = "";
    need(identity_new_authority(&site->authority, "Test authority", why) == 0, why);
    need(identity_new_server(&site->server, site->authority, "server.example", 30, why) == 0, why);
    need(tls_context_new_server(&site->server_tls, site->server, why) == 0, why);
}

void test_site_stop(struct test_site *site)
{
    tls_context_free(&site->server_tls);
    identity_free(&site->server);
    identity_free(&site->authority);
}

struct identity *test_site_client(const struct test_site *site, const char *name, int days)
{
    char why[IDENTITY_WHY_BYTES] = "";
    struct identity *client;
    struct identity_client_certificate certificate;
    uint8_t *request, *authority, digest[IDENTITY_DIGEST_BYTES];
    size_t request_length, authority_length;

    need(identity_new_request(&client, &request, &request_length, why) == 0, why);
    need(identity_certify_client(site->authority, request, request_length, name, (unsigned)days, &certificate,
                                 why) == 0,
         why);
    need(identity_authority_der(site->authority, &authority, &authority_length) == 0, "no authority");
    need(identity_authority_digest(site->authority, digest) == 0, "no digest");
    need(identity_accept(client, certificate.der, certificate.length, authority, authority_length, digest,
                         why) == 0,
         why);
    free(request);
    free(authority);
    free(certificate.der);
    return client;
}

struct tls_context *test_client_tls(const struct identity *client)
{
    char why[IDENTITY_WHY_BYTES] = "";
    struct tls_context *context;
    need(tls_context_new_client(&context, client, why) == 0, why);
    return context;
}

void test_tcp_pair(int fds[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(listener >= 0 && fds[0] >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0 &&
             listen(listener, 8) == 0 && getsockname(listener, (struct sockaddr *)&address, &length) == 0 &&
             connect(fds[0], (struct sockaddr *)&address, length) == 0,
         "no loopback");
    fds[1] = accept(listener, NULL, NULL);
    need(fds[1] >= 0, "nothing to accept");
    close(listener);
}
