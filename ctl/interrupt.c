#include "config.h"

#include "ctl/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

static volatile sig_atomic_t has_come;

static void on_interrupt(int number)
{
    (void)number;
    has_come = 1;
}

void interrupt_catch(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

static struct timespec now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

/* What is left of timeout_ms milliseconds since `start`. */
static struct timespec left_of(int timeout_ms, const struct timespec *start)
{
    struct timespec time = now();
    long long left_ms =
        timeout_ms - (time.tv_sec - start->tv_sec) * 1000LL - (time.tv_nsec - start->tv_nsec) / 1000000;
    left_ms = left_ms > 0 ? left_ms : 0;
    return (struct timespec){left_ms / 1000, left_ms % 1000 * 1000000};
}

int interrupt_wait(int fd, short events, int timeout_ms)
{
    struct pollfd wait = {.fd = fd, .events = events};
    struct timespec start = now();
    sigset_t open;
    sigprocmask(SIG_SETMASK, NULL, &open);
    sigdelset(&open, SIGINT);
    for (;;) {
        struct timespec left = left_of(timeout_ms, &start);
        int count = ppoll(&wait, 1, timeout_ms < 0 ? NULL : &left, &open);
        int error = errno;
        if (has_come) {
            has_come = 0;
            return -EINTR;
        }
        if (count > 0)
            return 0;
        if (count == 0)
            return -ETIMEDOUT;
        if (count < 0 && error != EINTR)
            return -error;
    }
}

void interrupt_die(void)
{
    sigset_t open;
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
    sigemptyset(&open);
    sigaddset(&open, SIGINT);
    sigprocmask(SIG_UNBLOCK, &open, NULL);
    exit(130);
}
