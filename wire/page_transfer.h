/*
 * The pages of a job on their way from a disk to the other side, also while they are still being made:
 * page_send decides, a worker reads the bytes, the peer sends them.
 *
 *   format ─► grown … ─► whole        what there is
 *   flow, hold, resume, set_peer      what the other side and the job say
 */
#ifndef DESKLINE_WIRE_PAGE_TRANSFER_H
#define DESKLINE_WIRE_PAGE_TRANSFER_H

#include <stdint.h>

#include <deskline/frame.h>
#include <deskline/ledger.h>

struct page_transfer;
struct peer;
struct worker_pool;

/* On a worker: a descriptor on the stream of that page, or a negative errno. */
typedef int (*page_transfer_open)(int folder_fd, uint64_t job, uint32_t page, uint32_t generation);

struct page_transfer_options {
    struct worker_pool *pool;
    uint64_t job;
    const struct ledger
        *ledger; /* pages in state `read` are sent; looked at in each step, outlives the transfer */
    page_transfer_open open;
    void (*on_damaged)(void *context, uint32_t page); /* the stream of a whole page is not what it was */
    void *context;
};

struct page_transfer *page_transfer_new(const struct page_transfer_options *options);
/* Safe on NULL. */
void page_transfer_free(struct page_transfer **transfer);

/* The folder that `open` is given; a copy of the descriptor is kept. 0 or a negative errno. */
int page_transfer_set_folder(struct page_transfer *transfer, int folder_fd);
/* A new connection, or NULL for none: nothing is under way, nothing flows. */
void page_transfer_set_peer(struct page_transfer *transfer, struct peer *peer);
void page_transfer_flow(struct page_transfer *transfer);
/* Nothing flows, and what was sent without being acknowledged counts as not sent. */
void page_transfer_hold(struct page_transfer *transfer);
/* PAGE_RESUME. Offset 0 for a page that is whole: its bytes are checked before they are sent again. */
void page_transfer_resume(struct page_transfer *transfer, const struct frame_page_resume *resume);
/* PAGE_STORED: sent once more, should the ledger say `read` once more. */
void page_transfer_acknowledged(struct page_transfer *transfer, uint32_t page);
/* There may be room at the peer again, or the ledger has changed. */
void page_transfer_go_on(struct page_transfer *transfer);

/* A page begins to grow, and has grown to so many bytes. */
void page_transfer_format(struct page_transfer *transfer, const struct frame_page_begin *begin);
void page_transfer_grown(struct page_transfer *transfer, uint32_t page, uint64_t length);
/* A page is whole: what PAGE_BEGIN and PAGE_END are going to say of it. */
void page_transfer_whole(struct page_transfer *transfer, const struct frame_page_begin *begin,
                         const struct frame_page_end *end);
/* The page that was growing was given up. */
void page_transfer_broken(struct page_transfer *transfer);

/* Page stream bytes that this side has: of whole pages in state `read`, and of the one that grows. */
uint64_t page_transfer_bytes(const struct page_transfer *transfer);
/* Bytes that were sent, over all connections. */
uint64_t page_transfer_sent(const struct page_transfer *transfer);

#endif
