/* What the engine of a server stands on when it is fuzzed: the disk, the registry's database, the timers and
 * the connection are lists in memory, and whatever is under way comes back when the fuzzer says so. */
#ifndef DESKLINE_TESTS_FUZZ_SESSION_WORLD_H
#define DESKLINE_TESTS_FUZZ_SESSION_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "serviced/server.h"
#include "serviced/settings.h"

struct world_pending;
struct session;
struct loop_timer;

struct world {
    struct server server;
    struct settings settings;
    struct world_pending *first, **end; /* callbacks of the disk and the registry, in order */
    struct loop_timer *timers;
    uint64_t now_ms, free_bytes;
    int next_result;         /* of the disk's next callback, 0 or a negative errno; 0 again behind it */
    bool has_failed;         /* server_fail: the daemon would end */
    unsigned peers;          /* that are open */
    struct session *session; /* that is open, or NULL */
};

extern struct world world;

/* Will be called when the fuzzer says so. */
void world_later(void (*call)(void *context), void *context);
/* One callback, the oldest; false when there is none. */
bool world_come_back(void);
/* The timers that are armed go off, those that they arm do not. */
void world_timers(void);
struct peer *world_peer_new(void);
/* On NULL: the peer was refused, and has gone its own way. */
void world_peer_free(struct peer **peer);

static inline void must(bool is_so)
{
    if (!is_so)
        __builtin_trap();
}

#endif
