#include "config.h"

#include "clientd/units/unit_signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop_requested;
static volatile sig_atomic_t in_device_call;
static void (*volatile guard)(void *context);
static void *volatile guarded;

static void on_stop(int number)
{
    (void)number;
    int saved = errno;
    stop_requested = 1;
    alarm(UNIT_STOP_LIMIT_S);
    void (*cancel)(void *) = guard;
    if (in_device_call && cancel)
        cancel(guarded);
    errno = saved;
}

static void on_limit(int number)
{
    (void)number;
    static const char line[] = "the driver does not come back, the unit ends without it\n";
    ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);
    _exit(written < 0 ? 3 : 1);
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    /* Without SA_RESTART: a driver that waits in a system call notices. The numbers are valid: no error here.
     */
    sigaction(number, &action, NULL);
}

void unit_signals_install(void)
{
    sigset_t ours;
    handle(SIGTERM, on_stop);
    handle(SIGINT, on_stop);
    handle(SIGALRM, on_limit);
    handle(SIGPIPE, SIG_IGN);
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
}

/* A handler between the two lines finds no guard, or one with its own context. */
void unit_signals_guard(void (*cancel)(void *context), void *context)
{
    guard = NULL;
    guarded = context;
    guard = cancel;
}

/* The note is read behind the announcement: a signal between the two cancels, one before them is seen here.
 */
bool unit_signals_enter(void)
{
    in_device_call = 1;
    if (!stop_requested)
        return true;
    in_device_call = 0;
    return false;
}

void unit_signals_leave(void)
{
    in_device_call = 0;
}

void unit_signals_stop(void)
{
    stop_requested = 1;
    alarm(UNIT_STOP_LIMIT_S);
}

bool unit_signals_stopped(void)
{
    return stop_requested != 0;
}

void unit_signals_limit(unsigned seconds)
{
    if (!stop_requested)
        alarm(seconds);
}

int unit_signals_wait(int fd, int timeout_ms)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    struct timespec limit = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L};
    sigset_t stops, before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stops, &before);
    int count = -1, error = EINTR;
    while (!stop_requested && count < 0 && error == EINTR) {
        count = ppoll(&wanted, 1, timeout_ms < 0 ? NULL : &limit, &before);
        error = errno;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (stop_requested)
        return -EINTR;
    return count < 0 ? -error : count;
}
