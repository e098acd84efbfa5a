#include "config.h"

#include "wire/page_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/worker.h"
#include "wire/page_send.h"
#include "wire/peer.h"

#define DIGEST_BYTES 32

/* A page that is whole. */
struct whole_page {
    uint32_t page, generation; /* page 0: none */
    uint64_t length;
    uint32_t rows;
    uint8_t digest[DIGEST_BYTES];
    struct frame_page_begin begin;
};

/* What a worker does for a transfer: read a block, or check a page. Outlives a transfer that was freed. */
struct errand {
    struct page_transfer *transfer; /* NULL: nobody waits any more */
    struct whole_page page;         /* page and generation; for a check all of it */
    page_transfer_open open;
    int folder_fd;
    uint64_t job;
    bool is_check;
    uint64_t offset;
    uint32_t length;
    struct peer_block *block;
};

struct page_transfer {
    struct worker_strand *strand;
    uint64_t job;
    const struct ledger *ledger;
    page_transfer_open open;
    void (*on_damaged)(void *context, uint32_t page);
    void *context;
    int folder_fd;
    struct peer *peer;
    uint64_t sent;
    struct page_send send;
    struct page_growing growing;
    struct frame_page_begin format; /* of the growing page */
    struct whole_page *pages;       /* page n, as it is whole, is pages[n - 1]; page 0: not */
    uint32_t page_room;
    uint32_t check_page, check_generation; /* to be checked before anything else is sent, page 0: none */
    struct errand *errand;                 /* under way */
    struct errand *ready;                  /* a block that was read and waits for room */
};

static bool send_next(struct page_transfer *transfer);
static void read_block(struct page_transfer *transfer, uint64_t available);
static void check_page(struct page_transfer *transfer);
static void errand_done(void *context, int result);

/* ---- What is there ------------------------------------------------------------------------------------ */

static const struct whole_page *whole_page(const struct page_transfer *transfer, uint32_t page,
                                           uint32_t generation)
{
    const struct whole_page *at =
        page >= 1 && page <= transfer->page_room ? &transfer->pages[page - 1] : NULL;
    return at && at->page == page && at->generation == generation ? at : NULL;
}

static uint64_t whole_length(void *context, uint32_t page, uint32_t generation)
{
    const struct whole_page *at = whole_page(context, page, generation);
    return at ? at->length : 0;
}

void page_transfer_format(struct page_transfer *transfer, const struct frame_page_begin *begin)
{
    transfer->format = *begin;
    transfer->growing = (struct page_growing){.page = begin->page, .generation = begin->generation};
    page_transfer_go_on(transfer);
}

void page_transfer_grown(struct page_transfer *transfer, uint32_t page, uint64_t length)
{
    if (page == transfer->growing.page && length > transfer->growing.length)
        transfer->growing.length = length;
    page_transfer_go_on(transfer);
}

static void make_room(struct page_transfer *transfer, uint32_t page)
{
    if (page > transfer->page_room) {
        uint32_t room = page * 2;
        transfer->pages = memory_resize(transfer->pages, room, sizeof *transfer->pages);
        memset(transfer->pages + transfer->page_room, 0,
               (room - transfer->page_room) * sizeof *transfer->pages);
        transfer->page_room = room;
    }
}

void page_transfer_whole(struct page_transfer *transfer, const struct frame_page_begin *begin,
                         const struct frame_page_end *end)
{
    struct whole_page *whole;
    if (begin->page < 1 || begin->page > LEDGER_MAX_PAGES || end->digest.length != DIGEST_BYTES)
        return;
    make_room(transfer, begin->page);
    whole = &transfer->pages[begin->page - 1];
    *whole = (struct whole_page){.page = begin->page,
                                 .generation = begin->generation,
                                 .length = end->length,
                                 .rows = end->rows,
                                 .begin = *begin};
    memcpy(whole->digest, end->digest.at, DIGEST_BYTES);
    if (transfer->growing.page == begin->page)
        transfer->growing.page = 0;
}

void page_transfer_broken(struct page_transfer *transfer)
{
    transfer->growing.page = 0;
}

uint64_t page_transfer_bytes(const struct page_transfer *transfer)
{
    uint64_t bytes = transfer->growing.page ? transfer->growing.length : 0;
    for (uint32_t page = ledger_next_read(transfer->ledger, 1); page;
         page = ledger_next_read(transfer->ledger, page + 1))
        bytes +=
            whole_length((void *)(uintptr_t)transfer, page, ledger_get(transfer->ledger, page).generation);
    return bytes;
}

uint64_t page_transfer_sent(const struct page_transfer *transfer)
{
    return transfer->sent;
}

/* ---- Sending ------------------------------------------------------------------------------------------ */

