/* The registry on a real database: what is acknowledged is there after a restart, in order, once. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "serviced/jobs/job_record.h"
#include "serviced/jobs/registry.h"

static char folder[] = "/tmp/registry.XXXXXX", path[64], why[REGISTRY_WHY_BYTES];
static struct loop *loop;
static struct registry_sqlite *database;
static struct registry *registry;
static const uint8_t one[32] = {1}, two[32] = {2};
static unsigned done_count;
static bool has_failed;

static void failed(void *context, const char *text)
{
    (void)context, (void)text;
    has_failed = true;
    loop_stop(loop);
}

static void count_done(void *context)
{
    done_count++;
    if (context)
        loop_stop(loop);
}

static void stop(void *context)
{
    (void)context;
    loop_stop(loop);
}

static void run_for(uint32_t ms)
{
    struct loop_timer *timer = loop_timer_new(loop, stop, NULL);
    loop_timer_start(timer, ms);
    loop_run(loop);
    loop_timer_free(&timer);
}

static void open_registry(void)
{
    ck_assert_msg(registry_sqlite_open(&database, loop, path, failed, NULL, why) == 0, "%s", why);
    ck_assert_int_eq(registry_new(&registry, database), 0);
}

static void close_registry(void)
{
    registry_sqlite_close(&database);
    registry_free(&registry);
}

static void set_up(void)
{
    strcpy(folder, "/tmp/registry.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/db", folder);
    loop = loop_new();
    done_count = 0;
    open_registry();
}

static void tear_down(void)
{
    char command[128];
    close_registry();
    loop_free(&loop);
    snprintf(command, sizeof command, "umount %s 2>/dev/null; rm -rf %s", folder, folder);
    ck_assert_int_ge(system(command), 0);
}

START_TEST(names_are_strict)
{
    static const char *const bad[] = {
        "",    ".", "..",  "-a", "a/b",
        "a b", "ü", "a\n", ".a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!registry_name_is_valid(bad[i]), "%s", bad[i]);
    ck_assert(registry_name_is_valid("a"));
    ck_assert(registry_name_is_valid("Kontor-2.example_x"));
}
END_TEST

START_TEST(a_token_is_good_once_and_for_a_while)
{
    registry_invite(registry, "kontor", one, 1000, 2000, NULL, NULL);
    ck_assert_ptr_null(registry_token_find(registry, two, 1500));
    ck_assert_ptr_null(registry_token_find(registry, one, 2000));
    const struct registry_token *token = registry_token_find(registry, one, 1999);
    ck_assert_ptr_nonnull(token);
    registry_enrol(registry, token, two, count_done, loop);
    ck_assert_ptr_null(registry_token_find(registry, one, 1500));
    loop_run(loop);
    ck_assert_uint_eq(done_count, 1);
    close_registry();
    open_registry();
    ck_assert_ptr_null(registry_token_find(registry, one, 1500));
    const struct registry_client *client = registry_client_find(registry, "kontor");
    ck_assert_ptr_nonnull(client);
    ck_assert_int_eq(client->state, CLIENT_ENROLLED);
    ck_assert_mem_eq(client->digest, two, 32);
}
END_TEST

START_TEST(revoking_burns_what_is_left)
{
    ck_assert_int_eq(registry_revoke(registry, "nobody", NULL, NULL), -ENOENT);
    registry_invite(registry, "kontor", one, 0, 9000, NULL, NULL);
    ck_assert_int_eq(registry_revoke(registry, "kontor", count_done, loop), 0);
    ck_assert_ptr_null(registry_token_find(registry, one, 1));
    close_registry();
    open_registry();
    ck_assert_ptr_null(registry_token_find(registry, one, 1));
    ck_assert_int_eq(registry_client_find(registry, "kontor")->state, CLIENT_REVOKED);
}
END_TEST

static void put_document(uint64_t id, registry_done done, void *context)
{
    struct registry_document document = {.id = id,
                                         .client = (char *)"kontor",
                                         .name = (char *)"2031-05-07/kontor-1-x.pdf",
                                         .title = (char *)"Größe",
                                         .pages = 3,
                                         .parts = 1,
                                         .length_bytes = UINT64_C(1) << 40};
    registry_document_put(registry, &document, done, context);
}

START_TEST(changes_that_wait_are_committed_in_order)
{
    for (uint64_t id = 1; id <= 2000; id++)
        put_document(id, count_done, id == 2000 ? loop : NULL);
    loop_run(loop);
    ck_assert_uint_eq(done_count, 2000);
    registry_document_delete(registry, 7, NULL, NULL);
    registry_document_delete(registry, 2000, NULL, NULL);
    close_registry();
    open_registry();
    ck_assert_ptr_null(registry_document_find(registry, 7));
    ck_assert_ptr_null(registry_document_find(registry, 2000));
    put_document(2001, NULL, NULL); /* behind the end that was removed */
    const struct registry_document *document = registry_document_find(registry, 1999);
    ck_assert_str_eq(document->title, "Größe");
    ck_assert_uint_eq(document->length_bytes, UINT64_C(1) << 40);
    ck_assert_uint_eq(document->next->id, 2001);
}
END_TEST

