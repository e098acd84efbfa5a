#include "config.h"

#include "base/blob.h"
#include "base/blob_name.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int blob_check_name(const char *name)
{
    const char *part = name;

    if (strnlen(name, PATH_MAX) == PATH_MAX)
        return -EINVAL;
    for (;;) {
        size_t length = strcspn(part, "/");

        if (length == 0 || (length == 1 && part[0] == '.') ||
            (length == 2 && part[0] == '.' && part[1] == '.'))
            return -EINVAL;
        if (part[length] == '\0')
            return 0;
        part += length + 1;
    }
}

/* Opens one part without following a link; says -ELOOP for one also where the kernel says 'not a folder'. */
static int blob_open_part(int folder_fd, const char *part, int flags, mode_t mode)
{
    int fd = openat(folder_fd, part, flags | O_NOFOLLOW, mode);
    struct stat status;
    int error;

    if (fd >= 0)
        return fd;
    error = errno;
    if (error == ENOTDIR && fstatat(folder_fd, part, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(status.st_mode))
        error = ELOOP;
    return -error;
}

/* Where the kernel lacks openat2, or a sandbox that does not know it forbids it. */
static int blob_open_by_parts(int folder_fd, const char *name, int flags, mode_t mode)
{
    char part[NAME_MAX + 1];
    int fd = folder_fd, next;
    size_t length;

    while (name[length = strcspn(name, "/")] != '\0') {
        if (length > NAME_MAX) {
            next = -ENAMETOOLONG;
        } else {
            memcpy(part, name, length);
            part[length] = '\0';
            next = blob_open_part(fd, part, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        }
        if (fd != folder_fd)
            close(fd);
        if (next < 0)
            return next;
        fd = next;
        name += length + 1;
    }
    next = blob_open_part(fd, name, flags, mode);
    if (fd != folder_fd)
        close(fd);
    return next;
}

int blob_open(int folder_fd, const char *name, int flags, mode_t mode)
{
    struct open_how how = {.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    int error = blob_check_name(name);
    long fd;

    if (error < 0)
        return error;
    flags |= O_CLOEXEC;
    if ((flags & O_PATH) == 0)
        flags |= O_NOCTTY | O_NONBLOCK;
    how.flags = (unsigned)flags;
    how.mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE
                   ? mode
                   : 0; /* openat2 refuses a mode without them */
    do {                /* EAGAIN: something beneath was moved meanwhile */
        fd = syscall(SYS_openat2, folder_fd, name, &how, sizeof how);
    } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return blob_open_by_parts(folder_fd, name, flags, mode);
    return fd < 0 ? -errno : (int)fd;
}

int blob_place_open(struct blob_place *place, int folder_fd, const char *name)
{
    char parent[PATH_MAX];
    const char *slash;
    int error = blob_check_name(name);

    *place = (struct blob_place){.folder_fd = folder_fd, .last = name};
    if (error < 0)
        return error;
    slash = strrchr(name, '/');
    if (slash == NULL)
        return 0;
    memcpy(parent, name, (size_t)(slash - name));
    parent[slash - name] = '\0';
    place->last = slash + 1;
    place->folder_fd = blob_open(folder_fd, parent, O_RDONLY | O_DIRECTORY, 0);
    place->opened = place->folder_fd >= 0;
    return place->opened ? 0 : place->folder_fd;
}

void blob_place_close(struct blob_place *place)
{
    if (place->opened)
        close(place->folder_fd);
    place->opened = false;
}
