/* Uploads over a real connection into a real store: credit, order, digest, limits, and what is left of them.
 */
#include "config.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/worker.h"
#include "serviced/documents/store.h"
#include "serviced/front/upload.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/preparation.h"
#include "serviced/jobs/registry.h"
#include "serviced/server.h"
#include "serviced/settings.h"
#include "wire/peer.h"

#define CREDIT 65536u

static char folder[] = "/tmp/upload.XXXXXX";
static struct server server;
static struct settings settings;
static struct registry_sqlite *database;
static struct visitor visitor;
static struct peer *other; /* the visitor's side of the connection */
static bool is_closed;
/* What the visitor has heard */
static uint64_t credit;
static unsigned outcomes;
static uint8_t exit_code;
static bool has_ended; /* the connection, seen from there */

static void failed(void *context, const char *why)
{
    (void)context;
    ck_abort_msg("%s", why);
}

void server_fail(struct server *failing, const char *why)
{
    (void)failing;
    ck_abort_msg("%s", why);
}

static void hear(void *context, const struct frame *frame)
{
    (void)context;
    if (frame->type == FRAME_UPLOAD_CREDIT)
        credit += frame->upload_credit.bytes;
    if (frame->type == FRAME_OUTCOME) {
        outcomes++;
        exit_code = frame->outcome.exit_code;
    }
    loop_stop(server.loop);
}

static void hear_end(void *context, const struct peer_end *end)
{
    (void)context, (void)end;
    has_ended = true;
    loop_stop(server.loop);
}

static void arrive(void *context, const struct frame *frame)
{
    (void)context;
    if (frame->type == FRAME_UPLOAD_BEGIN)
        upload_begin(&visitor, &frame->upload_begin);
    else if (frame->type == FRAME_UPLOAD_DATA)
        upload_data(&visitor, &frame->upload_data);
    else if (frame->type == FRAME_UPLOAD_END)
        upload_end(&visitor, &frame->upload_end);
}

static void close_visitor(struct visitor *leaving)
{
    if (is_closed)
        return;
    is_closed = true;
    visitor_leave(leaving);
    peer_free(&leaving->peer);
}

static void end_visitor(void *context, const struct peer_end *end)
{
    (void)context, (void)end;
    close_visitor(&visitor);
    loop_stop(server.loop);
}

static void connect_visitor(void)
{
    static const struct peer_callbacks here = {.on_frame = arrive, .on_closed = end_visitor};
    static const struct peer_callbacks there = {.on_frame = hear, .on_closed = hear_end};
    const struct peer_options at_control = {.where = AT_CONTROL, .when = WHEN_OPEN, .label = "visitor"};
    const struct peer_options at_command = {.where = AT_COMMAND, .when = WHEN_OPEN, .label = "server"};
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    visitor = (struct visitor){.server = &server, .close = close_visitor};
    ck_assert_int_eq(peer_new(&visitor.peer, server.sweep, pair[0], NULL, &at_control, &here, NULL), 0);
    ck_assert_int_eq(peer_new(&other, server.sweep, pair[1], NULL, &at_command, &there, NULL), 0);
    visitor_enter(&visitor);
    is_closed = false;
    credit = 0;
    outcomes = 0;
    exit_code = 99;
    has_ended = false;
}

static void set_up(void)
{
    char path[64], why[REGISTRY_WHY_BYTES];
    int fd;
    strcpy(folder, "/tmp/upload.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    fd = open(folder, O_RDONLY | O_DIRECTORY);
    settings = (struct settings){
        .credit = CREDIT, .upload_limit = 1 << 20, .bytes = 1 << 20, .keep_jobs = 10, .free_space = 0};
    server = (struct server){.settings = &settings, .loop = loop_new()};
    server.workers = worker_pool_new(server.loop, 2);
    server.sweep = peer_sweep_new(server.loop, 1000);
    snprintf(path, sizeof path, "%s/db", folder);
    ck_assert_int_eq(registry_sqlite_open(&database, server.loop, path, failed, NULL, why), 0);
    ck_assert_int_eq(registry_new(&server.registry, database), 0);
    ck_assert_int_eq(store_open(&server.store, server.workers, fd, "pages"), 0);
    ck_assert_int_eq(store_open(&server.uploads, server.workers, fd, "uploads"), 0);
    server.visitors = visitors_new(server.loop);
    server.preparations = preparations_new();
    ck_assert_int_eq(jobs_open(&server, why), 0);
    close(fd);
    connect_visitor();
}

static unsigned files_left(void)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/uploads", folder);
    DIR *uploads = opendir(path);
    ck_assert_ptr_nonnull(uploads);
    for (struct dirent *entry; (entry = readdir(uploads));)
        count += entry->d_name[0] != '.';
    closedir(uploads);
    return count;
}