static void die(void *context)
{
    (void)context;
    _exit(7);
}

/* A process that dies right behind an acknowledgement: what it acknowledged is there. */
START_TEST(what_is_acknowledged_outlives_a_kill)
{
    close_registry();
    pid_t child = fork();
    if (child == 0) {
        struct loop *mine = loop_new();
        if (registry_sqlite_open(&database, mine, path, failed, NULL, why) < 0 ||
            registry_new(&registry, database) < 0)
            _exit(1);
        put_document(1, die, NULL);
        loop_run(mine);
        _exit(2);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), 7);
    open_registry();
    ck_assert_ptr_nonnull(registry_document_find(registry, 1));
}
END_TEST

static struct job_record loaded;
static int load_record(void *context, const struct registry_row *row)
{
    (void)context;
    return job_record_load(&loaded, row);
}

START_TEST(a_job_comes_back_as_it_was)
{
    struct frame_service_request request = {
        .service = frame_text_of("archive"),
        .read = {.unit = frame_text_of("one"), .mode = 3, .brightness = -5},
        .document = {.kind = 1, .title = frame_text_of("Größe")}};
    struct job_record record;
    ck_assert_int_eq(job_record_start(&record, 42, "kontor", &request, 1234), 0);
    ledger_set(&record.job.ledger, 1, PAGE_STORED, 0);
    ledger_set(&record.job.ledger, 3, PAGE_UNCERTAIN, 4);
    record.job.state = JOB_STOPPED;
    record.job.error = ERROR_MEDIA_JAM;
    record.job.interrupted = 3;
    record.job.question = 5;
    record.job.round = 4;
    record.job.manner = MANNER_REDO_LAST;
    record.job.phase = (struct phase){FUNCTION_READING, PHASE_READ_READING, 2, 2};
    strcpy(record.job.text, "jammed");
    ck_assert_int_eq(job_record_put(database, &record, count_done, loop), 0);
    ledger_set(&record.job.ledger, 2, PAGE_STORED, 0); /* the snapshot has been taken */
    loop_run(loop);
    close_registry();
    open_registry();
    ck_assert_int_eq(registry_sqlite_each(database, REGISTRY_JOBS, load_record, NULL), 0);
    ck_assert_uint_eq(loaded.job.id, 42);
    ck_assert_str_eq(loaded.client, "kontor");
    ck_assert_int_eq(ledger_get(&loaded.job.ledger, 1).state, PAGE_STORED);
    ck_assert_int_eq(ledger_get(&loaded.job.ledger, 2).state, PAGE_UNREAD);
    ck_assert_int_eq(ledger_get(&loaded.job.ledger, 3).generation, 4);
    ck_assert_int_eq(loaded.job.phase.page, 2);
    ck_assert_int_eq(loaded.job.manner, MANNER_REDO_LAST);
    ck_assert_int_eq(loaded.request.read.brightness, -5);
    ck_assert(frame_text_is(loaded.request.document.title, "Größe"));
    job_record_free(&record);
    job_record_free(&loaded);
}
END_TEST

