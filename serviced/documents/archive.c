#include "config.h"

#include "serviced/documents/archive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/memory.h"
#include "base/worker.h"
#include "wire/utf8.h"

#define NAME_BYTES 512

struct archive {
    int folder_fd;
    struct worker_strand *removing;
};

int archive_open(struct archive **archive, struct worker_pool *workers, const char *path)
{
    int fd = blob_folder(path);
    *archive = NULL;
    if (fd >= 0 && faccessat(fd, ".", W_OK | X_OK, 0) < 0) {
        close(fd);
        fd = -EACCES;
    }
    if (fd < 0)
        return fd;
    *archive = memory_new(sizeof **archive);
    (*archive)->folder_fd = fd;
    (*archive)->removing = worker_strand_new(workers);
    return 0;
}

void archive_close(struct archive **archive)
{
    if (!*archive)
        return;
    worker_strand_free(&(*archive)->removing);
    close((*archive)->folder_fd);
    free(*archive);
    *archive = NULL;
}

int archive_folder(const struct archive *archive)
{
    return archive->folder_fd;
}

uint64_t archive_free_bytes(const struct archive *archive)
{
    struct statvfs status;
    if (fstatvfs(archive->folder_fd, &status) < 0)
        return 0;
    return (uint64_t)status.f_bavail * status.f_frsize;
}

/* ---- Names -------------------------------------------------------------------------------------------- */

/* Letters beyond ASCII begin at U+00C0; the blocks of punctuation and symbols up to U+2FFF, spaces and what
 * is for private use are none. */
static bool is_kept(const uint8_t *at, size_t length)
{
    uint32_t code = at[0];
    if (length == 1)
        return (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') || code == '_';
    code = length == 2 ? code & 0x1f : length == 3 ? code & 0x0f : code & 0x07;
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (at[i] & 0x3f);
    return code >= 0xc0 && code != 0xd7 && code != 0xf7 && !(code >= 0x2000 && code < 0x2c00) &&
           !(code >= 0x2e00 && code <= 0x3004) && !(code >= 0xe000 && code < 0xf900) && code < 0xf0000 &&
           !(code >= 0xfe00 && code <= 0xfe6f) && code != 0xfeff && !(code >= 0xfff0 && code <= 0xffff);
}

static void reduce_title(const char *title, char reduced[ARCHIVE_TITLE_BYTES + 1])
{
    const uint8_t *at = (const uint8_t *)title;
    size_t left = strlen(title), used = 0;
    bool gap = false;
    while (left > 0) {
        size_t length = utf8_character(at, left);
        if (length > 0 && is_kept(at, length)) {
            if (used + length + (gap && used > 0) > ARCHIVE_TITLE_BYTES)
                break;
            if (gap && used > 0)
                reduced[used++] = '-';
            memcpy(reduced + used, at, length);
            used += length;
            gap = false;
        } else {
            gap = true;
        }
        at += length ? length : 1;
        left -= length ? length : 1;
    }
    reduced[used] = '\0';
    if (!used)
        strcpy(reduced, "scan");
}

char *archive_document_name(const char *client, uint64_t job, const char *title, enum document_kind kind,
                            uint64_t created_ms)
{
    char reduced[ARCHIVE_TITLE_BYTES + 1], date[16], name[NAME_BYTES];
    time_t seconds = (time_t)(created_ms / 1000);
    struct tm utc;
    reduce_title(title, reduced);
    gmtime_r(&seconds, &utc);
    strftime(date, sizeof date, "%Y-%m-%d", &utc);
    snprintf(name, sizeof name, "%s/%s-%" PRIu64 "-%s.%s", date, client, job, reduced,
             document_kind_suffix(kind));
    return memory_text(name);
}

char *archive_part_name(const char *name, uint32_t part, uint32_t parts)
{
    char made[NAME_BYTES + 16];
    const char *dot = strrchr(name, '.');
    if (parts <= 1 || !dot)
        return memory_text(name);
    snprintf(made, sizeof made, "%.*s-%03" PRIu32 "%s", (int)(dot - name), name, part, dot);
    return memory_text(made);
}

/* ---- Removing ----------------------------------------------------------------------------------------- */

struct removal {
    int folder_fd;
    char *name;
    uint32_t parts;
    void (*done)(void *context, int result);
    void *context;
};

static int remove_files(void *context)
{
    struct removal *removal = context;
    int result = 0;
    for (uint32_t part = 1; part <= removal->parts && result == 0; part++) {
        char *name = archive_part_name(removal->name, part, removal->parts);
        result = blob_remove(removal->folder_fd, name);
        free(name);
    }
    return result;
}

static void files_removed(void *context, int result)
{
    struct removal *removal = context;
    removal->done(removal->context, result);
    free(removal->name);
    free(removal);
}

void archive_remove(struct archive *archive, const char *name, uint32_t parts,
                    void (*done)(void *context, int result), void *context)
{
    struct removal *removal = memory_new(sizeof *removal);
    *removal = (struct removal){archive->folder_fd, memory_text(name), parts, done, context};
    worker_submit(archive->removing, remove_files, files_removed, removal);
}
