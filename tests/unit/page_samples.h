/* Pages made up for tests: pixels, their stream, and what comes back out of it. */
#ifndef DESKLINE_TESTS_PAGE_SAMPLES_H
#define DESKLINE_TESTS_PAGE_SAMPLES_H

#include "page/decode.h"
#include "page/document.h"
#include "page/encode.h"

enum sample_look { LOOK_NOISE, LOOK_TEXT, LOOK_BLANK };
#define LOOKS 3

struct sample {
    struct page_format format; /* height_px is 0 when it was encoded as unknown */
    uint32_t rows;
    size_t row_bytes;
    uint8_t *pixels; /* rows × row_bytes; unused bits are zero */
    uint8_t *stream;
    size_t stream_length, stream_capacity;
};

struct sample_shape {
    enum page_codec codec;
    uint8_t bits, components;
    uint32_t width, rows;
    enum sample_look look;
    int height_unknown;
};

/* The next number of a fixed sequence. */
uint32_t sample_random(uint32_t *state);

/* Makes the pixels and encodes them; the test fails if it cannot. */
void sample_make(struct sample *sample, const struct sample_shape *shape);
void sample_free(struct sample *sample);

/* A page_sink that appends to the sample's stream. */
int sample_sink(void *sample, const uint8_t *bytes, size_t length);

/* Decodes `length` bytes of `stream` in pieces of at most `piece`. The rows go to `out` (as large as the
 * pixels), which may be NULL: then nothing asks for them. The result of the first call that fails, or of
 * finish. */
int sample_decode(const struct sample *sample, const uint8_t *stream, size_t length, size_t piece,
                  uint8_t *out, const char **why);

/* An unnamed file with the stream, as a page for document_writer_page. The caller closes page.fd. */
struct document_page sample_page(const struct sample *sample);

/* Whether `program` is found. Says that the checks with it are left out when it is not. */
int tool_missing(const char *program);

#endif
