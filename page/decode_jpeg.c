/*
 * jpeg: libjpeg with a source that can wait. Only what can be decoded in one pass with a few rows of memory
 * is accepted: baseline files with one scan; that is what the encoder makes. Any warning of libjpeg is
 * corruption.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "page/decode_codec.h"

/* libjpeg goes back to the start of a marker or of a block of samples when it has to wait. Neither is larger.
 */
#define INPUT_BYTES (128u * 1024u)

enum jpeg_state { STATE_HEADER, STATE_START, STATE_ROWS, STATE_END, STATE_ENDED };

struct jpeg_decoder {
    struct page_decoder base;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    jmp_buf escape;
    int error; /* what to return after an escape */
    int made;  /* `jpeg` has been created */
    enum jpeg_state state;
    size_t skip; /* bytes still to come that libjpeg does not want */
    uint8_t *row;
    uint8_t input[INPUT_BYTES]; /* source.next_input_byte points into it */
};

static _Noreturn void escape_with(struct jpeg_decoder *decoder, int error)
{
    decoder->error = error;
    longjmp(decoder->escape, 1);
}

static _Noreturn void escape_corrupt(struct jpeg_decoder *decoder, const char *why)
{
    escape_with(decoder, decoder_corrupt(&decoder->base, why));
}

static void on_error(j_common_ptr jpeg)
{
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY)
        escape_with(jpeg->client_data, -ENOMEM);
    escape_corrupt(jpeg->client_data, "corrupt JPEG file");
}

static void on_message(j_common_ptr jpeg, int level)
{
    if (level < 0)
        escape_corrupt(jpeg->client_data, "corrupt JPEG file");
}

static void on_source(j_decompress_ptr jpeg)
{
    (void)jpeg;
}

static boolean on_empty(j_decompress_ptr jpeg)
{
    (void)jpeg;
    return FALSE; /* wait */
}

static void on_skip(j_decompress_ptr jpeg, long length)
{
    struct jpeg_decoder *decoder = jpeg->client_data;
    size_t wanted = length > 0 ? (size_t)length : 0, here = decoder->source.bytes_in_buffer;

    here = wanted < here ? wanted : here;
    decoder->source.next_input_byte += here;
    decoder->source.bytes_in_buffer -= here;
    decoder->skip += wanted - here;
}

static void check_header(struct jpeg_decoder *decoder)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    const struct page_format *format = &decoder->base.format;

    if (jpeg->image_width != format->width_px || jpeg->image_height != decoder->base.rows_declared)
        escape_corrupt(decoder, "the JPEG file has another size than declared");
    if (jpeg->num_components != format->components || jpeg->data_precision != format->bits)
        escape_corrupt(decoder, "the JPEG file has other components than declared");
    if (jpeg->progressive_mode || jpeg->arith_code || jpeg_has_multiple_scans(jpeg))
        escape_corrupt(decoder, "not a baseline JPEG file");
    if (jpeg->jpeg_color_space != JCS_GRAYSCALE && jpeg->jpeg_color_space != JCS_YCbCr &&
        jpeg->jpeg_color_space != JCS_RGB)
        escape_corrupt(decoder, "the JPEG file has other components than declared");
    jpeg->out_color_space = format->components == 3 ? JCS_RGB : JCS_GRAYSCALE;
}

/* Reads rows until libjpeg has to wait. The sink's errors go out of libjpeg's reach: it is not told. */
static int rows_step(struct jpeg_decoder *decoder)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    JSAMPROW row = decoder->row;
    int error = 0;

    while (error == 0 && jpeg->output_scanline < jpeg->output_height) {
        if (jpeg_read_scanlines(jpeg, &row, 1) == 0)
            return 0;
        error = decoder_row(&decoder->base, decoder->row);
    }
    if (error == 0)
        decoder->state = STATE_END;
    return error;
}

