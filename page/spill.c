#include "config.h"

#include "page/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int spill_open(void)
{
    const char *folder = getenv("TMPDIR");
    char name[4096];
    int fd, length;

    if (folder == NULL || *folder != '/')
        folder = "/var/tmp"; /* not /tmp, which may be memory */
    fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    /* Not every file system has unnamed files. */
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        return -errno;
    length = snprintf(name, sizeof name, "%s/deskline.XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof name)
        return -ENAMETOOLONG;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (unlink(name) != 0) {
        int error = -errno;

        close(fd);
        return error;
    }
    return fd;
}

int spill_write(int fd, const void *bytes, size_t length, uint64_t offset)
{
    const uint8_t *next = bytes;

    while (length > 0) {
        ssize_t done = pwrite(fd, next, length, (off_t)offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -errno;
        next += done;
        length -= (size_t)done;
        offset += (uint64_t)done;
    }
    return 0;
}

int spill_read(int fd, void *bytes, size_t length, uint64_t offset)
{
    uint8_t *next = bytes;

    while (length > 0) {
        ssize_t done = pread(fd, next, length, (off_t)offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -errno;
        if (done == 0)
            return -EBADMSG;
        next += done;
        length -= (size_t)done;
        offset += (uint64_t)done;
    }
    return 0;
}
