#include "config.h"

#include "serviced/documents/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/worker.h"
#include "page/decode.h"

struct store {
    int folder_fd;
    struct worker_pool *workers;
    struct worker_strand *verifying;
    atomic_bool is_stopping;
};

struct store_job {
    struct store *store;
    uint64_t id;
    struct worker_strand *strand;
};

struct store_part {
    int folder_fd;
    uint64_t job;
    uint32_t page, generation;
    struct worker_strand *strand; /* the job's */
    uint64_t written;             /* the loop's: store_part_length */
    /* The workers' */
    int fd, error;
    uint64_t length;
    EVP_MD_CTX *digest;
};

/* One request to a worker. */
struct store_work {
    struct store *store;
    struct store_part *part;
    uint64_t job;
    uint32_t page, generation, rows;
    struct page_format format;
    uint8_t digest[STORE_DIGEST_BYTES];
    int folder_fd;
    store_done done;
    void *context;
    uint64_t length;
    uint8_t bytes[]; /* of an append */
};

/* ---- Names -------------------------------------------------------------------------------------------- */

static void file_name(char name[STORE_NAME_BYTES], uint64_t job, uint32_t page, uint32_t generation,
                      const char *suffix)
{
    snprintf(name, STORE_NAME_BYTES, "%" PRIu64 "/%06" PRIu32 "-%06" PRIu32 ".%s", job, page, generation,
             suffix);
}

void store_page_name(char name[STORE_NAME_BYTES], uint64_t job, uint32_t page, uint32_t generation)
{
    file_name(name, job, page, generation, "page");
}

void store_job_name(char name[STORE_NAME_BYTES], uint64_t job)
{
    snprintf(name, STORE_NAME_BYTES, "%" PRIu64, job);
}

void store_block_name(char name[STORE_NAME_BYTES], uint64_t job, uint32_t block)
{
    snprintf(name, STORE_NAME_BYTES, "%" PRIu64 "/%06" PRIu32 ".pdf", job, block);
}

void store_manifest_name(char name[STORE_NAME_BYTES], uint64_t job)
{
    snprintf(name, STORE_NAME_BYTES, "%" PRIu64 "/manifest", job);
}

static void part_name(const struct store_part *part, char name[STORE_NAME_BYTES], const char *suffix)
{
    file_name(name, part->job, part->page, part->generation, suffix);
}

/* ---- The store, and the jobs in it -------------------------------------------------------------------- */

int store_open(struct store **store, struct worker_pool *workers, int state_fd, const char *name)
{
    int fd = blob_subfolder(state_fd, name);
    *store = NULL;
    if (fd < 0)
        return fd;
    *store = memory_new(sizeof **store);
    (*store)->folder_fd = fd;
    (*store)->workers = workers;
    (*store)->verifying = worker_strand_new(workers);
    return 0;
}

void store_stop(struct store *store)
{
    atomic_store(&store->is_stopping, true);
}

void store_close(struct store **store)
{
    if (!*store)
        return;
    worker_strand_free(&(*store)->verifying);
    close((*store)->folder_fd);
    free(*store);
    *store = NULL;
}

uint64_t store_free_bytes(const struct store *store)
{
    struct statvfs status;
    if (fstatvfs(store->folder_fd, &status) < 0)
        return 0;
    return (uint64_t)status.f_bavail * status.f_frsize;
}

int store_folder(const struct store *store)
{
    return store->folder_fd;
}

struct store_job *store_job_new(struct store *store, uint64_t job)
{
    struct store_job *made = memory_new(sizeof *made);
    made->store = store;
    made->id = job;
    made->strand = worker_strand_new(store->workers);
    return made;
}

void store_job_free(struct store_job **job)
{
    if (!*job)
        return;
    worker_strand_free(&(*job)->strand);
    free(*job);
    *job = NULL;
}

/* ---- Requests ----------------------------------------------------------------------------------------- */

static struct store_work *work_new(struct store_job *job, store_done done, void *context)
{
    struct store_work *work = memory_new(sizeof *work);
    work->store = job->store;
    work->folder_fd = job->store->folder_fd;
    work->job = job->id;
    work->done = done;
    work->context = context;
    return work;
}

static void work_done(void *context, int result)
{
    struct store_work *work = context;
    if (work->part && work->length && result == 0)
        work->part->written += work->length;
    if (work->done)
        work->done(work->context, result);
    free(work);
}

