#include "config.h"

#include "base/child.h"
#include "base/child_output.h"
#include "base/child_spawn.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 *                 process ends               child_free
 *     RUNNING ------------------> ENDED --------------------> (gone)
 *        | child_free
 *        v         process ends, or the loop
 *     ABANDONED --------------------------------------------> (gone)
 */
enum child_state { CHILD_RUNNING, CHILD_ENDED, CHILD_ABANDONED };

/* Bytes of output that are taken per turn of the loop: a chatterbox waits for the others. */
#define CHILD_OUTPUT_CHUNK 4096
/* What a pipe can still hold when its writer has ended. */
#define CHILD_OUTPUT_REST 65536
/* How long the end of the loop waits for a process that was killed. */
#define CHILD_LAST_WAIT_MS 1000

struct child {
    struct loop_ending ending; /* first; on the loop's list while ABANDONED */
    struct loop *loop;
    enum child_state state;
    struct child_callbacks callbacks;
    void *context;

    pid_t pid;
    int pid_fd, output_fd;
    struct event *end_event, *output_event;
    struct child_output output;

    struct loop_timer *kill_timer;
    struct loop_timer *watch_timer;
    uint32_t watch_limit_ms;
    uint64_t progress_at_ms;
    void (*on_stall)(void *context);
};

/* The whole group: drivers fork helpers of their own. The number cannot be another's, since it is ours until
 * the process has been reaped. */
static void child_signal(const struct child *child, int signal_number)
{
    if (kill(-child->pid, signal_number) < 0 && errno != ESRCH)
        log_error("%s: signal %d cannot be sent: %s", child->output.name, signal_number, strerror(errno));
}

static void child_close_output(struct child *child)
{
    if (child->output_fd < 0)
        return;
    child_output_end(&child->output);
    event_free(child->output_event);
    child->output_event = NULL;
    close(child->output_fd);
    child->output_fd = -1;
}

/* Takes at most `limit` bytes of output; false at its end. */
static bool child_take_output(struct child *child, size_t limit)
{
    char chunk[CHILD_OUTPUT_CHUNK];
    size_t taken = 0;

    while (taken < limit) {
        ssize_t got = read(child->output_fd, chunk, sizeof chunk);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 && errno == EAGAIN;
        child_output_take(&child->output, chunk, (size_t)got);
        taken += (size_t)got;
    }
    return true;
}

static void child_output_is_readable(evutil_socket_t fd, short what, void *context)
{
    struct child *child = context;

    (void)fd;
    (void)what;
    if (!child_take_output(child, CHILD_OUTPUT_CHUNK))
        child_close_output(child);
}

/* Stops all that the child has on the loop. */
static void child_let_go(struct child *child)
{
    loop_timer_free(&child->kill_timer);
    loop_timer_free(&child->watch_timer);
    if (child->output_fd >= 0)
        child_close_output(child);
    if (child->end_event != NULL)
        event_free(child->end_event);
    child->end_event = NULL;
    if (child->pid_fd >= 0)
        close(child->pid_fd);
    child->pid_fd = -1;
}

static int child_reap(const struct child *child)
{
    int wait_status = 0;

    child_signal(child, SIGKILL); /* what is left of its group; the number is still ours */
    while (waitpid(child->pid, &wait_status, 0) < 0) {
        if (errno != EINTR) {
            log_error("%s: the end of the process is not known: %s", child->output.name, strerror(errno));
            break;
        }
    }
    return wait_status;
}

static void child_has_ended(evutil_socket_t fd, short what, void *context)
{
    struct child *child = context;
    int wait_status;

    (void)fd;
    (void)what;
    if (child->output_fd >= 0)
        child_take_output(child, CHILD_OUTPUT_REST);
    wait_status = child_reap(child);
    child_let_go(child);
    if (child->state == CHILD_ABANDONED) {
        loop_ending_remove(&child->ending);
        free(child);
        return;
    }
    child->state = CHILD_ENDED;
    child->callbacks.on_exit(child->context, wait_status); /* may free the child */
}

static void child_kill(void *context)
{
    struct child *child = context;

    log_warning("%s does not end: killed", child->output.name);
    child_signal(child, SIGKILL);
}

static void child_look_at_progress(void *context)
{
    struct child *child = context;
    uint64_t idle_ms = loop_now_ms(child->loop) - child->progress_at_ms;

    if (idle_ms < child->watch_limit_ms) {
        loop_timer_start(child->watch_timer, child->watch_limit_ms - (uint32_t)idle_ms);
        return;
    }
    log_warning("%s: no progress for %llu ms", child->output.name, (unsigned long long)idle_ms);
    child->on_stall(child->context); /* may free the child */
}

