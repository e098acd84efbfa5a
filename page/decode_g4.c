/*
 * g4: ITU-T T.6, a code at a time, so that the stream may be cut anywhere.
 *
 *            vertical, pass                       run of a0a1 ended
 *            ┌───────┐     horizontal               ┌─────────┐
 *            │       ▼                              │         ▼
 *            └──── MODE ──────────────▶ FIRST_RUN ──┘    SECOND_RUN
 *                  │  ▲                                      │
 *     the last row │  └──────────────────────────────────────┘
 *     is complete  ▼                  run of a1a2 ended
 *                BLOCK_END ──▶ ENDED
 *
 * A row is the list of its changing elements, strictly increasing and below the width: so it is bounded
 * whatever the stream says.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "page/decode_codec.h"
#include "page/g4_codes.h"

#define CHANGES_PADDING 4
#define ENTRIES(length) (1u << (length))

enum g4_state { STATE_MODE, STATE_FIRST_RUN, STATE_SECOND_RUN, STATE_BLOCK_END, STATE_ENDED };

/* What the next bits say: entry of the code table and the code's length; length 0: no code begins so. */
struct g4_entry {
    uint8_t index, length;
};

struct g4_decoder {
    struct page_decoder base;
    enum g4_state state;
    uint64_t bits; /* left-aligned; behind the bit_count ones are zeros */
    unsigned bit_count;
    uint32_t *block;           /* holds the two below */
    uint32_t *changes, *above; /* the second ends in CHANGES_PADDING times the width */
    size_t count;              /* of `changes` */
    size_t b;                  /* a place in `above` with the colour of the next b1, at or before it */
    int64_t a0;
    enum g4_colour colour;
    uint32_t run; /* length of the run so far, while its codes come */
    uint8_t *row; /* NULL when only checking */
    struct g4_entry modes[ENTRIES(G4_LONGEST_MODE)];
    struct g4_entry runs[2][ENTRIES(G4_LONGEST_CODE)];
};

static struct page_decoder *g4_allocate(void)
{
    struct g4_decoder *g4 = calloc(1, sizeof *g4);

    return g4 == NULL ? NULL : &g4->base;
}

static void fill_entries(struct g4_entry *entries, unsigned longest, const struct g4_code *codes,
                         unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned shift = longest - codes[i].length;
        unsigned first = (unsigned)codes[i].bits << shift;

        for (unsigned j = 0; j < 1u << shift; j++)
            entries[first + j] = (struct g4_entry){(uint8_t)i, codes[i].length};
    }
}

static void row_begin(struct g4_decoder *g4)
{
    g4->count = 0;
    g4->b = 0;
    g4->a0 = -1;
    g4->colour = G4_WHITE;
}

static int g4_start(struct page_decoder *decoder)
{
    struct g4_decoder *g4 = (struct g4_decoder *)decoder;
    uint32_t width = decoder->format.width_px;
    size_t slot = (size_t)width + CHANGES_PADDING;

    fill_entries(g4->modes, G4_LONGEST_MODE, g4_mode_codes, G4_MODES);
    for (unsigned colour = 0; colour < 2; colour++)
        fill_entries(g4->runs[colour], G4_LONGEST_CODE, g4_run_codes[colour], G4_RUN_CODES);
    g4->block = calloc(2 * slot, sizeof *g4->block);
    if (decoder->sink != NULL)
        g4->row = malloc(decoder->row_bytes);
    if (g4->block == NULL || (decoder->sink != NULL && g4->row == NULL))
        return -ENOMEM;
    g4->changes = g4->block;
    g4->above = g4->block + slot;
    for (size_t i = 0; i < CHANGES_PADDING; i++)
        g4->above[i] = width;
    row_begin(g4);
    return 0;
}

/* Sets the pixels from `from` up to `to`. */
static void paint_black(uint8_t *row, uint32_t from, uint32_t to)
{
    uint8_t first = (uint8_t)(0xffu >> from % 8), last = (uint8_t) ~(0xffu >> to % 8);

    if (from / 8 == to / 8) {
        row[from / 8] |= first & last;
        return;
    }
    row[from / 8] |= first;
    memset(row + from / 8 + 1, 0xff, to / 8 - from / 8 - 1);
    if (last != 0)
        row[to / 8] |= last;
}

static int row_complete(struct g4_decoder *g4)
{
    uint32_t width = g4->base.format.width_px;
    uint32_t *done = g4->changes;

    for (size_t i = 0; i < CHANGES_PADDING; i++)
        done[g4->count + i] = width;
    if (g4->row != NULL) {
        memset(g4->row, 0, g4->base.row_bytes);
        for (size_t i = 0; i < g4->count; i += 2)
            paint_black(g4->row, done[i], done[i + 1]);
    }
    g4->changes = g4->above;
    g4->above = done;
    row_begin(g4);
    if (g4->base.rows_done + 1 == g4->base.rows_declared)
        g4->state = STATE_BLOCK_END;
    return decoder_row(&g4->base, g4->row);
}

/* The colour changes at `position`. */
static int change(struct g4_decoder *g4, int64_t position)
{
    uint32_t width = g4->base.format.width_px;

    if (position <= g4->a0 || position > (int64_t)width)
        return decoder_corrupt(&g4->base, "a run leaves its row");
    g4->a0 = position;
    if (position < (int64_t)width)
        g4->changes[g4->count++] = (uint32_t)position;
    g4->colour = g4->colour == G4_WHITE ? G4_BLACK : G4_WHITE;
    return 0;
}

