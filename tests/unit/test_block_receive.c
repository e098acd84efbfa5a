/* Blocks on their way into the spool: whole, in parts, damaged, unwanted, out of nowhere. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/loop.h"
#include "base/worker.h"
#include "clientd/block_receive.h"
#include "clientd/spool.h"
#include "wire/peer.h"

#define JOB    7
#define LIMIT  1000
#define WINDOW 4000

static char folder[32];
static struct loop *loop;
static struct worker_pool *workers;
static struct worker_strand *strand;
static struct peer_sweep *sweep;
static struct peer *ours, *servers;
static struct loop_timer *look;
static struct block_receive *receive;
static int spool_fd;

static struct {
    uint32_t wanted_to;    /* blocks 1 … are wanted */
    uint32_t wanted_since; /* of that generation, or later */
    bool is_full;
    unsigned received, failed, violations, resumes, stored;
    uint32_t block, generation; /* received last */
    int error;                  /* failed with last */
    uint64_t offset;            /* of the PAGE_RESUME that came last */
    unsigned looks;
} seen;

static bool is_wanted(void *context, uint32_t block, uint32_t generation)
{
    (void)context;
    return generation >= seen.wanted_since && block <= seen.wanted_to;
}

static bool has_room(void *context)
{
    (void)context;
    return !seen.is_full;
}

static void on_received(void *context, uint32_t block, uint32_t generation)
{
    (void)context;
    seen.received++;
    seen.block = block;
    seen.generation = generation;
}

static void on_failed(void *context, int error)
{
    (void)context;
    seen.failed++;
    seen.error = error;
}

static void on_violation(void *context, const char *why)
{
    (void)context;
    ck_assert_ptr_nonnull(why);
    seen.violations++;
}

static void on_frame(void *context, const struct frame *frame)
{
    (void)context;
    ck_assert_uint_eq(frame->job, JOB);
    if (frame->type == FRAME_PAGE_STORED) {
        seen.stored++;
    } else {
        ck_assert_int_eq(frame->type, FRAME_PAGE_RESUME);
        seen.resumes++;
        seen.offset = frame->page_resume.offset;
    }
}

static void on_closed(void *context, const struct peer_end *end)
{
    (void)context;
    ck_abort_msg("the connection ended: %s", end->text);
}

static void look_again(void *context)
{
    (void)context;
    if ((receive && block_receive_is_busy(receive)) || ++seen.looks < 10)
        loop_timer_start(look, 1);
    else
        loop_stop(loop);
}

/* Until workers and frames have come to rest. */
static void settle(void)
{
    seen.looks = 0;
    loop_timer_start(look, 1);
    loop_run(loop);
}

static void make_receive(void)
{
    static const struct block_receive_callbacks callbacks = {is_wanted, has_room, on_received, on_failed,
                                                             on_violation};
    receive = block_receive_new(strand, spool_fd, JOB, LIMIT, &callbacks, NULL);
    block_receive_set_peer(receive, ours);
}

