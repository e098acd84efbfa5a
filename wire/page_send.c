#include "wire/page_send.h"

#include <stdlib.h>
#include <string.h>

static bool was_sent(const struct page_send *send, uint32_t page, uint32_t generation)
{
    return page <= send->sent_room && send->sent[page - 1] == generation + 1;
}

static void mark(struct page_send *send, uint32_t page, uint32_t value)
{
    if (page > send->sent_room) {
        uint32_t room = page * 2;
        uint32_t *sent = realloc(send->sent, room * sizeof *sent);
        if (!sent)
            abort(); /* half a megabyte at the most */
        memset(sent + send->sent_room, 0, (room - send->sent_room) * sizeof *sent);
        send->sent = sent;
        send->sent_room = room;
    }
    send->sent[page - 1] = value;
}

/* The page under way has been given up at the source: it is neither growing nor whole in that generation. */
static bool is_stale(const struct page_send *send, const struct ledger *ledger,
                     const struct page_growing *growing)
{
    struct ledger_page page = ledger_get(ledger, send->page);
    if (growing->page == send->page && growing->generation == send->generation)
        return false;
    return page.state != PAGE_READ || page.generation != send->generation;
}

static void choose(struct page_send *send, const struct ledger *ledger, const struct page_growing *growing)
{
    uint32_t page = ledger_next_read(ledger, 1);
    while (page && was_sent(send, page, ledger_get(ledger, page).generation))
        page = ledger_next_read(ledger, page + 1);
    uint32_t generation = page ? ledger_get(ledger, page).generation : 0;
    if (growing->page && (page == 0 || growing->page < page)) {
        page = growing->page;
        generation = growing->generation;
    }
    send->page = page;
    send->generation = generation;
    send->begun = false;
    send->offset = 0;
    if (page && send->part.page == page && send->part.generation == generation)
        send->offset = send->part.offset;
}

enum page_send_step page_send_next(struct page_send *send, const struct ledger *ledger,
                                   const struct page_growing *growing, page_send_length length, void *context,
                                   uint64_t *available)
{
    *available = 0;
    if (!send->flowing)
        return PAGE_SEND_NOTHING;
    if (send->page && is_stale(send, ledger, growing))
        page_send_stop(send);
    if (!send->page)
        choose(send, ledger, growing);
    if (!send->page)
        return PAGE_SEND_NOTHING;
    if (!send->begun)
        return PAGE_SEND_BEGIN;
    struct ledger_page known = ledger_get(ledger, send->page);
    bool whole = known.state == PAGE_READ && known.generation == send->generation;
    uint64_t end = whole ? length(context, send->page, send->generation) : growing->length;
    if (end < send->offset && whole) /* the receiver claims more than there is */
        send->offset = end;
    if (send->offset < end) {
        *available = end - send->offset;
        return PAGE_SEND_DATA;
    }
    return whole ? PAGE_SEND_END : PAGE_SEND_NOTHING;
}

void page_send_began(struct page_send *send)
{
    send->begun = true;
    send->part.page = 0;
}

void page_send_advance(struct page_send *send, uint64_t bytes)
{
    send->offset += bytes;
}

void page_send_ended(struct page_send *send)
{
    mark(send, send->page, send->generation + 1);
    page_send_stop(send);
}

void page_send_resume(struct page_send *send, uint32_t page, uint32_t generation, uint64_t offset)
{
    if (page < 1 || page > LEDGER_MAX_PAGES)
        return;
    bool under_way = send->page == page && send->generation == generation && send->begun;
    if (offset > 0 && (under_way || was_sent(send, page, generation)))
        return; /* it was written before the receiver had seen what is on its way */
    if (was_sent(send, page, generation))
        mark(send, page, 0);
    if (send->page == page && send->generation == generation)
        page_send_stop(send);
    send->part.page = page;
    send->part.generation = generation;
    send->part.offset = offset;
}

void page_send_acknowledged(struct page_send *send, uint32_t page)
{
    if (page >= 1 && page <= send->sent_room)
        mark(send, page, 0);
}

void page_send_stop(struct page_send *send)
{
    send->page = 0;
    send->begun = false;
    send->offset = 0;
}

void page_send_reset(struct page_send *send)
{
    page_send_stop(send);
    send->flowing = false;
    send->part.page = 0;
    if (send->sent_room)
        memset(send->sent, 0, send->sent_room * sizeof *send->sent);
}

void page_send_free(struct page_send *send)
{
    free(send->sent);
    *send = (struct page_send){0};
}
