#include "page/squeeze.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "page/run_block.h"

/* Where runs alone make less than one part in SMOOTH_RATIO of a strip, matches may make much less. Where they
 * make less than one in EVEN_RATIO, the strip is an even area, and there is nothing left to win. */
#define SMOOTH_RATIO 5u
#define EVEN_RATIO   400u

/* zlib's fastest search, but not content with less than the longest match: rows of a drawing repeat for long.
 */
#define SEARCH_LEVEL 3
#define MATCH_MAX    258

/* The stream's first bytes (deflate, window of 32 KiB, fastest), and its last block, which is empty and in
 * the codes of RFC 1951, 3.2.6. */
#define HEADER_BYTES 2
#define FINAL_BLOCK  3u
#define FINAL_BITS   10

struct squeeze {
    page_sink sink;
    void *context;
    struct run_block *block;
    z_stream zlib; /* raw: blocks without a header */
    int in_zlib;   /* the last strip went through zlib, so that the next one may refer to it */
    int begun;     /* the header is written */
    uLong adler;
    size_t strip_length;
    struct bit_output bits;
    uint8_t strip[RUN_BLOCK_BYTES];
    uint8_t output[RUN_BLOCK_BYTES_OUT + 64]; /* what a strip takes, and the stream's two ends */
};

static void begin(struct squeeze *squeeze)
{
    squeeze->in_zlib = squeeze->begun = 0;
    squeeze->adler = adler32(0, NULL, 0);
    squeeze->strip_length = 0;
    squeeze->bits = (struct bit_output){.out = squeeze->output};
}

int squeeze_new(struct squeeze **squeeze, page_sink sink, void *context)
{
    struct squeeze *made = calloc(1, sizeof *made);

    *squeeze = NULL;
    if (made == NULL)
        return -ENOMEM;
    made->block = run_block_new();
    if (made->block == NULL ||
        deflateInit2(&made->zlib, SEARCH_LEVEL, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        run_block_free(&made->block);
        free(made);
        return -ENOMEM;
    }
    deflateTune(&made->zlib, 4, 4, MATCH_MAX, 32);
    made->sink = sink;
    made->context = context;
    begin(made);
    *squeeze = made;
    return 0;
}

static int hand_over(struct squeeze *squeeze)
{
    size_t length = (size_t)(squeeze->bits.out - squeeze->output);

    squeeze->bits.out = squeeze->output;
    return length == 0 ? 0 : squeeze->sink(squeeze->context, squeeze->output, length);
}

/* An empty stored block, after which the next one begins at a whole byte. */
static void align(struct bit_output *bits)
{
    bit_output_put(bits, 0, 3);
    bit_output_put(bits, 0, (8 - bits->count) % 8);
    bit_output_put(bits, 0xffff0000u, 32);
}

/* Gives `length` bytes of the strip to zlib, which may keep some of what it makes of them unless it is told
 * to flush: that ends at a whole byte. */
static int run_zlib(struct squeeze *squeeze, size_t length, int flush)
{
    z_stream *zlib = &squeeze->zlib;
    int error = 0;

    zlib->next_in = squeeze->strip;
    zlib->avail_in = (uInt)length;
    do {
        zlib->next_out = squeeze->bits.out;
        zlib->avail_out = (uInt)(sizeof squeeze->output - (size_t)(squeeze->bits.out - squeeze->output));
        int result = deflate(zlib, flush);

        if (result != Z_OK && result != Z_BUF_ERROR) /* the latter: there was nothing left to do */
            return -EINVAL;
        squeeze->bits.out = zlib->next_out;
        if (zlib->avail_out == 0)
            error = hand_over(squeeze);
    } while (zlib->avail_out == 0 && error == 0);
    return error;
}

/* After this, blocks of ours may follow. */
static int leave_zlib(struct squeeze *squeeze)
{
    if (!squeeze->in_zlib)
        return 0;
    squeeze->in_zlib = 0;
    return run_zlib(squeeze, 0, Z_SYNC_FLUSH);
}

/* A strip of matches. */
static int write_matches(struct squeeze *squeeze)
{
    if (!squeeze->in_zlib) {
        if (deflateReset(&squeeze->zlib) != Z_OK)
            return -EINVAL;
        align(&squeeze->bits);
        squeeze->in_zlib = 1;
    }
    return run_zlib(squeeze, squeeze->strip_length, Z_NO_FLUSH);
}

static void begin_stream(struct squeeze *squeeze)
{
    if (squeeze->begun)
        return;
    bit_output_put(&squeeze->bits, 0x0178, 8 * HEADER_BYTES);
    squeeze->begun = 1;
}

static int write_strip(struct squeeze *squeeze)
{
    size_t length = squeeze->strip_length;
    uint64_t planned;
    int error = 0;

    if (length == 0)
        return 0;
    begin_stream(squeeze);
    squeeze->adler = adler32_z(squeeze->adler, squeeze->strip, length);
    planned = run_block_plan(squeeze->block, squeeze->strip, length) / 8;
    if (planned < length / SMOOTH_RATIO && planned > length / EVEN_RATIO) {
        error = write_matches(squeeze);
    } else {
        error = leave_zlib(squeeze);
        if (error == 0)
            run_block_write(squeeze->block, squeeze->strip, &squeeze->bits);
    }
    squeeze->strip_length = 0;
    return error != 0 ? error : hand_over(squeeze);
}

int squeeze_bytes(struct squeeze *squeeze, const uint8_t *bytes, size_t length)
{
    int error = 0;

    while (length > 0 && error == 0) {
        size_t room = RUN_BLOCK_BYTES - squeeze->strip_length, part = length < room ? length : room;

        memcpy(squeeze->strip + squeeze->strip_length, bytes, part);
        bytes += part;
        length -= part;
        squeeze->strip_length += part;
        if (squeeze->strip_length == RUN_BLOCK_BYTES)
            error = write_strip(squeeze);
    }
    return error;
}

int squeeze_finish(struct squeeze *squeeze)
{
    int error = write_strip(squeeze);

    if (error == 0)
        error = leave_zlib(squeeze);
    if (error != 0)
        return error;
    begin_stream(squeeze);
    bit_output_put(&squeeze->bits, FINAL_BLOCK, FINAL_BITS);
    bit_output_put(&squeeze->bits, 0, (8 - squeeze->bits.count) % 8);
    for (unsigned shift = 32; shift > 0; shift -= 8)
        bit_output_put(&squeeze->bits, (uint32_t)(squeeze->adler >> (shift - 8)) & 0xff, 8);
    error = hand_over(squeeze);
    begin(squeeze);
    return error;
}

void squeeze_free(struct squeeze **squeeze)
{
    if (squeeze == NULL || *squeeze == NULL)
        return;
    run_block_free(&(*squeeze)->block);
    deflateEnd(&(*squeeze)->zlib);
    free(*squeeze);
    *squeeze = NULL;
}