static void set_up(void)
{
    static const struct peer_callbacks callbacks = {.on_frame = on_frame, .on_closed = on_closed};
    const struct peer_options at_client = {.where = AT_CLIENT, .when = WHEN_OPEN, .label = "server"};
    const struct peer_options at_server = {.where = AT_SERVER, .when = WHEN_OPEN, .label = "client"};
    int pair[2];
    memset(&seen, 0, sizeof seen);
    seen.wanted_to = 100;
    strcpy(folder, "/tmp/blocks.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    spool_fd = spool_open(folder);
    ck_assert_int_ge(spool_fd, 0);
    loop = loop_new();
    workers = worker_pool_new(loop, 2);
    strand = worker_strand_new(workers);
    sweep = peer_sweep_new(loop, 1000);
    look = loop_timer_new(loop, look_again, NULL);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert_int_eq(peer_new(&ours, sweep, pair[0], NULL, &at_client, &callbacks, NULL), 0);
    ck_assert_int_eq(peer_new(&servers, sweep, pair[1], NULL, &at_server, &callbacks, NULL), 0);
    peer_expect(ours, WINDOW);
    make_receive();
}

static void tear_down(void)
{
    char command[64];
    block_receive_free(&receive);
    worker_pool_free(&workers);
    worker_strand_free(&strand);
    peer_free(&ours);
    peer_free(&servers);
    peer_sweep_free(&sweep);
    loop_timer_free(&look);
    loop_free(&loop);
    close(spool_fd);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* ---- What a server sends ------------------------------------------------------------------------------ */

static void begin(uint32_t block)
{
    block_receive_begin(receive, &(struct frame_page_begin){.page = block, .codec = 4});
}

static void data(uint32_t block, uint64_t offset, const char *bytes)
{
    block_receive_data(
        receive, &(struct frame_page_data){block, offset, {(const uint8_t *)bytes, (uint32_t)strlen(bytes)}});
}

static void end(uint32_t block, const char *whole)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256((const uint8_t *)whole, strlen(whole), digest);
    block_receive_end(
        receive,
        &(struct frame_page_end){.page = block, .length = strlen(whole), .digest = {digest, sizeof digest}});
}

static void send_block(uint32_t block, const char *bytes)
{
    begin(block);
    data(block, 0, bytes);
    end(block, bytes);
    settle();
}

static void expect_bytes(int job_fd, const struct spool_page *page)
{
    uint8_t digest[SPOOL_DIGEST_BYTES];
    int fd = spool_stream_open(job_fd, page->page, page->generation);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(blob_digest(fd, page->length, digest), 0);
    ck_assert_mem_eq(digest, page->digest, sizeof digest);
    close(fd);
}

/* What a new clientd would find. */
static size_t whole_blocks(uint32_t *part)
{
    struct spool_findings findings;
    int fd = spool_job_open(spool_fd, JOB);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(spool_examine(fd, JOB, 0, &findings), 0);
    size_t count = findings.count;
    for (size_t i = 0; i < count; i++)
        expect_bytes(fd, &findings.pages[i]);
    *part = findings.begun_count ? findings.begun[0] : 0;
    spool_findings_free(&findings);
    close(fd);
    return count;
}

static void expect_spool(size_t whole, uint32_t part)
{
    uint32_t begun;
    ck_assert_uint_eq(whole_blocks(&begun), whole);
    ck_assert_uint_eq(begun, part);
}

/* ---- Tests -------------------------------------------------------------------------------------------- */

START_TEST(a_block_comes_in_pieces_and_is_found_whole)
{
    begin(3);
    data(3, 0, "one ");
    data(3, 4, "two ");
    settle();
    expect_spool(0, 3);
    data(3, 8, "three");
    end(3, "one two three");
    ck_assert_uint_eq(seen.received, 0); /* not before it is durable */
    settle();
    ck_assert_uint_eq(seen.received, 1);
    ck_assert_uint_eq(seen.block, 3);
    ck_assert_uint_eq(block_receive_bytes(receive), 13);
    expect_spool(1, 0);
    ck_assert_uint_eq(seen.violations + seen.failed + seen.resumes, 0);
}
END_TEST

START_TEST(credit_comes_back_for_what_was_written_and_for_what_was_dropped)
{
    char bytes[501];
    memset(bytes, 'x', sizeof bytes);
    bytes[sizeof bytes - 1] = 0;
    send_block(1, bytes);
    send_block(2, bytes);
    ck_assert_uint_eq(peer_credit(servers), 1000); /* in batches of a quarter */
    seen.wanted_to = 0;
    send_block(3, bytes);
    send_block(4, bytes);
    ck_assert_uint_eq(peer_credit(servers), 2000);
    ck_assert_uint_eq(seen.received, 2);
    expect_spool(2, 0);
}
END_TEST

START_TEST(a_part_outlives_the_connection)
{
    begin(1);
    data(1, 0, "first");
    settle();
    block_receive_set_peer(receive, NULL);
    block_receive_set_peer(receive, ours);
    block_receive_tell_part(receive);
    block_receive_tell_part(receive); /* once per connection */
    settle();
    ck_assert_uint_eq(seen.resumes, 1);
    ck_assert_uint_eq(seen.offset, 5);
    begin(1);
    data(1, 5, " second");
    end(1, "first second");
    settle();
    ck_assert_uint_eq(seen.received, 1);
    expect_spool(1, 0);
}
END_TEST

START_TEST(a_part_outlives_the_process)
{
    begin(2);
    data(2, 0, "before");
    settle();
    block_receive_free(&receive);
    settle();
    expect_spool(0, 2);
    make_receive();
    block_receive_found_part(receive, &(struct spool_part){.page = 2, .length = 6});
    block_receive_tell_part(receive);
    settle();
    ck_assert_uint_eq(seen.offset, 6);
    begin(2);
    data(2, 6, ", after");
    end(2, "before, after");
    settle();
    ck_assert_uint_eq(seen.received, 1);
    expect_spool(1, 0);
}
END_TEST

START_TEST(a_part_makes_way_for_another_block_and_for_its_own_beginning)
{
    begin(1);
    data(1, 0, "part");
    block_receive_set_peer(receive, ours);
    send_block(2, "another");
    ck_assert_uint_eq(seen.received, 1);
    expect_spool(1, 0);
    begin(1);
    data(1, 0, "part");
    block_receive_set_peer(receive, ours);
    send_block(1, "from the start");
    ck_assert_uint_eq(seen.received, 2);
    expect_spool(2, 0);
}
END_TEST

START_TEST(a_sender_that_goes_on_from_what_is_not_there_begins_anew)
{
    begin(1);
    data(1, 0, "part");
    block_receive_set_peer(receive, ours);
    begin(1);
    data(1, 3, "overlap");
    data(1, 10, "more"); /* on its way by then */
    settle();
    ck_assert_uint_eq(seen.resumes, 1);
    ck_assert_uint_eq(seen.offset, 0);
    ck_assert_uint_eq(seen.violations, 0);
    expect_spool(0, 0);
    send_block(1, "whole");
    ck_assert_uint_eq(seen.received, 1);
}
END_TEST

START_TEST(another_digest_is_asked_for_once_more_and_then_fails)
{
    begin(1);
    data(1, 0, "damaged");
    end(1, "perfect");
    settle();
    ck_assert_uint_eq(seen.resumes, 1);
    ck_assert_uint_eq(seen.offset, 0);
    ck_assert_uint_eq(seen.failed, 0);
    expect_spool(0, 0);
    begin(1);
    data(1, 0, "damaged");
    end(1, "perfect");
    settle();
    ck_assert_uint_eq(seen.failed, 1);
    ck_assert_int_eq(seen.error, -EBADMSG);
    ck_assert_uint_eq(seen.received, 0);
    ck_assert_uint_eq(block_receive_bytes(receive), 0);
    expect_spool(0, 0);
}
END_TEST

START_TEST(a_block_that_is_there_is_acknowledged_and_kept)
{
    send_block(1, "here");
    seen.wanted_to = 0; /* as for the job, from now on */
    begin(1);
    settle();
    ck_assert_uint_eq(seen.stored, 1);
    data(1, 0, "XXXX");
    end(1, "XXXX");
    settle();
    ck_assert_uint_eq(seen.received, 1);
    ck_assert_uint_eq(seen.violations, 0);
    expect_spool(1, 0);
}
END_TEST

START_TEST(the_same_block_twice_in_a_row_is_taken_once)
{
    begin(1);
    data(1, 0, "bytes");
    end(1, "bytes");
    begin(1); /* the first one is still being synced */
    data(1, 0, "bytes");
    end(1, "bytes");
    settle();
    ck_assert_uint_eq(seen.received, 1);
    expect_spool(1, 0);
}
END_TEST

START_TEST(a_full_spool_takes_one_block_of_each_job)
{
    seen.is_full = true;
    send_block(1, "fits");
    ck_assert_uint_eq(seen.received, 1);
    send_block(2, "does not");
    ck_assert_uint_eq(seen.failed, 1);
    ck_assert_int_eq(seen.error, -ENOSPC);
    expect_spool(1, 0);
    block_receive_removed(receive, 1, 0);
    send_block(2, "does now");
    ck_assert_uint_eq(seen.received, 2);
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_is_told_once)
{
    char path[64];
    snprintf(path, sizeof path, "%s/spool/7", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    begin(1);
    data(1, 0, "one");
    data(1, 3, "two");
    settle();
    data(1, 6, "three"); /* on its way by then */
    end(1, "onetwothree");
    settle();
    ck_assert_uint_eq(seen.failed, 1);
    ck_assert_uint_eq(seen.violations, 0);
    ck_assert_uint_eq(seen.received, 0);
    ck_assert_int_eq(unlink(path), 0);
    send_block(1, "now it can");
    ck_assert_uint_eq(seen.received, 1);
}
END_TEST

START_TEST(what_breaks_the_protocol_is_said_and_kept_out)
{
    static const char digest[32];
    char bytes[LIMIT + 2];
    memset(bytes, 'x', sizeof bytes);
    bytes[LIMIT + 1] = 0;
    data(1, 0, "out of nowhere");
    ck_assert_uint_eq(seen.violations, 1);
    end(1, "out of nowhere");
    ck_assert_uint_eq(seen.violations, 2);
    begin(0);
    begin(LEDGER_MAX_PAGES + 1);
    block_receive_begin(receive, &(struct frame_page_begin){.page = 1, .codec = 0});
    block_receive_begin(receive, &(struct frame_page_begin){.page = 1, .codec = 5});
    ck_assert_uint_eq(seen.violations, 6);
    begin(1);
    data(1, 0, bytes); /* one byte over the limit */
    ck_assert_uint_eq(seen.violations, 7);
    bytes[LIMIT] = 0;
    data(1, 0, bytes);
    ck_assert_uint_eq(seen.violations, 7);
    data(1, LIMIT, "x");
    ck_assert_uint_eq(seen.violations, 8);
    block_receive_end(
        receive, &(struct frame_page_end){.page = 1, .length = 5, .digest = {(const uint8_t *)digest, 32}});
    ck_assert_uint_eq(seen.violations, 9);
    settle();
    ck_assert_uint_eq(seen.received, 0);
}
END_TEST

START_TEST(nobody_is_told_after_the_end)
{
    begin(1);
    data(1, 0, "bytes");
    end(1, "bytes");
    begin(2);
    data(2, 0, "bytes");
    block_receive_free(&receive);
    settle();
    ck_assert_uint_eq(seen.received + seen.failed, 0);
    expect_spool(1, 2);
    make_receive();
    block_receive_found(receive, &(struct spool_page){.page = 1, .length = 5});
    block_receive_close(receive);
    begin(3);
    data(3, 0, "late");
    end(3, "late");
    settle();
    ck_assert_uint_eq(seen.received + seen.violations + seen.stored, 0);
    expect_spool(1, 2);
}
END_TEST

START_TEST(a_block_that_was_given_up_comes_again_in_a_generation_of_its_own)
{
    send_block(1, "once");
    seen.wanted_since = 3;
    send_block(1, "late"); /* an old one */
    ck_assert_uint_eq(seen.received, 1);
    ck_assert_uint_eq(seen.stored, 1);
    block_receive_begin(receive, &(struct frame_page_begin){.page = 1, .generation = 3, .codec = 4});
    data(1, 0, "again");
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256((const uint8_t *)"again", 5, digest);
    block_receive_end(
        receive,
        &(struct frame_page_end){.page = 1, .generation = 3, .length = 5, .digest = {digest, sizeof digest}});
    settle();
    ck_assert_uint_eq(seen.received, 2);
    ck_assert_uint_eq(seen.generation, 3);
    expect_spool(2, 0);
    block_receive_removed(receive, 1, 0); /* what was waiting to be removed */
    ck_assert_uint_eq(block_receive_bytes(receive), 5);
    block_receive_removed(receive, 1, 3);
    ck_assert_uint_eq(block_receive_bytes(receive), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("block_receive");
    TCase *tests = tcase_create("blocks");
    SRunner *runner = srunner_create(suite);
    int failures;
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_block_comes_in_pieces_and_is_found_whole);
    tcase_add_test(tests, credit_comes_back_for_what_was_written_and_for_what_was_dropped);
    tcase_add_test(tests, a_part_outlives_the_connection);
    tcase_add_test(tests, a_part_outlives_the_process);
    tcase_add_test(tests, a_part_makes_way_for_another_block_and_for_its_own_beginning);
    tcase_add_test(tests, a_sender_that_goes_on_from_what_is_not_there_begins_anew);
    tcase_add_test(tests, another_digest_is_asked_for_once_more_and_then_fails);
    tcase_add_test(tests, a_block_that_is_there_is_acknowledged_and_kept);
    tcase_add_test(tests, the_same_block_twice_in_a_row_is_taken_once);
    tcase_add_test(tests, a_full_spool_takes_one_block_of_each_job);
    tcase_add_test(tests, a_folder_that_cannot_be_written_is_told_once);
    tcase_add_test(tests, what_breaks_the_protocol_is_said_and_kept_out);
    tcase_add_test(tests, nobody_is_told_after_the_end);
    tcase_add_test(tests, a_block_that_was_given_up_comes_again_in_a_generation_of_its_own);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
