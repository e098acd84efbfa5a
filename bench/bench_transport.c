/*
 * The transport against plain blocking OpenSSL: page bytes per second, in turn in one run; handshakes per
 * second; memory of an idle connection. One line per figure: name, value, unit.
 *
 *   bench_transport [-o crowd|stream] [MEGABYTES [ROUNDS [PEERS]]]
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "tests/unit/peer_crowd.h"
#include "tests/unit/test_tls_support.h"
#include "wire/peer.h"
#include "wire/tls_internal.h"

#define RECORD_BYTES 16384u
#define WINDOW_BYTES (4u << 20)
#define ROUNDS_MAX   99

static const struct peer_options server_options = {.where = AT_SERVER, .when = WHEN_OPEN, .label = "server"};
static const struct peer_options client_options = {
    .where = AT_CLIENT, .when = WHEN_OPEN, .is_tls_client = true, .label = "client"};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- Ours: a sender in a process of its own, a receiver here ------------------------------------------- */

struct stream {
    struct loop *loop;
    struct peer *peer;
    uint64_t left, offset;
    uint32_t page;
};

static void send_on(void *context)
{
    struct stream *stream = context;
    size_t room;
    while (stream->left > 0 && (room = peer_page_room(stream->peer)) > 0) {
        struct peer_block *block = peer_block_new();
        uint32_t length = (uint32_t)(room < stream->left ? room : stream->left);
        if (peer_send_page(stream->peer, &block, 1, 1, stream->offset, length))
            die("peer_send_page");
        stream->left -= length;
        stream->offset += length;
    }
}

static void send_first(void *context)
{
    struct stream *stream = context;
    peer_credit_given(stream->peer, WINDOW_BYTES);
    send_on(context);
}

static void ignore_frame(void *context, const struct frame *frame)
{
    (void)context;
    (void)frame;
}

static void stop(void *context, const struct peer_end *end)
{
    struct stream *stream = context;
    (void)end;
    peer_free(&stream->peer);
    loop_stop(stream->loop);
}

static void receive(void *context, const struct frame *frame)
{
    struct stream *stream = context;
    if (frame->type != FRAME_PAGE_DATA)
        return;
    uint32_t length = frame->page_data.bytes.length;
    stream->left -= length;
    peer_grant(stream->peer, length);
    if (stream->left == 0)
        loop_stop(stream->loop);
}

static void expect(void *context)
{
    struct stream *stream = context;
    peer_expect(stream->peer, WINDOW_BYTES);
}

static void run_peer(int fd, struct tls_context *tls, const struct peer_options *options,
                     const struct peer_callbacks *callbacks, uint64_t bytes)
{
    struct stream stream = {.loop = loop_new(), .left = bytes};
    struct peer_sweep *sweep = peer_sweep_new(stream.loop, 1000);
    if (peer_new(&stream.peer, sweep, fd, tls, options, callbacks, &stream))
        die("peer_new");
    loop_run(stream.loop);
    peer_free(&stream.peer);
    peer_sweep_free(&sweep);
    loop_free(&stream.loop);
}

static double ours(struct tls_context *server, struct tls_context *client, uint64_t bytes)
{
    static const struct peer_callbacks sender = {
        .on_ready = send_first, .on_frame = ignore_frame, .on_room = send_on, .on_closed = stop};
    static const struct peer_callbacks receiver = {
        .on_ready = expect, .on_frame = receive, .on_closed = stop};
    int fds[2];
    test_tcp_pair(fds);
    pid_t child = fork();
    if (child == 0) {
        close(fds[1]);
        run_peer(fds[0], client, &client_options, &sender, bytes);
        _exit(0);
    }
    close(fds[0]);
    double start = now_s();
    run_peer(fds[1], server, &server_options, &receiver, bytes);
    double seconds = now_s() - start;
    waitpid(child, NULL, 0);
    return seconds;
}

/* ---- Plain blocking OpenSSL, records of 16 KiB --------------------------------------------------------- */

static SSL *plain_session(SSL_CTX *context, int fd, bool is_server)
{
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    if ((is_server ? SSL_accept(ssl) : SSL_connect(ssl)) != 1)
        die("handshake");
    return ssl;
}

