/* What an earlier process has left in the store. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/log.h"
#include "serviced/documents/store.h"

struct scan {
    int folder_fd; /* of the store, then of a job */
    uint64_t job;
    store_visit visit;
    void *context;
};

/* A file's name, exactly as store.c writes it. */
static bool parse_name(const char *name, struct store_file *file)
{
    char again[4][STORE_NAME_BYTES];
    uint32_t page = 0, generation = 0;
    int numbers = sscanf(name, "%" SCNu32 "-%" SCNu32, &page, &generation);
    snprintf(again[STORE_PAGE], STORE_NAME_BYTES, "%06" PRIu32 "-%06" PRIu32 ".page", page, generation);
    snprintf(again[STORE_PART], STORE_NAME_BYTES, "%06" PRIu32 "-%06" PRIu32 ".part", page, generation);
    snprintf(again[STORE_BLOCK], STORE_NAME_BYTES, "%06" PRIu32 ".pdf", page);
    snprintf(again[STORE_MANIFEST], STORE_NAME_BYTES, "manifest");
    for (unsigned kind = STORE_PAGE; kind <= STORE_MANIFEST; kind++) {
        if (strcmp(again[kind], name) != 0)
            continue;
        file->kind = (enum store_kind)kind;
        file->page = numbers >= 1 ? page : 0;
        file->generation = numbers == 2 ? generation : 0;
        return true;
    }
    return false;
}

static int visit_file(void *context, const char *name)
{
    struct scan *scan = context;
    struct store_file file = {.job = scan->job};
    struct stat status;
    if (parse_name(name, &file) && fstatat(scan->folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode)) {
        file.length = (uint64_t)status.st_size;
        if (scan->visit(scan->context, &file))
            return 0;
    }
    log_info("files of job %" PRIu64 ": %s belongs to nothing and is removed", scan->job, name);
    return blob_remove_tree(scan->folder_fd, name);
}

static int visit_job(void *context, const char *name)
{
    struct scan *scan = context;
    struct scan inner = *scan;
    char again[STORE_NAME_BYTES];
    int result;
    if (sscanf(name, "%" SCNu64, &inner.job) != 1)
        return blob_remove_tree(scan->folder_fd, name);
    snprintf(again, sizeof again, "%" PRIu64, inner.job);
    if (strcmp(again, name) != 0)
        return blob_remove_tree(scan->folder_fd, name);
    inner.folder_fd = blob_open(scan->folder_fd, name, O_RDONLY | O_DIRECTORY, 0);
    if (inner.folder_fd < 0)
        return blob_remove_tree(scan->folder_fd, name);
    result = blob_each(inner.folder_fd, visit_file, &inner);
    close(inner.folder_fd);
    if (result == 0)
        unlinkat(scan->folder_fd, name, AT_REMOVEDIR); /* if it is empty */
    return result;
}

int store_each(struct store *store, store_visit visit, void *context)
{
    struct scan scan = {.folder_fd = store_folder(store), .visit = visit, .context = context};
    return blob_each(scan.folder_fd, visit_job, &scan);
}
