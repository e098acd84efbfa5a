/*
 * A block of deflate (RFC 1951, 3.2.7) that knows no matches but runs of one byte, in codes made for it.
 *
 * That is all that filtered samples need: noise has no other repetitions, and an even area is one run.
 */
#ifndef DESKLINE_PAGE_RUN_BLOCK_H
#define DESKLINE_PAGE_RUN_BLOCK_H

#include <stddef.h>
#include <stdint.h>

/* The most bytes that one block holds, and how many it takes at most when written. */
#define RUN_BLOCK_BYTES     (32u * 1024u)
#define RUN_BLOCK_BYTES_OUT (2 * RUN_BLOCK_BYTES)

/* Where bits go: whole bytes to `out`, fewer than eight bits wait. */
struct bit_output {
    uint8_t *out;
    uint64_t waiting;
    unsigned count;
};

struct run_block;

/* NULL without memory. The caller frees it with run_block_free. */
struct run_block *run_block_new(void);

/* Looks at the 1 to RUN_BLOCK_BYTES bytes of a block. Returns how many bits their codes will take. */
uint64_t run_block_plan(struct run_block *block, const uint8_t *bytes, size_t length);

/* Writes the block that was planned. `to` has room for RUN_BLOCK_BYTES_OUT bytes. */
void run_block_write(const struct run_block *block, const uint8_t *bytes, struct bit_output *to);

/* Appends up to 32 bits, the lowest first. There is room for 8 bytes. */
void bit_output_put(struct bit_output *to, uint32_t bits, unsigned count);

/* Safe on NULL; clears *block. */
void run_block_free(struct run_block **block);

#endif
