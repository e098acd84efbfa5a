/*
 * The transport against plain blocking OpenSSL: page bytes per second, in turn in one run; handshakes per
 * second; memory of an idle connection. One line per figure: name, value, unit.
 *
 *   bench_transport [MEGABYTES [ROUNDS [PEERS]]]
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
#include "tests/unit/test_tls_support.h"
#include "wire/peer.h"
#include "wire/tls_internal.h"

#define RECORD_BYTES 16384u
#define WINDOW_BYTES (4u << 20)
#define ROUNDS_MAX   99
#define SETTLE_MS    3000u /* after which a crowd of peers counts as idle */

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

/* ---- Idle peers and handshakes ------------------------------------------------------------------------ */

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        die("/proc/self/statm");
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

struct crowd {
    struct loop *loop;
    unsigned ready, wanted;
};

static void one_ready(void *context)
{
    struct crowd *crowd = context;
    if (++crowd->ready == crowd->wanted)
        loop_stop(crowd->loop);
}

static void end_of_wait(void *context)
{
    loop_stop(context);
}

static void lost(void *context, const struct peer_end *end)
{
    (void)context;
    fprintf(stderr, "a peer was lost: %s\n", end->text);
    exit(1);
}

static const struct peer_callbacks crowd_callbacks = {
    .on_ready = one_ready, .on_frame = ignore_frame, .on_closed = lost};

/* The other ends: a process of its own that shakes hands and then waits to be killed. */
static void be_clients(struct tls_context *client, int (*fds)[2], unsigned count)
{
    struct crowd crowd = {.loop = loop_new(), .wanted = count + 1};
    struct peer_sweep *sweep = peer_sweep_new(crowd.loop, 1000);
    for (unsigned i = 0; i < count; i++) {
        struct peer *peer;
        close(fds[i][1]);
        if (peer_new(&peer, sweep, fds[i][0], client, &client_options, &crowd_callbacks, &crowd))
            die("peer_new");
    }
    loop_run(crowd.loop);
}

static void crowd_run(struct tls_context *server, struct tls_context *client, unsigned count)
{
    int(*fds)[2] = calloc(count, sizeof *fds);
    struct peer **peers = calloc(count, sizeof(struct peer *));
    struct crowd crowd = {.loop = loop_new(), .wanted = count};
    struct peer_sweep *sweep = peer_sweep_new(crowd.loop, 1000);
    for (unsigned i = 0; i < count; i++)
        test_tcp_pair(fds[i]);
    pid_t child = fork();
    if (child == 0) {
        be_clients(client, fds, count);
        _exit(0);
    }
    long before = resident_kib();
    double start = now_s();
    for (unsigned i = 0; i < count; i++) {
        close(fds[i][0]);
        if (peer_new(&peers[i], sweep, fds[i][1], server, &server_options, &crowd_callbacks, &crowd))
            die("peer_new");
    }
    loop_run(crowd.loop);
    double seconds = now_s() - start;
    struct loop_timer *timer = loop_timer_new(crowd.loop, end_of_wait, crowd.loop);
    loop_timer_start(timer, SETTLE_MS);
    loop_run(crowd.loop);
    loop_timer_free(&timer);
    printf("handshakes_mutual %.0f per_second\n", count / seconds);
    printf("idle_peer_memory %.1f KiB\n", (double)(resident_kib() - before) / count);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (unsigned i = 0; i < count; i++)
        peer_free(&peers[i]);
    peer_sweep_free(&sweep);
    loop_free(&crowd.loop);
    free(peers);
    free(fds);
}

/* ---- */

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

int main(int argc, char **argv)
{
    uint64_t bytes = (uint64_t)(argc > 1 ? atol(argv[1]) : 1024) << 20;
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    unsigned peers = (unsigned)(argc > 3 ? atoi(argv[3]) : 1000);
    double ratios[ROUNDS_MAX], speeds[ROUNDS_MAX];
    struct test_site site;

    log_start("bench_transport", LOG_LEVEL_WARNING);
    test_site_start(&site);
    struct identity *client = test_site_client(&site, "bench", 1);
    struct tls_context *client_tls = test_client_tls(client);
    SSL_CTX *plain_tls = plain_context(site.server_tls);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (peers)
        crowd_run(site.server_tls, client_tls, peers);
    for (int i = 0; i < rounds && i < ROUNDS_MAX; i++) {
        double theirs = plain(plain_tls, bytes), own = ours(site.server_tls, client_tls, bytes);
        ratios[i] = theirs / own;
        speeds[i] = (double)bytes / own / 1e6;
    }
    if (rounds > 0) {
        qsort(ratios, (size_t)rounds, sizeof *ratios, compare);
        qsort(speeds, (size_t)rounds, sizeof *speeds, compare);
        printf("transport_speed %.0f MB/s\n", speeds[rounds / 2]);
        printf("transport_against_openssl %.2f ratio\n", ratios[rounds / 2]);
    }
    SSL_CTX_free(plain_tls);
    tls_context_free(&client_tls);
    identity_free(&client);
    test_site_stop(&site);
    return 0;
}