static void load_again(void)
{
    close_registry();
    open_registry();
    ck_assert_int_eq(registry_sqlite_each(database, REGISTRY_JOBS, load_record, NULL), 0);
}

START_TEST(a_printing_job_comes_back_as_it_was)
{
    struct frame_service_request request = {.service = frame_text_of("print"), .upload = 9};
    struct record_print_order order = {
        .options = {.unit = frame_text_of("laser"), .pages = frame_text_of("2-")},
        .blocks = 3,
        .copies = 2,
        .title = frame_text_of("Größe")};
    struct job_record record;
    ck_assert_int_eq(job_record_start(&record, 43, "kontor", &request, 1234), 0);
    job_init_printing(&record.job, 43, 3, 2);
    ck_assert_int_eq(job_record_set_order(&record, &order), 0);
    ledger_set(&record.job.ledger, 1, PAGE_PRINTED, 0);
    ledger_set(&record.job.ledger, 2, PAGE_UNCERTAIN, 2);
    record.job.state = JOB_STOPPED;
    record.job.phase = phase_of(FUNCTION_PRINTING, &record.job.ledger);
    order = record.order; /* on at another printer */
    order.options.unit = frame_text_of("ink");
    ck_assert_int_eq(job_record_set_order(&record, &order), 0);
    ck_assert_int_eq(job_record_put(database, &record, count_done, loop), 0);
    loop_run(loop);
    load_again();
    ck_assert_int_eq(loaded.job.function, FUNCTION_PRINTING);
    ck_assert_uint_eq(loaded.job.blocks, 3);
    ck_assert_uint_eq(loaded.job.ledger.total, 6);
    ck_assert_int_eq(ledger_get(&loaded.job.ledger, 1).state, PAGE_PRINTED);
    ck_assert_int_eq(ledger_get(&loaded.job.ledger, 2).state, PAGE_UNCERTAIN);
    ck_assert_uint_eq(loaded.job.phase.function, FUNCTION_PRINTING);
    ck_assert_uint_eq(loaded.order.copies, 2);
    ck_assert(frame_text_is(loaded.order.options.unit, "ink"));
    ck_assert(frame_text_is(loaded.order.options.pages, "2-"));
    ck_assert(frame_text_is(loaded.order.title, "Größe"));
    ck_assert_uint_eq(loaded.request.upload, 9);
    job_record_free(&record);
    job_record_free(&loaded);
}
END_TEST

static void change_database(const char *sql)
{
    sqlite3 *handle;
    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(handle), SQLITE_OK);
}

static void put_reading_job(void)
{
    struct frame_service_request request = {.service = frame_text_of("archive")};
    struct job_record record;
    ck_assert_int_eq(job_record_start(&record, 42, "kontor", &request, 1234), 0);
    ledger_set(&record.job.ledger, 2, PAGE_STORED, 0);
    ck_assert_int_eq(job_record_put(database, &record, count_done, loop), 0);
    loop_run(loop);
    job_record_free(&record);
}

/* As it was before there was printing: a database of the first version of the schema. */
START_TEST(an_older_database_is_brought_up)
{
    put_reading_job();
    close_registry();
    change_database("ALTER TABLE jobs DROP COLUMN print_order; ALTER TABLE jobs DROP COLUMN function;"
                    "PRAGMA user_version = 1");
    open_registry();
    load_again();
    ck_assert_uint_eq(loaded.job.id, 42);
    ck_assert_int_eq(loaded.job.function, FUNCTION_READING);
    ck_assert_int_eq(ledger_get(&loaded.job.ledger, 2).state, PAGE_STORED);
    job_record_free(&loaded);
    put_reading_job();
}
END_TEST

