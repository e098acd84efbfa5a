/* Pages on disk, and the names of documents. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/worker.h"
#include "serviced/documents/archive.h"
#include "serviced/documents/store.h"

static char folder[32];
static struct loop *loop;
static struct worker_pool *workers;
static struct store *store;
static struct store_job *job;
static int state_fd, result;

static void note(void *context, int outcome)
{
    (void)context;
    result = outcome;
    loop_stop(loop);
}

static void open_store(void)
{
    loop = loop_new();
    workers = worker_pool_new(loop, 2);
    state_fd = open(folder, O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(store_open(&store, workers, state_fd, "pages"), 0);
    job = store_job_new(store, 7);
}

static void close_store(void)
{
    worker_pool_free(&workers);
    store_job_free(&job);
    store_close(&store);
    loop_free(&loop);
    close(state_fd);
}

static void set_up(void)
{
    strcpy(folder, "/tmp/store.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    open_store();
}

static void tear_down(void)
{
    char command[128];
    close_store();
    snprintf(command, sizeof command, "umount %s 2>/dev/null; rm -rf %s", folder, folder);
    ck_assert_int_ge(system(command), 0);
}

static long long size_of(const char *name)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "%s/pages/7/%s", folder, name);
    return stat(path, &status) < 0 ? -1 : (long long)status.st_size;
}

static void append(struct store_part *part, const char *text, store_done done)
{
    ck_assert_int_eq(store_part_append(part, text, strlen(text), done, NULL), 0);
}

static void finish(struct store_part *part, const char *whole)
{
    uint8_t digest[32];
    SHA256((const uint8_t *)whole, strlen(whole), digest);
    store_part_finish(&part, digest, note, NULL);
    ck_assert_ptr_null(part);
    loop_run(loop);
}

START_TEST(a_page_is_there_when_it_is_whole)
{
    struct store_part *part = store_part_new(job, 1, 0);
    append(part, "abc", NULL);
    append(part, "def", note);
    loop_run(loop);
    ck_assert_uint_eq(store_part_length(part), 6);
    ck_assert_int_eq(size_of("000001-000000.part"), 6);
    ck_assert_int_eq(size_of("000001-000000.page"), -1);
    finish(part, "abcdef");
    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(size_of("000001-000000.part"), -1);
    ck_assert_int_eq(size_of("000001-000000.page"), 6);
}
END_TEST

START_TEST(a_wrong_digest_leaves_nothing)
{
    struct store_part *part = store_part_new(job, 1, 0);
    append(part, "abc", NULL);
    finish(part, "abd");
    ck_assert_int_eq(result, -EBADMSG);
    ck_assert_int_eq(size_of("000001-000000.part"), -1);
    ck_assert_int_eq(size_of("000001-000000.page"), -1);
}
END_TEST

static bool keep_part(void *context, const struct store_file *file)
{
    ck_assert_uint_eq(file->job, 7);
    ck_assert_uint_eq(file->generation, 3);
    *(uint64_t *)context = file->length;
    return file->kind == STORE_PART && file->page == 2;
}

START_TEST(a_part_goes_on_after_a_restart)
{
    struct store_part *part = store_part_new(job, 2, 3), *other = store_part_new(job, 4, 3);
    uint64_t length = 0;
    append(part, "abc", NULL);
    append(other, "xyz", note);
    loop_run(loop);
    store_part_leave(&part);
    store_part_leave(&other);
    close_store();
    open_store();
    ck_assert_int_eq(store_each(store, keep_part, &length), 0);
    ck_assert_int_eq(size_of("000004-000003.part"), -1);
    ck_assert_int_eq(size_of("000002-000003.part"), 3);
    part = store_part_reopen(job, 2, 3, 3);
    append(part, "def", NULL);
    finish(part, "abcdef");
    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(size_of("000002-000003.page"), 6);
}
END_TEST

/* The file lost its end when the power failed: the digest tells. */
START_TEST(a_torn_part_is_found_out)
{
    struct store_part *part = store_part_new(job, 2, 0);
    char path[128];
    append(part, "abcdef", note);
    loop_run(loop);
    store_part_leave(&part);
    close_store();
    snprintf(path, sizeof path, "%s/pages/7/000002-000000.part", folder);
    ck_assert_int_eq(truncate(path, 2), 0);
    open_store();
    part = store_part_reopen(job, 2, 0, 6);
    append(part, "ghi", NULL);
    finish(part, "abcdefghi");
    ck_assert_int_eq(result, -EBADMSG);
    ck_assert_int_eq(size_of("000002-000000.page"), -1);
}
END_TEST

static bool keep_none(void *context, const struct store_file *file)
{
    (void)context, (void)file;
    return false;
}

