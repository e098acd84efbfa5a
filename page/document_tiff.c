/*
 * TIFF 6.0, in the host's byte order: after the header, each page's strips and then its directory, which the
 * directory before points to. A g4 page is one strip, unchanged (compression 4). Others are decoded and go in
 * strips of about a mebibyte as Deflate (compression 8) with horizontal differencing (predictor 2).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "page/document_kind.h"
#include "page/squeeze.h"

#define STRIP_BYTES  (1024u * 1024u)
#define ENTRIES_MOST 20

enum tiff_type { TIFF_ASCII = 2, TIFF_SHORT = 3, TIFF_LONG = 4, TIFF_RATIONAL = 5 };

struct tiff_entry {
    uint16_t tag, type;
    uint32_t count, value;
};

struct tiff_writer {
    struct document_writer base;
    uint64_t link;        /* where the place of the next directory goes */
    uint32_t strip_count; /* of the page at hand */
    uint32_t *offsets, *lengths;
};

/* A page on its way into strips. */
struct strips {
    struct tiff_writer *tiff;
    struct squeeze *squeeze;
    uint8_t *row;
    unsigned bits, components;
    uint32_t rows_per_strip, rows_left; /* left: in the strip */
};

static struct document_writer *tiff_allocate(void)
{
    struct tiff_writer *tiff = calloc(1, sizeof *tiff);

    return tiff == NULL ? NULL : &tiff->base;
}

/* Places are 32 bits wide. */
static uint32_t place(struct output *output)
{
    uint64_t position = output_position(output);

    if (position > UINT32_MAX)
        output_fail(output, -EFBIG);
    return (uint32_t)position;
}

static int tiff_start(struct document_writer *writer, const struct document_info *info)
{
    struct tiff_writer *tiff = (struct tiff_writer *)writer;
    const uint16_t one = 1, magic = 42;
    const uint32_t nowhere = 0;

    (void)info;
    output_bytes(&writer->output, *(const uint8_t *)&one == 1 ? "II" : "MM", 2);
    output_bytes(&writer->output, &magic, sizeof magic);
    tiff->link = output_position(&writer->output);
    output_bytes(&writer->output, &nowhere, sizeof nowhere);
    return 0;
}

static int strips_allocate(struct tiff_writer *tiff, uint32_t count)
{
    free(tiff->offsets);
    free(tiff->lengths);
    tiff->offsets = calloc(count, sizeof *tiff->offsets);
    tiff->lengths = calloc(count, sizeof *tiff->lengths);
    tiff->strip_count = 0;
    return tiff->offsets == NULL || tiff->lengths == NULL ? -ENOMEM : 0;
}

static void strip_begin(struct tiff_writer *tiff)
{
    tiff->offsets[tiff->strip_count] = place(&tiff->base.output);
}

static void strip_end(struct tiff_writer *tiff)
{
    uint32_t end = place(&tiff->base.output);

    tiff->lengths[tiff->strip_count] = end - tiff->offsets[tiff->strip_count];
    tiff->strip_count++;
}

static int on_squeezed(void *context, const uint8_t *bytes, size_t length)
{
    struct output *output = &((struct strips *)context)->tiff->base.output;

    output_bytes(output, bytes, length);
    return output->error;
}

static void difference_8(uint8_t *to, const uint8_t *from, size_t length, unsigned step)
{
    memcpy(to, from, step);
    for (size_t i = step; i < length; i++)
        to[i] = (uint8_t)(from[i] - from[i - step]);
}

static void difference_16(uint8_t *to, const uint8_t *from, size_t length, unsigned step)
{
    memcpy(to, from, 2 * (size_t)step);
    for (size_t i = 2 * (size_t)step; i < length; i += 2) {
        uint16_t sample, before;

        memcpy(&sample, from + i, 2);
        memcpy(&before, from + i - 2 * (size_t)step, 2);
        sample = (uint16_t)(sample - before);
        memcpy(to + i, &sample, 2);
    }
}

static int on_row(void *context, const uint8_t *row, size_t length)
{
    struct strips *strips = context;
    int error;

    if (strips->rows_left == 0) {
        strip_begin(strips->tiff);
        strips->rows_left = strips->rows_per_strip;
    }
    (strips->bits == 16 ? difference_16 : difference_8)(strips->row, row, length, strips->components);
    error = squeeze_bytes(strips->squeeze, strips->row, length);
    if (error != 0 || --strips->rows_left > 0)
        return error;
    error = squeeze_finish(strips->squeeze);
    strip_end(strips->tiff);
    return error;
}

static int put_deflated(struct tiff_writer *tiff, const struct document_page *page, uint32_t rows_per_strip)
{
    struct strips strips = {.tiff = tiff,
                            .bits = page->format.bits,
                            .components = page->format.components,
                            .rows_per_strip = rows_per_strip};
    int error = squeeze_new(&strips.squeeze, on_squeezed, &strips);

    strips.row = malloc((size_t)page_row_bytes(&page->format));
    if (error == 0 && strips.row == NULL)
        error = -ENOMEM;
    if (error == 0)
        error = document_decode(page, on_row, &strips);
    if (error == 0 && strips.rows_left > 0) {
        error = squeeze_finish(strips.squeeze);
        strip_end(tiff);
    }
    squeeze_free(&strips.squeeze);
    free(strips.row);
    return error;
}

/* Directories and what they point to begin at even places. */
static void align(struct output *output)
{
    if (output_position(output) % 2 != 0)
        output_bytes(output, "", 1);
}