static void plain_send(SSL_CTX *context, int fd, uint64_t bytes)
{
    static uint8_t record[RECORD_BYTES];
    SSL *ssl = plain_session(context, fd, false);
    for (uint64_t sent = 0; sent < bytes; sent += sizeof record)
        if (SSL_write(ssl, record, sizeof record) != sizeof record)
            die("SSL_write");
    SSL_free(ssl);
}

static void plain_receive(SSL_CTX *context, int fd, uint64_t bytes)
{
    static uint8_t record[RECORD_BYTES];
    SSL *ssl = plain_session(context, fd, true);
    for (uint64_t got = 0; got < bytes;) {
        int length = SSL_read(ssl, record, sizeof record);
        if (length <= 0)
            die("SSL_read");
        got += (uint64_t)length;
    }
    SSL_free(ssl);
}

/* A context of its own with OpenSSL's defaults: ours has read-ahead and the like. */
static SSL_CTX *plain_context(struct tls_context *ours_too)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(context,
                            0); /* the sender never reads: an unread ticket would reset the connection */
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_use_certificate(context, SSL_CTX_get0_certificate(ours_too->ssl));
    SSL_CTX_use_PrivateKey(context, SSL_CTX_get0_privatekey(ours_too->ssl));
    return context;
}

static double plain(SSL_CTX *context, uint64_t bytes)
{
    int fds[2];
    test_tcp_pair(fds);
    pid_t child = fork();
    if (child == 0) {
        close(fds[1]);
        plain_send(context, fds[0], bytes);
        _exit(0);
    }
    close(fds[0]);
    double start = now_s();
    plain_receive(context, fds[1], bytes);
    double seconds = now_s() - start;
    close(fds[1]);
    waitpid(child, NULL, 0);
    return seconds;
}

/* ---- */

struct bench {
    struct test_site site;
    struct tls_context *client_tls;
    uint64_t bytes;
    unsigned rounds, peers;
};

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static void bench_crowd(const struct bench *bench)
{
    if (!bench->peers)
        return;
    struct peer_crowd crowd = peer_crowd_run(bench->site.server_tls, bench->client_tls, bench->peers);
    printf("handshakes_mutual %.0f per_second\n", crowd.handshakes_per_s);
    printf("idle_peer_memory %.1f KiB\n", crowd.resident_kib);
}

static void bench_stream(const struct bench *bench)
{
    double ratios[ROUNDS_MAX], speeds[ROUNDS_MAX];
    size_t rounds = bench->rounds < ROUNDS_MAX ? bench->rounds : ROUNDS_MAX;
    SSL_CTX *plain_tls = plain_context(bench->site.server_tls);
    for (size_t i = 0; i < rounds; i++) {
        double theirs = plain(plain_tls, bench->bytes);
        double own = ours(bench->site.server_tls, bench->client_tls, bench->bytes);
        ratios[i] = theirs / own;
        speeds[i] = (double)bench->bytes / own / 1e6;
    }
    SSL_CTX_free(plain_tls);
    if (!rounds)
        return;
    qsort(ratios, rounds, sizeof *ratios, compare);
    qsort(speeds, rounds, sizeof *speeds, compare);
    printf("transport_speed %.0f MB/s\n", speeds[rounds / 2]);
    printf("transport_against_openssl %.2f ratio\n", ratios[rounds / 2]);
}

static const struct {
    const char *name;
    void (*run)(const struct bench *bench);
} parts[] = {{"crowd", bench_crowd}, {"stream", bench_stream}};

static unsigned number_or(char **argv, int index, unsigned otherwise)
{
    for (int i = 1; i <= index; i++)
        if (!argv[i])
            return otherwise;
    return (unsigned)strtoul(argv[index], NULL, 10);
}

int main(int argc, char **argv)
{
    const char *only = NULL;
    struct bench bench;

    if (argc > 2 && strcmp(argv[1], "-o") == 0) {
        only = argv[2];
        argv += 2;
    }
    bench.bytes = (uint64_t)number_or(argv, 1, 1024) << 20;
    bench.rounds = number_or(argv, 2, 5);
    bench.peers = number_or(argv, 3, 1000);
    log_start("bench_transport", LOG_LEVEL_WARNING);
    test_site_start(&bench.site);
    struct identity *client = test_site_client(&bench.site, "bench", 1);
    bench.client_tls = test_client_tls(client);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!only || strcmp(only, parts[i].name) == 0)
            parts[i].run(&bench);
    tls_context_free(&bench.client_tls);
    identity_free(&client);
    test_site_stop(&bench.site);
    return 0;
}
