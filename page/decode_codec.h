/* Inside of the decoder: what one codec brings. */
#ifndef DESKLINE_PAGE_DECODE_CODEC_H
#define DESKLINE_PAGE_DECODE_CODEC_H

#include "page/decode.h"

struct decoder_codec {
    /* A zeroed object that begins with a struct page_decoder; NULL without memory. */
    struct page_decoder *(*allocate)(void);
    /* The base is filled in. On failure `release` is called on whatever there is. */
    int (*start)(struct page_decoder *decoder);
    int (*bytes)(struct page_decoder *decoder, const uint8_t *bytes, size_t length);
    /* 0 when the stream has come to its own end. */
    int (*finish)(struct page_decoder *decoder);
    /* Frees the object and all in it. */
    void (*release)(struct page_decoder *decoder);
};

struct page_decoder {
    const struct decoder_codec *codec;
    struct page_format format;
    size_t row_bytes;
    uint32_t rows_declared, rows_done;
    page_row_sink sink; /* NULL: only check */
    void *context;
    int error; /* the first, or -EINVAL after the end */
    const char *why;
};

extern const struct decoder_codec decoder_flate, decoder_g4, decoder_jpeg;

/* Sets the reason and returns -EBADMSG. */
int decoder_corrupt(struct page_decoder *decoder, const char *why);

/* Counts a row and gives it to the sink where there is one (`row` is not looked at otherwise). The caller has
 * seen to it that rows_done is below rows_declared. */
int decoder_row(struct page_decoder *decoder, const uint8_t *row);

extern const char decoder_too_many_rows[], decoder_too_long[], decoder_too_short[];

#endif
