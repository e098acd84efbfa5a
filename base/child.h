/*
 * A unit process: a program of ours in which blocking and dangerous libraries run, joined to the daemon by
 * one end of a socketpair on its descriptor 3.
 *
 * The child dies with the daemon (PR_SET_PDEATHSIG with SIGKILL), has every other descriptor closed, signal
 * handlers reset, a process group of its own, and keeps the environment. Its standard input is empty. Its
 * standard output and error go to the daemon's log line by line (bounded): "NAME[pid]: text", at the level
 * that a line names ("<4>text", see log_use_priorities) or as a notice. What it leaves behind in its group is
 * killed when it ends.
 */
#ifndef DESKLINE_BASE_CHILD_H
#define DESKLINE_BASE_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct child;

#define CHILD_SOCKET_FD 3

struct child_callbacks {
    /* The process has ended and been reaped: wait status as from waitpid. The child may be freed in here. */
    void (*on_exit)(void *context, int wait_status);
};

/* Starts `path` with argv (argv[0] included, NULL at the end). On success *socket_fd is the daemon's end
 * (non-blocking, CLOEXEC), which the caller owns. Errors: a negative errno, among them what execve failed
 * with (reported through a pipe that closes on success, never lost). Waits until the program runs, some
 * milliseconds. Call from the loop's thread, and let that be one that lives as long as the daemon: the kernel
 * counts the parent's death by thread. */
int child_start(struct child **child, struct loop *loop, const char *path, char *const argv[],
                const struct child_callbacks *callbacks, void *context, int *socket_fd);

pid_t child_pid(const struct child *child);

/* Watchdog: the child has to show progress (child_progress) within `limit_ms`, or `on_stall` is called once.
 * 0 switches it off. Calling again starts a new limit; on_stall gets the context of child_start. */
void child_watch(struct child *child, uint32_t limit_ms, void (*on_stall)(void *context));
void child_progress(struct child *child);

/* SIGTERM now, SIGKILL (to the group) after `grace_ms`; on_exit follows. Nothing after the end. */
void child_stop(struct child *child, uint32_t grace_ms);

/* Kills at once and reaps in the background, by the loop or at its end, without calling on_exit. Safe on
 * NULL; clears *child. Before loop_free. */
void child_free(struct child **child);

/* In the unit process: call first, after log_start. Sets PR_SET_PDEATHSIG again (a set-id program or a change
 * of credentials clears it) and ends at once when the daemon is gone already. Switches the log to priorities.
 * Exits with code 2 when started by hand. */
void child_be_unit(void);

/* "ended with code 3", "killed by signal 11 (Segmentation fault)" */
void child_describe_exit(int wait_status, char *text, size_t size);

#endif
