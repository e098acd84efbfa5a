#include "config.h"

#include "ctl/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

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

int interrupt_wait(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    sigset_t open;
    sigprocmask(SIG_SETMASK, NULL, &open);
    sigdelset(&open, SIGINT);
    for (;;) {
        int count = ppoll(&wait, 1, NULL, &open);
        int error = errno;
        if (has_come) {
            has_come = 0;
            return -EINTR;
        }
        if (count > 0)
            return 0;
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
