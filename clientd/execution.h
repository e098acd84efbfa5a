/*
 * The function execution unit of a reading job: one run of the reading unit for one READ_COMMAND. It starts
 * the process, hears its frames, watches its progress, and says exactly once how the run ended:
 *
 *   execution_start ─► on_format, on_growth, on_page …, on_paused ─► on_end (once) ─► execution_free
 */
#ifndef DESKLINE_CLIENTD_EXECUTION_H
#define DESKLINE_CLIENTD_EXECUTION_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>

#include "clientd/spool.h"
#include "clientd/unit_process.h"

struct execution;
struct loop;
struct peer_sweep;

struct execution_callbacks {
    void (*on_format)(void *context, const struct frame_page_begin *begin); /* a page begins */
    void (*on_growth)(void *context, uint32_t page, uint64_t length);
    void (*on_page)(void *context, const struct spool_page *page); /* it is durable in the spool */
    void (*on_paused)(void *context);                              /* waits for space */
    void (*on_end)(void *context, const struct unit_end *end);
};

struct execution_orders {
    const char *unit_folder;
    const char *spool_folder; /* of the job, as a path */
    const char *device;
    const char *source_name; /* the driver's word, or NULL */
    const char *options;     /* NAME=VALUE;… or NULL */
    uint32_t watchdog_ms;
    uint64_t job;
    struct frame_read_command command;
};

/* Texts are not kept. 0, or a negative errno: then nothing is called. */
int execution_start(struct execution **execution, struct loop *loop, struct peer_sweep *sweep,
                    const struct execution_orders *orders, const struct execution_callbacks *callbacks,
                    void *context);
/* Stands still until execution_continue, as a unit does that waits for space. */
void execution_pause(struct execution *execution);
/* There is space again. */
void execution_continue(struct execution *execution);
/* The unit is to stop: on_end follows. */
void execution_stop(struct execution *execution);
/* Kills what still runs; nothing is called. Safe on NULL and in on_end; clears *execution. */
void execution_free(struct execution **execution);

#endif
