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
static bool parse_name(const char *name, uint32_t *page, uint32_t *generation, bool *is_part)
{
    char again[STORE_NAME_BYTES];
    if (sscanf(name, "%" SCNu32 "-%" SCNu32, page, generation) != 2)
        return false;
    *is_part = strstr(name, ".part") != NULL;
    snprintf(again, sizeof again, "%06" PRIu32 "-%06" PRIu32 ".%s", *page, *generation,
             *is_part ? "part" : "page");
    return strcmp(again, name) == 0;
}

static int visit_file(void *context, const char *name)
{
    struct scan *scan = context;
    struct stat status;
    uint32_t page, generation;
    bool is_part;
    if (parse_name(name, &page, &generation, &is_part) &&
        fstatat(scan->folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
        scan->visit(scan->context, scan->job, page, generation, is_part, (uint64_t)status.st_size))
        return 0;
    log_info("pages of job %" PRIu64 ": %s belongs to nothing and is removed", scan->job, name);
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