static int64_t find_b1(struct g4_decoder *g4)
{
    uint32_t width = g4->base.format.width_px;

    while ((int64_t)g4->above[g4->b] <= g4->a0 && g4->above[g4->b] < width)
        g4->b += 2;
    return g4->above[g4->b];
}

static int take_mode(struct g4_decoder *g4, enum g4_mode mode)
{
    int64_t width = g4->base.format.width_px;
    int64_t b1;
    int error;

    if (mode == G4_HORIZONTAL) {
        g4->run = 0;
        g4->state = STATE_FIRST_RUN;
        return 0;
    }
    b1 = find_b1(g4);
    if (mode == G4_PASS) {
        /* To pass by the right margin is to end the row, for which T.6 has no such code. */
        if (b1 == width || g4->above[g4->b + 1] == width)
            return decoder_corrupt(&g4->base, "a run leaves its row");
        g4->a0 = g4->above[g4->b + 1];
        return 0;
    }
    error = change(g4, b1 + (int64_t)mode - G4_VERTICAL);
    if (error != 0)
        return error;
    /* One step back is enough, as in the encoder. */
    g4->b = g4->b > 0 ? g4->b - 1 : g4->b + 1;
    return g4->a0 == width ? row_complete(g4) : 0;
}

static int take_run(struct g4_decoder *g4, unsigned index)
{
    int64_t width = g4->base.format.width_px;
    int error;

    g4->run += index < G4_MAKEUP_FIRST ? index : (index - G4_MAKEUP_FIRST + 1) * 64;
    if ((int64_t)g4->run > width)
        return decoder_corrupt(&g4->base, "a run leaves its row");
    if (index >= G4_MAKEUP_FIRST)
        return 0;
    if (g4->a0 == width && g4->run == 0) {
        /* a1 was the margin, so nothing is left for a1a2. Both colours have had their turn. */
        g4->colour = g4->colour == G4_WHITE ? G4_BLACK : G4_WHITE;
    } else {
        /* Before the first pixel a0 is -1, yet runs count from 0. */
        error = change(g4, (g4->a0 < 0 ? 0 : g4->a0) + (int64_t)g4->run);
        if (error != 0)
            return error;
    }
    g4->run = 0;
    if (g4->state == STATE_FIRST_RUN) {
        g4->state = STATE_SECOND_RUN;
        return 0;
    }
    g4->state = STATE_MODE;
    return g4->a0 == width ? row_complete(g4) : 0;
}

static void skip_bits(struct g4_decoder *g4, unsigned length)
{
    g4->bits <<= length;
    g4->bit_count -= length;
}

/* The end of the block, and the zero bits that fill its last byte. */
static int take_block_end(struct g4_decoder *g4)
{
    unsigned fill;

    if (g4->bit_count < G4_END_LENGTH)
        return 0;
    if (g4->bits >> (64 - G4_END_LENGTH) != G4_END_BITS)
        return decoder_corrupt(&g4->base, decoder_too_many_rows);
    skip_bits(g4, G4_END_LENGTH);
    fill = g4->bit_count % 8;
    if (fill > 0 && g4->bits >> (64 - fill) != 0)
        return decoder_corrupt(&g4->base, decoder_too_long);
    skip_bits(g4, fill);
    g4->state = STATE_ENDED;
    return 0;
}

/* Takes one code. *stuck is set when it has not come whole yet. */
static int take_code(struct g4_decoder *g4, int *stuck)
{
    int in_mode = g4->state == STATE_MODE;
    unsigned longest = in_mode ? G4_LONGEST_MODE : G4_LONGEST_CODE;
    size_t next = (size_t)(g4->bits >> (64 - longest));
    struct g4_entry entry = in_mode ? g4->modes[next] : g4->runs[g4->colour][next];

    if (entry.length == 0 && g4->bit_count >= longest)
        return decoder_corrupt(&g4->base, "unknown code");
    if (entry.length == 0 || entry.length > g4->bit_count) {
        *stuck = 1;
        return 0;
    }
    skip_bits(g4, entry.length);
    return in_mode ? take_mode(g4, (enum g4_mode)entry.index) : take_run(g4, entry.index);
}

static int drain(struct g4_decoder *g4)
{
    int error = 0, stuck = 0;

    while (error == 0 && !stuck && g4->state < STATE_BLOCK_END)
        error = take_code(g4, &stuck);
    if (error == 0 && g4->state == STATE_BLOCK_END)
        error = take_block_end(g4);
    if (error == 0 && g4->state == STATE_ENDED && g4->bit_count > 0)
        error = decoder_corrupt(&g4->base, decoder_too_long);
    return error;
}

static int g4_bytes(struct page_decoder *decoder, const uint8_t *bytes, size_t length)
{
    struct g4_decoder *g4 = (struct g4_decoder *)decoder;
    int error = 0;

    while (length > 0 && error == 0) {
        for (; length > 0 && g4->bit_count <= 56; length--) {
            g4->bits |= (uint64_t)*bytes++ << (56 - g4->bit_count);
            g4->bit_count += 8;
        }
        error = drain(g4);
    }
    return error;
}

static int g4_finish(struct page_decoder *decoder)
{
    struct g4_decoder *g4 = (struct g4_decoder *)decoder;

    return g4->state == STATE_ENDED ? 0 : decoder_corrupt(decoder, decoder_too_short);
}

static void g4_release(struct page_decoder *decoder)
{
    struct g4_decoder *g4 = (struct g4_decoder *)decoder;

    free(g4->block);
    free(g4->row);
    free(g4);
}

const struct decoder_codec decoder_g4 = {g4_allocate, g4_start, g4_bytes, g4_finish, g4_release};
