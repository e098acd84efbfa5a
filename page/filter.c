#include "page/filter.h"

#include <string.h>

/*
 * The loops are written for the compiler's vectoriser: no branch on a sample, no special first pixel, sums
 * that fit 32 bits, and the predictor of Paeth in 16 bit arithmetic.
 */

/* A filter is judged by the sum of its residues' magnitudes over a sample of the row: SPAN bytes out of
 * STRIDE. On noise, which is what a scanned page is made of, a quarter of a row tells as much as all of it.
 */
#define SPAN   128
#define STRIDE 512

#define FILTER_NONE 0
#define FILTER_UP   2

/* A row in which more than one sample in FLAT_PART differs from the one beside it is no drawing. */
#define FLAT_PART 4

struct neighbours {
    const uint8_t *x, *left, *above, *above_left;
};

static inline uint8_t paeth(uint8_t left, uint8_t above, uint8_t above_left)
{
    int16_t a = left, b = above, c = above_left;
    int16_t by_left = (int16_t)(b - c), by_above = (int16_t)(a - c);
    int16_t by_both = (int16_t)(by_left + by_above);
    int16_t nearest;

    by_left = (int16_t)(by_left < 0 ? -by_left : by_left);
    by_above = (int16_t)(by_above < 0 ? -by_above : by_above);
    by_both = (int16_t)(by_both < 0 ? -by_both : by_both);
    nearest = by_above <= by_both ? b : c;
    /* Both comparisons are made, without a branch between them. */
    return (uint8_t)(((by_left <= by_above) & (by_left <= by_both)) != 0 ? a : nearest);
}

static inline uint32_t magnitude(uint8_t residue)
{
    uint8_t negated = (uint8_t)(0u - residue);

    return residue < negated ? residue : negated;
}

/* Number, name, and the prediction from the left (a), above (b) and above left (c). */
#define FILTERS(FILTER)                                                                                      \
    FILTER(0, none, 0)                                                                                       \
    FILTER(1, sub, a)                                                                                        \
    FILTER(2, up, b)                                                                                         \
    FILTER(3, average, ((unsigned)a + b) / 2)                                                                \
    FILTER(4, paeth, paeth(a, b, c))

#define FILTER_FUNCTIONS(number, name, prediction)                                                           \
    static uint32_t cost_##name(const uint8_t *restrict x, const uint8_t *restrict left,                     \
                                const uint8_t *restrict above, const uint8_t *restrict above_left,           \
                                size_t length)                                                               \
    {                                                                                                        \
        uint32_t sum = 0;                                                                                    \
                                                                                                             \
        for (size_t i = 0; i < length; i++) {                                                                \
            uint8_t a = left[i], b = above[i], c = above_left[i];                                            \
                                                                                                             \
            (void)a, (void)b, (void)c;                                                                       \
            sum += magnitude((uint8_t)(x[i] - (prediction)));                                                \
        }                                                                                                    \
        return sum;                                                                                          \
    }                                                                                                        \
    static void apply_##name(uint8_t *restrict out, const uint8_t *restrict x, const uint8_t *restrict left, \
                             const uint8_t *restrict above, const uint8_t *restrict above_left,              \
                             size_t length)                                                                  \
    {                                                                                                        \
        for (size_t i = 0; i < length; i++) {                                                                \
            uint8_t a = left[i], b = above[i], c = above_left[i];                                            \
                                                                                                             \
            (void)a, (void)b, (void)c;                                                                       \
            out[i] = (uint8_t)(x[i] - (prediction));                                                         \
        }                                                                                                    \
    }                                                                                                        \
    static void undo_##name(uint8_t *x, const uint8_t *left, const uint8_t *above,                           \
                            const uint8_t *above_left, size_t length)                                        \
    {                                                                                                        \
        for (size_t i = 0; i < length; i++) {                                                                \
            uint8_t a = left[i], b = above[i], c = above_left[i];                                            \
                                                                                                             \
            (void)a, (void)b, (void)c;                                                                       \
            x[i] = (uint8_t)(x[i] + (prediction));                                                           \
        }                                                                                                    \
    }

FILTERS(FILTER_FUNCTIONS)

static const struct {
    uint32_t (*cost)(const uint8_t *restrict x, const uint8_t *restrict left, const uint8_t *restrict above,
                     const uint8_t *restrict above_left, size_t length);
    void (*apply)(uint8_t *restrict out, const uint8_t *restrict x, const uint8_t *restrict left,
                  const uint8_t *restrict above, const uint8_t *restrict above_left, size_t length);
    void (*undo)(uint8_t *x, const uint8_t *left, const uint8_t *above, const uint8_t *above_left,
                 size_t length);
} filters[FILTER_COUNT] = {
#define FILTER_ENTRY(number, name, prediction) [number] = {cost_##name, apply_##name, undo_##name},
    FILTERS(FILTER_ENTRY)};

/* Areas of one colour with edges. Filters would turn each edge into many different bytes; left alone, its
 * bytes are those of the row above, and a match. */
static int is_flat(const uint8_t *row, size_t length, size_t pixel_bytes)
{
    size_t sampled = 0, differing = 0;

    for (size_t at = 0; at < length; at += STRIDE) {
        size_t span = length - at < SPAN ? length - at : SPAN;
        const uint8_t *x = row + at, *left = x - pixel_bytes;
        uint32_t sum = 0;

        for (size_t i = 0; i < span; i++)
            sum += x[i] != left[i];
        differing += sum;
        sampled += span;
    }
    return differing <= sampled / FLAT_PART;
}

static unsigned cheapest(const uint8_t *row, const uint8_t *above, size_t length, size_t pixel_bytes)
{
    uint64_t costs[FILTER_COUNT] = {0};
    unsigned best = 0;

    for (size_t at = 0; at < length; at += STRIDE) {
        size_t span = length - at < SPAN ? length - at : SPAN;
        const uint8_t *x = row + at, *up = above + at;

        for (unsigned i = 0; i < FILTER_COUNT; i++)
            costs[i] += filters[i].cost(x, x - pixel_bytes, up, up - pixel_bytes, span);
    }
    for (unsigned i = 1; i < FILTER_COUNT; i++)
        if (costs[i] < costs[best])
            best = i;
    return best;
}

void filter_encode(uint8_t *out, const uint8_t *row, const uint8_t *above, size_t length, size_t pixel_bytes)
{
    unsigned filter;

    /* The next row of a blank area: nothing is cheaper than nothing at all. */
    if (memcmp(row, above, length) == 0) {
        *out = FILTER_UP;
        memset(out + 1, 0, length);
        return;
    }
    filter = is_flat(row, length, pixel_bytes) ? FILTER_NONE : cheapest(row, above, length, pixel_bytes);
    *out = (uint8_t)filter;
    filters[filter].apply(out + 1, row, row - pixel_bytes, above, above - pixel_bytes, length);
}

void filter_decode(unsigned filter, uint8_t *row, const uint8_t *above, size_t length, size_t pixel_bytes)
{
    filters[filter].undo(row, row - pixel_bytes, above, above - pixel_bytes, length);
}
