/* Connections over real sockets on loopback: TLS, credit, heartbeat, bounds, and every way to end. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "tests/unit/test_tls_support.h"
#include "wire/identity.h"
#include "wire/peer.h"

#define SWEEP_MS   20
#define GIVE_UP_MS 8000

/* What an end does in a callback. */
enum habit { KEEP, FREE_IN_READY, FREE_IN_FRAME, FREE_IN_CLOSED, FREE_IN_ROOM, REFUSE_IN_FRAME };

/* One end, and what has happened to it. */
struct end {
    struct peer *peer;
    unsigned ready, frames, rooms, closed;
    uint16_t code;
    bool is_refusal;
    char text[256];
    uint64_t page_bytes;
    enum habit habit;
    bool grants, sums_up;
    uint8_t sum;
};

static struct loop *loop;
static struct peer_sweep *sweep;
static struct test_site site;
static struct identity *client_identity;
static struct tls_context *client_tls;
static struct end server, client;
static bool timed_out;

static void on_ready(void *context)
{
    struct end *end = context;
    end->ready++;
    if (end->habit == FREE_IN_READY)
        peer_free(&end->peer);
}

static void on_frame(void *context, const struct frame *frame)
{
    struct end *end = context;
    end->frames++;
    if (frame->type == FRAME_PAGE_DATA) {
        uint32_t length = frame->page_data.bytes.length;
        end->page_bytes += length;
        for (uint32_t i = 0; i < length && end->sums_up; i++)
            end->sum = (uint8_t)(end->sum + frame->page_data.bytes.at[i]);
        if (end->grants)
            peer_grant(end->peer, length);
    }
    if (end->habit == FREE_IN_FRAME)
        peer_free(&end->peer);
    if (end->habit == REFUSE_IN_FRAME)
        peer_refuse(&end->peer, ERROR_SUPERSEDED, "a newer connection has taken over");
}

static void on_room(void *context)
{
    struct end *end = context;
    end->rooms++;
    if (end->habit == FREE_IN_ROOM)
        peer_free(&end->peer);
}

static void on_closed(void *context, const struct peer_end *how)
{
    struct end *end = context;
    end->closed++;
    end->code = how->code;
    end->is_refusal = how->is_refusal;
    strncpy(end->text, how->text, sizeof end->text - 1);
    if (end->habit == FREE_IN_CLOSED)
        peer_free(&end->peer);
}

static const struct peer_callbacks callbacks = {on_ready, on_frame, on_room, on_closed};

static void give_up(void *context)
{
    (void)context;
    timed_out = true;
    loop_stop(loop);
}

static bool (*awaited)(void);
static void look(void *context)
{
    struct loop_timer **timer = context;
    if (awaited())
        loop_stop(loop);
    else
        loop_timer_start(*timer, 1);
}

/* Runs the loop until it is so; false when it never is. */
static bool until(bool (*is_so)(void))
{
    struct loop_timer *looker = NULL, *limit = loop_timer_new(loop, give_up, NULL);
    looker = loop_timer_new(loop, look, &looker);
    awaited = is_so;
    timed_out = false;
    loop_timer_start(looker, 0);
    loop_timer_start(limit, GIVE_UP_MS);
    loop_run(loop);
    loop_timer_free(&looker);
    loop_timer_free(&limit);
    return !timed_out;
}

static void set_up(void)
{
    log_start("test_peer", LOG_LEVEL_ERROR);
    loop = loop_new();
    sweep = peer_sweep_new(loop, SWEEP_MS);
    test_site_start(&site);
    client_identity = test_site_client(&site, "kontor", 30);
    client_tls = test_client_tls(client_identity);
    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
}

static void tear_down(void)
{
    peer_free(&server.peer);
    peer_free(&client.peer);
    peer_sweep_free(&sweep);
    tls_context_free(&client_tls);
    identity_free(&client_identity);
    test_site_stop(&site);
    loop_free(&loop);
}

static const struct peer_options at_server = {.where = AT_SERVER, .when = WHEN_OPEN, .label = "server"};
static const struct peer_options at_client = {
    .where = AT_CLIENT, .when = WHEN_OPEN, .is_tls_client = true, .label = "client"};

