#include "config.h"

#include "clientd/units/page_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/memory.h"
#include "clientd/spool_names.h"

struct page_spool {
    int folder_fd;
    page_spool_wait wait_for_space;
    void *wait_context;

    /* The page that was begun. */
    int stream_fd;
    char stream_name[SPOOL_NAME_SIZE], meta_name[SPOOL_NAME_SIZE];
    uint64_t length;
    EVP_MD_CTX *digest;
    uint8_t digest_bytes[32];
};

int page_spool_open(struct page_spool **spool, const char *folder, page_spool_wait wait_for_space,
                    void *context)
{
    *spool = NULL;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct page_spool *made = memory_new(sizeof *made);
    made->folder_fd = fd;
    made->stream_fd = -1;
    made->wait_for_space = wait_for_space;
    made->wait_context = context;
    made->digest = EVP_MD_CTX_new();
    if (!made->digest) {
        page_spool_free(&made);
        return -ENOMEM;
    }
    *spool = made;
    return 0;
}

void page_spool_free(struct page_spool **spool)
{
    if (!*spool)
        return;
    page_spool_abandon(*spool);
    EVP_MD_CTX_free((*spool)->digest);
    close((*spool)->folder_fd);
    free(*spool);
    *spool = NULL;
}

/* Whether to try again after `error`: 0, or the error to end with. */
static int after_error(struct page_spool *spool, int error)
{
    return error == -ENOSPC || error == -EDQUOT ? spool->wait_for_space(spool->wait_context) : error;
}

static int make_stream(struct page_spool *spool)
{
    int fd;
    while ((fd = blob_open(spool->folder_fd, spool->stream_name, O_WRONLY | O_CREAT | O_EXCL, 0600)) < 0) {
        int error = after_error(spool, fd);
        if (error)
            return error;
    }
    spool->stream_fd = fd;
    return 0;
}

int page_spool_begin(struct page_spool *spool, uint32_t page, uint32_t generation)
{
    page_spool_abandon(spool);
    spool_stream_name(spool->stream_name, page, generation);
    spool_meta_name(spool->meta_name, page, generation);
    spool->length = 0;
    if (EVP_DigestInit_ex(spool->digest, EVP_sha256(), NULL) != 1)
        return -ENOMEM;
    int error = make_stream(spool);
    if (!error && fsync(spool->folder_fd) < 0)
        error = -errno;
    return error;
}

int page_spool_write_at(struct page_spool *spool, int fd, const uint8_t *bytes, size_t length,
                        uint64_t offset)
{
    while (length) {
        ssize_t written = pwrite(fd, bytes, length, (off_t)offset);
        if (written < 0) {
            int error = errno == EINTR ? 0 : after_error(spool, -errno);
            if (error)
                return error;
            continue;
        }
        bytes += written;
        length -= (size_t)written;
        offset += (uint64_t)written;
    }
    return 0;
}

int page_spool_append(void *context, const uint8_t *bytes, size_t length)
{
    struct page_spool *spool = context;
    int error = page_spool_write_at(spool, spool->stream_fd, bytes, length, spool->length);
    if (error)
        return error;
    spool->length += length;
    return EVP_DigestUpdate(spool->digest, bytes, length) == 1 ? 0 : -ENOMEM;
}

uint64_t page_spool_length(const struct page_spool *spool)
{
    return spool->length;
}

/* The two frames of the meta file; it is small, so that trying again means writing it again. */
static int write_meta(struct page_spool *spool, const struct frame *begin, const struct frame *end)
{
    uint8_t bytes[2 * (FRAME_HEADER_BYTES + 128)];
    ssize_t first = frame_encode(begin, bytes, sizeof bytes);
    if (first < 0)
        return (int)first;
    ssize_t second = frame_encode(end, bytes + first, sizeof bytes - (size_t)first);
    if (second < 0)
        return (int)second;
    int error;
    while ((error = blob_replace(spool->folder_fd, spool->meta_name, bytes, (size_t)(first + second))) < 0) {
        error = after_error(spool, error);
        if (error)
            return error;
    }
    return 0;
}

int page_spool_commit(struct page_spool *spool, uint64_t job, struct frame_page_begin *begin, uint32_t rows,
                      struct frame *end)
{
    int error = 0;
    begin->height = rows;
    if (EVP_DigestFinal_ex(spool->digest, spool->digest_bytes, NULL) != 1)
        return -ENOMEM;
    *end = (struct frame){.type = FRAME_PAGE_END,
                          .job = job,
                          .page_end = {.page = begin->page,
                                       .generation = begin->generation,
                                       .length = spool->length,
                                       .rows = rows,
                                       .digest = {spool->digest_bytes, sizeof spool->digest_bytes}}};
    /* A sync that failed may have dropped what it could not write: it is not tried again, not even for space.
     */
    if (fsync(spool->stream_fd) < 0)
        error = -errno;
    if (!error)
        error = write_meta(spool, &(struct frame){.type = FRAME_PAGE_BEGIN, .job = job, .page_begin = *begin},
                           end);
    page_spool_abandon(spool);
    return error;
}

void page_spool_abandon(struct page_spool *spool)
{
    if (spool->stream_fd >= 0)
        close(spool->stream_fd);
    spool->stream_fd = -1;
}

int page_spool_discard(struct page_spool *spool)
{
    if (spool->stream_fd < 0)
        return 0;
    page_spool_abandon(spool);
    int error = blob_remove(spool->folder_fd, spool->stream_name);
    if (!error && fsync(spool->folder_fd) < 0)
        error = -errno;
    if (error)
        log_error("%s cannot be removed from the spool: %s", spool->stream_name, strerror(-error));
    return error;
}

int page_spool_scratch(struct page_spool *spool)
{
    static const char name[] = "planes.tmp";
    int fd, error;
    while ((fd = blob_open(spool->folder_fd, name, O_RDWR | O_CREAT | O_TRUNC, 0600)) < 0) {
        error = after_error(spool, fd);
        if (error)
            return error;
    }
    error = blob_remove(spool->folder_fd, name);
    if (error) {
        close(fd);
        return error;
    }
    return fd;
}