/* False when the frame did not go: the connection is at its end, or will be. */
static bool send_frame(struct page_transfer *transfer, const struct frame *frame)
{
    int error = peer_send(transfer->peer, frame);
    if (error && error != -ENOTCONN)
        log_error("job %" PRIu64 ": %s: %s", transfer->job, frame_name((uint16_t)frame->type),
                  strerror(-error));
    return error == 0;
}

static bool send_begin(struct page_transfer *transfer)
{
    const struct whole_page *page = whole_page(transfer, transfer->send.page, transfer->send.generation);
    struct frame frame = {
        .type = FRAME_PAGE_BEGIN, .job = transfer->job, .page_begin = page ? page->begin : transfer->format};
    if (!send_frame(transfer, &frame))
        return false;
    page_send_began(&transfer->send);
    return true;
}

static bool send_end(struct page_transfer *transfer)
{
    const struct whole_page *page = whole_page(transfer, transfer->send.page, transfer->send.generation);
    if (!page)
        return false;
    struct frame frame = {.type = FRAME_PAGE_END,
                          .job = transfer->job,
                          .page_end = {.page = page->page,
                                       .generation = page->generation,
                                       .length = page->length,
                                       .rows = page->rows,
                                       .digest = {page->digest, DIGEST_BYTES}}};
    if (!send_frame(transfer, &frame))
        return false;
    page_send_ended(&transfer->send);
    return true;
}

static void errand_free(struct errand **errand)
{
    struct errand *old = *errand;
    *errand = NULL;
    if (!old)
        return;
    peer_block_free(&old->block);
    free(old);
}

static bool is_next(const struct page_transfer *transfer, const struct errand *errand)
{
    const struct page_send *send = &transfer->send;
    return send->begun && errand->page.page == send->page && errand->page.generation == send->generation &&
           errand->offset == send->offset;
}

/* The block that was read. False when it has to wait for room. */
static bool send_ready(struct page_transfer *transfer)
{
    struct errand *ready = transfer->ready;
    if (is_next(transfer, ready)) {
        int error = peer_send_page(transfer->peer, &ready->block, transfer->job, ready->page.page,
                                   ready->offset, ready->length);
        if (error)
            return false; /* on_room comes, or the end of the connection */
        page_send_advance(&transfer->send, ready->length);
        transfer->sent += ready->length;
    }
    errand_free(&transfer->ready);
    return true;
}

void page_transfer_go_on(struct page_transfer *transfer)
{
    if (transfer->check_page && transfer->folder_fd >= 0 && !transfer->errand)
        check_page(transfer);
    while (transfer->peer && transfer->folder_fd >= 0 && !transfer->errand && send_next(transfer))
        ;
}

/* One step. False when there is nothing to do before something happens. */
static bool send_next(struct page_transfer *transfer)
{
    uint64_t available;
    enum page_send_step step = page_send_next(&transfer->send, transfer->ledger, &transfer->growing,
                                              whole_length, transfer, &available);
    if (transfer->ready)
        return send_ready(transfer);
    switch (step) {
    case PAGE_SEND_BEGIN:
        return send_begin(transfer);
    case PAGE_SEND_DATA:
        read_block(transfer, available);
        return false;
    case PAGE_SEND_END:
        return send_end(transfer);
    case PAGE_SEND_NOTHING:
        break;
    }
    return false;
}

/* ---- Reading ------------------------------------------------------------------------------------------ */

/* Whether the bytes of a whole page are what they were when it became whole. */
static int check_file(int fd, const struct whole_page *page)
{
    uint8_t digest[DIGEST_BYTES];
    int error = blob_digest(fd, page->length, digest);
    return error || memcmp(digest, page->digest, sizeof digest) != 0 ? -EBADMSG : 0;
}

static int read_file(int fd, struct errand *errand)
{
    ssize_t length = blob_read_at(fd, peer_block_bytes(errand->block), errand->length, errand->offset);
    if (length < 0)
        return (int)length;
    return (uint32_t)length == errand->length ? 0 : -ENODATA;
}

static int run_errand(void *context)
{
    struct errand *errand = context;
    int fd = errand->open(errand->folder_fd, errand->job, errand->page.page, errand->page.generation);
    int result;
    if (fd < 0)
        return fd;
    result = errand->is_check ? check_file(fd, &errand->page) : read_file(fd, errand);
    close(fd);
    return result;
}

static void submit(struct page_transfer *transfer, struct errand *errand)
{
    errand->transfer = transfer;
    errand->open = transfer->open;
    errand->folder_fd = transfer->folder_fd;
    errand->job = transfer->job;
    transfer->errand = errand;
    worker_submit(transfer->strand, run_errand, errand_done, errand);
}

