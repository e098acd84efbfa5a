/* base/blob: names that want out, replacing under failures, whole reads, trees, digests. */
#include "config.h"

#include "base/blob.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder_path[64];
static int folder;

static void set_up(void)
{
    strcpy(folder_path, "/tmp/test-blob-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder_path));
    folder = blob_folder(folder_path);
    ck_assert_int_ge(folder, 0);
}

static int remove_name(void *context, const char *name)
{
    (void)context;
    return blob_remove_tree(folder, name);
}

static void tear_down(void)
{
    ck_assert_int_eq(blob_each(folder, remove_name, NULL), 0);
    close(folder);
    ck_assert_int_eq(rmdir(folder_path), 0);
}

/* Makes the kernel of this process one without openat2. */
static void forbid_openat2(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    ck_assert_int_eq(syscall(SYS_openat2, folder, ".", NULL, 0), -1);
    ck_assert_int_eq(errno, ENOSYS);
}

static void ck_content(const char *name, const char *expected)
{
    char *bytes = NULL;
    size_t length = 0;

    ck_assert_int_eq(blob_read(folder, name, 1000, &bytes, &length), 0);
    ck_assert_str_eq(bytes, expected);
    ck_assert_uint_eq(length, strlen(expected));
    free(bytes);
}

static int count_name(void *context, const char *name)
{
    (void)name;
    ++*(int *)context;
    return 0;
}

static int names_in_folder(void)
{
    int count = 0;

    ck_assert_int_eq(blob_each(folder, count_name, &count), 0);
    return count;
}

/* _i: 0 with openat2, 1 without. */
START_TEST(names_stay_beneath)
{
    static const char *const refused[] = {"",    ".",   "..",     "/etc/passwd", "a/",   "a//b",
                                          "a/.", "./a", "a/../b", "../x",        "a/..", "/"};
    int sub = blob_subfolder(folder, "a");
    char name[5000];
    int fd;

    ck_assert_int_ge(sub, 0);
    if (_i == 1)
        forbid_openat2();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ck_assert_int_eq(blob_open(folder, refused[i], O_RDONLY, 0), -EINVAL);
        ck_assert_int_eq(blob_replace(folder, refused[i], "x", 1), -EINVAL);
        ck_assert_int_eq(blob_remove(folder, refused[i]), -EINVAL);
        ck_assert_int_eq(blob_remove_tree(folder, refused[i]), -EINVAL);
        ck_assert_int_eq(blob_subfolder(folder, refused[i]), -EINVAL);
    }
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(blob_open(folder, name, O_RDONLY, 0), -EINVAL);
    name[300] = '/';
    name[302] = '\0';
    ck_assert_int_eq(blob_open(folder, name, O_RDONLY, 0), -ENAMETOOLONG);
    ck_assert_int_eq(blob_open(folder, "b/c", O_RDONLY, 0), -ENOENT);

    fd = blob_open(folder, "a/..b", O_WRONLY | O_CREAT | O_EXCL, 0640);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(blob_open(folder, "a/..b", O_WRONLY | O_CREAT | O_EXCL, 0640), -EEXIST);
    ck_assert_int_eq(blob_open(folder, "a/..b/c", O_RDONLY, 0), -ENOTDIR);
    close(fd);
    close(sub);
}
END_TEST