static void tear_down(void)
{
    char command[64];
    close_visitor(&visitor);
    peer_free(&other);
    worker_pool_free(&server.workers);
    ck_assert_uint_eq(files_left(), 0);
    registry_sqlite_close(&database);
    visitors_free(&server.visitors);
    preparations_free(&server.preparations);
    jobs_close(&server.jobs);
    store_close(&server.uploads);
    store_close(&server.store);
    registry_free(&server.registry);
    peer_sweep_free(&server.sweep);
    loop_free(&server.loop);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* ---- The visitor's side ------------------------------------------------------------------------------- */

static void begin(uint32_t request, uint64_t length)
{
    ck_assert_int_eq(peer_send(other, &(struct frame){.type = FRAME_UPLOAD_BEGIN,
                                                      .upload_begin = {request, length, frame_text_of("a")}}),
                     0);
}

static void send_bytes(uint32_t request, uint64_t offset, const void *bytes, uint32_t length)
{
    ck_assert_int_eq(peer_send(other, &(struct frame){.type = FRAME_UPLOAD_DATA,
                                                      .upload_data = {request, offset, {bytes, length}}}),
                     0);
}

static void finish(uint32_t request, const uint8_t *digest, uint32_t length)
{
    ck_assert_int_eq(peer_send(other, &(struct frame){.type = FRAME_UPLOAD_END,
                                                      .upload_end = {request, {digest, length}}}),
                     0);
}

static void finish_with(uint32_t request, const void *bytes, size_t length)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(bytes, length, digest);
    finish(request, digest, sizeof digest);
}

static void wait_for_outcome(uint8_t expected)
{
    unsigned before = outcomes;
    while (outcomes == before && !has_ended)
        loop_run(server.loop);
    ck_assert_uint_eq(outcomes, before + 1);
    ck_assert_uint_eq(exit_code, expected);
}

static void wait_for_the_end(void)
{
    while (!has_ended)
        loop_run(server.loop);
    ck_assert_uint_eq(outcomes, 0);
    ck_assert(is_closed);
    ck_assert_ptr_null(visitor.uploads);
}

static void wait_for_credit(uint64_t least)
{
    while (credit < least)
        loop_run(server.loop);
}

/* ---- The tests ---------------------------------------------------------------------------------------- */

START_TEST(an_upload_is_kept_until_it_is_taken)
{
    static uint8_t bytes[300000];
    char name[STORE_NAME_BYTES], path[128];
    struct upload *upload;
    uint64_t at = 0;
    FILE *file;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i >> 7);
    begin(7, sizeof bytes);
    while (at < sizeof bytes) {
        uint32_t part;
        wait_for_credit(at + 1);
        ck_assert_uint_le(credit - at, CREDIT); /* never more than the window */
        part = credit - at < 40000 ? (uint32_t)(credit - at) : 40000;
        send_bytes(7, at, bytes + at, part);
        at += part;
    }
    ck_assert_uint_eq(credit, sizeof bytes); /* … nor than is to come */
    ck_assert_ptr_null(upload_take(&visitor, 7));
    finish_with(7, bytes, sizeof bytes);
    wait_for_outcome(0);
    ck_assert_uint_eq(uploads_bytes(&visitor), sizeof bytes);
    ck_assert_ptr_null(upload_take(&visitor, 8));
    upload = upload_take(&visitor, 7);
    ck_assert_ptr_nonnull(upload);
    ck_assert_ptr_null(upload_take(&visitor, 7));
    ck_assert_str_eq(upload_title(upload), "a");
    upload_file_name(upload, name, sizeof name);
    snprintf(path, sizeof path, "%s/uploads/%s", folder, name);
    file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < sizeof bytes; i++)
        ck_assert_int_eq(fgetc(file), bytes[i]);
    ck_assert_int_eq(fgetc(file), EOF);
    fclose(file);
    upload_free(&upload);
    ck_assert_ptr_null(upload);
}
END_TEST

/* All that may be sent goes into the sender's queue, and one that is full ends the connection: of a client
 * that passes on several at a time over a slow link, that of all its jobs. */
START_TEST(what_may_be_sent_at_once_fits_a_queue)
{
    static uint8_t bytes[32768];
    settings.credit = 64 << 20;
    for (uint32_t request = 1; request <= UPLOADS_MAX; request++)
        begin(request, 1 << 20);
    begin(UPLOADS_MAX + 1, 1 << 20);
    wait_for_outcome(5);
    for (uint64_t at = 0; at < credit / UPLOADS_MAX; at += sizeof bytes)
        for (uint32_t request = 1; request <= UPLOADS_MAX; request++)
            send_bytes(request, at, bytes, sizeof bytes);
    ck_assert_uint_ge(credit, (uint64_t)UPLOADS_MAX * sizeof bytes);
}
END_TEST