static void read_block(struct page_transfer *transfer, uint64_t available)
{
    size_t room = peer_page_room(transfer->peer);
    if (room == 0)
        return; /* on_room comes */
    struct errand *errand = memory_new(sizeof *errand);
    errand->page.page = transfer->send.page;
    errand->page.generation = transfer->send.generation;
    errand->offset = transfer->send.offset;
    errand->length = (uint32_t)(available < room ? available : room);
    errand->block = peer_block_new();
    submit(transfer, errand);
}

static void check_page(struct page_transfer *transfer)
{
    const struct whole_page *page = whole_page(transfer, transfer->check_page, transfer->check_generation);
    transfer->check_page = 0;
    if (!page)
        return;
    struct errand *errand = memory_new(sizeof *errand);
    errand->is_check = true;
    errand->page = *page;
    submit(transfer, errand);
}

/* The stream of a whole page is not there as it was; of one that grows, who makes it knows more. */
static void reading_failed(struct page_transfer *transfer, const struct errand *errand, int error)
{
    log_error("job %" PRIu64 ": page %u cannot be read from the disk: %s", transfer->job, errand->page.page,
              strerror(-error));
    page_send_stop(&transfer->send);
    if (whole_page(transfer, errand->page.page, errand->page.generation))
        transfer->on_damaged(transfer->context, errand->page.page);
    else
        page_transfer_hold(transfer);
}

static void check_done(struct page_transfer *transfer, const struct errand *errand, int error)
{
    if (error)
        reading_failed(transfer, errand, error);
    else
        page_send_resume(&transfer->send, errand->page.page, errand->page.generation, 0);
}

static void errand_done(void *context, int result)
{
    struct errand *errand = context;
    struct page_transfer *transfer = errand->transfer;
    if (!transfer) {
        errand_free(&errand);
        return;
    }
    transfer->errand = NULL;
    bool is_block = !errand->is_check && !result && is_next(transfer, errand);
    if (is_block)
        transfer->ready = errand;
    else if (errand->is_check)
        check_done(transfer, errand, result);
    else if (result && is_next(transfer, errand))
        reading_failed(transfer, errand, result);
    if (!is_block)
        errand_free(&errand);
    page_transfer_go_on(transfer);
}

/* ---- What the job and the server say ------------------------------------------------------------------ */

void page_transfer_flow(struct page_transfer *transfer)
{
    transfer->send.flowing = true;
    page_transfer_go_on(transfer);
}

void page_transfer_hold(struct page_transfer *transfer)
{
    page_send_reset(&transfer->send);
    errand_free(&transfer->ready);
}

void page_transfer_set_peer(struct page_transfer *transfer, struct peer *peer)
{
    transfer->peer = peer;
    page_send_reset(&transfer->send);
    errand_free(&transfer->ready);
}

void page_transfer_resume(struct page_transfer *transfer, const struct frame_page_resume *resume)
{
    page_send_resume(&transfer->send, resume->page, resume->generation, resume->offset);
    if (resume->offset == 0 && whole_page(transfer, resume->page, resume->generation)) {
        transfer->check_page = resume->page;
        transfer->check_generation = resume->generation;
    }
    page_transfer_go_on(transfer);
}

void page_transfer_acknowledged(struct page_transfer *transfer, uint32_t page)
{
    page_send_acknowledged(&transfer->send, page);
}

/* ---- Life --------------------------------------------------------------------------------------------- */

struct page_transfer *page_transfer_new(const struct page_transfer_options *options)
{
    struct page_transfer *transfer = memory_new(sizeof *transfer);
    transfer->strand = worker_strand_new(options->pool);
    transfer->job = options->job;
    transfer->ledger = options->ledger;
    transfer->open = options->open;
    transfer->on_damaged = options->on_damaged;
    transfer->context = options->context;
    transfer->folder_fd = -1;
    return transfer;
}

int page_transfer_set_folder(struct page_transfer *transfer, int folder_fd)
{
    transfer->folder_fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
    return transfer->folder_fd < 0 ? -errno : 0;
}

static int close_folder(void *context)
{
    close(*(int *)context);
    return 0;
}

static void folder_closed(void *context, int result)
{
    (void)result;
    free(context);
}

void page_transfer_free(struct page_transfer **transfer)
{
    struct page_transfer *old = *transfer;
    *transfer = NULL;
    if (!old)
        return;
    if (old->errand)
        old->errand->transfer = NULL;
    if (old->folder_fd >= 0) { /* an errand may still be using it */
        int *fd = memory_new(sizeof *fd);
        *fd = old->folder_fd;
        worker_submit(old->strand, close_folder, folder_closed, fd);
    }
    worker_strand_free(&old->strand);
    errand_free(&old->ready);
    page_send_free(&old->send);
    free(old->pages);
    free(old);
}
