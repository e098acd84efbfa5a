/* PNG (ISO/IEC 15948). A flate page's stream is what the IDAT chunks hold; others are decoded and encoded
 * again. */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "page/document_kind.h"
#include "page/encode_codec.h"
#include "page/spill.h"

#define CHUNK_BYTES (64u * 1024u)

struct png_writer {
    struct document_writer base;
    size_t used; /* of `chunk`, which becomes an IDAT */
    uint8_t chunk[CHUNK_BYTES];
};

/* Rows on their way from the decoder to the encoder. */
struct recode {
    struct page_encoder *encoder;
    int invert; /* PNG: 0 is black */
    uint8_t *row;
};

static struct document_writer *png_allocate(void)
{
    struct png_writer *png = calloc(1, sizeof *png);

    return png == NULL ? NULL : &png->base;
}

static void put_chunk(struct output *output, const char type[5], const uint8_t *bytes, size_t length)
{
    uint32_t word = htobe32((uint32_t)length);
    uLong crc = crc32(0, (const Bytef *)type, 4);

    output_bytes(output, &word, 4);
    output_bytes(output, type, 4);
    if (length > 0) { /* crc32 takes no bytes for a wish to start anew */
        output_bytes(output, bytes, length);
        crc = crc32(crc, bytes, (uInt)length);
    }
    word = htobe32((uint32_t)crc);
    output_bytes(output, &word, 4);
}

static int png_start(struct document_writer *writer, const struct document_info *info)
{
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    (void)info;
    output_bytes(&writer->output, signature, sizeof signature);
    return 0;
}

/* Pixels per metre, rounded. */
static uint32_t per_metre(uint32_t dpi)
{
    return (uint32_t)(((uint64_t)dpi * 10000 + 127) / 254);
}

static void put_header(struct output *output, const struct document_page *page)
{
    uint32_t sides[2] = {htobe32(page->format.width_px), htobe32(page->rows)};
    uint32_t density[2] = {htobe32(per_metre(page->format.x_dpi)), htobe32(per_metre(page->format.y_dpi))};
    uint8_t header[13] = {0}, physical[9];

    memcpy(header, sides, 8);
    header[8] = page->format.bits;
    header[9] = page->format.components == 3 ? 2 : 0; /* colour type: RGB or grey */
    put_chunk(output, "IHDR", header, sizeof header);
    if (page->format.x_dpi == 0 || page->format.y_dpi == 0)
        return;
    memcpy(physical, density, 8);
    physical[8] = 1; /* the unit is the metre */
    put_chunk(output, "pHYs", physical, sizeof physical);
}

static int copy_stream(struct png_writer *png, const struct document_page *page)
{
    int error = 0;

    for (uint64_t at = 0; at < page->length_bytes && error == 0; at += CHUNK_BYTES) {
        uint64_t left = page->length_bytes - at;
        size_t part = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;

        error = spill_read(page->fd, png->chunk, part, at);
        if (error == 0)
            put_chunk(&png->base.output, "IDAT", png->chunk, part);
    }
    return error;
}

static void flush_chunk(struct png_writer *png)
{
    if (png->used > 0)
        put_chunk(&png->base.output, "IDAT", png->chunk, png->used);
    png->used = 0;
}

static int on_encoded(void *context, const uint8_t *bytes, size_t length)
{
    struct png_writer *png = context;

    while (length > 0) {
        size_t room = CHUNK_BYTES - png->used, part = length < room ? length : room;

        memcpy(png->chunk + png->used, bytes, part);
        png->used += part;
        bytes += part;
        length -= part;
        if (png->used == CHUNK_BYTES)
            flush_chunk(png);
    }
    return png->base.output.error;
}

static int on_row(void *context, const uint8_t *row, size_t length)
{
    struct recode *recode = context;

    if (!recode->invert)
        return page_encoder_rows(recode->encoder, row, 1);
    for (size_t i = 0; i < length; i++)
        recode->row[i] = (uint8_t)~row[i];
    return page_encoder_rows(recode->encoder, recode->row, 1);
}

static int recode_stream(struct png_writer *png, const struct document_page *page)
{
    struct recode recode = {.invert = page->format.codec == PAGE_CODEC_G4};
    size_t row_bytes = (size_t)page_row_bytes(&page->format);
    uint32_t rows;
    int error;

    recode.row = malloc(row_bytes);
    if (recode.row == NULL)
        return -ENOMEM;
    error = encoder_start(&recode.encoder, &encoder_flate, &page->format, row_bytes, on_encoded, png);
    if (error == 0)
        error = document_decode(page, on_row, &recode);
    if (error == 0)
        error = page_encoder_finish(recode.encoder, &rows);
    if (error == 0)
        flush_chunk(png);
    page_encoder_free(&recode.encoder);
    free(recode.row);
    return error;
}

static int png_page(struct document_writer *writer, const struct document_page *page)
{
    struct png_writer *png = (struct png_writer *)writer;

    put_header(&writer->output, page);
    return page->format.codec == PAGE_CODEC_FLATE ? copy_stream(png, page) : recode_stream(png, page);
}

static int png_finish(struct document_writer *writer)
{
    put_chunk(&writer->output, "IEND", NULL, 0);
    return 0;
}

static void png_release(struct document_writer *writer)
{
    free(writer);
}

const struct document_kind_facts document_png = {.suffix = "png",
                                                 .one_page = 1,
                                                 .codecs = 1u << PAGE_CODEC_FLATE | 1u << PAGE_CODEC_G4 |
                                                           1u << PAGE_CODEC_JPEG,
                                                 .allocate = png_allocate,
                                                 .start = png_start,
                                                 .page = png_page,
                                                 .finish = png_finish,
                                                 .release = png_release};
