#include "config.h"

#include "clientd/block_receive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "clientd/block_file.h"
#include "wire/page_receive.h"
#include "wire/peer.h"

#define CODEC_PDF 4 /* of PAGE_BEGIN: the last one */

/* A block in the spool. */
struct block {
    uint64_t length;
    uint32_t generation;
    bool is_whole, is_finishing;
};

/* What a worker does. Outlives an object that was freed. */
struct errand {
    struct block_receive *receive; /* NULL: nobody waits any more */
    struct block_file *file;       /* of data: only to compare */
    uint32_t connection, block, length;
    struct errand *next;
};

struct block_receive {
    struct worker_strand *strand;
    int spool_fd;
    uint64_t job, limit;
    struct block_receive_callbacks callbacks;
    void *context;
    struct peer *peer;
    uint32_t connection; /* counts them */
    bool has_told;       /* PAGE_RESUME over this connection */
    bool is_closed;
    struct page_receive receive;
    struct block_file *file; /* of receive.begin; NULL when it has not been opened in this process */
    bool is_found;        /* the part is from an earlier process, which did not write down its PAGE_BEGIN */
    uint32_t mismatch;    /* the block whose digest was wrong once */
    struct block *blocks; /* block n is blocks[n - 1] */
    uint32_t room;
    struct errand *errands; /* under way */
};

/* ---- The blocks --------------------------------------------------------------------------------------- */

static struct block *block_at(struct block_receive *receive, uint32_t block)
{
    if (block > receive->room) {
        uint32_t room = block * 2;
        receive->blocks = memory_resize(receive->blocks, room, sizeof *receive->blocks);
        memset(receive->blocks + receive->room, 0, (room - receive->room) * sizeof *receive->blocks);
        receive->room = room;
    }
    return &receive->blocks[block - 1];
}

/* Whether the block is there, or about to be. */
static const struct block *find(const struct block_receive *receive, uint32_t block)
{
    static const struct block none = {0};
    return block >= 1 && block <= receive->room ? &receive->blocks[block - 1] : &none;
}

static bool is_number(uint32_t block)
{
    return block >= 1 && block <= LEDGER_MAX_PAGES;
}

static bool has_any(const struct block_receive *receive)
{
    for (uint32_t i = 0; i < receive->room; i++)
        if (receive->blocks[i].is_whole || receive->blocks[i].is_finishing)
            return true;
    return false;
}

uint64_t block_receive_bytes(const struct block_receive *receive)
{
    uint64_t bytes = receive->receive.begin.page ? receive->receive.length : 0;
    for (uint32_t i = 0; i < receive->room; i++)
        bytes += receive->blocks[i].length;
    return bytes;
}

/* ---- What is sent ------------------------------------------------------------------------------------- */

static void send_frame(struct block_receive *receive, struct frame *frame)
{
    int error;
    if (!receive->peer)
        return;
    frame->job = receive->job;
    error = peer_send(receive->peer, frame);
    if (error && error != -ENOTCONN)
        log_error("job %" PRIu64 ": %s: %s", receive->job, frame_name((uint16_t)frame->type),
                  strerror(-error));
}

static void ask_from(struct block_receive *receive, uint32_t block, uint32_t generation, uint64_t offset)
{
    send_frame(receive,
               &(struct frame){.type = FRAME_PAGE_RESUME, .page_resume = {block, generation, offset}});
}

void block_receive_tell_part(struct block_receive *receive)
{
    const struct page_receive *part = &receive->receive;
    if (!receive->peer || receive->has_told)
        return;
    receive->has_told = true;
    if (!part->open && part->begin.page && part->length > 0 &&
        receive->callbacks.is_wanted(receive->context, part->begin.page, part->begin.generation))
        ask_from(receive, part->begin.page, part->begin.generation, part->length);
}

static void grant(struct block_receive *receive, uint32_t bytes)
{
    if (receive->peer)
        peer_grant(receive->peer, bytes);
}

/* ---- Errands ------------------------------------------------------------------------------------------ */

static struct errand *errand_new(struct block_receive *receive, uint32_t block, uint32_t length)
{
    struct errand *errand = memory_new(sizeof *errand);
    *errand = (struct errand){receive, receive->file, receive->connection, block, length, receive->errands};
    receive->errands = errand;
    return errand;
}

/* Takes it off the list. False when nobody waits for it. */
static bool errand_back(struct errand *errand)
{
    struct errand **at;
    if (!errand->receive)
        return false;
    at = &errand->receive->errands;
    while (*at != errand)
        at = &(*at)->next;
    *at = errand->next;
    return true;
}

