/*
 * The manifest of a printing job: of each block, which is what goes onto one sheet, how long it is and what
 * its digest is. It is made durable behind the blocks and before the job is registered, and lies beside them.
 */
#ifndef DESKLINE_SERVICED_DOCUMENTS_MANIFEST_H
#define DESKLINE_SERVICED_DOCUMENTS_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#define MANIFEST_DIGEST_BYTES 32
#define MANIFEST_BLOCKS_MAX   65536u

struct manifest_block {
    uint64_t length;
    uint32_t front, back; /* pages of the document; back 0: one side is printed */
    uint8_t digest[MANIFEST_DIGEST_BYTES];
};

/* Zeroed is an empty one. */
struct manifest {
    uint32_t count, room;
    struct manifest_block *blocks; /* block n is blocks[n - 1] */
};

void manifest_free(struct manifest *manifest);
/* At its end. -ERANGE for more than MANIFEST_BLOCKS_MAX, -EINVAL for a block without bytes or a front. */
int manifest_add(struct manifest *manifest, const struct manifest_block *block);
/* NULL: there is no such block. */
const struct manifest_block *manifest_find(const struct manifest *manifest, uint32_t block);
/* Of all blocks. */
uint64_t manifest_bytes(const struct manifest *manifest);

/* As a byte string with a digest of its own, that the caller frees; -ENOMEM. And back: -EBADMSG for one that
 * is not as it was written, *manifest is then empty. */
int manifest_encode(const struct manifest *manifest, uint8_t **bytes, size_t *length);
int manifest_decode(struct manifest *manifest, const uint8_t *bytes, size_t length);

/* The manifest of a job in the store's folder, durably. Both block. 0 or a negative errno. */
int manifest_save(const struct manifest *manifest, int store_fd, uint64_t job);
int manifest_load(struct manifest *manifest, int store_fd, uint64_t job);

#endif