/* What does not fit an entry's four bytes stands elsewhere. */
static uint32_t put_values(struct output *output, const void *values, size_t length)
{
    uint32_t at;

    align(output);
    at = place(output);
    output_bytes(output, values, length);
    return at;
}

/* A SHORT stands in the first two bytes of the value, whichever end comes first. */
static uint32_t short_value(uint16_t number)
{
    uint16_t both[2] = {number, 0};
    uint32_t value;

    memcpy(&value, both, sizeof value);
    return value;
}

static uint32_t put_list(struct output *output, const uint32_t *list, uint32_t count)
{
    return count == 1 ? list[0] : put_values(output, list, (size_t)count * sizeof *list);
}

static void put_directory(struct tiff_writer *tiff, const struct document_page *page, uint32_t rows_per_strip)
{
    const struct page_format *format = &page->format;
    struct output *output = &tiff->base.output;
    int g4 = format->codec == PAGE_CODEC_G4, resolved = format->x_dpi != 0 && format->y_dpi != 0;
    uint16_t depths[3] = {format->bits, format->bits, format->bits};
    uint32_t x[2] = {format->x_dpi, 1}, y[2] = {format->y_dpi, 1};
    static const char software[] = "Deskline";
    struct tiff_entry entries[ENTRIES_MOST];
    const uint32_t nowhere = 0;
    uint16_t count = 0;
    uint32_t at;

#define ENTRY(...) entries[count++] = (struct tiff_entry){__VA_ARGS__}
    ENTRY(254, TIFF_LONG, 1, 2); /* a page of several */
    ENTRY(256, TIFF_LONG, 1, format->width_px);
    ENTRY(257, TIFF_LONG, 1, page->rows);
    ENTRY(258, TIFF_SHORT, format->components,
          format->components == 1 ? short_value(format->bits) : put_values(output, depths, sizeof depths));
    ENTRY(259, TIFF_SHORT, 1, short_value(g4 ? 4 : 8)); /* compression */
    /* White is 0, black is 0, RGB. */
    ENTRY(262, TIFF_SHORT, 1, short_value(g4 ? 0 : format->components == 3 ? 2 : 1));
    ENTRY(273, TIFF_LONG, tiff->strip_count, put_list(output, tiff->offsets, tiff->strip_count));
    ENTRY(277, TIFF_SHORT, 1, short_value(format->components));
    ENTRY(278, TIFF_LONG, 1, rows_per_strip);
    ENTRY(279, TIFF_LONG, tiff->strip_count, put_list(output, tiff->lengths, tiff->strip_count));
    if (resolved) {
        ENTRY(282, TIFF_RATIONAL, 1, put_values(output, x, sizeof x));
        ENTRY(283, TIFF_RATIONAL, 1, put_values(output, y, sizeof y));
    }
    ENTRY(284, TIFF_SHORT, 1, short_value(1)); /* samples of a pixel stand together */
    if (g4)
        ENTRY(293, TIFF_LONG, 1, 0); /* T6Options: no uncompressed mode */
    if (resolved)
        ENTRY(296, TIFF_SHORT, 1, short_value(2)); /* per inch */
    ENTRY(305, TIFF_ASCII, sizeof software, put_values(output, software, sizeof software));
    if (!g4)
        ENTRY(317, TIFF_SHORT, 1, short_value(2)); /* predictor */
#undef ENTRY
    align(output);
    at = place(output);
    output_bytes(output, &count, sizeof count);
    output_bytes(output, entries, count * sizeof entries[0]);
    output_patch(output, tiff->link, &at, sizeof at);
    tiff->link = output_position(output);
    output_bytes(output, &nowhere, sizeof nowhere);
}

static int tiff_page(struct document_writer *writer, const struct document_page *page)
{
    struct tiff_writer *tiff = (struct tiff_writer *)writer;
    uint64_t row_bytes = page_row_bytes(&page->format);
    uint32_t rows_per_strip = page->rows;
    int error;

    if (page->format.codec != PAGE_CODEC_G4) {
        uint64_t fitting = row_bytes < STRIP_BYTES ? STRIP_BYTES / row_bytes : 1;

        rows_per_strip = fitting < page->rows ? (uint32_t)fitting : page->rows;
    }
    error = strips_allocate(tiff, page->rows / rows_per_strip + (page->rows % rows_per_strip != 0));
    if (error != 0)
        return error;
    if (page->format.codec == PAGE_CODEC_G4) {
        strip_begin(tiff);
        output_copy(&writer->output, page->fd, page->length_bytes);
        strip_end(tiff);
    } else {
        error = put_deflated(tiff, page, rows_per_strip);
    }
    if (error == 0 && writer->output.error == 0)
        put_directory(tiff, page, rows_per_strip);
    return error;
}

static int tiff_finish(struct document_writer *writer)
{
    place(&writer->output);
    return 0;
}

static void tiff_release(struct document_writer *writer)
{
    struct tiff_writer *tiff = (struct tiff_writer *)writer;

    free(tiff->offsets);
    free(tiff->lengths);
    free(tiff);
}

const struct document_kind_facts document_tiff = {.suffix = "tiff",
                                                  .codecs = 1u << PAGE_CODEC_FLATE | 1u << PAGE_CODEC_G4 |
                                                            1u << PAGE_CODEC_JPEG,
                                                  .allocate = tiff_allocate,
                                                  .start = tiff_start,
                                                  .page = tiff_page,
                                                  .finish = tiff_finish,
                                                  .release = tiff_release};
