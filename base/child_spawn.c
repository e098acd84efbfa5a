#include "config.h"

#include "base/child.h"
#include "base/child_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors that are to be placed in the child lie above all the places, so that none is overwritten. */
enum { FIRST_FREE_FD = 5, REPORT_FD = 4 };

enum { OURS, THEIRS };

struct child_plan {
    const char *path;
    char *const *argv;
    pid_t parent;
    int null_fd;
    int socket[2];
    int output[2];
    int report[2];  /* what execve failed with; closed by its success */
    int highest_fd; /* for kernels without close_range */
};

static void child_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void child_plan_close(struct child_plan *plan)
{
    child_close(&plan->null_fd);
    for (int side = OURS; side <= THEIRS; side++) {
        child_close(&plan->socket[side]);
        child_close(&plan->output[side]);
        child_close(&plan->report[side]);
    }
}

static int child_move_up(int *fd)
{
    int moved;

    if (*fd >= FIRST_FREE_FD)
        return 0;
    moved = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (moved < 0)
        return -errno;
    close(*fd);
    *fd = moved;
    return 0;
}

static int child_set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

static int child_plan_open(struct child_plan *plan)
{
    int *const theirs[] = {&plan->null_fd, &plan->socket[THEIRS], &plan->output[THEIRS],
                           &plan->report[THEIRS]};
    int error = 0;

    plan->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (plan->null_fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, plan->socket) < 0 ||
        pipe2(plan->output, O_CLOEXEC) < 0 || pipe2(plan->report, O_CLOEXEC) < 0)
        return -errno;
    for (size_t i = 0; i < sizeof theirs / sizeof theirs[0] && error == 0; i++)
        error = child_move_up(theirs[i]);
    if (error == 0)
        error = child_set_nonblocking(plan->socket[OURS]);
    if (error == 0)
        error = child_set_nonblocking(plan->output[OURS]);
    return error;
}

/* From here to execve: only what is safe in the fork of a program with threads (signal-safety(7)). */

static void child_reset_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard,
                  NULL); /* fails for KILL, STOP and those of the C library: as it should */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_close_others(int highest_fd)
{
    if (close_range(FIRST_FREE_FD, ~0U, 0) == 0)
        return;
    for (int fd = FIRST_FREE_FD; fd <= highest_fd; fd++)
        close(fd);
}

static _Noreturn void child_become(const struct child_plan *plan)
{
    int report = plan->report[THEIRS];
    int error;
    ssize_t written;

    /* A parent that died before the prctl sends no signal any more. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setpgid(0, 0) < 0)
        goto fail;
    if (getppid() != plan->parent)
        _exit(127);
    if (dup2(plan->null_fd, STDIN_FILENO) < 0 || dup2(plan->output[THEIRS], STDOUT_FILENO) < 0 ||
        dup2(plan->output[THEIRS], STDERR_FILENO) < 0 || dup2(plan->socket[THEIRS], CHILD_SOCKET_FD) < 0 ||
        dup3(report, REPORT_FD, O_CLOEXEC) < 0)
        goto fail;
    report = REPORT_FD;
    child_close_others(plan->highest_fd);
    child_reset_signals();
    execv(plan->path, plan->argv);
fail:
    error = errno;
    do {
        written = write(report, &error, sizeof error);
    } while (written < 0 && errno == EINTR);
    _exit(127);
}

/* Waits until the child runs its program: 0, or what it failed with. */
static int child_read_report(int fd)
{
    int error = 0;
    ssize_t got;

    do {
        got = read(fd, &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    if (got == 0)
        return 0;
    return got == (ssize_t)sizeof error && error > 0 ? -error : -EIO;
}

/* Forks with all signals blocked: no handler of ours runs in the child. */
static pid_t child_fork(const struct child_plan *plan)
{
    sigset_t all, before;
    pid_t pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0)
        child_become(plan);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

/* Where SIGCHLD was ignored when this program was started, the system would reap our children before us. */
static void child_keep_zombies(void)
{
    struct sigaction action;

    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
}

static int child_take_off(struct child_process *process, struct child_plan *plan)
{
    pid_t pid = child_fork(plan);
    int error, pid_fd;

    if (pid < 0)
        return -errno;
    child_close(&plan->report[THEIRS]);
    error = child_read_report(plan->report[OURS]);
    pid_fd = pidfd_open(pid, 0);
    if (error == 0 && pid_fd < 0)
        error = -errno;
    if (error < 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        child_close(&pid_fd);
        return error;
    }
    *process = (struct child_process){pid, pid_fd, plan->socket[OURS], plan->output[OURS]};
    plan->socket[OURS] = plan->output[OURS] = -1;
    return 0;
}

int child_spawn(struct child_process *process, const char *path, char *const argv[])
{
    struct child_plan plan = {.path = path,
                              .argv = argv,
                              .parent = getpid(),
                              .null_fd = -1,
                              .socket = {-1, -1},
                              .output = {-1, -1},
                              .report = {-1, -1},
                              .highest_fd = (int)sysconf(_SC_OPEN_MAX)};
    int error;

    child_keep_zombies();
    error = child_plan_open(&plan);
    if (error == 0)
        error = child_take_off(process, &plan);
    child_plan_close(&plan);
    return error;
}
