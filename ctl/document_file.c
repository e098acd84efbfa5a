#include "config.h"

#include "ctl/document_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/memory.h"
#include "base/text.h"

struct document_file {
    int folder_fd, fd;
    bool may_replace;
    char wanted[DOCUMENT_NAME_BYTES];    /* empty: the server's name */
    char temporary[DOCUMENT_NAME_BYTES]; /* empty once it has its name */
};

static int open_folder(struct document_file *file, const char *path)
{
    struct stat status;
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (!path || (!stat(path, &status) && S_ISDIR(status.st_mode))) {
        file->folder_fd = open(path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return file->folder_fd < 0 ? -errno : 0;
    }
    const char *name = slash ? slash + 1 : path;
    if (strlen(name) >= sizeof file->wanted)
        return -ENAMETOOLONG;
    strcpy(file->wanted, name);
    file->may_replace = true;
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (!folder)
        return -ENOMEM;
    file->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = file->folder_fd < 0 ? -errno : 0;
    free(folder);
    return error;
}

int document_file_new(struct document_file **result, const char *path, char *why, size_t why_size)
{
    struct document_file *file = memory_new(sizeof *file);
    file->folder_fd = file->fd = -1;
    int error = open_folder(file, path);
    if (error) {
        snprintf(why, why_size, "the folder of %s cannot be opened: %s", path ? path : ".", strerror(-error));
        goto fail;
    }
    snprintf(file->temporary, sizeof file->temporary, BLOB_TEMPORARY "fetch-%ld", (long)getpid());
    /* The mode that any new file of this user has. */
    file->fd =
        openat(file->folder_fd, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file->fd < 0) {
        error = -errno;
        file->temporary[0] = '\0';
        snprintf(why, why_size, "no file can be made in the folder of %s: %s", path ? path : ".",
                 strerror(-error));
        goto fail;
    }
    *result = file;
    return 0;
fail:
    document_file_free(&file);
    *result = NULL;
    return error;
}

int document_file_write(struct document_file *file, const void *bytes, size_t length)
{
    return blob_write_all(file->fd, bytes, length);
}

int document_part_name(char name[DOCUMENT_NAME_BYTES], unsigned part)
{
    char whole[DOCUMENT_NAME_BYTES + 16];
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    int length = snprintf(whole, sizeof whole, "%.*s-%03u%s", (int)stem, name, part, name + stem);
    if (length >= DOCUMENT_NAME_BYTES)
        return -ENAMETOOLONG;
    memcpy(name, whole, (size_t)length + 1);
    return 0;
}

int document_file_commit(struct document_file *file, unsigned part, unsigned parts,
                         char name[DOCUMENT_NAME_BYTES])
{
    struct stat status;
    int error = 0;
    if (*file->wanted) {
        strcpy(name, file->wanted);
        if (parts > 1)
            error = document_part_name(name, part);
    }
    if (!error && !file->may_replace && !fstatat(file->folder_fd, name, &status, AT_SYMLINK_NOFOLLOW))
        error = -EEXIST;
    if (!error)
        error = blob_commit(file->folder_fd, file->fd, file->temporary, name);
    if (!error)
        file->temporary[0] = '\0';
    return error;
}

void document_file_free(struct document_file **file)
{
    if (!*file)
        return;
    if ((*file)->temporary[0])
        unlinkat((*file)->folder_fd, (*file)->temporary, 0);
    if ((*file)->fd >= 0)
        close((*file)->fd);
    if ((*file)->folder_fd >= 0)
        close((*file)->folder_fd);
    free(*file);
    *file = NULL;
}

void document_name(const char *from_server, uint64_t document, char name[DOCUMENT_NAME_BYTES])
{
    char escaped[DOCUMENT_NAME_BYTES];
    size_t length = strlen(from_server);
    bool is_plain = length > 0 && length < DOCUMENT_NAME_BYTES && from_server[0] != '.' &&
                    from_server[0] != '-' && !strchr(from_server, '/') &&
                    text_escape(escaped, sizeof escaped, from_server, length) == length;
    if (is_plain)
        strcpy(name, from_server);
    else
        snprintf(name, DOCUMENT_NAME_BYTES, "document-%llu", (unsigned long long)document);
}
