/* flate: rows with PNG filter bytes in one zlib stream. */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "page/encode_codec.h"
#include "page/filter.h"
#include "page/squeeze.h"

struct flate_encoder {
    struct page_encoder base;
    struct squeeze *squeeze;
    size_t pixel_bytes;
    uint8_t *block;       /* holds the three below */
    uint8_t *row, *above; /* behind their margins */
    uint8_t *filtered;    /* filter byte and row */
};

static struct page_encoder *flate_allocate(void)
{
    struct flate_encoder *flate = calloc(1, sizeof *flate);

    return flate == NULL ? NULL : &flate->base;
}

static int flate_start(struct page_encoder *encoder)
{
    struct flate_encoder *flate = (struct flate_encoder *)encoder;
    size_t slot = FILTER_MARGIN + encoder->row_bytes;
    unsigned pixel_bits = (unsigned)encoder->format.components * encoder->format.bits;

    flate->pixel_bytes = pixel_bits < 8 ? 1 : pixel_bits / 8;
    flate->block = calloc(3, slot);
    if (flate->block == NULL)
        return -ENOMEM;
    flate->row = flate->block + FILTER_MARGIN;
    flate->above = flate->block + slot + FILTER_MARGIN;
    flate->filtered = flate->block + 2 * slot;
    return squeeze_new(&flate->squeeze, encoder->sink, encoder->context);
}

/* PNG and PDF hold 16 bit samples with the high byte first. */
static void copy_big_endian(uint8_t *to, const uint8_t *from, size_t length)
{
    for (size_t i = 0; i + 1 < length; i += 2) {
        uint16_t sample;

        memcpy(&sample, from + i, 2);
        sample = htobe16(sample);
        memcpy(to + i, &sample, 2);
    }
}

static int flate_rows(struct page_encoder *encoder, const uint8_t *rows, size_t count)
{
    struct flate_encoder *flate = (struct flate_encoder *)encoder;
    size_t length = encoder->row_bytes;
    int error = 0;

    for (size_t i = 0; i < count && error == 0; i++, rows += length) {
        uint8_t *done = flate->row;

        if (encoder->format.bits == 16)
            copy_big_endian(flate->row, rows, length);
        else
            memcpy(flate->row, rows, length);
        filter_encode(flate->filtered, flate->row, flate->above, length, flate->pixel_bytes);
        error = squeeze_bytes(flate->squeeze, flate->filtered, length + 1);
        flate->row = flate->above;
        flate->above = done;
    }
    return error;
}

static int flate_finish(struct page_encoder *encoder)
{
    return squeeze_finish(((struct flate_encoder *)encoder)->squeeze);
}

static void flate_release(struct page_encoder *encoder)
{
    struct flate_encoder *flate = (struct flate_encoder *)encoder;

    squeeze_free(&flate->squeeze);
    free(flate->block);
    free(flate);
}

const struct encoder_codec encoder_flate = {flate_allocate, flate_start, flate_rows, flate_finish,
                                            flate_release};
