/* flate: inflates into a small window, cuts that into rows and undoes their filters. */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "page/decode_codec.h"
#include "page/filter.h"

#define WINDOW_BYTES (32u * 1024u)

struct flate_decoder {
    struct page_decoder base;
    z_stream zlib;
    int made, ended;
    uint64_t expected; /* bytes still to come out of the stream, filter bytes included */
    size_t pixel_bytes;
    size_t row_used; /* bytes of the current row, its filter byte included */
    unsigned filter;
    uint8_t *block;       /* holds the three below */
    uint8_t *row, *above; /* behind their margins; not used when only checking */
    uint8_t *samples;     /* 16 bit: the row in the host's byte order */
    uint8_t window[WINDOW_BYTES];
};

static struct page_decoder *flate_allocate(void)
{
    struct flate_decoder *flate = calloc(1, sizeof *flate);

    return flate == NULL ? NULL : &flate->base;
}

static int flate_start(struct page_decoder *decoder)
{
    struct flate_decoder *flate = (struct flate_decoder *)decoder;
    size_t slot = FILTER_MARGIN + decoder->row_bytes;

    if (inflateInit(&flate->zlib) != Z_OK)
        return -ENOMEM;
    flate->made = 1;
    flate->expected = (uint64_t)(decoder->row_bytes + 1) * decoder->rows_declared;
    flate->pixel_bytes = (size_t)decoder->format.components * decoder->format.bits / 8;
    if (decoder->sink == NULL)
        return 0;
    flate->block = calloc(3, slot);
    if (flate->block == NULL)
        return -ENOMEM;
    flate->row = flate->block + FILTER_MARGIN;
    flate->above = flate->block + slot + FILTER_MARGIN;
    flate->samples = flate->block + 2 * slot;
    return 0;
}

static int row_complete(struct flate_decoder *flate)
{
    struct page_decoder *base = &flate->base;
    uint8_t *done = flate->row;

    flate->row_used = 0;
    if (base->sink == NULL)
        return decoder_row(base, NULL);
    filter_decode(flate->filter, flate->row, flate->above, base->row_bytes, flate->pixel_bytes);
    flate->row = flate->above;
    flate->above = done;
    if (base->format.bits != 16)
        return decoder_row(base, done);
    for (size_t i = 0; i + 1 < base->row_bytes; i += 2) {
        uint16_t sample;

        memcpy(&sample, done + i, 2);
        sample = be16toh(sample);
        memcpy(flate->samples + i, &sample, 2);
    }
    return decoder_row(base, flate->samples);
}

/* Cuts what was inflated into rows. There is never more of it than `expected` says. */
static int take(struct flate_decoder *flate, const uint8_t *bytes, size_t length)
{
    size_t row_bytes = flate->base.row_bytes;
    int error = 0;

    while (length > 0 && error == 0) {
        size_t part;

        if (flate->row_used == 0) {
            if (*bytes >= FILTER_COUNT)
                return decoder_corrupt(&flate->base, "unknown row filter");
            flate->filter = *bytes++;
            flate->row_used = 1;
            length--;
            continue;
        }
        part = row_bytes + 1 - flate->row_used;
        part = length < part ? length : part;
        if (flate->row != NULL)
            memcpy(flate->row + flate->row_used - 1, bytes, part);
        bytes += part;
        length -= part;
        flate->row_used += part;
        if (flate->row_used == row_bytes + 1)
            error = row_complete(flate);
    }
    return error;
}

/* One turn of inflate, which may give one byte more than expected: that is how too long a stream is seen. */
static int turn(struct flate_decoder *flate)
{
    uInt room = flate->expected < WINDOW_BYTES ? (uInt)flate->expected + 1 : WINDOW_BYTES;
    size_t length;
    int status;

    flate->zlib.next_out = flate->window;
    flate->zlib.avail_out = room;
    status = inflate(&flate->zlib, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR)
        return -ENOMEM;
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        return decoder_corrupt(&flate->base, "corrupt zlib stream");
    length = room - flate->zlib.avail_out;
    if (length > flate->expected)
        return decoder_corrupt(&flate->base, decoder_too_many_rows);
    flate->expected -= length;
    flate->ended = status == Z_STREAM_END;
    return take(flate, flate->window, length);
}

static int flate_bytes(struct page_decoder *decoder, const uint8_t *bytes, size_t length)
{
    struct flate_decoder *flate = (struct flate_decoder *)decoder;

    while (length > 0) {
        size_t part = length < (1u << 30) ? length : 1u << 30;
        int error;

        flate->zlib.next_in = (z_const Bytef *)bytes;
        flate->zlib.avail_in = (uInt)part;
        bytes += part;
        length -= part;
        do {
            if (flate->ended)
                return decoder_corrupt(decoder, decoder_too_long);
            error = turn(flate);
            if (error != 0)
                return error;
            /* A full window may have left output behind in zlib. */
        } while (flate->zlib.avail_in > 0 || (flate->zlib.avail_out == 0 && !flate->ended));
    }
    return 0;
}

static int flate_finish(struct page_decoder *decoder)
{
    struct flate_decoder *flate = (struct flate_decoder *)decoder;

    return flate->ended ? 0 : decoder_corrupt(decoder, decoder_too_short);
}

static void flate_release(struct page_decoder *decoder)
{
    struct flate_decoder *flate = (struct flate_decoder *)decoder;

    if (flate->made)
        inflateEnd(&flate->zlib);
    free(flate->block);
    free(flate);
}

const struct decoder_codec decoder_flate = {flate_allocate, flate_start, flate_bytes, flate_finish,
                                            flate_release};
