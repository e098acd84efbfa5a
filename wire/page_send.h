/*
 * Which bytes of which page go next over a connection: pure. One per job and connection, at the side that has
 * the pages; the caller reads the bytes and sends the frames.
 *
 * Pages go in ascending order, each as PAGE_BEGIN, PAGE_DATA …, PAGE_END, also while they are still growing.
 */
#ifndef DESKLINE_WIRE_PAGE_SEND_H
#define DESKLINE_WIRE_PAGE_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/ledger.h>

struct page_send {
    bool flowing;
    uint32_t page, generation; /* under way, page 0: none */
    uint64_t offset;           /* the next byte of it */
    bool begun;                /* PAGE_BEGIN was sent */
    struct {                   /* what the receiver says it has in part */
        uint32_t page, generation;
        uint64_t offset;
    } part;
    uint32_t *sent; /* per page: generation + 1 of what was sent whole */
    uint32_t sent_room;
};

/* The page that is being made, or none (page 0). */
struct page_growing {
    uint32_t page, generation;
    uint64_t length; /* bytes that may be sent by now */
};

enum page_send_step {
    PAGE_SEND_NOTHING, /* wait: for more bytes, or another page */
    PAGE_SEND_BEGIN,   /* send PAGE_BEGIN of .page */
    PAGE_SEND_DATA,    /* send bytes from .offset; then page_send_advance */
    PAGE_SEND_END,     /* send PAGE_END of .page */
};

/* The length in bytes of a page that is whole. */
typedef uint64_t (*page_send_length)(void *context, uint32_t page, uint32_t generation);

/* What to do next; for DATA, *available is how many bytes may be sent from send->offset on. `ledger` says
 * which pages are whole (`read`), `length` how long those are. */
enum page_send_step page_send_next(struct page_send *send, const struct ledger *ledger,
                                   const struct page_growing *growing, page_send_length length, void *context,
                                   uint64_t *available);
/* PAGE_BEGIN has gone out. */
void page_send_began(struct page_send *send);
/* So many bytes have gone out. */
void page_send_advance(struct page_send *send, uint64_t bytes);
/* PAGE_END has gone out. */
void page_send_ended(struct page_send *send);

/* PAGE_RESUME arrived. Offset 0: the page is sent again from its start. */
void page_send_resume(struct page_send *send, uint32_t page, uint32_t generation, uint64_t offset);
/* The receiver has it: should the ledger say `read` once more, it is sent once more. */
void page_send_acknowledged(struct page_send *send, uint32_t page);
/* No page under way any more: given up, or held. What was sent whole stays known. */
void page_send_stop(struct page_send *send);
/* For a new connection. */
void page_send_reset(struct page_send *send);
void page_send_free(struct page_send *send);

#endif
