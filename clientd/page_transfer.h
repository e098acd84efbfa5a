/*
 * The pages of a job on their way from the spool to the server, also while they are still being read:
 * page_send decides, a worker reads the bytes, the peer sends them.
 *
 *   format ─► grown … ─► whole        what the unit has made
 *   flow, hold, resume, set_peer      what the server and the job say
 */
#ifndef DESKLINE_CLIENTD_PAGE_TRANSFER_H
#define DESKLINE_CLIENTD_PAGE_TRANSFER_H

#include <stdint.h>

#include <deskline/frame.h>
#include <deskline/ledger.h>

#include "clientd/spool.h"

struct page_transfer;
struct peer;
struct worker_pool;

/* The ledger is read at each step and outlives the transfer. `on_damaged`: the stream of a whole page is not
 * what was read. */
struct page_transfer *page_transfer_new(struct worker_pool *pool, uint64_t job, const struct ledger *ledger,
                                        void (*on_damaged)(void *context, uint32_t page), void *context);
void page_transfer_free(struct page_transfer **transfer);

/* The folder of the job; a copy of the descriptor is kept. 0 or a negative errno. */
int page_transfer_set_folder(struct page_transfer *transfer, int job_fd);
/* A new connection, or NULL for none: nothing is under way, nothing flows. */
void page_transfer_set_peer(struct page_transfer *transfer, struct peer *peer);
void page_transfer_flow(struct page_transfer *transfer);
void page_transfer_hold(struct page_transfer *transfer);
/* PAGE_RESUME. Offset 0 for a page that is whole: its bytes are checked before they are sent again. */
void page_transfer_resume(struct page_transfer *transfer, const struct frame_page_resume *resume);
/* There may be room at the peer again, or the ledger has changed. */
void page_transfer_go_on(struct page_transfer *transfer);

void page_transfer_format(struct page_transfer *transfer, const struct frame_page_begin *begin);
void page_transfer_grown(struct page_transfer *transfer, uint32_t page, uint64_t length);
void page_transfer_whole(struct page_transfer *transfer, const struct spool_page *page);
/* The page that was growing was given up. */
void page_transfer_broken(struct page_transfer *transfer);

/* Page stream bytes that this side has: of whole pages and of the one that grows. */
uint64_t page_transfer_bytes(const struct page_transfer *transfer);

#endif
