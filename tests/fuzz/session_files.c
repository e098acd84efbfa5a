/* The files that the engine reads and writes on workers: they are empty, or full of zeros, and nothing is
 * kept. The program that takes documents apart is not there, but what it would say comes. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/memory.h"
#include "base/worker.h"
#include "serviced/documents/split.h"
#include "serviced/documents/store.h"
#include "tests/fuzz/session_world.h"
#include "wire/peer.h"

/* ---- Workers: they do it when the fuzzer says so ------------------------------------------------------- */

struct errand {
    worker_work work;
    worker_done done;
    void *context;
};

struct worker_strand *worker_strand_new(struct worker_pool *pool)
{
    (void)pool;
    return NULL;
}

void worker_strand_free(struct worker_strand **strand)
{
    *strand = NULL;
}

static void run(void *context)
{
    struct errand errand = *(struct errand *)context;
    free(context);
    errand.done(errand.context, errand.work(errand.context));
}

void worker_submit(struct worker_strand *strand, worker_work work, worker_done done, void *context)
{
    struct errand *errand = memory_new(sizeof *errand);
    (void)strand;
    *errand = (struct errand){work, done, context};
    world_later(run, errand);
}

/* ---- Files --------------------------------------------------------------------------------------------- */

int store_folder(const struct store *store)
{
    (void)store;
    return STDERR_FILENO;
}

void store_job_name(char name[STORE_NAME_BYTES], uint64_t job)
{
    snprintf(name, STORE_NAME_BYTES, "%" PRIu64, job);
}

void store_page_name(char name[STORE_NAME_BYTES], uint64_t job, uint32_t page, uint32_t generation)
{
    snprintf(name, STORE_NAME_BYTES, "%" PRIu64 "/%" PRIu32 "-%" PRIu32, job, page, generation);
}

void store_block_name(char name[STORE_NAME_BYTES], uint64_t job, uint32_t block)
{
    snprintf(name, STORE_NAME_BYTES, "%" PRIu64 "/%" PRIu32, job, block);
}

void store_manifest_name(char name[STORE_NAME_BYTES], uint64_t job)
{
    snprintf(name, STORE_NAME_BYTES, "%" PRIu64 "/manifest", job);
}

int blob_subfolder(int folder_fd, const char *name)
{
    must(*name);
    return fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
}

int blob_open(int folder_fd, const char *name, int flags, mode_t mode)
{
    int result = world.next_result;
    (void)flags, (void)mode;
    world.next_result = 0;
    return result ? result : blob_subfolder(folder_fd, name);
}

ssize_t blob_read_at(int fd, void *bytes, size_t length, uint64_t offset)
{
    (void)fd, (void)offset;
    memset(bytes, 0, length);
    return (ssize_t)length;
}

int blob_digest(int fd, uint64_t length, uint8_t digest[32])
{
    (void)fd;
    memset(digest, 0, 32);
    return length ? 0 : -ENODATA;
}

int blob_replace(int folder_fd, const char *name, const void *bytes, size_t length)
{
    int result = world.next_result;
    (void)folder_fd;
    must(*name && bytes && length);
    world.next_result = 0;
    return result;
}

int blob_read(int folder_fd, const char *name, size_t limit, char **bytes, size_t *length)
{
    (void)folder_fd, (void)name, (void)limit, (void)bytes, (void)length;
    return -ENOENT;
}

struct peer_block {
    uint8_t bytes[PEER_BLOCK_BYTES];
};

struct peer_block *peer_block_new(void)
{
    return memory_new(sizeof(struct peer_block));
}

uint8_t *peer_block_bytes(struct peer_block *block)
{
    return block->bytes;
}

void peer_block_free(struct peer_block **block)
{
    free(*block);
    *block = NULL;
}

/* ---- Taking documents apart: as many sheets as the first page that was chosen says; page 9 is none --------- */

struct split {
    struct split_callbacks callbacks;
    void *context;
    bool is_gone;
    uint32_t sheets, next;
};

static void say_next(void *context)
{
    struct split *split = context;
    struct split_document document = {split->sheets, split->sheets, split->sheets, "text", ""};
    struct split_block block = {.sheet = split->next, .front = split->next, .length = 30 * split->next};
    struct split_end end = {split->sheets == 9 ? ERROR_DOCUMENT : ERROR_NONE, "it is no document"};
    if (split->is_gone) {
        free(split);
        return;
    }
    world_later(say_next, split); /* it is freed in there, once it has gone */
    split->next++;
    if (block.sheet == 0)
        split->callbacks.on_document(split->context, &document);
    else if (block.sheet <= split->sheets && split->sheets != 9)
        split->callbacks.on_block(split->context, &block);
    else
        split->callbacks.on_end(split->context, &end);
}

int split_start(struct split **split, struct loop *loop, struct peer_sweep *sweep,
                const struct split_order *order, const struct split_callbacks *callbacks, void *context)
{
    struct split *made = memory_new(sizeof *made);
    (void)loop, (void)sweep;
    must(order->byte_limit && order->page_limit && *order->file && *order->output_folder);
    made->callbacks = *callbacks;
    made->context = context;
    made->sheets = (uint32_t)strtoul(order->pages, NULL, 10) % 10;
    made->sheets += made->sheets == 0;
    *split = made;
    world_later(say_next, made);
    return 0;
}

void split_free(struct split **split)
{
    if (*split)
        (*split)->is_gone = true;
    *split = NULL;
}