START_TEST(an_empty_one_is_an_upload)
{
    struct upload *upload;
    begin(1, 0);
    finish_with(1, "", 0);
    wait_for_outcome(0);
    ck_assert_uint_eq(credit, 0);
    upload = upload_take(&visitor, 1);
    ck_assert_ptr_nonnull(upload);
    upload_free(&upload);
}
END_TEST

START_TEST(damage_on_the_way_is_found_out)
{
    begin(1, 3);
    wait_for_credit(3);
    send_bytes(1, 0, "abc", 3);
    finish_with(1, "abd", 3);
    wait_for_outcome(1);
    ck_assert_ptr_null(upload_take(&visitor, 1));
    send_bytes(1, 3, "x", 1); /* of an upload that is no more: passed over */
    begin(1, 0);
    finish_with(1, "", 0);
    wait_for_outcome(0);
}
END_TEST

/* What no honest visitor does; the bytes of the frame, and where it says that they belong. */
static const struct {
    uint64_t announced, offset;
    uint32_t length;
} wrong_data[] = {{10, 1, 5}, {10, 0, 11}, {200000, 0, 65000}, {10, 0, 0}, {10, UINT64_MAX, 1}};

START_TEST(data_beyond_credit_or_offset_ends_the_connection)
{
    static const uint8_t bytes[65000];
    settings.credit = 64000;
    begin(1, wrong_data[_i].announced);
    wait_for_credit(1);
    send_bytes(1, wrong_data[_i].offset, bytes, wrong_data[_i].length);
    wait_for_the_end();
}
END_TEST

START_TEST(an_end_too_early_or_without_digest_ends_the_connection)
{
    static const uint8_t digest[32];
    begin(1, 3);
    wait_for_credit(3);
    if (_i)
        send_bytes(1, 0, "abc", 3);
    finish(1, digest, _i ? 31 : 32);
    wait_for_the_end();
}
END_TEST

START_TEST(one_that_is_given_up_goes)
{
    begin(1, 3);
    wait_for_credit(3);
    send_bytes(1, 0, "ab", 2);
    finish(1, (const uint8_t *)"", 0);
    begin(2, 0);
    finish_with(2, "", 0);
    wait_for_outcome(0);
    ck_assert_uint_eq(outcomes, 1);
    ck_assert_uint_eq(uploads_bytes(&visitor), 0);
}
END_TEST

START_TEST(limits_are_kept)
{
    begin(1, (1 << 20) + 1);
    wait_for_outcome(5);
    begin(0, 1);
    wait_for_outcome(2);
    for (uint32_t request = 1; request <= UPLOADS_MAX; request++)
        begin(request, 10);
    begin(1, 1); /* again */
    wait_for_outcome(2);
    begin(9, 1);
    wait_for_outcome(5);
    settings.free_space = INT64_C(1) << 60;
    finish(1, (const uint8_t *)"", 0);
    begin(1, 1);
    wait_for_outcome(1);
}
END_TEST

/* A client has a quota, an operator has none. */
START_TEST(a_client_has_a_quota)
{
    settings.bytes = 100;
    begin(1, 101);
    begin(2, 10);
    wait_for_credit(111);
    visitor.client = "kontor";
    begin(3, 1);
    wait_for_outcome(5);
    finish(1, (const uint8_t *)"", 0);
    begin(3, 91);
    wait_for_outcome(5);
    begin(3, 90);
    wait_for_credit(201);
}
END_TEST

START_TEST(what_nobody_took_goes_with_the_visitor)
{
    begin(1, 3);
    wait_for_credit(3);
    send_bytes(1, 0, "abc", 3);
    finish_with(1, "abc", 3);
    wait_for_outcome(0);
    begin(2, 1000);
    wait_for_credit(1003);
    ck_assert_uint_ge(files_left(), 1);
    peer_free(&other);
    while (!is_closed)
        loop_run(server.loop);
    ck_assert_ptr_null(visitor.uploads);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("upload");
    TCase *all = tcase_create("all");
    SRunner *runner;
    int failures;
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_set_timeout(all, 20);
    tcase_add_test(all, an_upload_is_kept_until_it_is_taken);
    tcase_add_test(all, what_may_be_sent_at_once_fits_a_queue);
    tcase_add_test(all, an_empty_one_is_an_upload);
    tcase_add_test(all, damage_on_the_way_is_found_out);
    tcase_add_loop_test(all, data_beyond_credit_or_offset_ends_the_connection, 0,
                        sizeof wrong_data / sizeof wrong_data[0]);
    tcase_add_loop_test(all, an_end_too_early_or_without_digest_ends_the_connection, 0, 2);
    tcase_add_test(all, one_that_is_given_up_goes);
    tcase_add_test(all, limits_are_kept);
    tcase_add_test(all, a_client_has_a_quota);
    tcase_add_test(all, what_nobody_took_goes_with_the_visitor);
    suite_add_tcase(suite, all);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
