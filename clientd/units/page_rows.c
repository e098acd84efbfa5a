#include "config.h"

#include "clientd/units/page_rows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/memory.h"
#include "clientd/units/page_spool.h"
#include "page/encode.h"

/* A row of an image; far more than any device has, and little enough to hold a few. */
#define ROW_MAX_BYTES (UINT32_C(16) << 20)
#define PLANES        3

struct page_rows {
    struct page_format format;
    struct page_spool *spool;
    struct page_encoder *encoder;

    /* The image that is coming in. */
    struct scanner_frame frame;
    size_t kept_bytes; /* of each row: the rest is padding */
    uint32_t row_count;
    uint8_t *partial; /* the beginning of a row that was cut by the end of a read */
    size_t partial_bytes;

    /* Three images: where their samples wait, how many came, and how many rows each of them has. */
    int scratch_fd;
    bool plane_seen[PLANES];
    uint64_t plane_offset[PLANES];
    uint64_t scratch_bytes;
    uint32_t plane_rows;
};

static bool is_single_plane(enum scanner_plane plane)
{
    return plane >= SCANNER_PLANE_RED;
}

static int refuse(int error, const char **why, const char *sentence)
{
    *why = sentence;
    return error;
}

int page_rows_format(const struct scanner_frame *frame, uint8_t codec, const struct scanner_setup *setup,
                     struct page_format *format, const char **why)
{
    if (frame->depth != 1 && frame->depth != 8 && frame->depth != 16)
        return refuse(-ENOTSUP, why, "the scanner gives samples of another depth than 1, 8 or 16 bits");
    if (frame->depth == 1 && frame->plane != SCANNER_PLANE_GRAY)
        return refuse(-ENOTSUP, why, "the scanner gives colours of 1 bit each");
    *format = (struct page_format){.codec = codec == PAGE_CODEC_JPEG ? PAGE_CODEC_JPEG : PAGE_CODEC_FLATE,
                                   .width_px = frame->width_px,
                                   .height_px = frame->lines,
                                   .bits = (uint8_t)frame->depth,
                                   .components = frame->plane == SCANNER_PLANE_GRAY ? 1 : 3,
                                   .x_dpi = setup->x_dpi,
                                   .y_dpi = setup->y_dpi};
    if (frame->depth == 1)
        format->codec = PAGE_CODEC_G4;
    return page_format_check(format, why) ? -ENOTSUP : 0;
}

int page_rows_new(struct page_rows **rows, const struct page_format *format, struct page_spool *spool,
                  const char **why)
{
    *rows = NULL;
    if (page_format_check(format, why))
        return -ENOTSUP;
    struct page_rows *made = memory_new(sizeof *made);
    made->format = *format;
    made->spool = spool;
    made->scratch_fd = -1;
    int error = page_encoder_new(&made->encoder, format, page_spool_append, spool);
    if (error) {
        page_rows_free(&made);
        return error;
    }
    *rows = made;
    return 0;
}

void page_rows_free(struct page_rows **rows)
{
    if (!*rows)
        return;
    page_encoder_free(&(*rows)->encoder);
    if ((*rows)->scratch_fd >= 0)
        close((*rows)->scratch_fd);
    free((*rows)->partial);
    free(*rows);
    *rows = NULL;
}

static int begin_plane(struct page_rows *rows, const char **why)
{
    unsigned plane = (unsigned)rows->frame.plane - SCANNER_PLANE_RED;
    if (plane >= PLANES || rows->plane_seen[plane])
        return refuse(-EBADMSG, why, "the scanner gave the same colour twice");
    if (rows->scratch_fd < 0) {
        int fd = page_spool_scratch(rows->spool);
        if (fd < 0)
            return fd;
        rows->scratch_fd = fd;
    }
    rows->plane_seen[plane] = true;
    rows->plane_offset[plane] = rows->scratch_bytes;
    return 0;
}

int page_rows_image(struct page_rows *rows, const struct scanner_frame *frame, const char **why)
{
    const struct page_format *format = &rows->format;
    uint32_t components = is_single_plane(frame->plane) || frame->plane == SCANNER_PLANE_GRAY ? 1 : 3;
    uint64_t kept = ((uint64_t)frame->width_px * components * frame->depth + 7) / 8;
    if (frame->width_px != format->width_px || frame->depth != format->bits ||
        frame->lines != format->height_px ||
        (frame->plane == SCANNER_PLANE_GRAY) != (format->components == 1))
        return refuse(-EBADMSG, why, "the images of one page differ in size");
    if (frame->bytes_per_line < kept || frame->bytes_per_line > ROW_MAX_BYTES)
        return refuse(-EBADMSG, why, "the scanner announced rows of an impossible length");
    rows->frame = *frame;
    rows->kept_bytes = (size_t)kept;
    rows->row_count = 0;
    rows->partial_bytes = 0;
    free(rows->partial);
    rows->partial = malloc(frame->bytes_per_line);
    if (!rows->partial)
        return -ENOMEM;
    return is_single_plane(frame->plane) ? begin_plane(rows, why) : 0;
}