START_TEST(a_later_database_is_refused)
{
    close_registry();
    change_database("PRAGMA user_version = 99");
    ck_assert_int_lt(registry_sqlite_open(&database, loop, path, failed, NULL, why), 0);
    ck_assert_ptr_nonnull(strstr(why, "later version"));
    change_database("PRAGMA user_version = 2");
    open_registry();
}
END_TEST

static int load_and_fail(void *context, const struct registry_row *row)
{
    *(int *)context = job_record_load(&loaded, row);
    return 0;
}

/* A print order that is missing, or of more sheets than a job can have. */
START_TEST(a_row_that_makes_no_sense_is_not_loaded)
{
    static const char *const changes[] = {"UPDATE jobs SET function = 2", "UPDATE jobs SET function = 3",
                                          "UPDATE jobs SET function = 1, request = x'00'",
                                          "UPDATE jobs SET account = x'00'"};
    put_reading_job();
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        int result = 0;
        close_registry();
        change_database(changes[i]);
        open_registry();
        ck_assert_int_eq(registry_sqlite_each(database, REGISTRY_JOBS, load_and_fail, &result), 0);
        ck_assert_int_eq(result, -EBADMSG);
    }
}
END_TEST

START_TEST(a_damaged_database_is_refused_in_one_sentence)
{
    int fd;
    close_registry();
    fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, "this is no database at all, really", 34, 0), 34);
    close(fd);
    ck_assert_int_eq(registry_sqlite_open(&database, loop, path, failed, NULL, why), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(why, "damaged"));
    ck_assert_ptr_null(database);
    unlink(path);
    open_registry();
}
END_TEST

START_TEST(a_second_server_is_refused)
{
    struct registry_sqlite *other;
    put_document(1, count_done, loop); /* the lock is taken with the first write */
    loop_run(loop);
    ck_assert_int_lt(registry_sqlite_open(&other, loop, path, failed, NULL, why), 0);
    ck_assert_ptr_nonnull(strstr(why, "in use"));
}
END_TEST

/* On a small file system of its own: for root. */
START_TEST(a_full_disk_is_waited_out)
{
    char filler[64], block[4096] = {0};
    int fd;
    if (geteuid() != 0 || mount("none", folder, "tmpfs", 0, "size=1m") < 0)
        return;
    close_registry();
    open_registry();
    snprintf(filler, sizeof filler, "%s/filler", folder);
    fd = open(filler, O_WRONLY | O_CREAT, 0600);
    while (write(fd, block, sizeof block) > 0)
        ;
    close(fd);
    for (uint64_t id = 1; id <= 500; id++)
        put_document(id, count_done, id == 500 ? loop : NULL);
    run_for(200);
    ck_assert(registry_sqlite_is_full(database));
    ck_assert_uint_eq(done_count, 0);
    ck_assert(!has_failed);
    unlink(filler);
    loop_run(loop);
    ck_assert_uint_eq(done_count, 500);
    ck_assert(!registry_sqlite_is_full(database));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("registry");
    TCase *tests = tcase_create("registry");
    SRunner *runner = srunner_create(suite);
    int failures;
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 20);
    tcase_add_test(tests, names_are_strict);
    tcase_add_test(tests, a_token_is_good_once_and_for_a_while);
    tcase_add_test(tests, revoking_burns_what_is_left);
    tcase_add_test(tests, changes_that_wait_are_committed_in_order);
    tcase_add_test(tests, what_is_acknowledged_outlives_a_kill);
    tcase_add_test(tests, a_job_comes_back_as_it_was);
    tcase_add_test(tests, a_printing_job_comes_back_as_it_was);
    tcase_add_test(tests, an_older_database_is_brought_up);
    tcase_add_test(tests, a_later_database_is_refused);
    tcase_add_test(tests, a_row_that_makes_no_sense_is_not_loaded);
    tcase_add_test(tests, a_damaged_database_is_refused_in_one_sentence);
    tcase_add_test(tests, a_second_server_is_refused);
    tcase_add_test(tests, a_full_disk_is_waited_out);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