START_TEST(symbolic_links_are_refused)
{
    char *bytes;
    size_t length;

    ck_assert_int_eq(symlinkat("/etc", folder, "folder"), 0);
    ck_assert_int_eq(symlinkat("/etc/passwd", folder, "file"), 0);
    ck_assert_int_eq(symlinkat(".", folder, "here"), 0);
    if (_i == 1)
        forbid_openat2();
    ck_assert_int_eq(blob_open(folder, "file", O_RDONLY, 0), -ELOOP);
    ck_assert_int_eq(blob_open(folder, "folder", O_RDONLY | O_DIRECTORY, 0), -ELOOP);
    ck_assert_int_eq(blob_open(folder, "folder/passwd", O_RDONLY, 0), -ELOOP);
    ck_assert_int_eq(blob_open(folder, "here/file", O_RDONLY, 0), -ELOOP);
    ck_assert_int_eq(blob_read(folder, "file", 100000, &bytes, &length), -ELOOP);
    ck_assert_int_eq(blob_replace(folder, "folder/passwd", "x", 1), -ELOOP);
    ck_assert_int_eq(blob_subfolder(folder, "folder"), -ELOOP);
    ck_assert_int_eq(blob_remove(folder, "folder/passwd"), -ELOOP);
    ck_assert_int_eq(blob_replace(folder, "file", "mine", 4), 0); /* the link goes, not what it leads to */
    ck_content("file", "mine");
    ck_assert_int_eq(blob_remove_tree(folder, "folder"), 0);
    ck_assert_int_eq(access("/etc/passwd", F_OK), 0);
}
END_TEST

START_TEST(replace_and_read)
{
    char *bytes = NULL;
    size_t length = 0;
    struct stat status;
    int sub = blob_subfolder(folder, "sub");

    ck_assert_int_ge(sub, 0);
    close(sub);
    ck_assert_int_eq(blob_replace(folder, "sub/x", "old", 3), 0);
    ck_content("sub/x", "old");
    ck_assert_int_eq(blob_replace(folder, "sub/x", "newer", 5), 0);
    ck_content("sub/x", "newer");
    ck_assert_int_eq(blob_replace(folder, "empty", NULL, 0), 0);
    ck_content("empty", "");
    ck_assert_int_eq(fstatat(folder, "sub/x", &status, 0), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_int_eq(names_in_folder(), 2);

    ck_assert_int_eq(blob_read(folder, "sub/x", 5, &bytes, &length), 0);
    free(bytes);
    ck_assert_int_eq(blob_read(folder, "sub/x", 4, &bytes, &length), -EFBIG);
    ck_assert_int_eq(blob_read(folder, "empty", 0, &bytes, &length), 0);
    free(bytes);
    ck_assert_int_eq(blob_read(folder, "sub", 100, &bytes, &length), -EISDIR);
    ck_assert_int_eq(blob_read(folder, "none", 100, &bytes, &length), -ENOENT);
    ck_assert_int_eq(mkfifoat(folder, "fifo", 0600), 0);
    ck_assert_int_eq(blob_read(folder, "fifo", 100, &bytes, &length), -EINVAL);
}
END_TEST

START_TEST(failing_write_leaves_the_old_file)
{
    struct rlimit limit = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    char large[10000];

    memset(large, 'x', sizeof large);
    ck_assert_int_eq(blob_replace(folder, "x", "old", 3), 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(blob_replace(folder, "x", large, sizeof large), -EFBIG);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    ck_content("x", "old");
    ck_assert_int_eq(names_in_folder(), 1); /* no temporary file is left */
}
END_TEST

START_TEST(failing_rename_leaves_the_old_file)
{
    ck_assert_int_eq(mkdirat(folder, "x", 0700), 0); /* a file cannot replace a folder */
    ck_assert_int_eq(blob_replace(folder, "x/kept", "old", 3), 0);
    ck_assert_int_eq(blob_replace(folder, "x", "new", 3), -EISDIR);
    ck_content("x/kept", "old");
    ck_assert_int_eq(names_in_folder(), 1);
}
END_TEST

START_TEST(temporary_names_step_over_left_overs)
{
    char name[64];

    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, BLOB_TEMPORARY "%ld-%d", (long)getpid(), i);
        close(openat(folder, name, O_CREAT | O_WRONLY, 0600));
    }
    ck_assert_int_eq(blob_replace(folder, "x", "new", 3), 0);
    ck_content("x", "new");
    ck_assert_int_eq(names_in_folder(), 51);
}
END_TEST

