#include "config.h"

#include "serviced/jobs/job_blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/blob.h"
#include "base/log.h"
#include "serviced/documents/store.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/block_window.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/jobs.h"
#include "serviced/server.h"
#include "wire/page_transfer.h"

/* ---- What there is ------------------------------------------------------------------------------------ */

static int open_block(int folder_fd, uint64_t job, uint32_t block, uint32_t generation)
{
    char name[STORE_NAME_BYTES];
    (void)generation; /* a block is the same in all of them */
    store_block_name(name, job, block);
    return blob_open(folder_fd, name, O_RDONLY, 0);
}

/* Resuming does not bring the block back: a person has to leave the sheet out, or print the document anew. */
static void damaged(void *context, uint32_t block)
{
    struct job_run *run = context;
    log_error("job %" PRIu64 ": block %" PRIu32 " is damaged on the disk", run->record.job.id, block);
    job_blocks_hold(run);
    job_run_handle(run, &(struct job_event){.type = JOB_EVENT_PAGE_FAILED, .code = ERROR_BLOCK_DAMAGED});
}

/* The transfer is made with the first flow: most of a server's jobs are over, or have no client. */
static bool has_transfer(struct job_run *run)
{
    struct job_blocks *blocks = &run->blocks;
    int result;
    bool is_over = jobs_are_stopping(run->server->jobs);
    if (blocks->transfer || is_over || run->record.job.function != FUNCTION_PRINTING)
        return blocks->transfer != NULL;
    blocks->transfer = page_transfer_new(&(struct page_transfer_options){.pool = run->server->workers,
                                                                         .job = run->record.job.id,
                                                                         .ledger = &blocks->wanted,
                                                                         .open = open_block,
                                                                         .on_damaged = damaged,
                                                                         .context = run});
    result = page_transfer_set_folder(blocks->transfer, store_folder(run->server->store));
    if (result < 0) {
        log_error("job %" PRIu64 ": its blocks cannot be sent: %s", run->record.job.id, strerror(-result));
        page_transfer_free(&blocks->transfer);
        return false;
    }
    page_transfer_set_peer(blocks->transfer, run->client ? run->client->peer : NULL);
    return true;
}

void job_blocks_take(struct job_run *run, struct manifest *manifest)
{
    run->blocks.manifest = *manifest;
    run->blocks.bytes = manifest_bytes(manifest);
    *manifest = (struct manifest){0};
}

/* Its folder is closed by a worker. */
void job_blocks_stop(struct job_run *run)
{
    struct job_blocks *blocks = &run->blocks;
    if (blocks->transfer)
        blocks->sent_before += page_transfer_sent(blocks->transfer);
    page_transfer_free(&blocks->transfer);
}

void job_blocks_end(struct job_run *run)
{
    struct job_blocks *blocks = &run->blocks;
    job_blocks_stop(run);
    ledger_free(&blocks->wanted);
    manifest_free(&blocks->manifest);
    blocks->bytes = 0;
    blocks->is_flowing = false;
}

/* ---- Sending ------------------------------------------------------------------------------------------ */

void job_blocks_go_on(struct job_run *run)
{
    if (run->blocks.is_flowing && run->blocks.transfer)
        page_transfer_go_on(run->blocks.transfer);
}

static void tell_block(struct job_run *run, uint32_t block, uint32_t generation)
{
    const struct manifest_block *known = manifest_find(&run->blocks.manifest, block);
    const struct frame_page_begin begin = {.page = block, .generation = generation, .codec = PAGE_CODEC_PDF};
    const struct frame_page_end end = {.page = block,
                                       .generation = generation,
                                       .length = known->length,
                                       .rows = known->back ? 2 : 1,
                                       .digest = {known->digest, sizeof known->digest}};
    page_transfer_whole(run->blocks.transfer, &begin, &end);
}

static void look_what_is_wanted(struct job_run *run)
{
    struct ledger *wanted = &run->blocks.wanted;
    block_window(&run->record.job.ledger, &run->blocks.manifest, wanted);
    for (uint32_t block = ledger_next_read(wanted, 1); block; block = ledger_next_read(wanted, block + 1))
        tell_block(run, block, ledger_get(wanted, block).generation);
}

