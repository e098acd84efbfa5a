/*
 * The blocks of a printing job on their way from the server into the spool: page_receive decides, workers
 * write.
 *
 *   begin ─► data … ─► end ─► digest, sync, meta file ─► on_received
 *
 * One part of a block is kept over the end of a connection, and of clientd: block_receive_tell_part says so.
 */
#ifndef DESKLINE_CLIENTD_BLOCK_RECEIVE_H
#define DESKLINE_CLIENTD_BLOCK_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>

#include "clientd/spool.h"

struct block_receive;
struct peer;
struct worker_strand;

struct block_receive_callbacks {
    bool (*is_wanted)(void *context, uint32_t block, uint32_t generation);
    bool (*has_room)(void *context); /* for one more block in the spool */
    /* It is durable in the spool. */
    void (*on_received)(void *context, uint32_t block, uint32_t generation);
    /* It is not stored: -ENOSPC, -EDQUOT, another negative errno; -EBADMSG: it has twice come as something
     * else than its digest says. */
    void (*on_failed)(void *context, int error);
    void (*on_violation)(void *context, const char *why); /* the server broke the protocol */
};

/* `strand` is the one of everything else that changes the job's folder, and outlives the object. Of a block
 * longer than `limit` bytes nothing is kept. */
struct block_receive *block_receive_new(struct worker_strand *strand, int spool_fd, uint64_t job,
                                        uint64_t limit, const struct block_receive_callbacks *callbacks,
                                        void *context);
/* What is being written is finished; nothing is called. Safe on NULL; clears *receive. */
void block_receive_free(struct block_receive **receive);

/* A new connection, or NULL for none. */
void block_receive_set_peer(struct block_receive *receive, struct peer *peer);
/* PAGE_RESUME for the part that is kept, once per connection. */
void block_receive_tell_part(struct block_receive *receive);

void block_receive_begin(struct block_receive *receive, const struct frame_page_begin *begin);
/* Credit for the bytes is given back when they are written, or dropped. */
void block_receive_data(struct block_receive *receive, const struct frame_page_data *data);
void block_receive_end(struct block_receive *receive, const struct frame_page_end *end);

/* The job is over: whatever still comes is dropped. */
void block_receive_close(struct block_receive *receive);

/* Found at the start of clientd: whole (the newest generation counts), or in part. */
void block_receive_found(struct block_receive *receive, const struct spool_page *page);
void block_receive_found_part(struct block_receive *receive, const struct spool_part *part);
/* The block is about to be removed from the spool, in that generation and older ones. */
void block_receive_removed(struct block_receive *receive, uint32_t block, uint32_t generation);

/* Bytes of blocks and of the part in the spool. */
uint64_t block_receive_bytes(const struct block_receive *receive);
/* Whether a worker is writing. */
bool block_receive_is_busy(const struct block_receive *receive);

#endif
