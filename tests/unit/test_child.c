/* base/child: what a unit process is given, how it ends, and that nothing of it stays. The units are this
 * program itself, called with the name of a part. */
#include "config.h"

#include "base/child.h"
#include "base/log.h"
#include "base/loop.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the parts that a unit can play ---- */

static int part_echo(void)
{
    char bytes[16];
    ssize_t got;

    while ((got = read(CHILD_SOCKET_FD, bytes, sizeof bytes)) > 0) {
        if (write(CHILD_SOCKET_FD, bytes, (size_t)got) != got)
            return 1;
    }
    return got == 0 ? 5 : 1;
}

/* Returns which promise was broken. */
static int part_check_promises(void)
{
    DIR *open_fds = opendir("/proc/self/fd");
    struct sigaction action;
    struct dirent *entry;
    sigset_t blocked;
    int signal_at_death, count = 0;
    char byte;

    while ((entry = readdir(open_fds)) != NULL) {
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(open_fds))
            count++;
    }
    closedir(open_fds);
    if (count != 4)
        return 10 + count;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number < SIGRTMAX; number++) {
        if (sigismember(&blocked, number) == 1)
            return 30;
        if (number != SIGSEGV && number != SIGBUS && number != SIGFPE && /* taken by sanitizers */
            sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            return 31;
    }
    if (prctl(PR_GET_PDEATHSIG, &signal_at_death) != 0 || signal_at_death != SIGKILL)
        return 32;
    if (getpgrp() != getpid())
        return 33;
    if (read(STDIN_FILENO, &byte, 1) != 0)
        return 34;
    if ((fcntl(CHILD_SOCKET_FD, F_GETFL) & O_NONBLOCK) != 0)
        return 35;
    return getenv("TEST_CHILD") != NULL ? 0 : 36;
}

static int part_ignore_term(void)
{
    signal(SIGTERM, SIG_IGN);
    if (write(CHILD_SOCKET_FD, "x", 1) != 1)
        return 1;
    for (;;)
        pause();
}

/* A helper of the unit, in its group. */
static int part_leave_helper(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        for (;;)
            pause();
    }
    return write(CHILD_SOCKET_FD, &pid, sizeof pid) == sizeof pid ? 0 : 1;
}

static int part_crash(void)
{
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    return 1;
}

static int part_write_lines(void)
{
    char large[5000];

    memset(large, 'x', sizeof large);
    log_start("unit", LOG_LEVEL_DEBUG);
    child_be_unit();
    log_error("an error");
    log_debug("a detail");
    dprintf(2, "<9>plain\n\n\x1b[2J\n");
    dprintf(1, "to standard output\n");
    if (write(2, large, sizeof large) < 0 || write(2, "a\0b\nlast", 8) < 0)
        return 1;
    return 0;
}

static int part_chatter(void)
{
    while (dprintf(2, "again and again and again and again\n") > 0)
        continue;
    return 1;
}

static const struct {
    const char *name;
    int (*play)(void);
} parts[] = {
    {"echo", part_echo},
    {"check-promises", part_check_promises},
    {"ignore-term", part_ignore_term},
    {"leave-helper", part_leave_helper},
    {"crash", part_crash},
    {"write-lines", part_write_lines},
    {"chatter", part_chatter},
};

/* ---- the daemon's side ---- */

static struct loop *loop;
static struct loop_timer *deadline;
static struct child *child;
static int socket_fd, exits, stalls, last_status;

static void too_late(void *context)
{
    (void)context;
    ck_abort_msg("nothing happened for 10 s");
}

static void set_up(void)
{
    setenv("TEST_CHILD", "1", 1);
    log_start("test", LOG_LEVEL_INFO);
    loop = loop_new();
    deadline = loop_timer_new(loop, too_late, NULL);
    loop_timer_start(deadline, 10000);
    socket_fd = -1;
}

static void tear_down(void)
{
    if (socket_fd >= 0)
        close(socket_fd);
    child_free(&child);
    ck_assert_ptr_null(child);
    loop_timer_free(&deadline);
    loop_free(&loop);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* neither a process nor a zombie is left */
    ck_assert_int_eq(errno, ECHILD);
}

static void note_exit(void *context, int wait_status)
{
    ck_assert_ptr_eq(context, &child);
    exits++;
    last_status = wait_status;
    loop_stop(loop);
}

static const struct child_callbacks callbacks = {.on_exit = note_exit};

