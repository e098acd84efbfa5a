#include "page/decode.h"

#include <errno.h>
#include <stdlib.h>

#include "page/decode_codec.h"

const char decoder_too_many_rows[] = "more rows than declared";
const char decoder_too_long[] = "bytes behind the end of the stream";
const char decoder_too_short[] = "the stream is not complete";

static const struct decoder_codec *const decoders[] = {
    [PAGE_CODEC_FLATE] = &decoder_flate,
    [PAGE_CODEC_G4] = &decoder_g4,
    [PAGE_CODEC_JPEG] = &decoder_jpeg,
    [PAGE_CODEC_PDF] = NULL,
};

int page_decoder_new(struct page_decoder **decoder, const struct page_format *format, uint32_t rows,
                     page_row_sink sink, void *context)
{
    struct page_decoder *made;
    int error = page_format_check(format, NULL);

    *decoder = NULL;
    if (error != 0)
        return error;
    if (decoders[format->codec] == NULL || rows == 0 || rows > page_max_rows(format) ||
        (format->height_px != 0 && rows != format->height_px))
        return -EINVAL;
    made = decoders[format->codec]->allocate();
    if (made == NULL)
        return -ENOMEM;
    made->codec = decoders[format->codec];
    made->format = *format;
    made->row_bytes = (size_t)page_row_bytes(format);
    made->rows_declared = rows;
    made->sink = sink;
    made->context = context;
    error = made->codec->start(made);
    if (error != 0) {
        made->codec->release(made);
        return error;
    }
    *decoder = made;
    return 0;
}

static int give(const struct page_decoder *decoder, const char **why)
{
    if (decoder->error != 0 && decoder->why != NULL && why != NULL)
        *why = decoder->why;
    return decoder->error;
}

int page_decoder_bytes(struct page_decoder *decoder, const uint8_t *bytes, size_t length, const char **why)
{
    if (decoder->error == 0 && length > 0)
        decoder->error = decoder->codec->bytes(decoder, bytes, length);
    return give(decoder, why);
}

int page_decoder_finish(struct page_decoder *decoder, const char **why)
{
    if (decoder->error == 0)
        decoder->error = decoder->codec->finish(decoder);
    if (decoder->error == 0 && decoder->rows_done != decoder->rows_declared)
        decoder->error = decoder_corrupt(decoder, "fewer rows than declared");
    if (decoder->error != 0)
        return give(decoder, why);
    decoder->error = -EINVAL;
    return 0;
}

void page_decoder_free(struct page_decoder **decoder)
{
    if (decoder == NULL || *decoder == NULL)
        return;
    (*decoder)->codec->release(*decoder);
    *decoder = NULL;
}

int decoder_corrupt(struct page_decoder *decoder, const char *why)
{
    decoder->why = why;
    return -EBADMSG;
}

int decoder_row(struct page_decoder *decoder, const uint8_t *row)
{
    decoder->rows_done++;
    return decoder->sink == NULL ? 0 : decoder->sink(decoder->context, row, decoder->row_bytes);
}
