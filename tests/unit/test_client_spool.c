/* The spool of a job: its record, and the recovery of every half-written state; tokens and settings. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blob.h"
#include "clientd/settings.h"
#include "clientd/spool.h"
#include "clientd/spool_names.h"
#include "clientd/token.h"

#define JOB 7

static char folder[64];
static int fd;

static void set_up(void)
{
    strcpy(folder, "/tmp/test-spool-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    int spool = spool_open(folder);
    ck_assert_int_ge(spool, 0);
    fd = spool_job_open(spool, JOB);
    ck_assert_int_ge(fd, 0);
    close(spool);
}

static void tear_down(void)
{
    int top = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(fd);
    ck_assert_int_eq(blob_remove_tree(top, folder + strlen("/tmp/")), 0);
    close(top);
}

static void put_stream(uint32_t page, uint32_t generation, const char *bytes)
{
    char name[SPOOL_NAME_SIZE];
    spool_stream_name(name, page, generation);
    ck_assert_int_eq(blob_replace(fd, name, bytes, strlen(bytes)), 0);
}

static void put_meta(uint32_t page, uint32_t generation, uint64_t length, size_t cut)
{
    char name[SPOOL_NAME_SIZE];
    uint8_t bytes[256], digest[32] = {0};
    struct frame begin = {
        .type = FRAME_PAGE_BEGIN, .job = JOB, .page_begin = {.page = page, .generation = generation}};
    struct frame end = {
        .type = FRAME_PAGE_END,
        .job = JOB,
        .page_end = {.page = page, .generation = generation, .length = length, .digest = {digest, 32}}};
    ssize_t first = frame_encode(&begin, bytes, sizeof bytes);
    ssize_t second = frame_encode(&end, bytes + first, sizeof bytes - (size_t)first);
    ck_assert(first > 0 && second > 0);
    spool_meta_name(name, page, generation);
    ck_assert_int_eq(blob_replace(fd, name, bytes, (size_t)(first + second) - cut), 0);
}

static uint32_t recover(struct ledger *ledger, uint32_t round)
{
    struct spool_findings findings;
    ck_assert_int_eq(spool_examine(fd, JOB, round, &findings), 0);
    uint32_t begun = spool_apply(ledger, &findings, NULL, NULL);
    spool_findings_free(&findings);
    return begun;
}

START_TEST(every_half_written_state)
{
    struct ledger ledger = {0};
    put_stream(1, 0, "whole");
    put_meta(1, 0, 5, 0);
    put_stream(2, 0, "longer than said");
    put_meta(2, 0, 5, 0);
    put_stream(3, 0, "begun");
    put_meta(4, 0, 5, 0); /* without a stream */
    ck_assert_uint_eq(recover(&ledger, 0), 3);
    ck_assert_uint_eq(ledger_get(&ledger, 1).state, PAGE_READ);
    ck_assert_uint_eq(ledger_get(&ledger, 2).state, PAGE_UNREAD);
    ck_assert_uint_eq(ledger_get(&ledger, 3).state, PAGE_UNREAD);
    ck_assert_uint_eq(ledger_get(&ledger, 4).state, PAGE_UNREAD);
    ledger_free(&ledger);
}
END_TEST

START_TEST(a_cut_meta_file_is_none)
{
    for (size_t cut = 1; cut < 60; cut += 7) {
        struct ledger ledger = {0};
        put_stream(1, 0, "whole");
        put_meta(1, 0, 5, cut);
        ck_assert_uint_eq(recover(&ledger, 0), 1);
        ck_assert_uint_eq(ledger_get(&ledger, 1).state, PAGE_UNREAD);
        ledger_free(&ledger);
    }
}
END_TEST

START_TEST(old_generations_do_not_count)
{
    struct ledger ledger = {0};
    ck_assert_int_eq(ledger_set(&ledger, 1, PAGE_UNREAD, 2), 0);
    put_stream(1, 1, "whole");
    put_meta(1, 1, 5, 0);
    put_stream(2, 1, "begun"); /* in an earlier round */
    ck_assert_uint_eq(recover(&ledger, 2), 0);
    ck_assert_uint_eq(ledger_get(&ledger, 1).state, PAGE_UNREAD);
    ledger_free(&ledger);
}
END_TEST