static void join(struct tls_context *tls, const struct peer_options *server_options)
{
    int fds[2];
    test_tcp_pair(fds);
    ck_assert_int_eq(peer_new(&client.peer, sweep, fds[0], tls, &at_client, &callbacks, &client), 0);
    ck_assert_int_eq(peer_new(&server.peer, sweep, fds[1], tls ? site.server_tls : NULL, server_options,
                              &callbacks, &server),
                     0);
}

static bool both_ready(void)
{
    return server.ready && client.ready;
}
static bool server_closed(void)
{
    return server.closed;
}
static bool client_closed(void)
{
    return client.closed;
}
static bool both_closed(void)
{
    return server.closed && client.closed;
}

static void join_ready(void)
{
    join(client_tls, &at_server);
    ck_assert(until(both_ready));
}

/* ---- TLS ---------------------------------------------------------------------------------------------- */

static bool server_has_frame(void)
{
    return server.frames > 0;
}
static struct frame status_frame(void)
{
    return (struct frame){.type = FRAME_READING_STATUS, .job = 1};
}

START_TEST(mutual)
{
    char name[65];
    uint8_t seen[32], own[32];
    join_ready();
    ck_assert(!tls_peer_is_anonymous(peer_tls(server.peer)));
    ck_assert_int_eq(tls_peer_name(peer_tls(server.peer), name, sizeof name), 0);
    ck_assert_str_eq(name, "kontor");
    ck_assert_int_eq(tls_peer_name(peer_tls(server.peer), name, 6), -ENAMETOOLONG);
    ck_assert_int_eq(tls_peer_digest(peer_tls(server.peer), seen), 0);
    ck_assert_int_eq(identity_digest(client_identity, own), 0);
    ck_assert_mem_eq(seen, own, 32);
    struct frame frame = status_frame();
    ck_assert_int_eq(peer_send(client.peer, &frame), 0);
    ck_assert(until(server_has_frame));
    peer_goodbye(&client.peer, "done");
    ck_assert(until(server_closed));
    ck_assert_uint_eq(server.code, ERROR_NONE);
    ck_assert_str_eq(server.text, "done");
    ck_assert_uint_eq(client.closed, 0); /* who said it is not told */
    ck_assert_int_eq(peer_send(server.peer, &frame), -ENOTCONN);
}
END_TEST

START_TEST(enrolling_is_anonymous)
{
    char why[TLS_WHY_BYTES];
    uint8_t digest[32];
    struct tls_context *enrolling;
    ck_assert_int_eq(identity_authority_digest(site.authority, digest), 0);
    ck_assert_int_eq(tls_context_new_enrolling(&enrolling, digest, why), 0);
    join(enrolling, &at_server);
    tls_context_free(&enrolling); /* sessions outlive it */
    ck_assert(until(both_ready));
    ck_assert(tls_peer_is_anonymous(peer_tls(server.peer)));
    ck_assert_int_eq(tls_peer_digest(peer_tls(server.peer), digest), -ENOENT);
}
END_TEST

START_TEST(enrolling_with_another_digest)
{
    char why[TLS_WHY_BYTES];
    uint8_t digest[32];
    struct tls_context *enrolling;
    ck_assert_int_eq(identity_authority_digest(site.authority, digest), 0);
    digest[31] ^= 1;
    ck_assert_int_eq(tls_context_new_enrolling(&enrolling, digest, why), 0);
    join(enrolling, &at_server);
    tls_context_free(&enrolling);
    ck_assert(until(both_closed));
    ck_assert_uint_eq(client.code, ERROR_NOT_ALLOWED);
    ck_assert_uint_eq(client.ready, 0);
}
END_TEST

START_TEST(foreign_authority)
{
    struct test_site other;
    test_site_start(&other);
    struct identity *stranger = test_site_client(&other, "kontor", 30);
    struct tls_context *tls = test_client_tls(stranger);
    join(tls, &at_server);
    ck_assert(until(both_closed));
    ck_assert_uint_eq(client.code, ERROR_NOT_ALLOWED); /* it does not trust that server either */
    ck_assert_uint_eq(server.ready, 0);
    tls_context_free(&tls);
    identity_free(&stranger);
    test_site_stop(&other);
}
END_TEST

