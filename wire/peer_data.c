/* Page and document data: blocks that are filled from a file and encrypted from where they are; and credit.
 */
#include <errno.h>
#include <stdlib.h>

#include <deskline/frame.h>

#include "base/memory.h"
#include "wire/bytes.h"
#include "wire/peer_internal.h"

/* Data queues up to the first; whoever was refused is called when it is down to the second. Enough to keep
 * the socket busy between two turns, and little enough that other frames do not wait long. */
#define DATA_HIGH_BYTES 262144u
#define DATA_LOW_BYTES  131072u
/* Header, u32, u64, and the length of the bytes: the same for PAGE_DATA and DOCUMENT_DATA. */
#define LEAD_BYTES (FRAME_HEADER_BYTES + 4 + 8 + 4)

struct peer_block *peer_block_new(void)
{
    struct peer_block *block = memory_resize(NULL, sizeof *block + LEAD_BYTES + PEER_BLOCK_BYTES, 1);
    *block = (struct peer_block){.size = LEAD_BYTES + PEER_BLOCK_BYTES, .is_data = true};
    return block;
}

uint8_t *peer_block_bytes(struct peer_block *block)
{
    return block->bytes + LEAD_BYTES;
}

void peer_block_free(struct peer_block **block)
{
    free(*block);
    *block = NULL;
}

/* ---- Sending ---- */

static size_t queue_room(const struct peer *peer)
{
    bool is_open = peer->stage == PEER_READY && !peer->is_doomed;
    return is_open && peer->queue.data_bytes < DATA_HIGH_BYTES ? PEER_BLOCK_BYTES : 0;
}

size_t peer_document_room(struct peer *peer)
{
    size_t room = queue_room(peer);
    peer->owes_document_room |= room == 0;
    return room;
}

size_t peer_page_room(struct peer *peer)
{
    size_t room = queue_room(peer);
    if (room > peer->credit)
        room = (size_t)peer->credit;
    peer->owes_page_room |= room == 0;
    return room;
}

bool peer_has_room(const struct peer *peer)
{
    return peer->queue.data_bytes <= DATA_LOW_BYTES &&
           (peer->owes_document_room || (peer->owes_page_room && peer->credit > 0));
}

/* The lead of a data frame in front of the bytes that are in the block already. */
static void send_block(struct peer *peer, struct peer_block **block, const struct frame *frame,
                       uint32_t number, uint64_t offset, uint32_t length)
{
    struct peer_block *chunk = *block;
    struct frame_header header = {
        .length = LEAD_BYTES - FRAME_HEADER_BYTES + length, .type = (uint16_t)frame->type, .job = frame->job};
    uint8_t *at = chunk->bytes;
    frame_header_encode(&header, at);
    bytes_put(at + FRAME_HEADER_BYTES, 4, number);
    bytes_put(at + FRAME_HEADER_BYTES + 4, 8, offset);
    bytes_put(at + FRAME_HEADER_BYTES + 12, 4, length);
    chunk->length = LEAD_BYTES + length;
    peer_trace(peer, '>', frame);
    if (peer->queue.bytes == 0)
        peer->last_out_ms = peer_now_ms(peer);
    peer_queue_chunk(&peer->queue, chunk);
    *block = NULL;
    peer_kick(peer);
}

int peer_send_page(struct peer *peer, struct peer_block **block, uint64_t job, uint32_t page, uint64_t offset,
                   uint32_t length)
{
    struct frame frame = {
        .type = FRAME_PAGE_DATA, .job = job, .page_data = {page, offset, {peer_block_bytes(*block), length}}};
    if (peer->stage != PEER_READY || peer->is_doomed)
        return -ENOTCONN;
    if (peer_page_room(peer) < length)
        return -EAGAIN;
    peer->credit -= length;
    send_block(peer, block, &frame, page, offset, length);
    return 0;
}

int peer_send_document(struct peer *peer, struct peer_block **block, uint32_t request, uint64_t offset,
                       uint32_t length)
{
    struct frame frame = {.type = FRAME_DOCUMENT_DATA,
                          .document_data = {request, offset, {peer_block_bytes(*block), length}}};
    if (peer->stage != PEER_READY || peer->is_doomed)
        return -ENOTCONN;
    if (peer_document_room(peer) < length)
        return -EAGAIN;
    send_block(peer, block, &frame, request, offset, length);
    return 0;
}

/* ---- Credit ---- */

static void add_credit(struct peer *peer, uint32_t bytes)
{
    if (bytes > PEER_CREDIT_MAX - peer->credit) {
        peer_doom_for_violation(peer, ERROR_PROTOCOL, "more credit than there can be");
        return;
    }
    peer->credit += bytes;
    if (peer->owes_page_room)
        peer_kick(peer);
}

void peer_credit_given(struct peer *peer, uint32_t bytes)
{
    add_credit(peer, bytes);
}

void peer_credit_arrived(struct peer *peer, uint32_t bytes)
{
    add_credit(peer, bytes);
}

uint64_t peer_credit(const struct peer *peer)
{
    return peer->credit;
}

void peer_expect(struct peer *peer, uint32_t bytes)
{
    peer->window += bytes;
    peer->expected += bytes;
}

bool peer_data_is_covered(struct peer *peer, uint32_t bytes)
{
    if (bytes > peer->expected) {
        peer_doom_for_violation(peer, ERROR_PROTOCOL, "page data without credit");
        return false;
    }
    peer->expected -= bytes;
    return true;
}

/* While less than a quarter of the window is held back, more than three quarters of it are in the sender's
 * hands or on the way: it never waits for what is held back here. */
void peer_grant(struct peer *peer, uint32_t bytes)
{
    peer->ungranted += bytes;
    if (peer->ungranted < peer->window / 4 || peer->ungranted == 0)
        return;
    uint32_t batch = (uint32_t)peer->ungranted;
    peer->ungranted = 0;
    peer->expected += batch;
    peer_send_own(peer, &(struct frame){.type = FRAME_CREDIT, .credit = {batch}});
}
