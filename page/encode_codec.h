/* Inside of the encoder: what one codec brings. */
#ifndef DESKLINE_PAGE_ENCODE_CODEC_H
#define DESKLINE_PAGE_ENCODE_CODEC_H

#include "page/encode.h"

struct encoder_codec {
    /* A zeroed object that begins with a struct page_encoder; NULL without memory. */
    struct page_encoder *(*allocate)(void);
    /* The base is filled in. On failure `release` is called on whatever there is. */
    int (*start)(struct page_encoder *encoder);
    int (*rows)(struct page_encoder *encoder, const uint8_t *rows, size_t count);
    int (*finish)(struct page_encoder *encoder);
    /* Frees the object and all in it. */
    void (*release)(struct page_encoder *encoder);
};

struct page_encoder {
    const struct encoder_codec *codec;
    struct page_format format;
    size_t row_bytes;
    uint64_t rows_done, rows_max;
    page_sink sink;
    void *context;
    int error; /* the first of the sink's or the codec's, or -EINVAL after the end */
};

extern const struct encoder_codec encoder_flate, encoder_g4, encoder_jpeg;

/* page_encoder_new without the look-up by codec and without the check: for documents, which hold pages in
 * forms that are no page streams (PNG: 1 bit under flate). */
int encoder_start(struct page_encoder **encoder, const struct encoder_codec *codec,
                  const struct page_format *format, size_t row_bytes, page_sink sink, void *context);

#endif