START_TEST(expired_client)
{
    struct identity *old = test_site_client(&site, "kontor", -1);
    struct tls_context *tls = test_client_tls(old);
    join(tls, &at_server);
    ck_assert(until(both_closed));
    ck_assert_uint_eq(server.ready, 0);
    ck_assert_uint_eq(server.code, ERROR_NOT_ALLOWED);
    ck_assert_ptr_nonnull(strstr(server.text, "expired"));
    ck_assert_uint_eq(client.code, ERROR_NOT_ALLOWED);
    tls_context_free(&tls);
    identity_free(&old);
}
END_TEST

/* A client's certificate does not make a server, nor a server's a client. */
START_TEST(wrong_purpose)
{
    char why[TLS_WHY_BYTES];
    struct tls_context *tls;
    ck_assert_int_eq(tls_context_new_client(&tls, site.server, why), 0);
    join(tls, &at_server);
    ck_assert(until(both_closed));
    ck_assert_uint_eq(server.code, ERROR_NOT_ALLOWED);
    tls_context_free(&tls);
    peer_free(&server.peer);
    peer_free(&client.peer);
    memset(&client, 0, sizeof client);
    tls_context_free(&site.server_tls);
    ck_assert_int_eq(tls_context_new_server(&site.server_tls, client_identity, why), 0);
    join(client_tls, &at_server);
    ck_assert(until(client_closed));
    ck_assert_uint_eq(client.code, ERROR_NOT_ALLOWED);
}
END_TEST

static void raw_client(const void *bytes, size_t length, int *fd)
{
    int fds[2];
    test_tcp_pair(fds);
    if (length)
        ck_assert_int_eq(write(fds[0], bytes, length), (ssize_t)length);
    *fd = fds[0];
    struct peer_options options = at_server;
    options.when = WHEN_NEW;
    options.greeting_ms = 150;
    ck_assert_int_eq(peer_new(&server.peer, sweep, fds[1], site.server_tls, &options, &callbacks, &server),
                     0);
}

START_TEST(garbage)
{
    int fd;
    raw_client("GET / HTTP/1.0\r\n\r\n", 18, &fd);
    ck_assert(until(server_closed));
    ck_assert_uint_eq(server.code, ERROR_PROTOCOL);
    close(fd);
}
END_TEST

START_TEST(half_open)
{
    int fd;
    raw_client("\x16\x03\x01", 3, &fd);
    ck_assert(until(server_closed));
    ck_assert_uint_eq(server.code, ERROR_LIMIT);
    close(fd);
}
END_TEST

START_TEST(cut_in_the_handshake)
{
    int fd;
    raw_client("", 0, &fd);
    close(fd);
    ck_assert(until(server_closed));
    ck_assert_uint_eq(server.code, ERROR_LINK_LOST);
}
END_TEST

START_TEST(tls_1_2)
{
    int fd;
    uint8_t hello[4096];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    SSL *ssl = SSL_new(context);
    BIO *out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    ck_assert_int_ne(SSL_connect(ssl), 1);
    int length = BIO_read(out, hello, sizeof hello);
    ck_assert_int_gt(length, 0);
    raw_client(hello, (size_t)length, &fd);
    ck_assert(until(server_closed));
    ck_assert_uint_eq(server.code, ERROR_PROTOCOL);
    ck_assert_ptr_nonnull(strstr(server.text, "protocol"));
    close(fd);
    SSL_free(ssl);
    SSL_CTX_free(context);
}
END_TEST

/* ---- Page data and credit ----------------------------------------------------------------------------- */

#define STREAM_BYTES (8u << 20)
#define WINDOW_BYTES 200000u

static uint64_t stream_sent;
static uint8_t stream_sum;