START_TEST(commit_moves_between_folders)
{
    int fd, sub = blob_subfolder(folder, "sub");

    close(sub);
    fd = blob_open(folder, "part", O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq(blob_write_all(fd, "page", 4), 0);
    ck_assert_int_eq(blob_commit(folder, fd, "part", "none/page"), -ENOENT);
    ck_content("part", "page");
    ck_assert_int_eq(blob_commit(folder, fd, "part", "../page"), -EINVAL);
    ck_assert_int_eq(blob_commit(folder, -1, "part", "sub/page"), -EBADF); /* fsync fails: no rename */
    ck_content("part", "page");
    ck_assert_int_eq(blob_commit(folder, fd, "part", "sub/page"), 0);
    ck_content("sub/page", "page");
    ck_assert_int_eq(names_in_folder(), 1);
    close(fd);
}
END_TEST

START_TEST(write_all_reports_errors)
{
    int fd = open("/dev/full", O_WRONLY);

    ck_assert_int_eq(blob_write_all(fd, "x", 1), -ENOSPC);
    ck_assert_int_eq(blob_write_all(fd, "", 0), 0);
    close(fd);
    ck_assert_int_eq(blob_write_all(fd, "x", 1), -EBADF);
}
END_TEST

START_TEST(read_at_bounds)
{
    char bytes[8];
    int fd;

    ck_assert_int_eq(blob_replace(folder, "x", "0123456789", 10), 0);
    fd = blob_open(folder, "x", O_RDONLY, 0);
    ck_assert_int_eq(blob_read_at(fd, bytes, 8, 0), 8);
    ck_assert_int_eq(blob_read_at(fd, bytes, 8, 4), 6);
    ck_assert_int_eq(memcmp(bytes, "456789", 6), 0);
    ck_assert_int_eq(blob_read_at(fd, bytes, 8, 10), 0);
    ck_assert_int_eq(blob_read_at(fd, bytes, 8, 1000), 0);
    ck_assert_int_eq(blob_read_at(fd, bytes, 0, 0), 0);
    ck_assert_int_eq(blob_read_at(fd, bytes, 8, INT64_MAX), -EINVAL);
    ck_assert_int_eq(blob_read_at(fd, bytes, 8, UINT64_MAX), -EINVAL);
    ck_assert_int_eq(blob_read_at(fd, bytes, SIZE_MAX, 0), -EINVAL);
    close(fd);
}
END_TEST

START_TEST(folder_with_parents)
{
    char path[200];
    struct stat status;
    int fd;

    snprintf(path, sizeof path, "%s/one//two/three/", folder_path);
    for (int round = 0; round < 2; round++) { /* made, then found */
        fd = blob_folder(path);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstat(fd, &status), 0);
        ck_assert_uint_eq(status.st_mode & 07777, 0700);
        close(fd);
    }
    ck_assert_int_eq(blob_replace(folder, "file", "", 0), 0);
    snprintf(path, sizeof path, "%s/file", folder_path);
    ck_assert_int_eq(blob_folder(path), -ENOTDIR);
    snprintf(path, sizeof path, "%s/file/below", folder_path);
    ck_assert_int_eq(blob_folder(path), -ENOTDIR);
    ck_assert_int_eq(blob_folder(""), -ENOENT);
    fd = blob_folder("/");
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(blob_subfolder(folder, "file"), -ENOTDIR);
}
END_TEST

static int stop_at_second(void *context, const char *name)
{
    ck_assert_str_ne(name, ".");
    ck_assert_str_ne(name, "..");
    return ++*(int *)context == 2 ? 77 : 0;
}

