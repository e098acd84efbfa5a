#include "config.h"

#include "page_samples.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page/spill.h"

uint32_t sample_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* A byte of samples at (byte, row). */
static uint8_t sample_byte(enum sample_look look, size_t x, uint32_t y, uint32_t *state)
{
    uint32_t random = sample_random(state);
    int ink = (x / 3 + y / 2) % 7 == 0 && y % 11 < 7;

    switch (look) {
    case LOOK_NOISE:
        return (uint8_t)random;
    case LOOK_TEXT:
        return (uint8_t)((ink ? 40 : 230) + random % 5);
    case LOOK_BLANK:
        break;
    }
    return 0xff;
}

static void fill_pixels(struct sample *sample, const struct sample_shape *shape)
{
    uint32_t state = 0x9e3779b9u ^ shape->width ^ shape->rows << 8;
    unsigned unused =
        (unsigned)(sample->row_bytes * 8 - (size_t)shape->width * shape->components * shape->bits);

    for (uint32_t y = 0; y < shape->rows; y++) {
        uint8_t *row = sample->pixels + y * sample->row_bytes;

        for (size_t x = 0; x < sample->row_bytes; x++)
            row[x] = sample_byte(shape->look, x, y, &state);
        row[sample->row_bytes - 1] &= (uint8_t)(0xffu << unused);
    }
}

int sample_sink(void *context, const uint8_t *bytes, size_t length)
{
    struct sample *sample = context;

    if (sample->stream_length + length > sample->stream_capacity) {
        sample->stream_capacity = 2 * (sample->stream_length + length);
        sample->stream = realloc(sample->stream, sample->stream_capacity);
        ck_assert_ptr_nonnull(sample->stream);
    }
    memcpy(sample->stream + sample->stream_length, bytes, length);
    sample->stream_length += length;
    return 0;
}

void sample_make(struct sample *sample, const struct sample_shape *shape)
{
    struct page_encoder *encoder;
    uint32_t rows = 0;

    memset(sample, 0, sizeof *sample);
    sample->format = (struct page_format){.codec = shape->codec,
                                          .width_px = shape->width,
                                          .height_px = shape->height_unknown ? 0 : shape->rows,
                                          .bits = shape->bits,
                                          .components = shape->components,
                                          .x_dpi = 300,
                                          .y_dpi = 200};
    sample->rows = shape->rows;
    sample->row_bytes = (size_t)page_row_bytes(&sample->format);
    sample->pixels = malloc(sample->row_bytes * shape->rows);
    ck_assert_ptr_nonnull(sample->pixels);
    fill_pixels(sample, shape);
    ck_assert_int_eq(page_encoder_new(&encoder, &sample->format, sample_sink, sample), 0);
    /* The first row alone, the others at once. */
    ck_assert_int_eq(page_encoder_rows(encoder, sample->pixels, 1), 0);
    ck_assert_int_eq(page_encoder_rows(encoder, sample->pixels + sample->row_bytes, shape->rows - 1), 0);
    ck_assert_int_eq(page_encoder_finish(encoder, &rows), 0);
    ck_assert_uint_eq(rows, shape->rows);
    page_encoder_free(&encoder);
    ck_assert_ptr_null(encoder);
}

void sample_free(struct sample *sample)
{
    free(sample->pixels);
    free(sample->stream);
    memset(sample, 0, sizeof *sample);
}

struct collector {
    uint8_t *next, *end;
    size_t row_bytes;
};

static int collect_row(void *context, const uint8_t *row, size_t length)
{
    struct collector *collector = context;

    ck_assert_uint_eq(length, collector->row_bytes);
    ck_assert_uint_ge((size_t)(collector->end - collector->next), length); /* never more than declared */
    memcpy(collector->next, row, length);
    collector->next += length;
    return 0;
}

int sample_decode(const struct sample *sample, const uint8_t *stream, size_t length, size_t piece,
                  uint8_t *out, const char **why)
{
    struct collector collector = {.next = out, .row_bytes = sample->row_bytes};
    struct page_decoder *decoder;
    int error;

    if (out != NULL)
        collector.end = out + sample->row_bytes * sample->rows;
    error = page_decoder_new(&decoder, &sample->format, sample->rows, out == NULL ? NULL : collect_row,
                             &collector);
    ck_assert_int_eq(error, 0);
    for (size_t at = 0; at < length && error == 0; at += piece)
        error = page_decoder_bytes(decoder, stream + at, length - at < piece ? length - at : piece, why);
    if (error == 0)
        error = page_decoder_finish(decoder, why);
    if (error == 0 && out != NULL)
        ck_assert_ptr_eq(collector.next, collector.end);
    page_decoder_free(&decoder);
    return error;
}

struct document_page sample_page(const struct sample *sample)
{
    struct document_page page = {.format = sample->format,
                                 .rows = sample->rows,
                                 .length_bytes = sample->stream_length,
                                 .fd = spill_open()};

    ck_assert_int_ge(page.fd, 0);
    ck_assert_int_eq(spill_write(page.fd, sample->stream, sample->stream_length, 0), 0);
    return page;
}

int tool_missing(const char *program)
{
    char command[128];

    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    if (system(command) == 0)
        return 0;
    printf("SKIP: %s is not installed, so what it would check is left out\n", program);
    return 1;
}