static void stream_on(void)
{
    size_t room;
    while (stream_sent < STREAM_BYTES && client.peer && (room = peer_page_room(client.peer)) > 0) {
        struct peer_block *block = peer_block_new();
        uint32_t length = (uint32_t)(room < STREAM_BYTES - stream_sent ? room : STREAM_BYTES - stream_sent);
        for (uint32_t i = 0; i < length; i++) {
            uint8_t byte = (uint8_t)((stream_sent + i) * 2654435761u >> 16);
            peer_block_bytes(block)[i] = byte;
            stream_sum = (uint8_t)(stream_sum + byte);
        }
        ck_assert_int_eq(peer_send_page(client.peer, &block, 1, 1, stream_sent, length), 0);
        ck_assert_ptr_null(block);
        stream_sent += length;
    }
}

static unsigned rooms_seen;
static bool stream_done(void)
{
    if (client.rooms != rooms_seen) {
        rooms_seen = client.rooms;
        stream_on();
    }
    return server.page_bytes == STREAM_BYTES || server.closed || client.closed;
}

static void stream(struct tls_context *tls)
{
    stream_sent = stream_sum = 0;
    rooms_seen = 0;
    join(tls, &at_server);
    ck_assert(until(both_ready));
    server.grants = server.sums_up = true;
    peer_expect(server.peer, WINDOW_BYTES);
    peer_credit_given(client.peer, WINDOW_BYTES);
    stream_on();
    ck_assert_uint_le(stream_sent, WINDOW_BYTES);
    ck_assert(until(stream_done));
    ck_assert_uint_eq(server.page_bytes, STREAM_BYTES);
    ck_assert_uint_eq(server.sum, stream_sum);
    ck_assert_uint_ge(peer_bytes_in(server.peer), STREAM_BYTES);
    ck_assert_uint_eq(peer_bytes_in(server.peer), peer_bytes_out(client.peer));
}

START_TEST(stream_over_tls)
{
    stream(client_tls);
}
END_TEST

START_TEST(stream_in_plain)
{
    stream(NULL);
}
END_TEST

START_TEST(no_credit_no_data)
{
    struct peer_block *block = peer_block_new();
    join_ready();
    ck_assert_uint_eq(peer_page_room(client.peer), 0);
    ck_assert_int_eq(peer_send_page(client.peer, &block, 1, 1, 0, 1), -EAGAIN);
    ck_assert_ptr_nonnull(block);
    peer_credit_given(client.peer, 10);
    ck_assert_uint_eq(peer_page_room(client.peer), 10);
    ck_assert_int_eq(peer_send_page(client.peer, &block, 1, 1, 0, 11), -EAGAIN);
    peer_expect(server.peer, 9);
    memset(peer_block_bytes(block), 0, 10);
    ck_assert_int_eq(peer_send_page(client.peer, &block, 1, 1, 0, 10), 0);
    ck_assert(until(server_closed)); /* one byte more than it had been given */
    ck_assert_uint_eq(server.code, ERROR_PROTOCOL);
    ck_assert_uint_eq(server.frames, 0);
    peer_free(&server.peer); /* it goes on to say REFUSE */
    ck_assert(until(client_closed));
    ck_assert(client.is_refusal);
    ck_assert_uint_eq(client.code, ERROR_PROTOCOL);
    ck_assert_ptr_nonnull(strstr(client.text, "credit"));
}
END_TEST

START_TEST(absurd_credit)
{
    join_ready();
    struct frame credit = {.type = FRAME_CREDIT, .credit = {PEER_CREDIT_MAX}};
    ck_assert_int_eq(peer_send(server.peer, &credit), 0);
    credit.credit.bytes = 1;
    ck_assert_int_eq(peer_send(server.peer, &credit), 0);
    ck_assert(until(client_closed));
    ck_assert_uint_eq(client.code, ERROR_PROTOCOL);
    ck_assert(!client.is_refusal);
}
END_TEST

/* ---- Heartbeat, bounds, violations -------------------------------------------------------------------- */

START_TEST(silence_is_death)
{
    int fds[2];
    test_tcp_pair(fds);
    ck_assert_int_eq(peer_new(&server.peer, sweep, fds[1], NULL, &at_server, &callbacks, &server), 0);
    peer_start_heartbeat(server.peer, 100);
    uint64_t start = loop_now_ms(loop);
    ck_assert(until(server_closed));
    ck_assert_uint_eq(server.code, ERROR_LINK_LOST);
    ck_assert_uint_ge(loop_now_ms(loop) - start, 200);
    uint8_t ping[64];
    ck_assert_int_eq(recv(fds[0], ping, sizeof ping, 0), FRAME_HEADER_BYTES + 8); /* one PING, no more */
    ck_assert_uint_eq(ping[5], FRAME_PING);
    close(fds[0]);
}
END_TEST