START_TEST(a_record_comes_back_and_no_part_of_it_does)
{
    struct job_record record = {.unit = "desk", .options = {.resolution = 300, .brightness = -20}}, back;
    size_t length;
    record.job.id = JOB;
    record.job.function = FUNCTION_READING;
    record.job.round = 3;
    record.job.running = true;
    record.created_ms = INT64_C(1700000000123);
    snprintf(record.job.text, sizeof record.job.text, "a\nb");
    ck_assert_int_eq(ledger_set(&record.job.ledger, 1, PAGE_STORED, 0), 0);
    ck_assert_int_eq(ledger_set(&record.job.ledger, 2, PAGE_UNCERTAIN, 3), 0);
    ck_assert_int_eq(spool_save(fd, &record), 0);
    ck_assert_int_eq(spool_load(fd, JOB, &back), 0);
    ck_assert(ledger_equal(&record.job.ledger, &back.job.ledger));
    ck_assert_uint_eq(back.job.round, 3);
    ck_assert(back.job.running);
    ck_assert_int_eq(back.created_ms, record.created_ms);
    ck_assert_int_eq(back.options.brightness, -20);
    ck_assert_str_eq(back.unit, "desk");
    job_read_free(&back.job);
    char *text = job_record_print(&record, &length);
    for (size_t part = 0; part + 1 < length; part++) {
        char *copy = strndup(text, part);
        if (part + 2 < length) /* "end" without its newline is whole */
            ck_assert_int_eq(job_record_parse(&back, JOB, copy), -EBADMSG);
        else
            (void)job_record_parse(&back, JOB, copy);
        job_read_free(&back.job);
        free(copy);
    }
    ck_assert_int_eq(job_record_parse(&back, JOB + 1, text), -EBADMSG);
    job_read_free(&back.job);
    free(text);
    job_read_free(&record.job);
}
END_TEST

/* 3 blocks twice; sheet 4 is at the printer. */
static void make_printing_record(struct job_record *record)
{
    const struct record_print_order order = {.options = {.unit = frame_text_of("hall"),
                                                         .sides = 2,
                                                         .color = 1,
                                                         .media = frame_text_of("iso_a4_210x297mm"),
                                                         .orientation = 4,
                                                         .scaling = 1,
                                                         .pages = frame_text_of("1-3, 5")},
                                             .blocks = 3,
                                             .copies = 2,
                                             .title = frame_text_of("a title\nof two lines")};
    memset(record, 0, sizeof *record);
    job_print_init(&record->job, JOB, order.blocks, order.copies, NULL);
    job_order_keep(&record->order, &order);
    snprintf(record->device, sizeof record->device, "ipp://host/printers/hall");
    for (uint32_t sheet = 1; sheet <= 3; sheet++)
        ck_assert_int_eq(ledger_set(&record->job.ledger, sheet, PAGE_PRINTED, 0), 0);
    ck_assert_int_eq(ledger_set(&record->job.ledger, 4, PAGE_SUBMITTED, 2), 0);
    record->job.slots[1] = (struct print_slot){
        .sheet = 4, .has_ticket = true, .ticket = {77, "urn:uuid:1", "ipp://host/ipp/print"}};
    record->job.slots[0] = (struct print_slot){.sheet = 5}; /* the printer does not have it yet */
}

START_TEST(a_printing_record_comes_back_with_its_tickets)
{
    struct job_record record, back;
    make_printing_record(&record);
    ck_assert_int_eq(spool_save(fd, &record), 0);
    ck_assert_int_eq(spool_load(fd, JOB, &back), 0);
    ck_assert_int_eq(back.job.function, FUNCTION_PRINTING);
    ck_assert(ledger_equal(&record.job.ledger, &back.job.ledger));
    ck_assert_uint_eq(back.job.blocks, 3);
    ck_assert_uint_eq(back.job.copies, 2);
    ck_assert_ptr_null(job_print_slot(&back.job, 5));
    const struct print_slot *slot = job_print_slot(&back.job, 4);
    ck_assert_ptr_nonnull(slot);
    ck_assert(slot->has_ticket);
    ck_assert_uint_eq(slot->ticket.job, 77);
    ck_assert_str_eq(slot->ticket.uuid, "urn:uuid:1");
    ck_assert_str_eq(slot->ticket.printer, "ipp://host/ipp/print");
    ck_assert_str_eq(back.device, record.device);
    struct record_print_order order = job_order_view(&back.order, &back.job);
    ck_assert(frame_text_is(order.options.unit, "hall"));
    ck_assert(frame_text_is(order.options.media, "iso_a4_210x297mm"));
    ck_assert(frame_text_is(order.options.pages, "1-3, 5"));
    ck_assert_uint_eq(order.options.sides, 2);
    ck_assert_uint_eq(order.options.color, 1);
    ck_assert_uint_eq(order.options.orientation, 4);
    ck_assert_uint_eq(order.options.scaling, 1);
    ck_assert_uint_eq(order.copies, 2);
    job_read_free(&back.job);
    job_read_free(&record.job);
}
END_TEST

