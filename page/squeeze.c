#include "page/squeeze.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#define STRIP_BYTES  (128u * 1024u)
#define OUTPUT_BYTES (64u * 1024u)

/* Over the first ratio matches are searched for, under the second no longer. They lie apart, so that a page
 * near one of them does not go to and fro. */
#define SMOOTH_RATIO 8u
#define NOISY_RATIO  4u

struct squeeze {
    z_stream zlib;
    page_sink sink;
    void *context;
    int matching;         /* level 1 with matches; otherwise runs only */
    size_t strip_left;    /* bytes to take before the next judgement */
    uLong strip_out_from; /* total_out where the strip began */
    uint8_t output[OUTPUT_BYTES];
};

int squeeze_new(struct squeeze **squeeze, page_sink sink, void *context)
{
    struct squeeze *made = calloc(1, sizeof *made);

    *squeeze = NULL;
    if (made == NULL)
        return -ENOMEM;
    if (deflateInit2(&made->zlib, 1, Z_DEFLATED, MAX_WBITS, 9, Z_RLE) != Z_OK) {
        free(made);
        return -ENOMEM;
    }
    made->sink = sink;
    made->context = context;
    made->strip_left = STRIP_BYTES;
    made->zlib.next_out = made->output;
    made->zlib.avail_out = OUTPUT_BYTES;
    *squeeze = made;
    return 0;
}

static int hand_over(struct squeeze *squeeze)
{
    size_t length = OUTPUT_BYTES - squeeze->zlib.avail_out;

    squeeze->zlib.next_out = squeeze->output;
    squeeze->zlib.avail_out = OUTPUT_BYTES;
    return length == 0 ? 0 : squeeze->sink(squeeze->context, squeeze->output, length);
}

/* Runs deflate until it has taken all input and, for a flush or the end, given all output. */
static int run(struct squeeze *squeeze, int flush)
{
    for (;;) {
        int status = deflate(&squeeze->zlib, flush), error;

        if (status == Z_STREAM_ERROR)
            return -EINVAL;
        if (status == Z_STREAM_END || squeeze->zlib.avail_out != 0)
            return 0;
        error = hand_over(squeeze);
        if (error != 0)
            return error;
    }
}

/* The strip is full: how well did it shrink, and which method does that call for? */
static int judge(struct squeeze *squeeze)
{
    uLong given;
    int error, matching;

    error = run(squeeze, Z_BLOCK);
    if (error != 0)
        return error;
    given = squeeze->zlib.total_out - squeeze->strip_out_from;
    matching = squeeze->matching ? given < STRIP_BYTES / NOISY_RATIO : given < STRIP_BYTES / SMOOTH_RATIO;
    if (matching != squeeze->matching) {
        /* Nothing is pending, so there is always room for what deflateParams writes. */
        error = hand_over(squeeze);
        if (error != 0)
            return error;
        if (deflateParams(&squeeze->zlib, 1, matching ? Z_DEFAULT_STRATEGY : Z_RLE) != Z_OK)
            return -EINVAL;
        squeeze->matching = matching;
    }
    squeeze->strip_left = STRIP_BYTES;
    squeeze->strip_out_from = squeeze->zlib.total_out;
    return 0;
}

int squeeze_bytes(struct squeeze *squeeze, const uint8_t *bytes, size_t length)
{
    int error = 0;

    while (length > 0 && error == 0) {
        size_t part = length < squeeze->strip_left ? length : squeeze->strip_left;

        squeeze->zlib.next_in = (z_const Bytef *)bytes;
        squeeze->zlib.avail_in = (uInt)part;
        error = run(squeeze, Z_NO_FLUSH);
        bytes += part;
        length -= part;
        squeeze->strip_left -= part;
        if (error == 0 && squeeze->strip_left == 0)
            error = judge(squeeze);
    }
    return error;
}

int squeeze_finish(struct squeeze *squeeze)
{
    int error;

    squeeze->zlib.avail_in = 0;
    error = run(squeeze, Z_FINISH);
    if (error == 0)
        error = hand_over(squeeze);
    if (error != 0)
        return error;
    if (deflateReset(&squeeze->zlib) != Z_OK)
        return -EINVAL;
    squeeze->strip_left = STRIP_BYTES;
    squeeze->strip_out_from = 0;
    return 0;
}

void squeeze_free(struct squeeze **squeeze)
{
    if (squeeze == NULL || *squeeze == NULL)
        return;
    deflateEnd(&(*squeeze)->zlib);
    free(*squeeze);
    *squeeze = NULL;
}
