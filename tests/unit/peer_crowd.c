#include "config.h"

#include "tests/unit/peer_crowd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/memory.h"
#include "tests/unit/test_tls_support.h"
#include "wire/peer.h"

#define SWEEP_MS  1000u
#define SETTLE_MS 3000u /* after which the sweeps have given back what they can */

struct side {
    struct loop *loop;
    struct peer_sweep *sweep;
    struct peer **peers;
    unsigned count, ready;
};

static const struct peer_options server_options = {.where = AT_SERVER, .when = WHEN_OPEN, .label = "server"};
static const struct peer_options client_options = {
    .where = AT_CLIENT, .when = WHEN_OPEN, .is_tls_client = true, .label = "client"};

static void give_up(const char *what)
{
    fprintf(stderr, "crowd: %s\n", what);
    abort();
}

static void one_ready(void *context)
{
    struct side *side = context;
    if (++side->ready == side->count)
        loop_stop(side->loop);
}

static void ignore_frame(void *context, const struct frame *frame)
{
    (void)context;
    (void)frame;
}

static void lost(void *context, const struct peer_end *end)
{
    (void)context;
    give_up(end->text);
}

static void side_start(struct side *side, unsigned count)
{
    side->loop = loop_new();
    side->sweep = peer_sweep_new(side->loop, SWEEP_MS);
    side->peers = memory_resize(NULL, count, sizeof(struct peer *));
    side->count = count;
    side->ready = 0;
}

/* Its end of each pair, until all handshakes are over. */
static void side_run(struct side *side, int (*fds)[2], int end, struct tls_context *tls)
{
    static const struct peer_callbacks callbacks = {
        .on_ready = one_ready, .on_frame = ignore_frame, .on_closed = lost};
    const struct peer_options *options = end == 0 ? &client_options : &server_options;
    for (unsigned i = 0; i < side->count; i++) {
        close(fds[i][!end]);
        if (peer_new(&side->peers[i], side->sweep, fds[i][end], tls, options, &callbacks, side))
            give_up("no peer");
    }
    loop_run(side->loop);
}

static void stop_loop(void *context)
{
    loop_stop(context);
}

static void side_settle(struct side *side)
{
    struct loop_timer *timer = loop_timer_new(side->loop, stop_loop, side->loop);
    loop_timer_start(timer, SETTLE_MS);
    loop_run(side->loop);
    loop_timer_free(&timer);
}

static void side_stop(struct side *side)
{
    for (unsigned i = 0; i < side->count; i++)
        peer_free(&side->peers[i]);
    peer_sweep_free(&side->sweep);
    loop_free(&side->loop);
    free(side->peers);
}

static void be_clients(struct tls_context *tls, int (*fds)[2], unsigned count)
{
    struct side clients;
    side_start(&clients, count);
    side_run(&clients, fds, 0, tls);
    loop_run(clients.loop); /* until it is killed */
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        give_up("no /proc/self/statm");
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct peer_crowd peer_crowd_run(struct tls_context *server, struct tls_context *client, unsigned count)
{
    int(*fds)[2] = memory_resize(NULL, count, sizeof *fds);
    struct peer_crowd crowd;
    struct side side;

    side_start(&side, count);
    for (unsigned i = 0; i < count; i++)
        test_tcp_pair(fds[i]);
    pid_t child = fork();
    if (child == 0) {
        be_clients(client, fds, count);
        _exit(0);
    }
    long before = resident_kib();
    double start = now_s();
    side_run(&side, fds, 1, server);
    crowd.handshakes_per_s = count / (now_s() - start);
    side_settle(&side);
    crowd.resident_kib = (double)(resident_kib() - before) / count;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    side_stop(&side);
    free(fds);
    return crowd;
}
