#include "config.h"

#include "base/blob.h"
#include "base/blob_name.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int blob_write_all(int fd, const void *bytes, size_t length)
{
    const char *rest = bytes;

    while (length > 0) {
        ssize_t written = write(fd, rest, length);

        if (written < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        if (written == 0) /* no file system does this; do not wait for one that does */
            return -EIO;
        rest += written;
        length -= (size_t)written;
    }
    return 0;
}

ssize_t blob_read_at(int fd, void *bytes, size_t length, uint64_t offset)
{
    char *to = bytes;
    size_t done = 0;

    if (length > SSIZE_MAX || offset > (uint64_t)INT64_MAX - length)
        return -EINVAL;
    while (done < length) {
        ssize_t got = pread(fd, to + done, length - done, (off_t)(offset + done));

        if (got < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static int blob_sync(int fd)
{
    while (fsync(fd) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return 0;
}

/* The same as blob_commit, within the folder. */
static int blob_commit_within(int folder_fd, int fd, const char *temporary_name, const char *name)
{
    int error = blob_sync(fd);

    if (error < 0)
        return error;
    if (renameat(folder_fd, temporary_name, folder_fd, name) < 0)
        return -errno;
    return blob_sync(folder_fd);
}

int blob_commit(int folder_fd, int fd, const char *temporary_name, const char *name)
{
    struct blob_place from, to = {0};
    int error = blob_place_open(&from, folder_fd, temporary_name);

    if (error == 0)
        error = blob_place_open(&to, folder_fd, name);
    if (error == 0)
        error = blob_sync(fd);
    if (error == 0 && renameat(from.folder_fd, from.last, to.folder_fd, to.last) < 0)
        error = -errno;
    if (error == 0)
        error = blob_sync(to.folder_fd);
    blob_place_close(&from);
    blob_place_close(&to);
    return error;
}

/* A new file with a name that no other thread or process of ours takes: left-overs of an earlier process with
 * the same id are stepped over. */
static int blob_create_temporary(int folder_fd, char name[64])
{
    static atomic_uint_fast64_t counter;
    int fd;

    do {
        snprintf(name, 64, BLOB_TEMPORARY "%ld-%llu", (long)getpid(),
                 (unsigned long long)atomic_fetch_add(&counter, 1));
        fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    } while (fd < 0 && (errno == EEXIST || errno == EINTR));
    return fd < 0 ? -errno : fd;
}

int blob_replace(int folder_fd, const char *name, const void *bytes, size_t length)
{
    struct blob_place place;
    char temporary[64];
    int error = blob_place_open(&place, folder_fd, name);
    int fd;

    if (error < 0)
        goto close_place;
    fd = error = blob_create_temporary(place.folder_fd, temporary);
    if (error < 0)
        goto close_place;
    error = blob_write_all(fd, bytes, length);
    if (error == 0)
        error = blob_commit_within(place.folder_fd, fd, temporary, place.last);
    if (error < 0)
        unlinkat(place.folder_fd, temporary, 0); /* not there when only the last sync failed */
    close(fd);
close_place:
    blob_place_close(&place);
    return error;
}

int blob_read(int folder_fd, const char *name, size_t limit, char **bytes, size_t *length)
{
    struct stat status;
    char *memory = NULL;
    ssize_t got;
    int error = 0;
    int fd = blob_open(folder_fd, name, O_RDONLY, 0);

    if (fd < 0)
        return fd;
    if (fstat(fd, &status) < 0)
        error = -errno;
    else if (S_ISDIR(status.st_mode))
        error = -EISDIR;
    else if (!S_ISREG(status.st_mode))
        error = -EINVAL;
    else if (limit >= SSIZE_MAX || status.st_size > (off_t)limit)
        error = -EFBIG;
    if (error < 0)
        goto close_file;

    /* The file may grow meanwhile: the size decides about memory, one byte more tells that there is more. */
    memory = malloc((size_t)status.st_size + 1);
    if (memory == NULL) {
        error = -ENOMEM;
        goto close_file;
    }
    got = blob_read_at(fd, memory, (size_t)status.st_size + 1, 0);
    if (got < 0)
        error = (int)got;
    else if (got > status.st_size)
        error = -EAGAIN;
    if (error < 0) {
        free(memory);
        goto close_file;
    }
    memory[got] = '\0';
    *bytes = memory;
    *length = (size_t)got;
close_file:
    close(fd);
    return error;
}

int blob_remove(int folder_fd, const char *name)
{
    struct blob_place place;
    int error = blob_place_open(&place, folder_fd, name);

    if (error == 0 && unlinkat(place.folder_fd, place.last, 0) < 0)
        error = -errno;
    blob_place_close(&place);
    return error == -ENOENT ? 0 : error;
}

int blob_digest(int fd, uint64_t length, uint8_t digest[32])
{
    unsigned char chunk[32768];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    uint64_t offset = 0;
    int error = -ENOMEM;

    if (hash == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
        goto free_hash;
    while (offset < length) {
        size_t wanted = length - offset < sizeof chunk ? (size_t)(length - offset) : sizeof chunk;
        ssize_t got = blob_read_at(fd, chunk, wanted, offset);

        if (got < 0) {
            error = (int)got;
            goto free_hash;
        }
        if ((size_t)got < wanted) {
            error = -ENODATA;
            goto free_hash;
        }
        if (EVP_DigestUpdate(hash, chunk, wanted) != 1)
            goto free_hash;
        offset += wanted;
    }
    if (EVP_DigestFinal_ex(hash, digest, NULL) == 1)
        error = 0;
free_hash:
    EVP_MD_CTX_free(hash);
    return error;
}
