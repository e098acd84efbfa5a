/*
 * The blocks of a printing job: from the folder of the job in the store to the client, as far as the window
 * (block_window.h) and the client's credit go.
 *
 *   FLOW ──► PAGE_BEGIN, PAGE_DATA …, PAGE_END ──► PAGE_STORED: JOB_EVENT_BLOCK_STORED, and on with the next
 */
#ifndef DESKLINE_SERVICED_JOBS_JOB_BLOCKS_H
#define DESKLINE_SERVICED_JOBS_JOB_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>
#include <deskline/ledger.h>

#include "serviced/documents/manifest.h"

struct job_run;
struct page_transfer;

struct job_blocks {
    struct manifest manifest;
    struct page_transfer *transfer; /* NULL: not a printing job, or nothing to send any more */
    struct ledger wanted;           /* by the client, now: PAGE_READ */
    bool is_flowing;
    struct frame_page_resume part; /* what the client has said that it has in part, page 0: nothing */
    uint64_t bytes;                /* in the store */
    uint64_t sent_before;          /* bytes that an earlier process has sent */
    uint32_t found;                /* files, while the server starts */
};

/* Takes the manifest of a new job. */
void job_blocks_take(struct job_run *run, struct manifest *manifest);
void job_blocks_end(struct job_run *run);
/* Nothing is sent any more: while there are workers still. */
void job_blocks_stop(struct job_run *run);

/* JOB_ACTION_FLOW, again whenever the ledger has changed, and JOB_ACTION_HOLD. */
void job_blocks_flow(struct job_run *run);
void job_blocks_hold(struct job_run *run);
/* The connection has room again. */
void job_blocks_go_on(struct job_run *run);
/* The client's session has opened (run->client), or ended. */
void job_blocks_connection(struct job_run *run);
/* Whether the client may speak of such a block at all. */
bool job_blocks_is_block(const struct job_run *run, uint32_t block, uint32_t generation);

/* PAGE_RESUME. */
void job_blocks_resume(struct job_run *run, const struct frame_page_resume *resume);
/* PAGE_STORED. False for one that was given up before the client could know. */
bool job_blocks_stored(struct job_run *run, uint32_t block, uint32_t generation);

/* Bytes that were sent to the client. */
uint64_t job_blocks_sent(const struct job_run *run);
/* The job is over: all of it goes. */
void job_blocks_remove_all(struct job_run *run);

/* At the start of the server: each file (block 0: the manifest); whether it belongs to the job. Then the
 * manifest is loaded (blocks); what is missing is said in the log, and at the latest when it is to be sent.
 */
bool job_blocks_recover_file(struct job_run *run, uint32_t block, uint64_t length);
void job_blocks_recover_end(struct job_run *run);

#endif
