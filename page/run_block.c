#include "config.h"

#include "page/run_block.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "page/huffman.h"

/* Symbols: the 256 bytes, the end, 29 lengths of runs. Distances: a run begins at distance 1 and goes on at
 * 4, which says the same, but does not make a decoder wait for each byte before it can copy the next. */
#define END_OF_BLOCK  256
#define LENGTH_SYMBOL 257
#define SYMBOLS       286
#define DISTANCES     4   /* of which the first and the last have a code, of one bit: 0 and 1 */
#define RUN_MAX       258 /* in one symbol */
#define RUN_MIN       3

/* Four of these codes and seven waiting bits fit 64 bits. */
#define LITERAL_BITS 12

/* The search looks at every fourth place whether four bytes repeat the one before. It finds all runs of 7. */
#define STEP 4

#define LENGTH_CODES 19 /* codes for lengths of codes */

struct run {
    uint32_t start, length;
};

struct run_block {
    size_t length;
    struct huffman_code codes[SYMBOLS];
    size_t run_count;
    struct run runs[RUN_BLOCK_BYTES / STEP + 1]; /* the last one is empty and stands at the end */
};

struct run_block *run_block_new(void)
{
    return malloc(sizeof(struct run_block));
}

void run_block_free(struct run_block **block)
{
    if (block == NULL)
        return;
    free(*block);
    *block = NULL;
}

void bit_output_put(struct bit_output *to, uint32_t bits, unsigned count)
{
    to->waiting |= (uint64_t)bits << to->count;
    to->count += count;
    for (; to->count >= 8; to->count -= 8, to->waiting >>= 8)
        *to->out++ = (uint8_t)to->waiting;
}

/* The symbol for a run of RUN_MIN to RUN_MAX bytes, and what the bits behind it say. */
static unsigned length_symbol(unsigned length, unsigned *extra, unsigned *extra_bits)
{
    unsigned from_zero = length - RUN_MIN, bits = 0;

    if (length == RUN_MAX) {
        *extra = *extra_bits = 0;
        return SYMBOLS - 1;
    }
    while (from_zero >> bits >= 8)
        bits++;
    *extra_bits = bits;
    *extra = from_zero & ((1u << bits) - 1);
    return LENGTH_SYMBOL + 4 * bits + (from_zero >> bits);
}

/* How much of a run the next symbol takes; what it leaves is nothing or no less than RUN_MIN. */
static unsigned part_of_run(uint32_t left)
{
    if (left <= RUN_MAX)
        return left;
    return left - RUN_MAX < RUN_MIN ? RUN_MAX - RUN_MIN : RUN_MAX;
}

static uint64_t load_64(const uint8_t *from)
{
    uint64_t value;

    memcpy(&value, from, sizeof value);
    return value;
}

static int repeats_4(const uint8_t *at)
{
    uint32_t here, before;

    memcpy(&here, at, sizeof here);
    memcpy(&before, at - 1, sizeof before);
    return here == before;
}

/* The end of the run that the byte before `at` begins. */
static size_t run_end(const uint8_t *bytes, size_t at, size_t length)
{
    while (length - at >= 8 && load_64(bytes + at) == load_64(bytes + at - 1))
        at += 8;
    while (at < length && bytes[at] == bytes[at - 1])
        at++;
    return at;
}

static void find_runs(struct run_block *block, const uint8_t *bytes, size_t length)
{
    size_t at = 1, taken = 0; /* where a run may begin: behind a byte that is there already */

    block->run_count = 0;
    while (at + STEP <= length) {
        size_t start = at;

        if (!repeats_4(bytes + at)) {
            at += STEP;
            continue;
        }
        while (start > taken + 1 && bytes[start - 1] == bytes[start - 2])
            start--;
        at = run_end(bytes, at + STEP, length);
        block->runs[block->run_count++] = (struct run){(uint32_t)start, (uint32_t)(at - start)};
        taken = at;
        at++;
    }
    block->runs[block->run_count] = (struct run){(uint32_t)length, 0};
}

/* Four tables, because adding to the same entry twice in a row has to wait. */
static void count_literals(uint32_t counts[4][256], const uint8_t *bytes, size_t length)
{
    size_t i = 0;

    for (; i + 4 <= length; i += 4) {
        counts[0][bytes[i]]++;
        counts[1][bytes[i + 1]]++;
        counts[2][bytes[i + 2]]++;
        counts[3][bytes[i + 3]]++;
    }
    for (; i < length; i++)
        counts[0][bytes[i]]++;
}

/* Returns how many bits follow the symbols: those of the lengths, and one for each distance. */
static uint64_t count_run(uint32_t *counts, uint32_t left)
{
    uint64_t bits = 0;

    while (left > 0) {
        unsigned part = part_of_run(left), extra, extra_bits;

        counts[length_symbol(part, &extra, &extra_bits)]++;
        bits += extra_bits + 1;
        left -= part;
    }
    return bits;
}

