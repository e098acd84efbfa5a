/* Folders of blobs: making, walking and removing them. */
#include "config.h"

#include "base/blob.h"
#include "base/blob_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOB_LEVELS_MAX 32

/* Syncs the folder that holds `path`, given as long as it is. */
static int blob_sync_parent(const char *path)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int fd, error = 0;

    if (slash == NULL) {
        strcpy(parent, ".");
    } else {
        size_t length = slash == path ? 1 : (size_t)(slash - path);

        memcpy(parent, path, length);
        parent[length] = '\0';
    }
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fsync(fd) < 0)
        error = -errno;
    close(fd);
    return error;
}

static int blob_make_folder(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return blob_sync_parent(path);
    return errno == EEXIST ? 0 : -errno;
}

int blob_folder(const char *path)
{
    char step[PATH_MAX];
    size_t length = strnlen(path, PATH_MAX);
    int fd, error;

    if (length == 0)
        return -ENOENT;
    if (length == PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(step, path, length + 1);
    while (length > 1 && step[length - 1] == '/')
        step[--length] = '\0';
    for (char *slash = strchr(step + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        error = blob_make_folder(step);
        *slash = '/';
        if (error < 0)
            return error;
    }
    error = blob_make_folder(step);
    if (error < 0)
        return error;
    fd = open(step, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int blob_subfolder(int folder_fd, const char *name)
{
    struct blob_place place;
    int error = blob_place_open(&place, folder_fd, name);

    if (error == 0) {
        if (mkdirat(place.folder_fd, place.last, 0700) == 0)
            error = fsync(place.folder_fd) < 0 ? -errno : 0;
        else if (errno != EEXIST)
            error = -errno;
    }
    blob_place_close(&place);
    return error < 0 ? error : blob_open(folder_fd, name, O_RDONLY | O_DIRECTORY, 0);
}

int blob_each(int folder_fd, int (*visit)(void *context, const char *name), void *context)
{
    /* Opened anew, so that the walk has a position of its own. */
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct dirent *entry;
    int result = 0;
    DIR *folder;

    if (fd < 0)
        return -errno;
    folder = fdopendir(fd);
    if (folder == NULL) {
        result = -errno;
        close(fd);
        return result;
    }
    while (result == 0) {
        errno = 0;
        entry = readdir(folder);
        if (entry == NULL) {
            result = -errno;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = visit(context, entry->d_name);
    }
    closedir(folder);
    return result;
}

struct blob_removal {
    int folder_fd;
    unsigned level;
};

static int blob_remove_entry(void *context, const char *name)
{
    const struct blob_removal *removal = context;
    struct blob_removal below = {.level = removal->level + 1};
    int error;

    if (unlinkat(removal->folder_fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return -errno;
    if (below.level > BLOB_LEVELS_MAX)
        return -ELOOP;
    below.folder_fd = openat(removal->folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below.folder_fd < 0)
        return -errno;
    error = blob_each(below.folder_fd, blob_remove_entry, &below);
    close(below.folder_fd);
    if (error == 0 && unlinkat(removal->folder_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        error = -errno;
    return error;
}

int blob_remove_tree(int folder_fd, const char *name)
{
    struct blob_place place;
    struct blob_removal removal = {0};
    int error = blob_place_open(&place, folder_fd, name);

    if (error == 0) {
        removal.folder_fd = place.folder_fd;
        error = blob_remove_entry(&removal, place.last);
    }
    blob_place_close(&place);
    return error == -ENOENT ? 0 : error;
}