static void start(const char *part)
{
    char name[32];
    char *argv[] = {(char[]){"unit"}, name, NULL};

    snprintf(name, sizeof name, "%s", part);
    ck_assert_int_eq(child_start(&child, loop, "/proc/self/exe", argv, &callbacks, &child, &socket_fd), 0);
    ck_assert_int_gt(child_pid(child), 0);
}

static void ck_end(const char *expected)
{
    char text[100];

    child_describe_exit(last_status, text, sizeof text);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(exits, 1);
}

/* Blocks until the unit has written something. */
static size_t hear(void *bytes, size_t size)
{
    struct pollfd ready = {.fd = socket_fd, .events = POLLIN};
    ssize_t got;

    ck_assert_int_eq(poll(&ready, 1, 10000), 1);
    got = read(socket_fd, bytes, size);
    ck_assert_int_gt(got, 0);
    return (size_t)got;
}

START_TEST(socket_joins_both)
{
    char bytes[16];

    start("echo");
    ck_assert_int_eq(read(socket_fd, bytes, 1), -1); /* ours does not block */
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(fcntl(socket_fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(write(socket_fd, "hello", 5), 5);
    ck_assert_uint_eq(hear(bytes, sizeof bytes), 5);
    ck_assert_int_eq(memcmp(bytes, "hello", 5), 0);
    close(socket_fd);
    socket_fd = -1;
    loop_run(loop);
    ck_end("ended with code 5");
    child_stop(child, 0); /* nothing happens any more */
    child_watch(child, 1, NULL);
    child_progress(child);
}
END_TEST

/* With descriptors of the daemon in the child's places, open ones above, and blocked and ignored signals. _i:
 * how many of 0, 1, 2 are closed in the daemon. */
START_TEST(promises_are_kept)
{
    int kept[3];
    sigset_t some;

    ck_assert_int_ge(fcntl(STDERR_FILENO, F_DUPFD, 100), 100); /* without CLOEXEC */
    signal(SIGUSR1, SIG_IGN);
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigaddset(&some, SIGCHLD);
    sigprocmask(SIG_BLOCK, &some, NULL);
    for (int fd = 0; fd < _i; fd++) {
        kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 50);
        close(fd);
    }
    start("check-promises");
    loop_run(loop);
    child_free(&child); /* what it has open may be 0, 1, 2 */
    close(socket_fd);
    socket_fd = -1;
    for (int fd = 0; fd < _i; fd++) {
        dup2(kept[fd], fd);
        close(kept[fd]);
    }
    ck_end("ended with code 0");
}
END_TEST

START_TEST(failing_exec_is_reported)
{
    char *argv[] = {(char[]){"x"}, NULL};

    ck_assert_int_eq(child_start(&child, loop, "/none/unit", argv, &callbacks, NULL, &socket_fd), -ENOENT);
    ck_assert_int_eq(child_start(&child, loop, "/etc/passwd", argv, &callbacks, NULL, &socket_fd), -EACCES);
    ck_assert_int_eq(child_start(&child, loop, "/tmp", argv, &callbacks, NULL, &socket_fd), -EACCES);
    ck_assert_ptr_null(child);
    ck_assert_int_eq(socket_fd, -1);
}
END_TEST

START_TEST(ignored_sigchld_does_not_lose_the_end)
{
    signal(SIGCHLD, SIG_IGN);
    start("crash");
    loop_run(loop);
    ck_end("killed by signal 11 (Segmentation fault)");
}
END_TEST

START_TEST(stop_ends_a_willing_unit)
{
    start("echo");
    child_stop(child, 60000);
    loop_run(loop);
    ck_end("killed by signal 15 (Terminated)");
}
END_TEST

START_TEST(stop_kills_an_unwilling_unit)
{
    char byte;
    uint64_t before;

    start("ignore-term");
    hear(&byte, 1);
    before = loop_now_ms(loop);
    child_stop(child, 100);
    loop_run(loop);
    ck_end("killed by signal 9 (Killed)");
    ck_assert_uint_ge(loop_now_ms(loop) - before, 90);
}
END_TEST

START_TEST(helpers_end_with_their_unit)
{
    pid_t helper;
    struct pollfd end = {.events = POLLIN};

    start("leave-helper");
    ck_assert_uint_eq(hear(&helper, sizeof helper), sizeof helper);
    end.fd = pidfd_open(helper, 0);
    ck_assert_int_ge(end.fd, 0);
    loop_run(loop);
    ck_end("ended with code 0");
    ck_assert_int_eq(poll(&end, 1, 10000), 1);
    close(end.fd);
}
END_TEST

START_TEST(free_kills_and_reaps_without_the_callback)
{
    struct pollfd end = {.events = POLLIN};
    char byte;
    pid_t pid;

    start("ignore-term");
    hear(&byte, 1);
    pid = child_pid(child);
    end.fd = pidfd_open(pid, 0);
    child_stop(child, 1);
    child_free(&child);
    ck_assert_ptr_null(child);
    ck_assert_int_eq(poll(&end, 1, 10000), 1);
    close(end.fd);
    if (_i == 1) { /* reaped by the loop; else by its end, in tear_down */
        loop_timer_free(&deadline);
        while (kill(pid, 0) == 0) {
            deadline = loop_timer_new(loop, (void (*)(void *))loop_stop, loop);
            loop_timer_start(deadline, 20);
            loop_run(loop);
            loop_timer_free(&deadline);
        }
        ck_assert_int_eq(errno, ESRCH);
    }
    ck_assert_int_eq(exits, 0);
}
END_TEST

static void free_in_exit(void *context, int wait_status)
{
    (void)context;
    last_status = wait_status;
    exits++;
    child_free(&child);
    loop_stop(loop);
}

START_TEST(exit_handler_may_free_the_child)
{
    static const struct child_callbacks freeing = {.on_exit = free_in_exit};
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"exit 3"}, NULL};

    ck_assert_int_eq(child_start(&child, loop, "/bin/sh", argv, &freeing, NULL, &socket_fd), 0);
    loop_run(loop);
    ck_end("ended with code 3");
    ck_assert_ptr_null(child);
}
END_TEST

