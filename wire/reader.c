#include "wire/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct reader {
    unsigned where, when;
    bool is_stopped;
    reader_on_frame on_frame;
    void *context;
    uint8_t *buffer; /* NULL while nothing is there */
    size_t size;
    size_t start, end; /* what has not been handed out yet: it starts with a header */
    size_t to_skip;    /* bytes of a skipped frame that are still to come */
};

struct reader *reader_new(unsigned where, unsigned when, reader_on_frame on_frame, void *context)
{
    struct reader *reader = memory_new(sizeof *reader);
    reader->where = where;
    reader->when = when;
    reader->on_frame = on_frame;
    reader->context = context;
    return reader;
}

void reader_free(struct reader **reader)
{
    if (!*reader)
        return;
    free((*reader)->buffer);
    free(*reader);
    *reader = NULL;
}

void reader_set_when(struct reader *reader, unsigned when)
{
    reader->when = when;
}

void reader_stop(struct reader *reader)
{
    reader->is_stopped = true;
}

/* Bytes of the frame at the start, as far as its header is known; the header was checked when it came. */
static size_t wanted(const struct reader *reader)
{
    struct frame_header header;
    if (reader->end - reader->start < FRAME_HEADER_BYTES)
        return FRAME_HEADER_BYTES;
    frame_header_decode(reader->buffer + reader->start, &header);
    return FRAME_HEADER_BYTES + (size_t)header.length;
}

static void move_to_front(struct reader *reader)
{
    if (reader->end > reader->start && reader->start > 0)
        memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
}

/* A long frame makes the buffer grow as its bytes arrive, not as its header promises: a promise costs
 * nothing. */
static void grow(struct reader *reader, size_t frame_bytes)
{
    size_t size = reader->size * 2 < frame_bytes ? reader->size * 2 : frame_bytes;
    reader->buffer = memory_resize(reader->buffer, size, 1);
    reader->size = size;
}

uint8_t *reader_room(struct reader *reader, size_t *room)
{
    if (!reader->buffer) {
        reader->buffer = memory_resize(NULL, READER_BUFFER_BYTES, 1);
        reader->size = READER_BUFFER_BYTES;
    }
    if (reader->is_stopped)
        reader->start = reader->end = 0;
    size_t frame_bytes = wanted(reader);
    if (reader->start == reader->end || reader->size - reader->start < frame_bytes)
        move_to_front(reader);
    if (reader->end == reader->size)
        grow(reader, frame_bytes);
    *room = reader->size - reader->end;
    return reader->buffer + reader->end;
}

/* The part of a skipped frame that is here already. */
static void skip(struct reader *reader)
{
    size_t here = reader->end - reader->start;
    size_t dropped = here < reader->to_skip ? here : reader->to_skip;
    reader->start += dropped;
    reader->to_skip -= dropped;
}

/* Hands out the frame at the start. 1: done; 0: it is not whole yet; negative: the stream is broken. */
static int next_frame(struct reader *reader, const char **why)
{
    struct frame_header header;
    struct frame frame;
    size_t here = reader->end - reader->start;
    if (here < FRAME_HEADER_BYTES)
        return 0;
    frame_header_decode(reader->buffer + reader->start, &header);
    int check = frame_header_check(&header, reader->where, reader->when, why);
    if (check < 0)
        return check;
    if (check > 0) {
        reader->to_skip = FRAME_HEADER_BYTES + (size_t)header.length;
        skip(reader);
        return 1;
    }
    if (here < FRAME_HEADER_BYTES + (size_t)header.length)
        return 0;
    const uint8_t *payload = reader->buffer + reader->start + FRAME_HEADER_BYTES;
    int error = frame_decode(&header, payload, &frame, why);
    if (error)
        return error;
    reader->start += FRAME_HEADER_BYTES + (size_t)header.length;
    reader->on_frame(reader->context, &frame);
    return 1;
}

int reader_filled(struct reader *reader, size_t length, const char **why)
{
    int result = 1;
    reader->end += length;
    skip(reader);
    while (result == 1 && !reader->is_stopped)
        result = next_frame(reader, why);
    if (reader->size > READER_BUFFER_BYTES)
        reader_release(reader);
    return result < 0 ? result : 0;
}

bool reader_is_empty(const struct reader *reader)
{
    return reader->is_stopped || (reader->start == reader->end && reader->to_skip == 0);
}

void reader_release(struct reader *reader)
{
    if (!reader->is_stopped && reader->start != reader->end)
        return;
    free(reader->buffer);
    reader->buffer = NULL;
    reader->size = reader->start = reader->end = 0;
}
