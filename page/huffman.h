/* Prefix codes of deflate (RFC 1951, 3.2.2): optimal but for a limit to their length. */
#ifndef DESKLINE_PAGE_HUFFMAN_H
#define DESKLINE_PAGE_HUFFMAN_H

#include <stdint.h>

#define HUFFMAN_SYMBOLS_MAX 288
#define HUFFMAN_BITS_MAX    15

struct huffman_code {
    uint16_t bits;   /* first bit lowest, as deflate packs its bits */
    uint16_t length; /* 0: the symbol has no code */
};

/* Gives each symbol that occurs its code, of `limit` bits at most. `counts` and `codes` have `symbols`
 * entries, HUFFMAN_SYMBOLS_MAX at most. At least two symbols occur and no more than 1 << limit; the sum of
 * the counts fits 32 bits. The codes are complete. */
void huffman_make(struct huffman_code *codes, const uint32_t *counts, unsigned symbols, unsigned limit);

#endif
