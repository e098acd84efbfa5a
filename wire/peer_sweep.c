/* Deadlines and heartbeat: one list of all peers, looked at once per period. A timer for each of thousands of
 * connections would cost more than it is worth: nobody minds whether a dead one goes a second later. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "wire/peer_internal.h"

/* A peer that takes nothing of what waits for it for so long is as good as dead. */
#define STALL_MS 30000u
/* So many handshakes are worth a look for memory that they have left behind. */
#define HANDSHAKES_PER_TRIM 64u

struct peer_sweep {
    struct loop *loop;
    struct loop_timer *timer;
    uint32_t period_ms;
    struct peer *peers;
    unsigned handshakes, handshakes_before; /* since the last trim; and as of the last period */
    bool is_draining;
    struct peer *cursor; /* the next one of the walk that is going on: a callback may remove any of them */
};

static void sweep_all(void *context);

struct peer_sweep *peer_sweep_new(struct loop *loop, uint32_t period_ms)
{
    struct peer_sweep *sweep = memory_new(sizeof *sweep);
    sweep->loop = loop;
    sweep->period_ms = period_ms;
    sweep->timer = loop_timer_new(loop, sweep_all, sweep);
    loop_timer_start(sweep->timer, period_ms);
    return sweep;
}

void peer_sweep_free(struct peer_sweep **sweep)
{
    if (!*sweep)
        return;
    while ((*sweep)->peers) {
        if ((*sweep)->peers->stage != PEER_LEAVING) {
            log_error("%s: its owner has not let go of it", (*sweep)->peers->label);
            abort(); /* the owner would use freed memory */
        }
        peer_destroy((*sweep)->peers);
    }
    loop_timer_free(&(*sweep)->timer);
    free(*sweep);
    *sweep = NULL;
}

struct loop *peer_sweep_loop(struct peer_sweep *sweep)
{
    return sweep->loop;
}

uint64_t peer_now_ms(const struct peer *peer)
{
    return loop_now_ms(peer->sweep->loop);
}

void peer_sweep_add(struct peer_sweep *sweep, struct peer *peer)
{
    peer->next = sweep->peers;
    peer->link = &sweep->peers;
    if (peer->next)
        peer->next->link = &peer->next;
    sweep->peers = peer;
}

void peer_sweep_remove(struct peer *peer)
{
    if (!peer->link)
        return;
    if (peer->sweep->cursor == peer)
        peer->sweep->cursor = peer->next;
    *peer->link = peer->next;
    if (peer->next)
        peer->next->link = peer->link;
    peer->link = NULL;
    if (peer->sweep->is_draining && !peer->sweep->peers)
        loop_stop(peer->sweep->loop);
}

static void drained_long_enough(void *context)
{
    struct peer_sweep *sweep = context;
    loop_stop(sweep->loop);
}

void peer_sweep_drain(struct peer_sweep *sweep, uint32_t limit_ms)
{
    struct loop_timer *limit;
    if (!sweep || !sweep->peers)
        return;
    limit = loop_timer_new(sweep->loop, drained_long_enough, sweep);
    loop_timer_start(limit, limit_ms);
    sweep->is_draining = true;
    loop_run(sweep->loop);
    sweep->is_draining = false;
    loop_timer_free(&limit);
}

/* Silence alone is no proof: this process may itself have been held up, and have read nothing. Dead is who
 * was asked and did not answer. */
static void check_heartbeat(struct peer *peer, uint64_t now_ms)
{
    char text[96];
    uint64_t silent_ms = now_ms - peer->last_in_ms;
    if (peer->has_pinged && now_ms - peer->pinged_ms >= peer->heartbeat_ms) {
        snprintf(text, sizeof text, "nothing was heard from the other side for %" PRIu64 ".%" PRIu64 " s",
                 silent_ms / 1000, silent_ms % 1000 / 100);
        peer_doom(peer, ERROR_LINK_LOST, text);
    } else if (silent_ms >= peer->heartbeat_ms && !peer->has_pinged) {
        peer->has_pinged = true;
        peer->pinged_ms = now_ms;
        peer_send_own(peer, &(struct frame){.type = FRAME_PING, .ping = {now_ms}});
    }
}

static void check(struct peer *peer, uint64_t now_ms)
{
    if (peer->stage == PEER_LEAVING) {
        if (now_ms >= peer->leave_by_ms)
            peer->is_freed = true;
        return;
    }
    if (peer->stage == PEER_ENDED || peer->is_doomed)
        return;
    if (peer->options.greeting_ms && peer->when != WHEN_OPEN &&
        now_ms - peer->created_ms >= peer->options.greeting_ms)
        peer_doom_for_violation(peer, ERROR_LIMIT, "the greeting was not over in time");
    else if (peer->queue.bytes && now_ms - peer->last_out_ms >= STALL_MS)
        peer_doom(peer, ERROR_LINK_LOST, "the other side takes nothing of what is sent to it");
    else if (peer->heartbeat_ms && peer->stage == PEER_READY)
        check_heartbeat(peer, now_ms);
    if (now_ms - peer->last_in_ms >= peer->sweep->period_ms)
        reader_release(peer->reader);
    if (peer->tls && now_ms - peer->last_out_ms >= peer->sweep->period_ms)
        tls_relax(peer->tls);
}

void peer_sweep_count_handshake(struct peer_sweep *sweep)
{
    sweep->handshakes++;
}

/* Handshakes that go on at once leave the heap full of holes, twice the size of what stays. When such a crowd
 * has come to rest, the pages in the holes go back to the system. */
static void trim(struct peer_sweep *sweep)
{
#ifdef __GLIBC__
    if (sweep->handshakes >= HANDSHAKES_PER_TRIM && sweep->handshakes == sweep->handshakes_before) {
        malloc_trim(0);
        sweep->handshakes = 0;
    }
#endif
    sweep->handshakes_before = sweep->handshakes;
}

static void sweep_all(void *context)
{
    struct peer_sweep *sweep = context;
    uint64_t now_ms = loop_now_ms(sweep->loop);
    struct peer *peer;
    for (sweep->cursor = sweep->peers; (peer = sweep->cursor);) {
        sweep->cursor = peer->next;
        peer_enter(peer);
        check(peer, now_ms);
        peer_leave(peer);
    }
    trim(sweep);
    loop_timer_start(sweep->timer, sweep->period_ms);
}