uint64_t run_block_plan(struct run_block *block, const uint8_t *bytes, size_t length)
{
    uint32_t literals[4][256] = {{0}}, counts[SYMBOLS] = {0};
    uint64_t bits = 0;
    size_t at = 0;

    block->length = length;
    find_runs(block, bytes, length);
    for (size_t i = 0; i <= block->run_count; i++) {
        count_literals(literals, bytes + at, block->runs[i].start - at);
        bits += count_run(counts, block->runs[i].length);
        at = block->runs[i].start + block->runs[i].length;
    }
    for (unsigned i = 0; i < 256; i++)
        counts[i] = literals[0][i] + literals[1][i] + literals[2][i] + literals[3][i];
    counts[END_OF_BLOCK] = 1;
    huffman_make(block->codes, counts, SYMBOLS, LITERAL_BITS);
    for (unsigned i = 0; i < SYMBOLS; i++)
        bits += (uint64_t)counts[i] * block->codes[i].length;
    return bits;
}

/* A symbol of the codes' description: a length, or 17 and 18, which stand for many zeros. */
struct described {
    uint8_t symbol, extra, extra_bits;
};

static unsigned describe(const struct run_block *block, struct described *to)
{
    unsigned count = 0;

    for (unsigned i = 0; i < SYMBOLS;) {
        unsigned zeros = 0;

        while (i + zeros < SYMBOLS && zeros < 138 && block->codes[i + zeros].length == 0)
            zeros++;
        if (zeros >= 11)
            to[count++] = (struct described){18, (uint8_t)(zeros - 11), 7};
        else if (zeros >= 3)
            to[count++] = (struct described){17, (uint8_t)(zeros - 3), 3};
        else
            to[count++] = (struct described){(uint8_t)block->codes[i].length, 0, 0};
        i += zeros >= 3 ? zeros : 1;
    }
    for (unsigned i = 0; i < DISTANCES; i++)
        to[count++] = (struct described){i == 0 || i == DISTANCES - 1, 0, 0};
    return count;
}

static void write_codes(const struct run_block *block, struct bit_output *to)
{
    static const uint8_t order[LENGTH_CODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                11, 4,  12, 3, 13, 2, 14, 1, 15};
    struct described described[SYMBOLS + DISTANCES];
    struct huffman_code codes[LENGTH_CODES];
    uint32_t counts[LENGTH_CODES] = {0};
    unsigned count = describe(block, described);

    for (unsigned i = 0; i < count; i++)
        counts[described[i].symbol]++;
    huffman_make(codes, counts, LENGTH_CODES, 7);
    bit_output_put(to, 2u << 1, 3); /* not the last block; codes of its own */
    bit_output_put(to, SYMBOLS - LENGTH_SYMBOL, 5);
    bit_output_put(to, DISTANCES - 1, 5);
    bit_output_put(to, LENGTH_CODES - 4, 4);
    for (unsigned i = 0; i < LENGTH_CODES; i++)
        bit_output_put(to, codes[order[i]].length, 3);
    for (unsigned i = 0; i < count; i++) {
        bit_output_put(to, codes[described[i].symbol].bits, codes[described[i].symbol].length);
        bit_output_put(to, described[i].extra, described[i].extra_bits);
    }
}

static void write_literals(const struct huffman_code *codes, const uint8_t *bytes, size_t length,
                           struct bit_output *to)
{
    struct bit_output local = *to;
    size_t i = 0;

    for (; i + 4 <= length; i += 4) {
        uint64_t bytes_out;

        for (unsigned k = 0; k < 4; k++) {
            struct huffman_code code = codes[bytes[i + k]];

            local.waiting |= (uint64_t)code.bits << local.count;
            local.count += code.length;
        }
        bytes_out = htole64(local.waiting);
        memcpy(local.out, &bytes_out, sizeof bytes_out);
        local.out += local.count / 8;
        local.waiting >>= local.count & ~7u;
        local.count &= 7;
    }
    for (; i < length; i++)
        bit_output_put(&local, codes[bytes[i]].bits, codes[bytes[i]].length);
    *to = local;
}

static void write_run(const struct huffman_code *codes, uint32_t left, struct bit_output *to)
{
    unsigned distance = 0;

    for (; left > 0; distance = 1) {
        unsigned part = part_of_run(left), extra, extra_bits;
        const struct huffman_code *code = &codes[length_symbol(part, &extra, &extra_bits)];

        bit_output_put(to, code->bits, code->length);
        bit_output_put(to, extra | distance << extra_bits, extra_bits + 1);
        left -= part;
    }
}

void run_block_write(const struct run_block *block, const uint8_t *bytes, struct bit_output *to)
{
    size_t at = 0;

    write_codes(block, to);
    for (size_t i = 0; i <= block->run_count; i++) {
        const struct run *run = &block->runs[i];

        write_literals(block->codes, bytes + at, run->start - at, to);
        write_run(block->codes, run->length, to);
        at = run->start + run->length;
    }
    bit_output_put(to, block->codes[END_OF_BLOCK].bits, block->codes[END_OF_BLOCK].length);
}