static void note_stall(void *context)
{
    ck_assert_ptr_eq(context, &child);
    stalls++;
    child_stop(child, 60000);
}

static void show_progress(void *context)
{
    struct loop_timer **timer = context;

    child_progress(child);
    loop_timer_start(*timer, 30);
}

START_TEST(stall_is_seen_once)
{
    uint64_t before = loop_now_ms(loop);

    start("echo");
    child_watch(child, 100, note_stall);
    loop_run(loop);
    ck_assert_int_eq(stalls, 1);
    ck_assert_uint_ge(loop_now_ms(loop) - before, 90);
    ck_end("killed by signal 15 (Terminated)");
}
END_TEST

static void stop_loop(void *context)
{
    (void)context;
    loop_stop(loop);
}

START_TEST(progress_keeps_the_watchdog_quiet)
{
    struct loop_timer *progress = loop_timer_new(loop, show_progress, &progress);
    struct loop_timer *enough = loop_timer_new(loop, stop_loop, NULL);

    start("echo");
    child_watch(child, 150, note_stall);
    loop_timer_start(progress, 30);
    loop_timer_start(enough, 600);
    loop_run(loop);
    ck_assert_int_eq(stalls, 0);
    loop_timer_free(&progress);
    child_watch(child, 0, NULL); /* off */
    loop_timer_start(enough, 300);
    loop_run(loop);
    ck_assert_int_eq(stalls, 0);
    loop_timer_free(&enough);
}
END_TEST

static void free_at_stall(void *context)
{
    (void)context;
    child_free(&child);
    loop_stop(loop);
}

START_TEST(stall_handler_may_free_the_child)
{
    start("echo");
    child_watch(child, 10, free_at_stall);
    loop_run(loop);
    ck_assert_ptr_null(child);
}
END_TEST