static uint64_t wait_until_ms;
static bool waited(void)
{
    return loop_now_ms(loop) >= wait_until_ms || server.closed || client.closed;
}

START_TEST(heartbeat_keeps_alive)
{
    join_ready();
    peer_start_heartbeat(server.peer, 60);
    wait_until_ms = loop_now_ms(loop) + 500;
    ck_assert(until(waited));
    ck_assert_uint_eq(server.closed + client.closed, 0);
    ck_assert_uint_gt(peer_bytes_out(client.peer), 0); /* PONGs */
    ck_assert_uint_eq(server.frames + client.frames, 0);
}
END_TEST

/* Who was held up has heard nothing either: it asks first. */
START_TEST(held_up_is_no_death)
{
    const struct timespec held_up = {.tv_nsec = 400000000};
    join_ready();
    peer_start_heartbeat(server.peer, 100);
    ck_assert_int_eq(nanosleep(&held_up, NULL), 0);
    wait_until_ms = loop_now_ms(loop) + 800;
    ck_assert(until(waited));
    ck_assert_uint_eq(server.closed + client.closed, 0);
    ck_assert_uint_gt(peer_bytes_out(client.peer), 0); /* PONGs */
}
END_TEST

START_TEST(queue_is_bounded)
{
    struct peer_options options = at_server;
    struct frame frame = {.type = FRAME_GOODBYE};
    int error = 0;
    unsigned sent = 0;
    options.queue_limit = 1000;
    join(client_tls, &options);
    while (!(error = peer_send(server.peer, &frame)) && sent < 1000)
        sent++;
    ck_assert_int_eq(error, -ENOBUFS);
    ck_assert_uint_eq(sent, 1000 / (FRAME_HEADER_BYTES + 2));
    ck_assert_uint_le(peer_queued(server.peer), 1000);
}
END_TEST

START_TEST(rate_is_limited)
{
    struct peer_options options = at_server;
    struct frame frame = status_frame();
    options.frame_rate = 10;
    join(client_tls, &options);
    for (unsigned i = 0; i < 11; i++)
        ck_assert_int_eq(peer_send(client.peer, &frame), 0);
    server.habit = FREE_IN_CLOSED;
    ck_assert(until(both_closed));
    ck_assert_uint_eq(server.code, ERROR_LIMIT);
    ck_assert_uint_eq(server.frames, 10);
    ck_assert_uint_eq(client.code, ERROR_LIMIT);
    ck_assert(client.is_refusal);
}
END_TEST

START_TEST(frame_at_the_wrong_time)
{
    struct peer_options options = at_server;
    struct frame frame = status_frame();
    options.when = WHEN_NEW;
    join(client_tls, &options);
    ck_assert_int_eq(peer_send(client.peer, &frame), 0);
    server.habit = FREE_IN_CLOSED;
    ck_assert(until(both_closed));
    ck_assert_uint_eq(server.code, ERROR_PROTOCOL);
    ck_assert(client.is_refusal);
}
END_TEST

START_TEST(greeting_takes_too_long)
{
    struct peer_options options = at_server;
    options.when = WHEN_NEW;
    options.greeting_ms = 150;
    join(client_tls, &options);
    server.habit = FREE_IN_CLOSED;
    ck_assert(until(both_closed));
    ck_assert_uint_eq(server.ready, 1);
    ck_assert_uint_eq(server.code, ERROR_LIMIT);
}
END_TEST

/* ---- Ends --------------------------------------------------------------------------------------------- */

