/* Fuzz target: a page stream of any content under any format. The decoder never hands out more rows than were
 * declared, each is as long as the format says, and what the rows said is what the check without rows says.
 */
#include "page/decode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_BYTES 16
#define WIDTH_MAX_PX                                                                                         \
    1024u /* a flate of nothing at all unfolds a thousandfold: the runs are to stay short                    \
           */
#define HEIGHT_MAX_PX 512u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct rows {
    struct page_format format;
    uint32_t declared, come;
    uint32_t stop_at; /* the sink says that it is enough there, 0: never */
    uint8_t sum;
};

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static int take_row(void *context, const uint8_t *row, size_t length)
{
    struct rows *rows = context;
    must(rows->come < rows->declared && length == page_row_bytes(&rows->format));
    for (size_t i = 0; i < length; i++) /* every byte is there, and has been set */
        rows->sum = (uint8_t)(rows->sum + row[i]);
    if (rows->format.bits == 1 && rows->format.width_px % 8)
        must((row[length - 1] & (0xffu >> rows->format.width_px % 8)) == 0);
    return ++rows->come == rows->stop_at ? -ECANCELED : 0;
}

static uint32_t number(const uint8_t bytes[2])
{
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

/* Any values are given to the check, the decoder gets those that keep a run short. */
static struct page_format format_of(const uint8_t bytes[FORMAT_BYTES])
{
    static const uint8_t depths[] = {1, 8, 16}, components[] = {1, 3};
    struct page_format format = {.codec = (enum page_codec)bytes[0],
                                 .width_px = number(bytes + 1) << bytes[3] % 32,
                                 .height_px = number(bytes + 4) << bytes[6] % 32,
                                 .bits = bytes[7],
                                 .components = bytes[8],
                                 .x_dpi = number(bytes + 9) << bytes[11] % 32,
                                 .y_dpi = number(bytes + 9)};
    const char *why = NULL;
    must(page_format_check(&format, &why) == 0 ? page_max_rows(&format) > 0 || format.codec == PAGE_CODEC_PDF
                                               : why != NULL);
    format.codec = (enum page_codec)(bytes[0] % 6);
    format.width_px = number(bytes + 1) % (WIDTH_MAX_PX + 1);
    format.height_px = number(bytes + 4) % (HEIGHT_MAX_PX + 1);
    format.bits = depths[bytes[7] % sizeof depths];
    format.components = components[bytes[8] % sizeof components];
    return format;
}

/* The stream in pieces of that length. */
static int decode(struct page_decoder *decoder, const uint8_t *stream, size_t length, size_t piece)
{
    const char *why = NULL;
    int result = 0;
    for (size_t at = 0; at < length && result == 0; at += piece) {
        size_t now = length - at < piece ? length - at : piece;
        uint8_t *exact = malloc(now); /* a step too far is seen */
        must(exact != NULL);
        memcpy(exact, stream + at, now);
        result = page_decoder_bytes(decoder, exact, now, &why);
        free(exact);
    }
    int end = page_decoder_finish(decoder, &why);
    must(result == 0 || end == result); /* an error stays */
    must(end != -EBADMSG || why != NULL);
    return end;
}

/* 16 bytes: the format, the declared rows, the length of the pieces. The rest is the stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct page_decoder *decoder;
    if (size < FORMAT_BYTES)
        return 0;
    struct rows rows = {.format = format_of(data), .stop_at = data[15]};
    rows.declared = data[14] & 0x80 ? rows.format.height_px : number(data + 12) % (HEIGHT_MAX_PX + 1);
    size_t piece = (data[14] & 0x40 ? size : 0) + (data[14] & 0x3fu) + 1;
    const uint8_t *stream = data + FORMAT_BYTES;
    size_t length = size - FORMAT_BYTES;

    if (page_decoder_new(&decoder, &rows.format, rows.declared, take_row, &rows) < 0)
        return 0;
    int with_rows = decode(decoder, stream, length, piece);
    page_decoder_free(&decoder);
    must(with_rows != 0 || rows.come == rows.declared);
    if (with_rows == -ECANCELED)
        return 0;
    must(page_decoder_new(&decoder, &rows.format, rows.declared, NULL, NULL) == 0);
    must(decode(decoder, stream, length, size) == with_rows);
    page_decoder_free(&decoder);
    return 0;
}
