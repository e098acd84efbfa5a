/*
 * Durable files: written as temp file, fsync, rename, fsync of the folder.
 *
 * Names are relative to a folder handle and never leave it: an empty or absolute name, or one with a part "."
 * or
 * "..", is -EINVAL; a symbolic link on the way is -ELOOP. All calls block: on a loop, call them from a
 * worker.
 */
#ifndef DESKLINE_BASE_BLOB_H
#define DESKLINE_BASE_BLOB_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens beneath the folder (openat2, or part by part where the kernel lacks it). Returns a descriptor
 * (O_CLOEXEC) or a negative errno. `mode` counts with O_CREAT only. Opening a FIFO does not wait. */
int blob_open(int folder_fd, const char *name, int flags, mode_t mode);
/* Creates a folder (and its parents) with mode 0700 where it is missing, durably, and returns a handle on it,
 * or a negative errno. The path is the administrator's: symbolic links are followed. */
int blob_folder(const char *path);
/* The same beneath a folder handle; the parents of `name` exist. */
int blob_subfolder(int folder_fd, const char *name);

/* Writes the whole of `bytes`; retries EINTR and short writes. 0 or a negative errno. */
int blob_write_all(int fd, const void *bytes, size_t length);
/* Reads up to `length` bytes at `offset`; the count (short only at the end of the file) or a negative errno.
 */
ssize_t blob_read_at(int fd, void *bytes, size_t length, uint64_t offset);

/* Replaces `name` by the bytes, durably: after a crash the file is the old one or the new one. Mode
 * 0600. The temporary file is named BLOB_TEMPORARY… in the same folder; only a crash leaves one behind. */
#define BLOB_TEMPORARY ".tmp-"
int blob_replace(int folder_fd, const char *name, const void *bytes, size_t length);
/* Reads a whole file of at most `limit` bytes into memory that the caller frees; -EFBIG over it,
 * -EAGAIN when it grew meanwhile, -EINVAL for what is no file. A NUL follows the last byte. */
int blob_read(int folder_fd, const char *name, size_t limit, char **bytes, size_t *length);

/* fsync of the file, rename to `name`, fsync of the folder. On an error before the rename the temporary file
 * is still there, for the caller to remove or to commit again. */
int blob_commit(int folder_fd, int fd, const char *temporary_name, const char *name);
/* Unlinks; a name that is not there is no error. Not synced. */
int blob_remove(int folder_fd, const char *name);
/* Removes a folder and all below it, or a file; not there is no error. Symbolic links are removed, not
 * followed. -ELOOP for more than 32 levels. Not synced. */
int blob_remove_tree(int folder_fd, const char *name);
/* Calls `visit` for every name in the folder (not . and ..); a non-zero return ends the walk with it.
 * `visit` may remove the name that it got. */
int blob_each(int folder_fd, int (*visit)(void *context, const char *name), void *context);

/* SHA-256 of a file's first `length` bytes, into 32 bytes; -ENODATA when it is shorter. */
int blob_digest(int fd, uint64_t length, uint8_t digest[32]);

#endif
