/* PNG, through libpng: to 8 bit grey or RGB on white paper, row by row; interlaced files as a whole. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "base/blob.h"
#include "serviced/units/image.h"

struct png_reading {
    int fd;
    uint64_t offset;
    png_structp png;
    png_infop info;
    struct image_output *output;
    bool has_alpha;
    size_t row_bytes; /* with alpha */
    uint8_t *rows;    /* one, or all of an interlaced image */
    struct refusal *refusal;
};

static int png_count(int fd, uint32_t *images, struct refusal *refusal)
{
    (void)fd, (void)refusal;
    *images = 1;
    return 0;
}

static void on_error(png_structp png, png_const_charp text)
{
    struct png_reading *reading = png_get_error_ptr(png);
    refuse(reading->refusal, ERROR_DOCUMENT, "the PNG is damaged: %s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text; /* about what does not print */
}

static void read_bytes(png_structp png, png_bytep bytes, size_t length)
{
    struct png_reading *reading = png_get_io_ptr(png);
    ssize_t got = blob_read_at(reading->fd, bytes, length, reading->offset);
    if (got != (ssize_t)length)
        png_error(png, "it ends too early");
    reading->offset += length;
}

/* To 8 bits per sample: no printer shows more. */
static void set_transformations(struct png_reading *reading)
{
    png_set_expand(reading->png); /* palette and few bits, transparent colours to alpha */
    png_set_scale_16(reading->png);
}

/* What is transparent shows the paper. In place: the row loses its alpha channel. */
static void blend(uint8_t *row, uint32_t pixels, unsigned components)
{
    uint8_t *out = row;
    for (uint32_t x = 0; x < pixels; x++, row += components + 1) {
        unsigned alpha = row[components];
        for (unsigned i = 0; i < components; i++)
            *out++ = (uint8_t)((row[i] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}

static int take_row(struct png_reading *reading, const struct image *image, uint8_t *row)
{
    if (reading->has_alpha)
        blend(row, image->format.width_px, image->format.components);
    return image_rows(reading->output, row, 1, reading->refusal);
}

static void set_format(const struct png_reading *reading, struct image *image)
{
    png_uint_32 x = 0, y = 0;
    int unit = PNG_RESOLUTION_UNKNOWN;
    image->format = (struct page_format){
        .codec = PAGE_CODEC_FLATE,
        .width_px = png_get_image_width(reading->png, reading->info),
        .height_px = png_get_image_height(reading->png, reading->info),
        .bits = 8,
        .components = png_get_color_type(reading->png, reading->info) & PNG_COLOR_MASK_COLOR ? 3 : 1,
    };
    if (png_get_pHYs(reading->png, reading->info, &x, &y, &unit) && unit == PNG_RESOLUTION_METER)
        image_set_dpi(&image->format, x * 0.0254, y * 0.0254);
}

/* All passes of an interlaced image before the first row is known. */
static int read_interlaced(struct png_reading *reading, const struct image *image, int passes)
{
    uint64_t row_bytes = reading->row_bytes;
    int error = 0;
    if (row_bytes * image->rows > IMAGE_MEMORY_BYTES)
        return refuse(reading->refusal, ERROR_LIMIT,
                      "the PNG is interlaced and takes more than %d MB of memory",
                      (int)(IMAGE_MEMORY_BYTES >> 20));
    reading->rows = malloc(row_bytes * image->rows);
    if (!reading->rows)
        return refuse_for(reading->refusal, -ENOMEM, "the PNG cannot be read");
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t row = 0; row < image->rows; row++)
            png_read_row(reading->png, reading->rows + row * row_bytes, NULL);
    for (uint32_t row = 0; row < image->rows && !error; row++)
        error = take_row(reading, image, reading->rows + row * row_bytes);
    return error;
}

static int read_rows(struct png_reading *reading, const struct image *image)
{
    reading->rows = malloc(reading->row_bytes);
    if (!reading->rows)
        return refuse_for(reading->refusal, -ENOMEM, "the PNG cannot be read");
    int error = 0;
    for (uint32_t row = 0; row < image->rows && !error; row++) {
        png_read_row(reading->png, reading->rows, NULL);
        error = take_row(reading, image, reading->rows);
    }
    return error;
}

static int read_image(struct png_reading *reading, struct image *image)
{
    if (setjmp(png_jmpbuf(reading->png)))
        return -ECANCELED;
    png_set_read_fn(reading->png, reading, read_bytes);
    png_read_info(reading->png, reading->info);
    set_transformations(reading);
    int passes = png_set_interlace_handling(reading->png);
    png_read_update_info(reading->png, reading->info);
    set_format(reading, image);
    if (image_start(&reading->output, image, "the PNG", reading->refusal))
        return -ECANCELED;
    reading->row_bytes = png_get_rowbytes(reading->png, reading->info);
    reading->has_alpha = png_get_channels(reading->png, reading->info) == image->format.components + 1;
    if (reading->row_bytes !=
        (size_t)image->format.width_px * (image->format.components + reading->has_alpha))
        return refuse(reading->refusal, ERROR_DOCUMENT, "the PNG is of a form that cannot be printed");
    if (passes > 1 ? read_interlaced(reading, image, passes) : read_rows(reading, image))
        return -ECANCELED;
    png_read_end(reading->png, NULL);
    return image_end(reading->output, reading->refusal);
}

static int png_read(int fd, uint32_t number, struct image *image, struct refusal *refusal)
{
    struct png_reading *reading = calloc(1, sizeof *reading);
    int error = -ENOMEM;
    (void)number;
    if (!reading)
        return refuse_for(refusal, error, "the PNG cannot be read");
    reading->fd = fd;
    reading->refusal = refusal;
    reading->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reading, on_error, on_warning);
    if (reading->png)
        reading->info = png_create_info_struct(reading->png);
    error = reading->info ? read_image(reading, image) : refuse_for(refusal, error, "the PNG cannot be read");
    png_destroy_read_struct(&reading->png, &reading->info, NULL);
    image_output_free(&reading->output);
    free(reading->rows);
    free(reading);
    return error;
}

const struct image_reader image_png = {.count = png_count, .read = png_read};