static int remove_job(void *context)
{
    struct store_work *work = context;
    char name[STORE_NAME_BYTES];
    store_job_name(name, work->job);
    return blob_remove_tree(work->folder_fd, name);
}

void store_job_remove(struct store_job *job, store_done done, void *context)
{
    worker_submit(job->strand, remove_job, work_done, work_new(job, done, context));
}

/* ---- A part ------------------------------------------------------------------------------------------- */

static void submit_part(struct store_part *part, worker_work step, struct store_work *work)
{
    work->part = part;
    worker_submit(part->strand, step, work_done, work);
}

static struct store_work *part_work_new(store_done done, void *context)
{
    struct store_work *work = memory_new(sizeof *work);
    work->done = done;
    work->context = context;
    return work;
}

static int open_part(struct store_part *part, int flags)
{
    char name[STORE_NAME_BYTES];
    store_job_name(name, part->job);
    int folder = blob_subfolder(part->folder_fd, name);
    if (folder < 0)
        return folder;
    close(folder);
    part_name(part, name, "part");
    part->fd = blob_open(part->folder_fd, name, O_RDWR | O_CREAT | flags, 0600);
    return part->fd < 0 ? part->fd : 0;
}

static int begin_part(void *context)
{
    struct store_part *part = ((struct store_work *)context)->part;
    part->error = open_part(part, O_TRUNC);
    return part->error;
}

static int digest_file(struct store_part *part, uint64_t length)
{
    enum { CHUNK = 1 << 16 };
    uint8_t *bytes = memory_new(CHUNK);
    ssize_t got = 1;
    while (part->length < length && got > 0) {
        uint64_t left = length - part->length;
        got = blob_read_at(part->fd, bytes, left < CHUNK ? (size_t)left : CHUNK, part->length);
        if (got > 0) {
            EVP_DigestUpdate(part->digest, bytes, (size_t)got);
            part->length += (uint64_t)got;
        }
    }
    free(bytes);
    if (got < 0)
        return (int)got;
    if (ftruncate(part->fd, (off_t)part->length) < 0 || lseek(part->fd, 0, SEEK_END) < 0)
        return -errno;
    return 0; /* a file that is shorter than it was shows in the digest of the whole */
}

static int go_on_with_part(void *context)
{
    struct store_work *work = context;
    struct store_part *part = work->part;
    uint64_t length = part->written;
    part->error = open_part(part, 0);
    if (part->error == 0)
        part->error = digest_file(part, length);
    return part->error;
}

static struct store_part *part_new(struct store_job *job, uint32_t page, uint32_t generation, uint64_t length)
{
    struct store_part *part = memory_new(sizeof *part);
    part->folder_fd = job->store->folder_fd;
    part->job = job->id;
    part->page = page;
    part->generation = generation;
    part->strand = job->strand;
    part->written = length;
    part->fd = -1;
    part->digest = EVP_MD_CTX_new();
    EVP_DigestInit_ex(part->digest, EVP_sha256(), NULL);
    return part;
}

struct store_part *store_part_new(struct store_job *job, uint32_t page, uint32_t generation)
{
    struct store_part *part = part_new(job, page, generation, 0);
    submit_part(part, begin_part, part_work_new(NULL, NULL));
    return part;
}

struct store_part *store_part_reopen(struct store_job *job, uint32_t page, uint32_t generation,
                                     uint64_t length)
{
    struct store_part *part = part_new(job, page, generation, length);
    submit_part(part, go_on_with_part, part_work_new(NULL, NULL));
    return part;
}

static int append(void *context)
{
    struct store_work *work = context;
    struct store_part *part = work->part;
    if (part->error)
        return part->error;
    part->error = blob_write_all(part->fd, work->bytes, (size_t)work->length);
    if (part->error) { /* what is half written goes, so that the file and the digest agree */
        if (ftruncate(part->fd, (off_t)part->length) < 0 || lseek(part->fd, 0, SEEK_END) < 0)
            part->error = -EIO;
        return part->error;
    }
    EVP_DigestUpdate(part->digest, work->bytes, (size_t)work->length);
    part->length += work->length;
    return 0;
}

