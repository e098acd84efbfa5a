/* What waits to be sent: frames packed into chunks, data in chunks of its own. */
#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "wire/peer_internal.h"

/* The first chunk of an idle connection is small; where more follows, frames are packed into bigger ones. */
#define CHUNK_SMALL_BYTES 512u
#define CHUNK_BYTES       16384u

void peer_queue_start(struct peer_queue *queue)
{
    *queue = (struct peer_queue){.last = &queue->first};
}

/* The last chunk, when a frame of so many bytes fits behind what is in it. */
static struct peer_block *tail_with_room(struct peer_queue *queue, size_t needed)
{
    if (!queue->first)
        return NULL;
    struct peer_block *tail =
        (struct peer_block *)(void *)((char *)queue->last - offsetof(struct peer_block, next));
    return !tail->is_data && tail->size - tail->length >= needed ? tail : NULL;
}

int peer_queue_frame(struct peer_queue *queue, const struct frame *frame)
{
    size_t needed = frame_encoded_size(frame);
    struct peer_block *chunk = tail_with_room(queue, needed);
    struct peer_block *made = NULL;
    if (!chunk) {
        size_t usual = queue->first ? CHUNK_BYTES : CHUNK_SMALL_BYTES;
        size_t size = needed > usual ? needed : usual;
        chunk = made = memory_resize(NULL, sizeof *made + size, 1);
        *made = (struct peer_block){.size = size};
    }
    ssize_t length = frame_encode(frame, chunk->bytes + chunk->length, chunk->size - chunk->length);
    if (length < 0) {
        free(made);
        return (int)length;
    }
    chunk->length += (size_t)length;
    if (made)
        peer_queue_chunk(queue, made);
    else
        queue->bytes += (size_t)length;
    return 0;
}

void peer_queue_chunk(struct peer_queue *queue, struct peer_block *chunk)
{
    chunk->next = NULL;
    *queue->last = chunk;
    queue->last = &chunk->next;
    queue->bytes += chunk->length;
    if (chunk->is_data)
        queue->data_bytes += chunk->length;
}

void peer_queue_sent(struct peer_queue *queue, size_t length)
{
    struct peer_block *chunk = queue->first;
    chunk->sent += length;
    queue->bytes -= length;
    if (chunk->is_data)
        queue->data_bytes -= length;
    if (chunk->sent < chunk->length)
        return;
    queue->first = chunk->next;
    if (!queue->first)
        queue->last = &queue->first;
    free(chunk);
}

void peer_queue_clear(struct peer_queue *queue)
{
    while (queue->first)
        peer_queue_sent(queue, queue->first->length - queue->first->sent);
}