bool block_receive_is_busy(const struct block_receive *receive)
{
    return receive->errands != NULL;
}

/* What there is of a block is given up; what is still on its way is dropped. */
static void drop_part(struct block_receive *receive)
{
    if (!receive->file && receive->receive.begin.page) /* from an earlier process */
        receive->file =
            block_file_open(receive->strand, receive->spool_fd, receive->job, &receive->receive.begin, 0);
    block_file_drop(&receive->file);
    receive->is_found = false;
}

static void fail(struct block_receive *receive, int error)
{
    drop_part(receive);
    receive->receive = (struct page_receive){.ignoring = true};
    receive->callbacks.on_failed(receive->context, error);
}

/* ---- 1. PAGE_BEGIN ------------------------------------------------------------------------------------ */

static void open_file(struct block_receive *receive, uint64_t length)
{
    receive->file =
        block_file_open(receive->strand, receive->spool_fd, receive->job, &receive->receive.begin, length);
}

static void begin_anew(struct block_receive *receive, struct page_receive *before)
{
    struct page_receive now = receive->receive;
    receive->receive = *before;
    drop_part(receive);
    receive->receive = now;
    open_file(receive, 0);
}

/* Whether its bytes are to be kept. */
static bool takes(struct block_receive *receive, uint32_t block, uint32_t generation)
{
    if (receive->is_closed || find(receive, block)->is_finishing ||
        !receive->callbacks.is_wanted(receive->context, block, generation))
        return false;
    /* One block always fits, so that the job can go on however full the spool is with others. */
    if (!has_any(receive) || receive->callbacks.has_room(receive->context))
        return true;
    receive->callbacks.on_failed(receive->context, -ENOSPC);
    return false;
}

void block_receive_begin(struct block_receive *receive, const struct frame_page_begin *begin)
{
    struct page_receive before = receive->receive;
    const char *why;
    if (!is_number(begin->page) || begin->codec < 1 || begin->codec > CODEC_PDF) {
        receive->callbacks.on_violation(receive->context, "a block that cannot be one");
        return;
    }
    bool is_taken = takes(receive, begin->page, begin->generation);
    if (!is_taken && !receive->is_closed &&
        find(receive, begin->page)->is_whole) /* the sender has not heard of it */
        send_frame(receive, &(struct frame){.type = FRAME_PAGE_STORED,
                                            .page_stored = {begin->page, begin->generation}});
    if (is_taken && receive->is_found && before.begin.page == begin->page &&
        before.begin.generation == begin->generation)
        receive->receive.begin = *begin;
    switch (page_receive_begin(&receive->receive, begin, is_taken, &why)) {
    case PAGE_RECEIVE_REFUSE:
        receive->callbacks.on_violation(receive->context, why);
        break;
    case PAGE_RECEIVE_RESTART:
        begin_anew(receive, &before);
        break;
    case PAGE_RECEIVE_CONTINUE:
        if (!receive->file)
            open_file(receive, receive->receive.length);
        receive->is_found = false;
        break;
    default:
        break;
    }
}

/* ---- 2. PAGE_DATA ------------------------------------------------------------------------------------- */

static void data_written(void *context, int result)
{
    struct errand *errand = context;
    struct block_receive *receive = errand->receive;
    if (errand_back(errand)) {
        if (errand->connection == receive->connection)
            grant(receive, errand->length);
        if (result < 0 && errand->file == receive->file)
            fail(receive, result);
    }
    free(errand);
}

static void append(struct block_receive *receive, const struct frame_bytes *bytes)
{
    struct errand *errand = errand_new(receive, receive->receive.begin.page, bytes->length);
    if (block_file_append(receive->file, bytes->at, bytes->length, data_written, errand) < 0)
        data_written(errand, -ENOMEM);
}

void block_receive_data(struct block_receive *receive, const struct frame_page_data *data)
{
    struct page_receive before = receive->receive;
    const char *why;
    switch (page_receive_data(&receive->receive, data, receive->limit, &why)) {
    case PAGE_RECEIVE_APPEND:
        append(receive, &data->bytes);
        return;
    case PAGE_RECEIVE_RESTART:
        begin_anew(receive, &before);
        append(receive, &data->bytes);
        return;
    case PAGE_RECEIVE_AGAIN: {
        struct page_receive now = receive->receive;
        receive->receive = before;
        drop_part(receive);
        receive->receive = now;
        ask_from(receive, before.begin.page, before.begin.generation, 0);
        break;
    }
    case PAGE_RECEIVE_REFUSE:
        receive->callbacks.on_violation(receive->context, why);
        break;
    default:
        break;
    }
    grant(receive, data->bytes.length);
}

