#include "config.h"

#include "page/huffman.h"

#include <stdlib.h>
#include <string.h>

/* A symbol that occurs; later the tree's node with that number. */
struct leaf {
    uint32_t count;
    uint16_t symbol;
};

static int by_count(const void *a, const void *b)
{
    const struct leaf *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return x->symbol < y->symbol ? -1 : 1;
}

/* How many codes of each length the optimal tree has; lengths over the limit are counted as the limit.
 * `leaves` ascend. The inner nodes arise in ascending order too, so that the two lightest nodes are always at
 * the front of one of two queues. */
static void count_lengths(const struct leaf *leaves, unsigned count, unsigned limit, unsigned *lengths)
{
    uint32_t weight[HUFFMAN_SYMBOLS_MAX];
    uint16_t parent[2 * HUFFMAN_SYMBOLS_MAX], depth[HUFFMAN_SYMBOLS_MAX];
    unsigned leaf = 0, inner = 0, inner_count = count - 1;

    for (unsigned made = 0; made < inner_count; made++) {
        weight[made] = 0;
        for (int child = 0; child < 2; child++) {
            if (leaf < count && (inner == made || leaves[leaf].count <= weight[inner])) {
                weight[made] += leaves[leaf].count;
                parent[leaf++] = (uint16_t)made;
            } else {
                weight[made] += weight[inner];
                parent[count + inner++] = (uint16_t)made;
            }
        }
    }
    depth[inner_count - 1] = 0;
    for (unsigned i = inner_count - 1; i-- > 0;)
        depth[i] = (uint16_t)(depth[parent[count + i]] + 1);
    memset(lengths, 0, (HUFFMAN_BITS_MAX + 1) * sizeof *lengths);
    for (unsigned i = 0; i < count; i++) {
        unsigned length = depth[parent[i]] + 1u;

        lengths[length < limit ? length : limit]++;
    }
}

/* Cutting long codes short has used more room than there is. Each turn takes one code of the limit's length
 * away and hangs it, with the longest of the shorter codes, one level below that one: one place less. */
static void fit(unsigned *lengths, unsigned limit)
{
    uint32_t used = 0;

    for (unsigned i = 1; i <= limit; i++)
        used += (uint32_t)lengths[i] << (limit - i);
    for (; used > 1u << limit; used--) {
        unsigned shorter = limit - 1;

        while (lengths[shorter] == 0)
            shorter--;
        lengths[limit]--;
        lengths[shorter]--;
        lengths[shorter + 1] += 2;
    }
}

static uint16_t reversed(unsigned bits, unsigned length)
{
    unsigned result = 0;

    for (; length > 0; length--, bits >>= 1)
        result = result << 1 | (bits & 1);
    return (uint16_t)result;
}

void huffman_make(struct huffman_code *codes, const uint32_t *counts, unsigned symbols, unsigned limit)
{
    struct leaf leaves[HUFFMAN_SYMBOLS_MAX];
    unsigned lengths[HUFFMAN_BITS_MAX + 1], next[HUFFMAN_BITS_MAX + 2] = {0}, count = 0, at = 0;

    memset(codes, 0, symbols * sizeof *codes);
    for (unsigned i = 0; i < symbols; i++)
        if (counts[i] != 0)
            leaves[count++] = (struct leaf){counts[i], (uint16_t)i};
    qsort(leaves, count, sizeof *leaves, by_count);
    count_lengths(leaves, count, limit, lengths);
    fit(lengths, limit);
    /* The rarest symbols get the longest codes. */
    for (unsigned length = limit; length > 0; length--)
        for (unsigned i = 0; i < lengths[length]; i++)
            codes[leaves[at++].symbol].length = (uint16_t)length;
    for (unsigned length = 1; length <= limit; length++)
        next[length + 1] = (next[length] + lengths[length]) << 1;
    for (unsigned i = 0; i < symbols; i++)
        if (codes[i].length != 0)
            codes[i].bits = reversed(next[codes[i].length]++, codes[i].length);
}
