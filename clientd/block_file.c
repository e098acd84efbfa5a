#include "config.h"

#include "clientd/block_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/worker.h"
#include "clientd/spool_names.h"

/* Left free on the disk: a ticket that cannot be saved would keep a sheet from being printed, and its block
 * from making room. */
#define SPARE_BYTES (1u << 20)

struct block_file {
    struct worker_strand *strand;
    int spool_fd;
    uint64_t job;
    uint32_t block, generation;
    /* The workers' */
    int folder_fd, fd, error;
    uint64_t length;
};

/* One request to a worker. */
struct work {
    struct block_file *file;
    block_file_done done;
    void *context;
    struct spool_page page; /* finish */
    size_t length;
    uint8_t bytes[]; /* append */
};

static struct work *work_new(struct block_file *file, block_file_done done, void *context)
{
    struct work *work = memory_new(sizeof *work);
    work->file = file;
    work->done = done;
    work->context = context;
    return work;
}

static void work_done(void *context, int result)
{
    struct work *work = context;
    if (work->done)
        work->done(work->context, result);
    free(work);
}

/* ---- 1. The file is opened ---------------------------------------------------------------------------- */

static int open_stream(struct block_file *file)
{
    char stream[SPOOL_NAME_SIZE], meta[SPOOL_NAME_SIZE];
    file->folder_fd = spool_job_open(file->spool_fd, file->job);
    if (file->folder_fd < 0)
        return file->folder_fd;
    spool_stream_name(stream, file->block, file->generation);
    spool_meta_name(meta, file->block, file->generation);
    int error = blob_remove(file->folder_fd, meta); /* of an earlier time: the stream is a part now */
    if (error)
        return error;
    file->fd = blob_open(file->folder_fd, stream, O_RDWR | O_CREAT | O_APPEND, 0600);
    if (file->fd < 0)
        return file->fd;
    return ftruncate(file->fd, (off_t)file->length) < 0 ? -errno : 0;
}

static int run_open(void *context)
{
    struct block_file *file = ((struct work *)context)->file;
    return file->error = open_stream(file);
}

struct block_file *block_file_open(struct worker_strand *strand, int spool_fd, uint64_t job,
                                   const struct frame_page_begin *begin, uint64_t length)
{
    struct block_file *file = memory_new(sizeof *file);
    file->strand = strand;
    file->spool_fd = spool_fd;
    file->job = job;
    file->block = begin->page;
    file->generation = begin->generation;
    file->folder_fd = file->fd = -1;
    file->length = length;
    worker_submit(strand, run_open, work_done, work_new(file, NULL, NULL));
    return file;
}

/* ---- 2. It grows -------------------------------------------------------------------------------------- */

static int look_for_space(const struct block_file *file, size_t length)
{
    struct statvfs status;
    if (fstatvfs(file->fd, &status) < 0)
        return -errno;
    return (uint64_t)status.f_bavail * status.f_frsize < SPARE_BYTES + length ? -ENOSPC : 0;
}

static int run_append(void *context)
{
    struct work *work = context;
    struct block_file *file = work->file;
    if (!file->error)
        file->error = look_for_space(file, work->length);
    if (!file->error)
        file->error = blob_write_all(file->fd, work->bytes, work->length);
    if (!file->error)
        file->length += work->length;
    return file->error;
}

int block_file_append(struct block_file *file, const void *bytes, size_t length, block_file_done done,
                      void *context)
{
    struct work *work = malloc(sizeof *work + length);
    if (!work)
        return -ENOMEM;
    *work = (struct work){.file = file, .done = done, .context = context, .length = length};
    memcpy(work->bytes, bytes, length);
    worker_submit(file->strand, run_append, work_done, work);
    return 0;
}

/* ---- 3. It is whole, or given up ---------------------------------------------------------------------- */

static void ended(void *context, int result)
{
    struct work *work = context;
    struct block_file *file = work->file;
    if (file->fd >= 0)
        close(file->fd);
    if (file->folder_fd >= 0)
        close(file->folder_fd);
    free(file);
    work_done(work, result);
}

static void end(struct block_file **file, worker_work step, struct work *work)
{
    struct worker_strand *strand = (*file)->strand;
    *file = NULL;
    worker_submit(strand, step, ended, work);
}

static int remove_stream(struct block_file *file)
{
    char name[SPOOL_NAME_SIZE];
    spool_stream_name(name, file->block, file->generation);
    return file->folder_fd < 0 ? 0 : blob_remove(file->folder_fd, name);
}

static int run_finish(void *context)
{
    struct work *work = context;
    struct block_file *file = work->file;
    uint8_t digest[SPOOL_DIGEST_BYTES];
    int error = file->error;
    if (!error)
        error = blob_digest(file->fd, work->page.length, digest);
    if (error == -ENODATA || (!error && memcmp(digest, work->page.digest, sizeof digest) != 0)) {
        error = remove_stream(file);
        return error ? error : -EBADMSG;
    }
    if (!error && fsync(file->fd) < 0)
        error = -errno;
    return error ? error : spool_commit(file->folder_fd, file->job, &work->page);
}

void block_file_finish(struct block_file **file, const struct spool_page *page, block_file_done done,
                       void *context)
{
    struct work *work = work_new(*file, done, context);
    work->page = *page;
    end(file, run_finish, work);
}

static int run_drop(void *context)
{
    struct block_file *file = ((struct work *)context)->file;
    int error = remove_stream(file);
    if (error)
        log_error("job %" PRIu64 ": a part of block %u cannot be removed: %s", file->job, file->block,
                  strerror(-error));
    return error;
}

void block_file_drop(struct block_file **file)
{
    if (*file)
        end(file, run_drop, work_new(*file, NULL, NULL));
}

static int run_leave(void *context)
{
    (void)context;
    return 0;
}

void block_file_leave(struct block_file **file)
{
    if (*file)
        end(file, run_leave, work_new(*file, NULL, NULL));
}