START_TEST(free_in_callbacks)
{
    struct frame frame = status_frame();
    server.habit = (enum habit)_i;
    join(client_tls, &at_server);
    for (unsigned i = 0; i < 3; i++) /* what follows in the buffer is not handed out any more */
        ck_assert_int_eq(peer_send(client.peer, &frame), 0);
    if (_i == FREE_IN_CLOSED || _i == FREE_IN_ROOM) {
        ck_assert(until(both_ready));
        if (_i == FREE_IN_CLOSED) {
            peer_goodbye(&client.peer, "");
            ck_assert(until(server_closed));
            ck_assert_ptr_null(server.peer);
            return;
        }
        ck_assert_uint_eq(peer_page_room(server.peer), 0);
        peer_credit_given(server.peer, 1);
    }
    ck_assert(until(client_closed));
    ck_assert_ptr_null(server.peer);
    ck_assert_uint_eq(server.closed, 0);
    ck_assert_uint_le(server.frames, _i == FREE_IN_ROOM ? 3 : 1);
    ck_assert_uint_eq(client.is_refusal, _i == REFUSE_IN_FRAME);
    if (_i == REFUSE_IN_FRAME)
        ck_assert_uint_eq(client.code, ERROR_SUPERSEDED);
}
END_TEST

/* What was queued before REFUSE arrives before it, even when the other side goes on sending. */
START_TEST(refusal_comes_through)
{
    struct frame frame = status_frame();
    join_ready();
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_int_eq(peer_send(client.peer, &frame), 0);
    peer_refuse(&server.peer, ERROR_REVOKED, "this client has been revoked");
    ck_assert_ptr_null(server.peer);
    ck_assert(until(client_closed));
    ck_assert(client.is_refusal);
    ck_assert_uint_eq(client.code, ERROR_REVOKED);
    ck_assert_str_eq(client.text, "this client has been revoked");
}
END_TEST

START_TEST(plain_socket_is_cut)
{
    int fds[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct peer_options options = {.where = AT_CONTROL, .when = WHEN_OPEN};
    ck_assert_int_eq(peer_new(&server.peer, sweep, fds[1], NULL, &options, &callbacks, &server), 0);
    if (_i)
        ck_assert_int_eq(write(fds[0], "\0\0", 2), 2);
    close(fds[0]);
    ck_assert(until(server_closed));
    ck_assert_uint_eq(server.ready, 1);
    ck_assert_uint_eq(server.code, _i ? ERROR_LINK_LOST : ERROR_NONE);
}
END_TEST

START_TEST(nothing_to_free)
{
    struct peer *none = NULL;
    peer_free(&none);
    peer_refuse(&none, ERROR_LIMIT, "");
    peer_goodbye(&none, "");
    struct peer_options options = at_server;
    ck_assert_int_lt(peer_new(&none, sweep, -1, NULL, &options, &callbacks, &server), 0);
    ck_assert_ptr_null(none);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("peer");
    TCase *tests = tcase_create("peer");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, mutual);
    tcase_add_test(tests, enrolling_is_anonymous);
    tcase_add_test(tests, enrolling_with_another_digest);
    tcase_add_test(tests, foreign_authority);
    tcase_add_test(tests, expired_client);
    tcase_add_test(tests, wrong_purpose);
    tcase_add_test(tests, garbage);
    tcase_add_test(tests, half_open);
    tcase_add_test(tests, cut_in_the_handshake);
    tcase_add_test(tests, tls_1_2);
    tcase_add_test(tests, stream_over_tls);
    tcase_add_test(tests, stream_in_plain);
    tcase_add_test(tests, no_credit_no_data);
    tcase_add_test(tests, absurd_credit);
    tcase_add_test(tests, silence_is_death);
    tcase_add_test(tests, heartbeat_keeps_alive);
    tcase_add_test(tests, held_up_is_no_death);
    tcase_add_test(tests, queue_is_bounded);
    tcase_add_test(tests, rate_is_limited);
    tcase_add_test(tests, frame_at_the_wrong_time);
    tcase_add_test(tests, greeting_takes_too_long);
    tcase_add_loop_test(tests, free_in_callbacks, FREE_IN_READY, REFUSE_IN_FRAME + 1);
    tcase_add_test(tests, refusal_comes_through);
    tcase_add_loop_test(tests, plain_socket_is_cut, 0, 2);
    tcase_add_test(tests, nothing_to_free);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
