/* g4: ITU-T T.6. A row is held as the list of its changing elements, and coded against the row above. */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "page/encode_codec.h"
#include "page/g4_codes.h"

#define OUTPUT_BYTES (64u * 1024u)

/* How many times the row's width stands behind its last change, so that b1 and b2 are always there. */
#define CHANGES_PADDING 4

struct g4_encoder {
    struct page_encoder base;
    uint32_t *block;           /* holds the two below */
    uint32_t *changes, *above; /* where the colour changes, from white at the left margin */
    uint64_t bits;             /* not yet in `output`, right-aligned */
    unsigned bit_count;        /* below 32 between codes */
    size_t used;
    int error; /* the sink's first */
    uint8_t output[OUTPUT_BYTES];
};

static struct page_encoder *g4_allocate(void)
{
    struct g4_encoder *g4 = calloc(1, sizeof *g4);

    return g4 == NULL ? NULL : &g4->base;
}

static int g4_start(struct page_encoder *encoder)
{
    struct g4_encoder *g4 = (struct g4_encoder *)encoder;
    uint32_t width = encoder->format.width_px;
    size_t slot = (size_t)width + CHANGES_PADDING;

    g4->block = calloc(2 * slot, sizeof *g4->block);
    if (g4->block == NULL)
        return -ENOMEM;
    g4->changes = g4->block;
    g4->above = g4->block + slot;
    for (size_t i = 0; i < CHANGES_PADDING; i++)
        g4->above[i] = width; /* the row above the first is white */
    return 0;
}

static void hand_over(struct g4_encoder *g4)
{
    if (g4->error == 0 && g4->used > 0)
        g4->error = g4->base.sink(g4->base.context, g4->output, g4->used);
    g4->used = 0;
}

static void put_bits(struct g4_encoder *g4, uint32_t bits, unsigned length)
{
    uint32_t word;

    g4->bits = g4->bits << length | bits;
    g4->bit_count += length;
    if (g4->bit_count < 32)
        return;
    g4->bit_count -= 32;
    word = htobe32((uint32_t)(g4->bits >> g4->bit_count));
    memcpy(g4->output + g4->used, &word, 4);
    g4->used += 4;
    if (g4->used == OUTPUT_BYTES)
        hand_over(g4);
}

static void put_mode(struct g4_encoder *g4, enum g4_mode mode)
{
    put_bits(g4, g4_mode_codes[mode].bits, g4_mode_codes[mode].length);
}

static void put_run(struct g4_encoder *g4, enum g4_colour colour, uint32_t run)
{
    const struct g4_code *codes = g4_run_codes[colour], *code;

    for (; run >= G4_LONGEST_MAKEUP + 64; run -= G4_LONGEST_MAKEUP) {
        code = &codes[G4_MAKEUP_FIRST + G4_LONGEST_MAKEUP / 64 - 1];
        put_bits(g4, code->bits, code->length);
    }
    if (run >= 64) {
        code = &codes[G4_MAKEUP_FIRST + run / 64 - 1];
        put_bits(g4, code->bits, code->length);
    }
    code = &codes[run % 64];
    put_bits(g4, code->bits, code->length);
}

/* Eight bytes of the row, the first pixel in the highest bit; what lies behind the row is zero. */
static uint64_t load_pixels(const uint8_t *row, size_t length)
{
    uint64_t pixels = 0;

    if (length >= 8)
        length = 8;
    memcpy(&pixels, row, length);
    return be64toh(pixels);
}

static void find_changes(uint32_t *changes, const uint8_t *row, size_t length, uint32_t width)
{
    uint64_t last = 0; /* the pixel before, in bit 0 */

    for (size_t at = 0; at < length; at += 8) {
        uint64_t pixels = load_pixels(row + at, length - at);
        uint64_t edges = pixels ^ (pixels >> 1 | last << 63);

        last = pixels & 1;
        while (edges != 0) {
            unsigned place = (unsigned)__builtin_clzll(edges);
            size_t position = at * 8 + place;

            if (position >= width)
                break; /* bits behind the last pixel mean nothing */
            *changes++ = (uint32_t)position;
            edges &= ~(UINT64_C(1) << (63 - place));
        }
    }
    for (size_t i = 0; i < CHANGES_PADDING; i++)
        *changes++ = width;
}

/* T.6, 2.2.3: the names a0, a1, a2, b1, b2 are the recommendation's. */
static void put_row(struct g4_encoder *g4)
{
    const uint32_t *changes = g4->changes, *above = g4->above;
    uint32_t width = g4->base.format.width_px;
    int64_t a0 = -1; /* the imaginary pixel before the first */
    size_t next = 0, b = 0;
    enum g4_colour colour = G4_WHITE;

    while (a0 < (int64_t)width) {
        int64_t a1 = changes[next], b1, b2;

        while ((int64_t)above[b] <= a0 && above[b] < width)
            b += 2;
        b1 = above[b];
        b2 = b1 < (int64_t)width ? above[b + 1] : b1;
        if (b2 < a1) {
            put_mode(g4, G4_PASS);
            a0 = b2;
        } else if (a1 - b1 >= -3 && a1 - b1 <= 3) {
            put_mode(g4, (enum g4_mode)(G4_VERTICAL + (a1 - b1)));
            a0 = a1;
            next++;
            colour = colour == G4_WHITE ? G4_BLACK : G4_WHITE;
            /* The next b1 is of the other colour. One step back is enough: a1 lies at most 3 before b1. */
            b = b > 0 ? b - 1 : b + 1;
        } else {
            int64_t a2 = a1 < (int64_t)width ? changes[next + 1] : a1;

            put_mode(g4, G4_HORIZONTAL);
            put_run(g4, colour, (uint32_t)(a1 - (a0 < 0 ? 0 : a0)));
            put_run(g4, colour == G4_WHITE ? G4_BLACK : G4_WHITE, (uint32_t)(a2 - a1));
            a0 = a2;
            next += 2;
        }
    }
}

static int g4_rows(struct page_encoder *encoder, const uint8_t *rows, size_t count)
{
    struct g4_encoder *g4 = (struct g4_encoder *)encoder;

    for (size_t i = 0; i < count && g4->error == 0; i++, rows += encoder->row_bytes) {
        uint32_t *done = g4->changes;

        find_changes(g4->changes, rows, encoder->row_bytes, encoder->format.width_px);
        put_row(g4);
        g4->changes = g4->above;
        g4->above = done;
    }
    return g4->error;
}

static int g4_finish(struct page_encoder *encoder)
{
    struct g4_encoder *g4 = (struct g4_encoder *)encoder;
    unsigned left;

    put_bits(g4, G4_END_BITS, G4_END_LENGTH);
    left = g4->bit_count;
    /* To the next byte; put_bits wrote whole words, so there is room for four. */
    for (; left >= 8; left -= 8)
        g4->output[g4->used++] = (uint8_t)(g4->bits >> (left - 8));
    if (left > 0)
        g4->output[g4->used++] = (uint8_t)(g4->bits << (8 - left));
    hand_over(g4);
    return g4->error;
}

static void g4_release(struct page_encoder *encoder)
{
    struct g4_encoder *g4 = (struct g4_encoder *)encoder;

    free(g4->block);
    free(g4);
}

const struct encoder_codec encoder_g4 = {g4_allocate, g4_start, g4_rows, g4_finish, g4_release};
