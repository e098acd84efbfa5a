#include "config.h"

#include "serviced/units/block_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blob.h"

void block_name(char name[BLOCK_NAME_SIZE], uint32_t sheet)
{
    snprintf(name, BLOCK_NAME_SIZE, "%06u.pdf", (unsigned)sheet);
}

int block_file_begin(struct block_file *block, int folder_fd, const char *folder, uint32_t sheet)
{
    char name[BLOCK_NAME_SIZE];
    *block = (struct block_file){.folder_fd = folder_fd, .fd = -1};
    block_name(name, sheet);
    snprintf(block->temporary, sizeof block->temporary, BLOB_TEMPORARY "%s", name);
    int length = snprintf(block->path, sizeof block->path, "%s/%s", folder, block->temporary);
    if (length < 0 || (size_t)length >= sizeof block->path)
        return -ENAMETOOLONG;
    block->fd = blob_open(folder_fd, block->temporary, O_RDWR | O_CREAT | O_TRUNC, 0600);
    return block->fd < 0 ? block->fd : 0;
}

int block_file_commit(struct block_file *block, uint32_t sheet, uint64_t *length, uint8_t digest[32])
{
    char name[BLOCK_NAME_SIZE];
    struct stat status;
    if (fstat(block->fd, &status) < 0)
        return -errno;
    *length = (uint64_t)status.st_size;
    int error = blob_digest(block->fd, *length, digest);
    if (error)
        return error;
    block_name(name, sheet);
    error = blob_commit(block->folder_fd, block->fd, block->temporary, name);
    if (!error)
        block->temporary[0] = '\0';
    return error;
}

void block_file_drop(struct block_file *block)
{
    if (block->fd < 0)
        return;
    close(block->fd);
    block->fd = -1;
    if (block->temporary[0])
        blob_remove(block->folder_fd, block->temporary);
}