START_TEST(what_is_not_ours_goes)
{
    static const char *const names[] = {"junk", "7/../x", "7/1-0.page", "7/000001-000000.pagex",
                                        "07/000001-000000.page"};
    char command[160];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(command, sizeof command, "mkdir -p %s/pages/7 %s/pages/07; touch '%s/pages/%s'", folder,
                 folder, folder, names[i]);
        ck_assert_int_eq(system(command), 0);
    }
    ck_assert_int_eq(store_each(store, keep_none, NULL), 0);
    snprintf(command, sizeof command, "test -z \"$(ls -A %s/pages)\"", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

/* On a small file system of its own: for root. */
START_TEST(a_full_disk_keeps_what_was_written)
{
    enum { BLOCK = 40000 };
    static char block[BLOCK], whole[3 * BLOCK];
    char filler[64];
    uint8_t digest[32];
    struct store_part *part;
    int fd;
    if (geteuid() != 0)
        return;
    close_store();
    ck_assert_int_eq(mount("none", folder, "tmpfs", 0, "size=512k"), 0);
    open_store();
    memset(block, 'x', sizeof block);
    memset(whole, 'x', sizeof whole);
    part = store_part_new(job, 1, 0);
    ck_assert_int_eq(store_part_append(part, block, BLOCK, note, NULL), 0);
    loop_run(loop);
    ck_assert_int_eq(result, 0);
    snprintf(filler, sizeof filler, "%s/filler", folder);
    fd = open(filler, O_WRONLY | O_CREAT, 0600);
    while (write(fd, block, 4096) > 0)
        ;
    close(fd);
    ck_assert_int_eq(store_part_append(part, block, BLOCK, NULL, NULL), 0);
    ck_assert_int_eq(store_part_append(part, "y", 1, note, NULL), 0); /* must not follow a gap */
    loop_run(loop);
    ck_assert_int_eq(result, -ENOSPC);
    ck_assert_uint_eq(store_part_length(part), BLOCK);
    ck_assert_int_eq(size_of("000001-000000.part"), BLOCK);
    unlink(filler);
    store_part_retry(part);
    ck_assert_int_eq(store_part_append(part, block, BLOCK, NULL, NULL), 0);
    ck_assert_int_eq(store_part_append(part, block, BLOCK, NULL, NULL), 0);
    SHA256((const uint8_t *)whole, sizeof whole, digest);
    store_part_finish(&part, digest, note, NULL);
    loop_run(loop);
    ck_assert_int_eq(result, 0);
}
END_TEST

static const struct {
    const char *title, *name;
} names[] = {
    {"", "2031-05-07/kontor-7-scan.pdf"},
    {"../../etc/passwd", "2031-05-07/kontor-7-etc-passwd.pdf"},
    {"Rechnung Nr. 5", "2031-05-07/kontor-7-Rechnung-Nr-5.pdf"},
    {"Größe_Ελλ 日本", "2031-05-07/kontor-7-Größe_Ελλ-日本.pdf"},
    {"-rf\n\x01\xff", "2031-05-07/kontor-7-rf.pdf"},
    {"a\xe2\x80\xae"
     "b\xc2\xa0",
     "2031-05-07/kontor-7-a-b.pdf"},
    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxü!",
     "2031-05-07/"
     "kontor-7-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.pdf"},
};

START_TEST(titles_become_names)
{
    char *name = archive_document_name("kontor", 7, names[_i].title, DOCUMENT_PDF, UINT64_C(1935912600000));
    ck_assert_str_eq(name, names[_i].name);
    free(name);
}
END_TEST

START_TEST(parts_have_numbers)
{
    char *one = archive_part_name("d/a.b.png", 1, 1), *third = archive_part_name("d/a.b.png", 3, 12);
    ck_assert_str_eq(one, "d/a.b.png");
    ck_assert_str_eq(third, "d/a.b-003.png");
    free(one);
    free(third);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tests = tcase_create("store"), *pure = tcase_create("names");
    SRunner *runner = srunner_create(suite);
    int failures;
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_page_is_there_when_it_is_whole);
    tcase_add_test(tests, a_wrong_digest_leaves_nothing);
    tcase_add_test(tests, a_part_goes_on_after_a_restart);
    tcase_add_test(tests, a_torn_part_is_found_out);
    tcase_add_test(tests, what_is_not_ours_goes);
    tcase_add_test(tests, a_full_disk_keeps_what_was_written);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(pure, titles_become_names, 0, sizeof names / sizeof names[0]);
    tcase_add_test(pure, parts_have_numbers);
    suite_add_tcase(suite, pure);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