int child_start(struct child **child, struct loop *loop, const char *path, char *const argv[],
                const struct child_callbacks *callbacks, void *context, int *socket_fd)
{
    struct child *new;
    struct child_process process;
    int error = child_spawn(&process, path, argv);

    if (error < 0)
        return error;
    new = memory_new(sizeof *new);
    new->loop = loop;
    new->callbacks = *callbacks;
    new->context = context;
    new->pid = process.pid;
    new->pid_fd = process.pid_fd;
    new->output_fd = process.output_fd;
    child_output_start(&new->output, path, process.pid);
    new->kill_timer = loop_timer_new(loop, child_kill, new);
    new->watch_timer = loop_timer_new(loop, child_look_at_progress, new);
    new->end_event = event_new(loop_base(loop), new->pid_fd, EV_READ, child_has_ended, new);
    new->output_event =
        event_new(loop_base(loop), new->output_fd, EV_READ | EV_PERSIST, child_output_is_readable, new);
    if (new->end_event == NULL || new->output_event == NULL || event_add(new->end_event, NULL) != 0 ||
        event_add(new->output_event, NULL) != 0) {
        log_error("%s cannot be watched: no memory", new->output.name);
        abort();
    }
    *socket_fd = process.socket_fd;
    *child = new;
    return 0;
}

pid_t child_pid(const struct child *child)
{
    return child->pid;
}

void child_watch(struct child *child, uint32_t limit_ms, void (*on_stall)(void *context))
{
    if (child->state != CHILD_RUNNING)
        return;
    child->watch_limit_ms = limit_ms;
    child->on_stall = on_stall;
    child_progress(child);
    if (limit_ms == 0)
        loop_timer_stop(child->watch_timer);
    else
        loop_timer_start(child->watch_timer, limit_ms);
}

void child_progress(struct child *child)
{
    child->progress_at_ms = loop_now_ms(child->loop);
}

void child_stop(struct child *child, uint32_t grace_ms)
{
    if (child->state != CHILD_RUNNING)
        return;
    /* Only the process itself: how its helpers are to end is for it to say. */
    if (kill(child->pid, SIGTERM) < 0)
        log_error("%s cannot be stopped: %s", child->output.name, strerror(errno));
    loop_timer_start(child->kill_timer, grace_ms);
}

/* The loop ends with a process still not reaped. One that the kernel holds on to is left to init. */
static void child_loop_ends(struct loop_ending *ending)
{
    struct child *child = (struct child *)ending;
    struct pollfd end = {.fd = child->pid_fd, .events = POLLIN};

    if (poll(&end, 1, CHILD_LAST_WAIT_MS) == 1)
        child_reap(child);
    else
        log_warning("%s was killed but does not end", child->output.name);
    child_let_go(child);
    free(child);
}

void child_free(struct child **child)
{
    struct child *old = *child;

    if (old == NULL)
        return;
    *child = NULL;
    if (old->state == CHILD_ENDED) {
        child_let_go(old);
        free(old);
        return;
    }
    old->state = CHILD_ABANDONED;
    child_signal(old, SIGKILL);
    loop_timer_free(&old->kill_timer);
    loop_timer_free(&old->watch_timer);
    old->ending.end = child_loop_ends;
    loop_ending_add(old->loop, &old->ending);
}

void child_be_unit(void)
{
    struct pollfd daemon = {.fd = CHILD_SOCKET_FD};
    struct stat status;

    log_use_priorities(true);
    if (fstat(CHILD_SOCKET_FD, &status) < 0 || !S_ISSOCK(status.st_mode)) {
        log_error("this program is a part of a daemon, which starts it");
        exit(2);
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
        log_error("PR_SET_PDEATHSIG: %s", strerror(errno));
        exit(1);
    }
    /* A daemon that died before the prctl sends no signal any more; but its end of the socket is closed. */
    if (poll(&daemon, 1, 0) == 1 && (daemon.revents & POLLHUP) != 0)
        _exit(1);
}

void child_describe_exit(int wait_status, char *text, size_t size)
{
    if (WIFSIGNALED(wait_status))
        snprintf(text, size, "killed by signal %d (%s)", WTERMSIG(wait_status),
                 strsignal(WTERMSIG(wait_status)));
    else
        snprintf(text, size, "ended with code %d", WEXITSTATUS(wait_status));
}
