#include "config.h"

#include "serviced/documents/manifest.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/blob.h"
#include "base/memory.h"
#include "serviced/documents/store.h"
#include "wire/bytes.h"

/*
 * In the file, all numbers big-endian:
 *
 *   magic 8 · blocks u32 · for each block: length u64, front u32, back u32, digest 32 · SHA-256 of all that
 */
#define HEAD_BYTES  12u
#define BLOCK_BYTES (16u + MANIFEST_DIGEST_BYTES)
static const uint8_t magic[8] = {'D', 'L', 'B', 'L', 'O', 'C', 'K', 1};

void manifest_free(struct manifest *manifest)
{
    free(manifest->blocks);
    *manifest = (struct manifest){0};
}

int manifest_add(struct manifest *manifest, const struct manifest_block *block)
{
    if (block->length == 0 || block->front == 0)
        return -EINVAL;
    if (manifest->count >= MANIFEST_BLOCKS_MAX)
        return -ERANGE;
    if (manifest->count == manifest->room) {
        manifest->room = manifest->room ? manifest->room * 2 : 16;
        manifest->blocks = memory_resize(manifest->blocks, manifest->room, sizeof *manifest->blocks);
    }
    manifest->blocks[manifest->count++] = *block;
    return 0;
}

const struct manifest_block *manifest_find(const struct manifest *manifest, uint32_t block)
{
    return block >= 1 && block <= manifest->count ? &manifest->blocks[block - 1] : NULL;
}

uint64_t manifest_bytes(const struct manifest *manifest)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < manifest->count; i++)
        bytes += manifest->blocks[i].length;
    return bytes;
}

/* ---- As bytes ----------------------------------------------------------------------------------------- */

int manifest_encode(const struct manifest *manifest, uint8_t **bytes, size_t *length)
{
    size_t body = HEAD_BYTES + (size_t)manifest->count * BLOCK_BYTES;
    uint8_t *at = *bytes = malloc(body + SHA256_DIGEST_LENGTH);
    if (!at)
        return -ENOMEM;
    memcpy(at, magic, sizeof magic);
    bytes_put(at + sizeof magic, 4, manifest->count);
    at += HEAD_BYTES;
    for (uint32_t i = 0; i < manifest->count; i++, at += BLOCK_BYTES) {
        const struct manifest_block *block = &manifest->blocks[i];
        bytes_put(at, 8, block->length);
        bytes_put(at + 8, 4, block->front);
        bytes_put(at + 12, 4, block->back);
        memcpy(at + 16, block->digest, MANIFEST_DIGEST_BYTES);
    }
    SHA256(*bytes, body, at);
    *length = body + SHA256_DIGEST_LENGTH;
    return 0;
}

static int decode_blocks(struct manifest *manifest, const uint8_t *at, uint32_t count)
{
    int result = 0;
    for (; count && result == 0; count--, at += BLOCK_BYTES) {
        struct manifest_block block = {.length = bytes_get(at, 8),
                                       .front = (uint32_t)bytes_get(at + 8, 4),
                                       .back = (uint32_t)bytes_get(at + 12, 4)};
        memcpy(block.digest, at + 16, MANIFEST_DIGEST_BYTES);
        result = manifest_add(manifest, &block);
    }
    return result;
}

int manifest_decode(struct manifest *manifest, const uint8_t *bytes, size_t length)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    uint64_t count;
    *manifest = (struct manifest){0};
    if (length < HEAD_BYTES + sizeof digest || memcmp(bytes, magic, sizeof magic) != 0)
        return -EBADMSG;
    length -= sizeof digest;
    SHA256(bytes, length, digest);
    count = bytes_get(bytes + sizeof magic, 4);
    if (memcmp(digest, bytes + length, sizeof digest) != 0 || length != HEAD_BYTES + count * BLOCK_BYTES)
        return -EBADMSG;
    if (decode_blocks(manifest, bytes + HEAD_BYTES, (uint32_t)count) == 0)
        return 0;
    manifest_free(manifest);
    return -EBADMSG;
}

/* ---- On disk ------------------------------------------------------------------------------------------ */

int manifest_save(const struct manifest *manifest, int store_fd, uint64_t job)
{
    char name[STORE_NAME_BYTES];
    uint8_t *bytes = NULL;
    size_t length = 0;
    int result = manifest_encode(manifest, &bytes, &length);
    store_manifest_name(name, job);
    if (result == 0)
        result = blob_replace(store_fd, name, bytes, length);
    free(bytes);
    return result;
}

int manifest_load(struct manifest *manifest, int store_fd, uint64_t job)
{
    size_t limit = HEAD_BYTES + (size_t)MANIFEST_BLOCKS_MAX * BLOCK_BYTES + SHA256_DIGEST_LENGTH, length = 0;
    char name[STORE_NAME_BYTES], *bytes = NULL;
    int result;
    *manifest = (struct manifest){0};
    store_manifest_name(name, job);
    result = blob_read(store_fd, name, limit, &bytes, &length);
    if (result == 0)
        result = manifest_decode(manifest, (const uint8_t *)bytes, length);
    free(bytes);
    return result;
}