START_TEST(walk_can_be_ended_and_repeated)
{
    int count = 0;

    for (int i = 0; i < 5; i++) {
        char name[16];

        snprintf(name, sizeof name, "%d", i);
        ck_assert_int_eq(blob_replace(folder, name, "", 0), 0);
    }
    ck_assert_int_eq(blob_each(folder, stop_at_second, &count), 77);
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(names_in_folder(), 5);
    ck_assert_int_eq(names_in_folder(), 5);
    ck_assert_int_lt(blob_each(-1, count_name, &count), 0);
}
END_TEST

START_TEST(tree_is_removed)
{
    char name[200] = "d";
    int fd;

    ck_assert_int_eq(blob_remove_tree(folder, "none"), 0);
    ck_assert_int_eq(blob_remove_tree(folder, "none/below"), 0);
    ck_assert_int_eq(blob_remove(folder, "none"), 0);
    for (int level = 1; level <= 40; level++) {
        fd = blob_subfolder(folder, name);
        ck_assert_int_ge(fd, 0);
        for (int i = 0; i < 5; i++) {
            char file[16];

            snprintf(file, sizeof file, "%d", i);
            close(openat(fd, file, O_CREAT | O_WRONLY, 0600));
        }
        close(fd);
        if (level == 30)
            ck_assert_int_eq(blob_remove(folder, name), -EISDIR);
        strcat(name, "/d");
    }
    ck_assert_int_eq(blob_remove_tree(folder, "d"), -ELOOP);
    ck_assert_int_eq(blob_remove_tree(folder, "d/d/d/d/d/d/d/d/d/d"), 0);
    ck_assert_int_eq(blob_remove_tree(folder, "d"), 0);
    ck_assert_int_eq(names_in_folder(), 0);
}
END_TEST

static void ck_digest(int fd, uint64_t length, const char *expected)
{
    uint8_t digest[32];
    char text[65];

    ck_assert_int_eq(blob_digest(fd, length, digest), 0);
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    ck_assert_str_eq(text, expected);
}

START_TEST(digest_of_a_prefix)
{
    static const char *const of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    static const char *const of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char *const of_million_a =
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    uint8_t digest[32];
    char *million = malloc(1000001);
    int fd;

    ck_assert_int_eq(blob_replace(folder, "x", "abcd", 4), 0);
    fd = blob_open(folder, "x", O_RDONLY, 0);
    ck_digest(fd, 0, of_nothing);
    ck_digest(fd, 3, of_abc);
    ck_assert_int_eq(blob_digest(fd, 5, digest), -ENODATA);
    close(fd);
    ck_assert_int_eq(blob_digest(fd, 3, digest), -EBADF);

    memset(million, 'a', 1000001);
    ck_assert_int_eq(blob_replace(folder, "x", million, 1000001), 0);
    free(million);
    fd = blob_open(folder, "x", O_RDONLY, 0);
    ck_digest(fd, 1000000, of_million_a);
    close(fd);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blob");
    TCase *names = tcase_create("names"), *files = tcase_create("files"), *folders = tcase_create("folders");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, names);
    tcase_add_checked_fixture(names, set_up, tear_down);
    tcase_add_loop_test(names, names_stay_beneath, 0, 2);
    tcase_add_loop_test(names, symbolic_links_are_refused, 0, 2);
    suite_add_tcase(suite, files);
    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_test(files, replace_and_read);
    tcase_add_test(files, failing_write_leaves_the_old_file);
    tcase_add_test(files, failing_rename_leaves_the_old_file);
    tcase_add_test(files, temporary_names_step_over_left_overs);
    tcase_add_test(files, commit_moves_between_folders);
    tcase_add_test(files, write_all_reports_errors);
    tcase_add_test(files, read_at_bounds);
    tcase_add_test(files, digest_of_a_prefix);
    suite_add_tcase(suite, folders);
    tcase_add_checked_fixture(folders, set_up, tear_down);
    tcase_add_test(folders, folder_with_parents);
    tcase_add_test(folders, walk_can_be_ended_and_repeated);
    tcase_add_test(folders, tree_is_removed);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