START_TEST(output_becomes_log_lines)
{
    static char seen[16384], expected[4096];
    char name[64], large[801];
    int ends[2], kept = dup(STDERR_FILENO);
    ssize_t got;
    int used;

    ck_assert_int_eq(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    log_use_priorities(true);
    log_set_level(LOG_LEVEL_DEBUG);
    start("write-lines");
    snprintf(name, sizeof name, "exe[%ld]", (long)child_pid(child));
    loop_run(loop);
    dup2(kept, STDERR_FILENO);
    close(kept);
    got = read(ends[0], seen, sizeof seen - 1);
    ck_assert_int_gt(got, 0);
    seen[got] = '\0';
    close(ends[0]);
    ck_end("ended with code 0");

    memset(large, 'x', 800);
    large[800] = '\0';
    used = snprintf(expected, sizeof expected,
                    "<3>%s: an error\n<7>%s: a detail\n<5>%s: <9>plain\n<5>%s: \\x1b[2J\n"
                    "<5>%s: to standard output\n<5>%s: %s ...\n<5>%s: last\n",
                    name, name, name, name, name, name, large, name);
    ck_assert_int_gt(used, 0);
    ck_assert_str_eq(seen, expected);
}
END_TEST

START_TEST(chatter_does_not_starve_the_loop)
{
    struct loop_timer *enough = loop_timer_new(loop, stop_loop, NULL);
    uint64_t before = loop_now_ms(loop);

    log_set_level(LOG_LEVEL_ERROR);
    start("chatter");
    loop_timer_start(enough, 100);
    loop_run(loop);
    ck_assert_uint_lt(loop_now_ms(loop) - before, 5000);
    loop_timer_free(&enough);
}
END_TEST

/* A daemon that is killed takes its unit along. */
START_TEST(unit_dies_with_its_daemon)
{
    struct pollfd end = {.events = POLLIN};
    int ends[2];
    pid_t daemon, unit;
    char byte;

    ck_assert_int_eq(pipe(ends), 0);
    daemon = fork();
    if (daemon == 0) {
        struct loop *own = loop_new();
        char *argv[] = {(char[]){"unit"}, (char[]){"ignore-term"}, NULL};

        if (child_start(&child, own, "/proc/self/exe", argv, &callbacks, NULL, &socket_fd) != 0)
            _exit(1);
        hear(&byte, 1);
        unit = child_pid(child);
        if (write(ends[1], &unit, sizeof unit) != sizeof unit)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ends[0], &unit, sizeof unit), sizeof unit);
    end.fd = pidfd_open(unit, 0);
    ck_assert_int_ge(end.fd, 0);
    ck_assert_int_eq(poll(&end, 1, 0), 0);
    kill(daemon, SIGKILL);
    ck_assert_int_eq(waitpid(daemon, NULL, 0), daemon);
    ck_assert_int_eq(poll(&end, 1, 10000), 1);
    close(end.fd);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* child_be_unit as the program sees it: _i is 0 by hand, 1 with the daemon gone, 2 as it should be. */
START_TEST(unit_looks_for_its_daemon)
{
    static const int codes[] = {2, 1, 42};
    int ends[2], status;
    pid_t pid;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    pid = fork();
    if (pid == 0) {
        int theirs = dup(ends[1]);

        if (_i == 0)
            close(CHILD_SOCKET_FD);
        else
            dup2(theirs, CHILD_SOCKET_FD);
        if (_i == 1 && ends[0] != CHILD_SOCKET_FD)
            close(ends[0]);
        if (_i == 1) /* our own copy of the daemon's end is gone once the test closes its */
            usleep(100000);
        child_be_unit();
        _exit(42);
    }
    if (_i == 1)
        close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), codes[_i]);
    if (_i != 1)
        close(ends[0]);
    close(ends[1]);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("child");
    TCase *tests = tcase_create("child");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, socket_joins_both);
    tcase_add_loop_test(tests, promises_are_kept, 0, 4);
    tcase_add_test(tests, failing_exec_is_reported);
    tcase_add_test(tests, ignored_sigchld_does_not_lose_the_end);
    tcase_add_test(tests, stop_ends_a_willing_unit);
    tcase_add_test(tests, stop_kills_an_unwilling_unit);
    tcase_add_test(tests, helpers_end_with_their_unit);
    tcase_add_loop_test(tests, free_kills_and_reaps_without_the_callback, 0, 2);
    tcase_add_test(tests, exit_handler_may_free_the_child);
    tcase_add_test(tests, stall_is_seen_once);
    tcase_add_test(tests, progress_keeps_the_watchdog_quiet);
    tcase_add_test(tests, stall_handler_may_free_the_child);
    tcase_add_test(tests, output_becomes_log_lines);
    tcase_add_test(tests, chatter_does_not_starve_the_loop);
    tcase_add_test(tests, unit_dies_with_its_daemon);
    tcase_add_loop_test(tests, unit_looks_for_its_daemon, 0, 3);
    return suite;
}

int main(int argc, char **argv)
{
    SRunner *runner;
    int failed;

    if (argc > 1) {
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            if (strcmp(argv[1], parts[i].name) == 0)
                return parts[i].play();
        }
        return 99;
    }
    runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