static void expect_no_record(const char *text)
{
    char *copy = strdup(text);
    struct job_record back;
    ck_assert_int_eq(job_record_parse(&back, JOB, copy), -EBADMSG);
    job_read_free(&back.job);
    free(copy);
}

START_TEST(a_printing_record_that_contradicts_itself_is_none)
{
    struct job_record back;
    char old[] = "deskline-job 1 7\nround 2\ntotal 0\nunit desk\nrun 1 2 2 0\nend\n";
    ck_assert_int_eq(job_record_parse(&back, JOB, old), 0); /* of a time that knew of reading only */
    ck_assert_int_eq(back.job.function, FUNCTION_READING);
    ck_assert_str_eq(back.unit, "desk");
    job_read_free(&back.job);
    expect_no_record("deskline-job 1 7\nfunction 2\nblocks 3\ncopies 2\ntotal 5\nend\n");
    expect_no_record("deskline-job 1 7\nfunction 2\nblocks 65536\ncopies 65536\ntotal 0\nend\n");
    expect_no_record("deskline-job 1 7\nfunction 2\nblocks 1\ncopies 1\ntotal 1\nslot 2 7\nend\n");
    expect_no_record("deskline-job 1 7\nfunction 2\nslot 0 7\nend\n");
    expect_no_record("deskline-job 1 7\nfunction 2\nslot 1\nend\n");
    expect_no_record("deskline-job 1 7\nfunction 2\nslot 1 1\nslot 2 2\nslot 3 3\nend\n");
    expect_no_record("deskline-job 1 7\nfunction 3\nend\n");
    expect_no_record("deskline-job 1 7\nfunction 2\nrun 1 1 2 0\nend\n"); /* nothing is stored in printing */
}
END_TEST

START_TEST(tokens)
{
    /* "h:1" with a digest of zeros and a secret of 16 zeros: 2 + 3 + 32 + 16 bytes. */
    char good[96] = "dl1.AANoOjE";
    struct token token;
    memset(good + strlen(good), 'A', 71 - 7);
    ck_assert_int_eq(token_parse(&token, good), 0);
    ck_assert_str_eq(token.address, "h:1");
    ck_assert_uint_eq(token.secret_length, 16);
    for (size_t length = 0; length < strlen(good); length++) {
        char part[96] = "";
        memcpy(part, good, length);
        ck_assert_int_eq(token_parse(&token, part), -EBADMSG);
    }
    good[20] = '+';
    ck_assert_int_eq(token_parse(&token, good), -EBADMSG);
    ck_assert_int_eq(token_parse(&token, ""), -EBADMSG);
}
END_TEST

START_TEST(settings_errors)
{
    static const struct {
        const char *option, *value, *says;
    } wrong[] = {{"--log-level", "loud", "debug"},
                 {"--nothing", "x", "unknown option"},
                 {"--config", "/none", "/none"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char name[] = "clientd", option[32], value[32];
        char *argv[] = {name, option, value, NULL};
        struct settings settings;
        struct conf_error error = {""};
        enum settings_wish wish;
        snprintf(option, sizeof option, "%s", wrong[i].option);
        snprintf(value, sizeof value, "%s", wrong[i].value);
        ck_assert_int_eq(settings_load(&settings, 3, argv, &wish, &error), -EINVAL);
        ck_assert_msg(strstr(error.text, wrong[i].says) != NULL, "%s", error.text);
        settings_free(&settings);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client spool");
    TCase *with_folder = tcase_create("spool"), *pure = tcase_create("pure");
    tcase_add_checked_fixture(with_folder, set_up, tear_down);
    tcase_add_test(with_folder, every_half_written_state);
    tcase_add_test(with_folder, a_cut_meta_file_is_none);
    tcase_add_test(with_folder, old_generations_do_not_count);
    tcase_add_test(with_folder, a_record_comes_back_and_no_part_of_it_does);
    tcase_add_test(with_folder, a_printing_record_comes_back_with_its_tickets);
    tcase_add_test(with_folder, a_printing_record_that_contradicts_itself_is_none);
    tcase_add_test(pure, tokens);
    tcase_add_test(pure, settings_errors);
    suite_add_tcase(suite, with_folder);
    suite_add_tcase(suite, pure);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
