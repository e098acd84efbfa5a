#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/memory.h"
#include "page/encode.h"
#include "page/spill.h"
#include "serviced/units/image.h"

struct image_source {
    struct source base;
    const struct splitting_orders *orders;
    const struct image_reader *reader;
    int fd;
};

/* ---- Page streams ------------------------------------------------------------------------------------- */

struct image_output {
    struct image *image;
    struct page_encoder *encoder;
};

void image_set_dpi(struct page_format *format, double x_dpi, double y_dpi)
{
    bool is_possible = x_dpi >= 1 && y_dpi >= 1 && x_dpi <= PAGE_MAX_DPI && y_dpi <= PAGE_MAX_DPI;
    format->x_dpi = is_possible ? (uint32_t)(x_dpi + 0.5) : 0;
    format->y_dpi = is_possible ? (uint32_t)(y_dpi + 0.5) : 0;
}

static int take_bytes(void *context, const uint8_t *bytes, size_t length)
{
    struct image *image = context;
    image->length_bytes += length;
    return blob_write_all(image->fd, bytes, length);
}

int image_start(struct image_output **output, struct image *image, const char *what, struct refusal *refusal)
{
    const char *why;
    struct image_output *made = memory_new(sizeof *made);
    *output = made;
    made->image = image;
    image->rows = image->format.height_px;
    if (image->rows == 0 || page_format_check(&image->format, &why))
        return refuse(refusal, ERROR_LIMIT, "%s is %u x %u pixels, which cannot be printed", what,
                      image->format.width_px, image->format.height_px);
    int error = page_encoder_new(&made->encoder, &image->format, take_bytes, image);
    return error ? refuse_for(refusal, error, "an image cannot be prepared") : 0;
}

int image_rows(struct image_output *output, const uint8_t *rows, size_t count, struct refusal *refusal)
{
    int error = page_encoder_rows(output->encoder, rows, count);
    return error ? refuse_for(refusal, error, "an image cannot be prepared") : 0;
}

int image_end(struct image_output *output, struct refusal *refusal)
{
    int error = page_encoder_finish(output->encoder, &output->image->rows);
    return error ? refuse_for(refusal, error, "an image cannot be prepared") : 0;
}

void image_output_free(struct image_output **output)
{
    if (!*output)
        return;
    page_encoder_free(&(*output)->encoder);
    free(*output);
    *output = NULL;
}

/* ---- The kind ----------------------------------------------------------------------------------------- */

static void image_free(struct source **source)
{
    struct image_source *images = (struct image_source *)*source;
    if (images && images->reader->close)
        images->reader->close();
    free(images);
    *source = NULL;
}

static int image_open(struct source **source, const struct source_kind *kind,
                      const struct image_reader *reader, const struct splitting_orders *orders, int fd,
                      struct refusal *refusal)
{
    struct image_source *images = memory_new(sizeof *images);
    images->base.kind = kind;
    images->orders = orders;
    images->reader = reader;
    images->fd = fd;
    *source = &images->base;
    int error = reader->count(fd, &images->base.pages, refusal);
    if (error)
        image_free(source);
    return error;
}

static int jpeg_open(struct source **source, const struct splitting_orders *orders, int fd,
                     struct refusal *refusal)
{
    return image_open(source, &source_jpeg, &image_jpeg, orders, fd, refusal);
}

static int png_open(struct source **source, const struct splitting_orders *orders, int fd,
                    struct refusal *refusal)
{
    return image_open(source, &source_png, &image_png, orders, fd, refusal);
}

static int tiff_open(struct source **source, const struct splitting_orders *orders, int fd,
                     struct refusal *refusal)
{
    return image_open(source, &source_tiff, &image_tiff, orders, fd, refusal);
}

static int add_image(const struct image_source *images, uint32_t number, struct document_writer *writer,
                     struct refusal *refusal)
{
    int spill = spill_open();
    if (spill < 0)
        return refuse_for(refusal, spill, "an image cannot be prepared");
    struct image image = {.fd = spill};
    int error = images->reader->read(images->fd, number, &image, refusal);
    if (!error) {
        const struct document_placement placement = paper_place(images->orders->paper, images->orders->turn,
                                                                &image.format, image.rows, image.orientation);
        error = document_writer_page(writer, &(struct document_page){.format = image.format,
                                                                     .rows = image.rows,
                                                                     .length_bytes = image.length_bytes,
                                                                     .fd = image.fd,
                                                                     .placement = &placement});
        if (error)
            refuse_for(refusal, error, "a block cannot be written");
    }
    close(spill);
    return error ? -ECANCELED : 0;
}

static int image_write(struct source *source, const uint32_t *pages, unsigned count, int fd, const char *path,
                       struct refusal *refusal)
{
    struct image_source *images = (struct image_source *)source;
    struct document_writer *writer = NULL;
    (void)path;
    int error = document_writer_new(&writer, DOCUMENT_PDF, fd, NULL);
    if (error)
        return refuse_for(refusal, error, "a block cannot be written");
    for (unsigned i = 0; i < count && !error; i++)
        error = add_image(images, pages[i], writer, refusal);
    if (!error) {
        error = document_writer_finish(writer);
        if (error)
            error = refuse_for(refusal, error, "a block cannot be written");
    }
    document_writer_free(&writer);
    return error;
}

const struct source_kind source_jpeg = {
    .name = "jpeg", .open = jpeg_open, .write = image_write, .free = image_free};
const struct source_kind source_png = {
    .name = "png", .open = png_open, .write = image_write, .free = image_free};
const struct source_kind source_tiff = {
    .name = "tiff", .open = tiff_open, .write = image_write, .free = image_free};
