/*
 * jpeg: a baseline JPEG file made by libjpeg.
 *
 * The header holds the height. Where that is not known before the last row, the rows wait in a temporary file
 * and are encoded at the end; the sink's bytes are sent while they come, so nothing could be corrected in
 * them later.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <stdlib.h>
#include <unistd.h>

#include <jpeglib.h>

#include "page/encode_codec.h"
#include "page/spill.h"

#define OUTPUT_BYTES (64u * 1024u)
#define QUALITY      85

struct jpeg_encoder {
    struct page_encoder base;
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf escape;
    int error; /* what to return after an escape */
    int made;  /* `jpeg` has been created */
    int spill; /* rows of a page of unknown height; -1: none */
    uint8_t output[OUTPUT_BYTES];
};

/* A step of libjpeg's work, during which it may escape. */
typedef void (*jpeg_step)(struct jpeg_encoder *encoder, const uint8_t *rows, size_t count);

static int guarded(struct jpeg_encoder *encoder, jpeg_step step, const uint8_t *rows, size_t count)
{
    if (setjmp(encoder->escape) != 0)
        return encoder->error;
    step(encoder, rows, count);
    return 0;
}

static _Noreturn void escape_with(struct jpeg_encoder *encoder, int error)
{
    encoder->error = error;
    longjmp(encoder->escape, 1);
}

static void on_error(j_common_ptr jpeg)
{
    /* The format was checked and the rows are ours: all that is left is memory. */
    escape_with(jpeg->client_data, -ENOMEM);
}

static void on_message(j_common_ptr jpeg, int level)
{
    (void)jpeg, (void)level;
}

static void reset_output(j_compress_ptr jpeg)
{
    struct jpeg_encoder *encoder = jpeg->client_data;

    encoder->destination.next_output_byte = encoder->output;
    encoder->destination.free_in_buffer = OUTPUT_BYTES;
}

static void hand_over(j_compress_ptr jpeg, size_t length)
{
    struct jpeg_encoder *encoder = jpeg->client_data;
    int error = length == 0 ? 0 : encoder->base.sink(encoder->base.context, encoder->output, length);

    if (error != 0)
        escape_with(encoder, error);
    reset_output(jpeg);
}

static boolean on_full(j_compress_ptr jpeg)
{
    hand_over(jpeg, OUTPUT_BYTES); /* libjpeg wants all of the buffer gone, whatever free_in_buffer says */
    return TRUE;
}

static void on_end(j_compress_ptr jpeg)
{
    struct jpeg_encoder *encoder = jpeg->client_data;

    hand_over(jpeg, OUTPUT_BYTES - encoder->destination.free_in_buffer);
}

static void create_step(struct jpeg_encoder *encoder, const uint8_t *rows, size_t count)
{
    (void)rows, (void)count;
    encoder->jpeg.client_data = encoder;
    jpeg_create_compress(&encoder->jpeg);
    encoder->made = 1;
    encoder->destination = (struct jpeg_destination_mgr){
        .init_destination = reset_output, .empty_output_buffer = on_full, .term_destination = on_end};
    encoder->jpeg.dest = &encoder->destination;
}

/* `count` is the height. */
static void header_step(struct jpeg_encoder *encoder, const uint8_t *rows, size_t count)
{
    struct jpeg_compress_struct *jpeg = &encoder->jpeg;
    const struct page_format *format = &encoder->base.format;

    (void)rows;
    jpeg->image_width = format->width_px;
    jpeg->image_height = (JDIMENSION)count;
    jpeg->input_components = format->components;
    jpeg->in_color_space = format->components == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, QUALITY, TRUE);
    if (format->x_dpi != 0 && format->y_dpi != 0) {
        jpeg->density_unit = 1; /* dots per inch */
        jpeg->X_density = (UINT16)format->x_dpi;
        jpeg->Y_density = (UINT16)format->y_dpi;
    }
    jpeg_start_compress(jpeg, TRUE);
}

static void rows_step(struct jpeg_encoder *encoder, const uint8_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        JSAMPROW row = (JSAMPROW)(rows + i * encoder->base.row_bytes);

        jpeg_write_scanlines(&encoder->jpeg, &row, 1);
    }
}

static void finish_step(struct jpeg_encoder *encoder, const uint8_t *rows, size_t count)
{
    (void)rows, (void)count;
    jpeg_finish_compress(&encoder->jpeg);
}

static struct page_encoder *jpeg_encoder_allocate(void)
{
    struct jpeg_encoder *encoder = calloc(1, sizeof *encoder);

    if (encoder == NULL)
        return NULL;
    encoder->spill = -1;
    return &encoder->base;
}

static int jpeg_encoder_start(struct page_encoder *base)
{
    struct jpeg_encoder *encoder = (struct jpeg_encoder *)base;
    int error;

    encoder->jpeg.err = jpeg_std_error(&encoder->errors);
    encoder->errors.error_exit = on_error;
    encoder->errors.emit_message = on_message;
    error = guarded(encoder, create_step, NULL, 0);
    if (error != 0)
        return error;
    if (base->format.height_px != 0)
        return guarded(encoder, header_step, NULL, base->format.height_px);
    encoder->spill = spill_open();
    return encoder->spill < 0 ? encoder->spill : 0;
}

static int jpeg_encoder_rows(struct page_encoder *base, const uint8_t *rows, size_t count)
{
    struct jpeg_encoder *encoder = (struct jpeg_encoder *)base;

    if (encoder->spill >= 0)
        return spill_write(encoder->spill, rows, count * base->row_bytes,
                           (base->rows_done - count) * base->row_bytes);
    return guarded(encoder, rows_step, rows, count);
}

static int encode_spill(struct jpeg_encoder *encoder)
{
    size_t row_bytes = encoder->base.row_bytes;
    uint8_t *row = malloc(row_bytes);
    int error = row == NULL ? -ENOMEM : 0;

    if (error == 0)
        error = guarded(encoder, header_step, NULL, (size_t)encoder->base.rows_done);
    for (uint64_t i = 0; i < encoder->base.rows_done && error == 0; i++) {
        error = spill_read(encoder->spill, row, row_bytes, i * row_bytes);
        if (error == 0)
            error = guarded(encoder, rows_step, row, 1);
    }
    free(row);
    return error;
}

static int jpeg_encoder_finish(struct page_encoder *base)
{
    struct jpeg_encoder *encoder = (struct jpeg_encoder *)base;
    int error = encoder->spill >= 0 ? encode_spill(encoder) : 0;

    return error != 0 ? error : guarded(encoder, finish_step, NULL, 0);
}

static void jpeg_encoder_release(struct page_encoder *base)
{
    struct jpeg_encoder *encoder = (struct jpeg_encoder *)base;

    if (encoder->made)
        jpeg_destroy_compress(&encoder->jpeg);
    if (encoder->spill >= 0)
        close(encoder->spill);
    free(encoder);
}

const struct encoder_codec encoder_jpeg = {jpeg_encoder_allocate, jpeg_encoder_start, jpeg_encoder_rows,
                                           jpeg_encoder_finish, jpeg_encoder_release};