/* Whole rows without padding. */
static int take_packed(struct page_rows *rows, const uint8_t *bytes, size_t count, const char **why)
{
    int error;
    if (count > UINT32_MAX - rows->row_count ||
        (rows->frame.lines && count > rows->frame.lines - rows->row_count))
        return refuse(-EBADMSG, why, "the scanner gave more rows than it had announced");
    if (is_single_plane(rows->frame.plane)) {
        size_t length = count * rows->kept_bytes;
        if (rows->scratch_bytes + length > PAGE_MAX_SAMPLE_BYTES)
            return refuse(-EBADMSG, why, "the page is larger than a page may be");
        error = page_spool_write_at(rows->spool, rows->scratch_fd, bytes, length, rows->scratch_bytes);
        if (!error)
            rows->scratch_bytes += length;
    } else {
        error = page_encoder_rows(rows->encoder, bytes, count);
        if (error == -EOVERFLOW)
            return refuse(-EBADMSG, why, "the page is larger than a page may be");
    }
    rows->row_count += (uint32_t)count;
    return error;
}

/* Whole rows as the device gives them. */
static int take_rows(struct page_rows *rows, const uint8_t *bytes, size_t count, const char **why)
{
    size_t stride = rows->frame.bytes_per_line;
    if (stride == rows->kept_bytes)
        return take_packed(rows, bytes, count, why);
    int error = 0;
    for (size_t i = 0; i < count && !error; i++)
        error = take_packed(rows, bytes + i * stride, 1, why);
    return error;
}

int page_rows_bytes(struct page_rows *rows, const uint8_t *bytes, size_t length, const char **why)
{
    size_t stride = rows->frame.bytes_per_line;
    int error = 0;
    if (rows->partial_bytes) {
        size_t missing = stride - rows->partial_bytes, taken = length < missing ? length : missing;
        memcpy(rows->partial + rows->partial_bytes, bytes, taken);
        rows->partial_bytes += taken;
        bytes += taken;
        length -= taken;
        if (rows->partial_bytes < stride)
            return 0;
        rows->partial_bytes = 0;
        error = take_rows(rows, rows->partial, 1, why);
    }
    if (!error && length >= stride)
        error = take_rows(rows, bytes, length / stride, why);
    if (!error && length % stride) {
        rows->partial_bytes = length % stride;
        memcpy(rows->partial, bytes + (length - rows->partial_bytes), rows->partial_bytes);
    }
    return error;
}

int page_rows_image_end(struct page_rows *rows, const char **why)
{
    if (rows->partial_bytes)
        return refuse(-EBADMSG, why, "the page ended in the middle of a row");
    if (rows->row_count == 0)
        return refuse(-EBADMSG, why, "the scanner gave no row at all");
    if (rows->frame.lines && rows->row_count != rows->frame.lines)
        return refuse(-EBADMSG, why, "the page ended before its last row");
    if (rows->plane_rows && rows->plane_rows != rows->row_count)
        return refuse(-EBADMSG, why, "the images of one page differ in height");
    if (is_single_plane(rows->frame.plane))
        rows->plane_rows = rows->row_count;
    return 0;
}

/* One row of three colours from the three images. */
static int read_row(struct page_rows *rows, uint32_t row, uint8_t *plane, uint8_t *mixed)
{
    size_t sample = rows->format.bits / 8u;
    for (unsigned p = 0; p < PLANES; p++) {
        uint64_t offset = rows->plane_offset[p] + (uint64_t)row * rows->kept_bytes;
        ssize_t length = blob_read_at(rows->scratch_fd, plane, rows->kept_bytes, offset);
        if (length < 0)
            return (int)length;
        if ((size_t)length < rows->kept_bytes)
            return -EIO;
        for (size_t x = 0; x < rows->format.width_px; x++)
            memcpy(mixed + (x * PLANES + p) * sample, plane + x * sample, sample);
    }
    return 0;
}

static int mix_planes(struct page_rows *rows, const char **why)
{
    for (unsigned p = 0; p < PLANES; p++)
        if (!rows->plane_seen[p])
            return refuse(-EBADMSG, why, "the scanner left a colour of the page out");
    uint8_t *plane = malloc(rows->kept_bytes), *mixed = malloc(rows->kept_bytes * PLANES);
    int error = plane && mixed ? 0 : -ENOMEM;
    for (uint32_t row = 0; row < rows->plane_rows && !error; row++) {
        error = read_row(rows, row, plane, mixed);
        if (!error)
            error = page_encoder_rows(rows->encoder, mixed, 1);
    }
    free(plane);
    free(mixed);
    return error == -EOVERFLOW ? refuse(-EBADMSG, why, "the page is larger than a page may be") : error;
}

int page_rows_finish(struct page_rows *rows, uint32_t *count, const char **why)
{
    int error = is_single_plane(rows->frame.plane) ? mix_planes(rows, why) : 0;
    if (!error)
        error = page_encoder_finish(rows->encoder, count);
    return error == -EINVAL ? refuse(-EBADMSG, why, "the page is incomplete") : error;
}