/* As far as the input goes. */
static int steps(struct jpeg_decoder *decoder)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    int error = 0;

    if (decoder->state == STATE_HEADER && jpeg_read_header(jpeg, TRUE) == JPEG_HEADER_OK) {
        check_header(decoder);
        decoder->state = STATE_START;
    }
    if (decoder->state == STATE_START && jpeg_start_decompress(jpeg))
        decoder->state = STATE_ROWS;
    if (decoder->state == STATE_ROWS)
        error = rows_step(decoder);
    if (decoder->state == STATE_END && jpeg_finish_decompress(jpeg))
        decoder->state = STATE_ENDED;
    return error;
}

static int create(struct jpeg_decoder *decoder)
{
    jpeg_create_decompress(&decoder->jpeg);
    decoder->made = 1;
    return 0;
}

static int guarded(struct jpeg_decoder *decoder, int (*step)(struct jpeg_decoder *decoder))
{
    if (setjmp(decoder->escape) != 0)
        return decoder->error;
    return step(decoder);
}

static struct page_decoder *jpeg_decoder_allocate(void)
{
    struct jpeg_decoder *decoder = calloc(1, sizeof *decoder);

    return decoder == NULL ? NULL : &decoder->base;
}

static int jpeg_decoder_start(struct page_decoder *base)
{
    struct jpeg_decoder *decoder = (struct jpeg_decoder *)base;
    int error;

    decoder->row = malloc(base->row_bytes);
    if (decoder->row == NULL)
        return -ENOMEM;
    decoder->jpeg.err = jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = on_error;
    decoder->errors.emit_message = on_message;
    decoder->jpeg.client_data = decoder;
    error = guarded(decoder, create);
    decoder->source = (struct jpeg_source_mgr){.next_input_byte = decoder->input,
                                               .init_source = on_source,
                                               .fill_input_buffer = on_empty,
                                               .skip_input_data = on_skip,
                                               .resync_to_restart = jpeg_resync_to_restart,
                                               .term_source = on_source};
    decoder->jpeg.src = &decoder->source;
    return error;
}

/* Moves what is left to the front of the buffer and fills it up. Returns how many of the bytes were taken. */
static size_t refill(struct jpeg_decoder *decoder, const uint8_t *bytes, size_t length)
{
    size_t left = decoder->source.bytes_in_buffer, room = INPUT_BYTES - left;

    memmove(decoder->input, decoder->source.next_input_byte, left);
    length = length < room ? length : room;
    memcpy(decoder->input + left, bytes, length);
    decoder->source.next_input_byte = decoder->input;
    decoder->source.bytes_in_buffer = left + length;
    return length;
}

static int jpeg_decoder_bytes(struct page_decoder *base, const uint8_t *bytes, size_t length)
{
    struct jpeg_decoder *decoder = (struct jpeg_decoder *)base;

    while (length > 0) {
        size_t taken = decoder->skip < length ? decoder->skip : length;
        int error;

        decoder->skip -= taken;
        bytes += taken;
        length -= taken;
        if (length == 0)
            break;
        if (decoder->state == STATE_ENDED)
            return decoder_corrupt(base, decoder_too_long);
        taken = refill(decoder, bytes, length);
        if (taken == 0)
            return decoder_corrupt(base, "a marker without an end");
        bytes += taken;
        length -= taken;
        error = guarded(decoder, steps);
        if (error != 0)
            return error;
    }
    if (decoder->state == STATE_ENDED && decoder->source.bytes_in_buffer > 0)
        return decoder_corrupt(base, decoder_too_long);
    return 0;
}

static int jpeg_decoder_finish(struct page_decoder *base)
{
    struct jpeg_decoder *decoder = (struct jpeg_decoder *)base;

    return decoder->state == STATE_ENDED ? 0 : decoder_corrupt(base, decoder_too_short);
}

static void jpeg_decoder_release(struct page_decoder *base)
{
    struct jpeg_decoder *decoder = (struct jpeg_decoder *)base;

    if (decoder->made)
        jpeg_destroy_decompress(&decoder->jpeg);
    free(decoder->row);
    free(decoder);
}

const struct decoder_codec decoder_jpeg = {jpeg_decoder_allocate, jpeg_decoder_start, jpeg_decoder_bytes,
                                           jpeg_decoder_finish, jpeg_decoder_release};