int store_part_append(struct store_part *part, const void *bytes, size_t length, store_done done,
                      void *context)
{
    struct store_work *work = malloc(sizeof *work + length);
    if (!work)
        return -ENOMEM;
    *work = (struct store_work){.done = done, .context = context, .length = length};
    memcpy(work->bytes, bytes, length);
    submit_part(part, append, work);
    return 0;
}

uint64_t store_part_length(const struct store_part *part)
{
    return part->written;
}

static int retry(void *context)
{
    struct store_part *part = ((struct store_work *)context)->part;
    if (part->fd < 0)
        part->error = open_part(part, O_TRUNC);
    else
        part->error = 0;
    return part->error;
}

void store_part_retry(struct store_part *part)
{
    submit_part(part, retry, part_work_new(NULL, NULL));
}

/* ---- Its end ------------------------------------------------------------------------------------------ */

static void part_free(struct store_part *part)
{
    if (part->fd >= 0)
        close(part->fd);
    EVP_MD_CTX_free(part->digest);
    free(part);
}

static void part_ended(void *context, int result)
{
    struct store_work *work = context;
    struct store_part *part = work->part;
    work->part = NULL;
    part_free(part);
    work_done(work, result);
}

static void end_part(struct store_part **part, worker_work step, struct store_work *work)
{
    work->part = *part;
    worker_submit((*part)->strand, step, part_ended, work);
    *part = NULL;
}

static int finish(void *context)
{
    struct store_work *work = context;
    struct store_part *part = work->part;
    uint8_t digest[EVP_MAX_MD_SIZE];
    char temporary[STORE_NAME_BYTES], name[STORE_NAME_BYTES];
    if (part->error)
        return part->error;
    part_name(part, temporary, "part");
    part_name(part, name, "page");
    if (EVP_DigestFinal_ex(part->digest, digest, NULL) != 1 ||
        memcmp(digest, work->digest, STORE_DIGEST_BYTES) != 0) {
        blob_remove(part->folder_fd, temporary);
        return -EBADMSG;
    }
    return blob_commit(part->folder_fd, part->fd, temporary, name);
}

void store_part_finish(struct store_part **part, const uint8_t digest[STORE_DIGEST_BYTES], store_done done,
                       void *context)
{
    struct store_work *work = part_work_new(done, context);
    memcpy(work->digest, digest, STORE_DIGEST_BYTES);
    end_part(part, finish, work);
}

static int drop(void *context)
{
    struct store_part *part = ((struct store_work *)context)->part;
    char name[STORE_NAME_BYTES];
    part_name(part, name, "part");
    return blob_remove(part->folder_fd, name);
}

static int leave(void *context)
{
    (void)context;
    return 0;
}

void store_part_drop(struct store_part **part)
{
    if (*part)
        end_part(part, drop, part_work_new(NULL, NULL));
}

void store_part_leave(struct store_part **part)
{
    if (*part)
        end_part(part, leave, part_work_new(NULL, NULL));
}

/* ---- Pages -------------------------------------------------------------------------------------------- */

static int remove_page(void *context)
{
    struct store_work *work = context;
    char name[STORE_NAME_BYTES];
    int result;
    file_name(name, work->job, work->page, work->generation, "part");
    result = blob_remove(work->folder_fd, name);
    store_page_name(name, work->job, work->page, work->generation);
    return result == 0 ? blob_remove(work->folder_fd, name) : result;
}

void store_page_remove(struct store_job *job, uint32_t page, uint32_t generation)
{
    struct store_work *work = work_new(job, NULL, NULL);
    work->page = page;
    work->generation = generation;
    worker_submit(job->strand, remove_page, work_done, work);
}

static int verify(void *context)
{
    struct store_work *work = context;
    char name[STORE_NAME_BYTES];
    const char *why = NULL;
    int result;
    if (atomic_load(&work->store->is_stopping))
        return -ECANCELED;
    store_page_name(name, work->job, work->page, work->generation);
    result = page_verify_file(work->folder_fd, name, &work->format, work->rows, &why);
    if (result < 0)
        log_warning("page %s is not what it says: %s", name, why ? why : strerror(-result));
    return result;
}

void store_page_verify(struct store_job *job, uint32_t page, uint32_t generation,
                       const struct page_format *format, uint32_t rows, store_done done, void *context)
{
    struct store_work *work = work_new(job, done, context);
    work->page = page;
    work->generation = generation;
    work->format = *format;
    work->rows = rows;
    worker_submit(job->store->verifying, verify, work_done, work);
}
