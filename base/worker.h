/*
 * Worker threads for what would block the loop: file writes, fsync, digests.
 *
 * A strand is a queue of jobs that run one after the other, in order, on whichever thread is free. `work`
 * runs on a worker thread, then `done` runs in the loop. Submission and completion never block. All functions
 * are for the loop's thread.
 */
#ifndef DESKLINE_BASE_WORKER_H
#define DESKLINE_BASE_WORKER_H

#include <stddef.h>

struct loop;
struct worker_pool;
struct worker_strand;

/* `work` returns 0 or a negative errno, handed to `done`. Both get the same context; `done` owns it
 * afterwards. */
typedef int (*worker_work)(void *context);
typedef void (*worker_done)(void *context, int result);

/* At least one thread; aborts when the system gives none. */
struct worker_pool *worker_pool_new(struct loop *loop, unsigned threads);
/* Waits for the jobs that were begun or queued, and for those that their `done`s submit; all `done`s have run
 * when it returns. Not to be called from a `done`. Strands are freed before or after. */
void worker_pool_free(struct worker_pool **pool);

struct worker_strand *worker_strand_new(struct worker_pool *pool);
void worker_submit(struct worker_strand *strand, worker_work work, worker_done done, void *context);
/* Jobs queued or running. */
size_t worker_strand_pending(const struct worker_strand *strand);
/* May be called with jobs pending: they still run, and their `done`s are called. */
void worker_strand_free(struct worker_strand **strand);

#endif
