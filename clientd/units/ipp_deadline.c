#include "config.h"

#include "clientd/units/ipp_deadline.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"

#define HURRY_MS 1000

static http_t *volatile watched;
static volatile sig_atomic_t has_passed;
static timer_t timer;
static bool has_timer;

/* libcups may have connected anew meanwhile, so that the socket is asked for now. */
static void on_deadline(int number)
{
    int saved = errno;
    http_t *http = watched;
    (void)number;
    has_passed = 1;
    if (http && httpGetFd(http) >= 0)
        shutdown(httpGetFd(http), SHUT_RDWR);
    errno = saved;
}

/* A shutdown may come between two connections of libcups: it is repeated until the limit is stopped. */
static void set(uint32_t limit_ms)
{
    struct itimerspec when = {.it_value = {limit_ms / 1000, limit_ms % 1000 * 1000000L}};
    if (limit_ms)
        when.it_interval.tv_nsec = 200 * 1000000L;
    timer_settime(timer, 0, &when, NULL);
}

static void make_timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct sigaction action = {.sa_handler = on_deadline};
    sigset_t ours;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&ours);
    sigaddset(&ours, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0) {
        log_error("no timer can be made");
        abort();
    }
    has_timer = true;
}

void ipp_deadline_start(http_t *http, uint32_t limit_ms)
{
    if (!has_timer)
        make_timer();
    has_passed = 0;
    watched = http;
    set(limit_ms);
}

bool ipp_deadline_stop(void)
{
    if (has_timer)
        set(0);
    watched = NULL;
    return has_passed != 0;
}

void ipp_deadline_hurry(void *unused)
{
    struct itimerspec left;
    (void)unused;
    if (has_timer && watched && timer_gettime(timer, &left) == 0 && left.it_value.tv_sec >= 1)
        set(HURRY_MS);
}
