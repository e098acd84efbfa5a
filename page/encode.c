#include "page/encode.h"

#include <errno.h>
#include <stdlib.h>

#include "page/encode_codec.h"

static const struct encoder_codec *const encoders[] = {
    [PAGE_CODEC_FLATE] = &encoder_flate,
    [PAGE_CODEC_G4] = &encoder_g4,
    [PAGE_CODEC_JPEG] = &encoder_jpeg,
    [PAGE_CODEC_PDF] = NULL,
};

int encoder_start(struct page_encoder **encoder, const struct encoder_codec *codec,
                  const struct page_format *format, size_t row_bytes, page_sink sink, void *context)
{
    struct page_encoder *made = codec->allocate();
    int error;

    *encoder = NULL;
    if (made == NULL)
        return -ENOMEM;
    made->codec = codec;
    made->format = *format;
    made->row_bytes = row_bytes;
    made->rows_max = format->height_px != 0 ? format->height_px : PAGE_MAX_SAMPLE_BYTES / row_bytes;
    made->sink = sink;
    made->context = context;
    error = codec->start(made);
    if (error != 0) {
        codec->release(made);
        return error;
    }
    *encoder = made;
    return 0;
}

int page_encoder_new(struct page_encoder **encoder, const struct page_format *format, page_sink sink,
                     void *context)
{
    int error = page_format_check(format, NULL);

    *encoder = NULL;
    if (error != 0)
        return error;
    if (encoders[format->codec] == NULL)
        return -EINVAL;
    error = encoder_start(encoder, encoders[format->codec], format, (size_t)page_row_bytes(format), sink,
                          context);
    if (error == 0)
        (*encoder)->rows_max = page_max_rows(format);
    return error;
}

int page_encoder_rows(struct page_encoder *encoder, const uint8_t *rows, size_t count)
{
    if (encoder->error != 0)
        return encoder->error;
    if (count > encoder->rows_max - encoder->rows_done)
        return -EOVERFLOW;
    if (count == 0)
        return 0;
    encoder->rows_done += count;
    encoder->error = encoder->codec->rows(encoder, rows, count);
    return encoder->error;
}

int page_encoder_finish(struct page_encoder *encoder, uint32_t *rows)
{
    if (encoder->error != 0)
        return encoder->error;
    if (encoder->rows_done == 0 || encoder->rows_done < encoder->format.height_px)
        return -EINVAL;
    encoder->error = encoder->codec->finish(encoder);
    if (encoder->error != 0)
        return encoder->error;
    encoder->error = -EINVAL;
    *rows = (uint32_t)encoder->rows_done;
    return 0;
}

void page_encoder_free(struct page_encoder **encoder)
{
    if (encoder == NULL || *encoder == NULL)
        return;
    (*encoder)->codec->release(*encoder);
    *encoder = NULL;
}