void job_blocks_flow(struct job_run *run)
{
    struct job_blocks *blocks = &run->blocks;
    if (!run->client || !has_transfer(run))
        return;
    if (blocks->manifest.count != run->record.job.blocks) { /* it was lost: said at the start */
        damaged(run, 1);
        return;
    }
    look_what_is_wanted(run);
    blocks->is_flowing = true;
    if (blocks->part.page)
        page_transfer_resume(blocks->transfer, &blocks->part);
    blocks->part.page = 0;
    page_transfer_flow(blocks->transfer);
}

void job_blocks_hold(struct job_run *run)
{
    run->blocks.is_flowing = false;
    if (run->blocks.transfer)
        page_transfer_hold(run->blocks.transfer);
}

void job_blocks_connection(struct job_run *run)
{
    run->blocks.is_flowing = false;
    run->blocks.part.page = 0;
    if (run->blocks.transfer)
        page_transfer_set_peer(run->blocks.transfer, run->client ? run->client->peer : NULL);
}

/* Nothing flows yet when the client tells of what it has in part. */
void job_blocks_resume(struct job_run *run, const struct frame_page_resume *resume)
{
    if (run->blocks.is_flowing && run->blocks.transfer)
        page_transfer_resume(run->blocks.transfer, resume);
    else
        run->blocks.part = *resume;
}

bool job_blocks_stored(struct job_run *run, uint32_t block, uint32_t generation)
{
    struct ledger *wanted = &run->blocks.wanted;
    struct ledger_page now = ledger_get(wanted, block);
    if (now.state == PAGE_READ && generation < now.generation)
        return false;
    if (now.state == PAGE_READ)
        ledger_set(wanted, block, PAGE_UNREAD, 0);
    if (run->blocks.transfer)
        page_transfer_acknowledged(run->blocks.transfer, block);
    return true;
}

bool job_blocks_is_block(const struct job_run *run, uint32_t block, uint32_t generation)
{
    const struct job *job = &run->record.job;
    return job->function == FUNCTION_PRINTING && block >= 1 && block <= job->blocks &&
           generation <= job->round;
}

uint64_t job_blocks_sent(const struct job_run *run)
{
    const struct page_transfer *transfer = run->blocks.transfer;
    return run->blocks.sent_before + (transfer ? page_transfer_sent(transfer) : 0);
}

void job_blocks_remove_all(struct job_run *run)
{
    if (run->record.job.function != FUNCTION_PRINTING)
        return;
    job_blocks_end(run);
    store_job_remove(run->pages.store, NULL, NULL);
}

/* ---- After a restart of the server -------------------------------------------------------------------- */

bool job_blocks_recover_file(struct job_run *run, uint32_t block, uint64_t length)
{
    const struct job *job = &run->record.job;
    (void)length; /* the manifest is loaded behind all files */
    if (job->function != FUNCTION_PRINTING || job_run_is_over(run) || block > job->blocks)
        return false;
    run->blocks.found += block != 0;
    return true;
}

static uint64_t bytes_sent_before(const struct job_run *run)
{
    const struct ledger *ledger = &run->record.job.ledger;
    uint64_t bytes = 0;
    for (uint32_t block = 1; block <= run->blocks.manifest.count && block <= ledger->count; block++)
        if (ledger->pages[block - 1].state != PAGE_HELD)
            bytes += manifest_find(&run->blocks.manifest, block)->length;
    return bytes;
}

void job_blocks_recover_end(struct job_run *run)
{
    const struct job *job = &run->record.job;
    struct manifest *manifest = &run->blocks.manifest;
    int result;
    if (job->function != FUNCTION_PRINTING || job_run_is_over(run))
        return;
    result = manifest_load(manifest, store_folder(run->server->store), job->id);
    if (result == 0 && manifest->count != job->blocks) {
        manifest_free(manifest);
        result = -EBADMSG;
    }
    if (result < 0)
        log_error("job %" PRIu64 ": the manifest of its blocks cannot be used: %s", job->id,
                  strerror(-result));
    else if (run->blocks.found != job->blocks)
        log_error("job %" PRIu64 ": %" PRIu32 " of its %" PRIu32 " blocks are there", job->id,
                  run->blocks.found, job->blocks);
    run->blocks.bytes = manifest_bytes(manifest);
    run->blocks.sent_before = bytes_sent_before(run);
}