/* ---- 3. PAGE_END -------------------------------------------------------------------------------------- */

/* Once, the server is asked to send the block again: it looks whether its own file is damaged. */
static void digest_differs(struct block_receive *receive, uint32_t block, uint32_t generation)
{
    log_warning("job %" PRIu64 ": block %u has another digest than its PAGE_END says", receive->job, block);
    if (receive->mismatch == block) {
        receive->mismatch = 0;
        receive->callbacks.on_failed(receive->context, -EBADMSG);
        return;
    }
    receive->mismatch = block;
    ask_from(receive, block, generation, 0);
}

static void block_finished(void *context, int result)
{
    struct errand *errand = context;
    struct block_receive *receive = errand->receive;
    if (errand_back(errand)) {
        struct block *block = block_at(receive, errand->block);
        block->is_finishing = false;
        block->is_whole = result == 0;
        if (result < 0)
            block->length = 0;
        if (result == 0)
            receive->callbacks.on_received(receive->context, errand->block, block->generation);
        else if (result == -EBADMSG)
            digest_differs(receive, errand->block, block->generation);
        else
            receive->callbacks.on_failed(receive->context, result);
    }
    free(errand);
}

static void finish(struct block_receive *receive, const struct frame_page_end *end)
{
    struct block *block = block_at(receive, end->page);
    struct spool_page page = {.page = end->page,
                              .generation = end->generation,
                              .length = end->length,
                              .rows = end->rows,
                              .begin = receive->receive.begin};
    struct errand *errand = errand_new(receive, end->page, 0);
    memcpy(page.digest, end->digest.at, sizeof page.digest);
    if (page.begin.codec != CODEC_PDF)
        page.begin.height = end->rows;
    *block = (struct block){.length = end->length, .generation = end->generation, .is_finishing = true};
    page_receive_forget(&receive->receive);
    block_file_finish(&receive->file, &page, block_finished, errand);
}

void block_receive_end(struct block_receive *receive, const struct frame_page_end *end)
{
    const char *why;
    switch (page_receive_end(&receive->receive, end, &why)) {
    case PAGE_RECEIVE_FINISH:
        finish(receive, end);
        break;
    case PAGE_RECEIVE_REFUSE:
        receive->callbacks.on_violation(receive->context, why);
        break;
    default:
        break;
    }
}

/* ---- The connection, and what is there already -------------------------------------------------------- */

void block_receive_set_peer(struct block_receive *receive, struct peer *peer)
{
    receive->peer = peer;
    receive->connection++;
    receive->has_told = false;
    page_receive_disconnect(&receive->receive);
}

void block_receive_close(struct block_receive *receive)
{
    receive->is_closed = true;
    block_file_leave(&receive->file);
    receive->receive = (struct page_receive){.ignoring = true};
}

void block_receive_found(struct block_receive *receive, const struct spool_page *page)
{
    struct block *block = is_number(page->page) ? block_at(receive, page->page) : NULL;
    if (block && (!block->is_whole || page->generation > block->generation))
        *block = (struct block){.length = page->length, .generation = page->generation, .is_whole = true};
}

void block_receive_found_part(struct block_receive *receive, const struct spool_part *part)
{
    if (!is_number(part->page) || part->length == 0 || receive->receive.begin.page)
        return;
    receive->receive = (struct page_receive){.begin = {.page = part->page, .generation = part->generation},
                                             .length = part->length};
    receive->is_found = true;
}

void block_receive_removed(struct block_receive *receive, uint32_t block, uint32_t generation)
{
    const struct block *known = find(receive, block);
    if (known->is_whole && known->generation <= generation)
        receive->blocks[block - 1] = (struct block){0};
}

/* ---- Life --------------------------------------------------------------------------------------------- */

struct block_receive *block_receive_new(struct worker_strand *strand, int spool_fd, uint64_t job,
                                        uint64_t limit, const struct block_receive_callbacks *callbacks,
                                        void *context)
{
    struct block_receive *receive = memory_new(sizeof *receive);
    receive->strand = strand;
    receive->spool_fd = spool_fd;
    receive->job = job;
    receive->limit = limit;
    receive->callbacks = *callbacks;
    receive->context = context;
    return receive;
}

void block_receive_free(struct block_receive **receive)
{
    struct block_receive *old = *receive;
    *receive = NULL;
    if (!old)
        return;
    for (struct errand *errand = old->errands; errand; errand = errand->next)
        errand->receive = NULL;
    block_file_leave(&old->file);
    free(old->blocks);
    free(old);
}
