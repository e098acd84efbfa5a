#include "config.h"

#include "clientd/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/memory.h"
#include "clientd/spool_names.h"

#define META_MAX 1024u

int spool_open(const char *state_folder)
{
    int state_fd = blob_folder(state_folder);
    if (state_fd < 0)
        return state_fd;
    int fd = blob_subfolder(state_fd, "spool");
    close(state_fd);
    return fd;
}

static void job_name(char name[24], uint64_t job)
{
    snprintf(name, 24, "%" PRIu64, job);
}

int spool_job_open(int spool_fd, uint64_t job)
{
    char name[24];
    job_name(name, job);
    return blob_subfolder(spool_fd, name);
}

struct job_walk {
    void (*visit)(void *context, uint64_t job);
    void *context;
};

static int visit_job(void *context, const char *name)
{
    const struct job_walk *walk = context;
    char again[24], *end;
    errno = 0;
    uint64_t job = strtoull(name, &end, 10);
    job_name(again, job);
    if (errno || strcmp(again, name) != 0)
        log_warning("the spool holds %s, which is no job: left alone", name);
    else
        walk->visit(walk->context, job);
    return 0;
}

int spool_each_job(int spool_fd, void (*visit)(void *context, uint64_t job), void *context)
{
    return blob_each(spool_fd, visit_job, &(struct job_walk){visit, context});
}

/* ---- The record --------------------------------------------------------------------------------------- */

int spool_save(int job_fd, const struct job_record *record)
{
    size_t length;
    char *text = job_record_print(record, &length);
    int error = text ? blob_replace(job_fd, JOB_RECORD_NAME, text, length) : -ENOMEM;
    free(text);
    return error;
}

int spool_load(int job_fd, uint64_t job, struct job_record *record)
{
    char *text = NULL;
    size_t length;
    memset(record, 0, sizeof *record);
    int error = blob_read(job_fd, JOB_RECORD_NAME, JOB_RECORD_MAX, &text, &length);
    if (!error)
        error = strlen(text) == length ? job_record_parse(record, job, text) : -EBADMSG;
    free(text);
    return error;
}

/* ---- What is there ------------------------------------------------------------------------------------ */

enum file_kind { FILE_OTHER, FILE_STREAM, FILE_META };

static enum file_kind name_parse(const char *name, uint32_t *page, uint32_t *generation)
{
    char again[SPOOL_NAME_SIZE];
    if (sscanf(name, "page-%" SCNu32 "-%" SCNu32 ".", page, generation) != 2)
        return FILE_OTHER;
    spool_stream_name(again, *page, *generation);
    if (strcmp(name, again) == 0)
        return FILE_STREAM;
    spool_meta_name(again, *page, *generation);
    return strcmp(name, again) == 0 ? FILE_META : FILE_OTHER;
}

/* One frame of the meta file; returns its bytes, or a negative errno. */
static ssize_t meta_frame(const uint8_t *bytes, size_t length, uint64_t job, enum frame_type type,
                          struct frame *frame)
{
    struct frame_header header;
    const char *why;
    if (length < FRAME_HEADER_BYTES)
        return -EBADMSG;
    frame_header_decode(bytes, &header);
    if (frame_header_check(&header, AT_DAEMON, WHEN_OPEN, &why) || header.type != type || header.job != job ||
        header.length > length - FRAME_HEADER_BYTES ||
        frame_decode(&header, bytes + FRAME_HEADER_BYTES, frame, &why))
        return -EBADMSG;
    return (ssize_t)(FRAME_HEADER_BYTES + header.length);
}

static int meta_parse(const uint8_t *bytes, size_t length, uint64_t job, struct spool_page *page)
{
    struct frame begin, end;
    ssize_t first = meta_frame(bytes, length, job, FRAME_PAGE_BEGIN, &begin);
    if (first < 0 || meta_frame(bytes + first, length - (size_t)first, job, FRAME_PAGE_END, &end) < 0)
        return -EBADMSG;
    if (begin.page_begin.page != page->page || begin.page_begin.generation != page->generation ||
        end.page_end.page != page->page || end.page_end.generation != page->generation ||
        end.page_end.digest.length != SPOOL_DIGEST_BYTES)
        return -EBADMSG;
    page->begin = begin.page_begin;
    page->length = end.page_end.length;
    page->rows = end.page_end.rows;
    memcpy(page->digest, end.page_end.digest.at, SPOOL_DIGEST_BYTES);
    return 0;
}

struct examination {
    int job_fd;
    uint64_t job;
    uint32_t round;
    struct spool_findings *findings;
};

/* 0 when the page is whole. */
static int examine_page(const struct examination *at, struct spool_page *page, uint64_t stream_length)
{
    char name[SPOOL_NAME_SIZE], *bytes = NULL;
    size_t length;
    spool_meta_name(name, page->page, page->generation);
    int error = blob_read(at->job_fd, name, META_MAX, &bytes, &length);
    if (!error)
        error = meta_parse((const uint8_t *)bytes, length, at->job, page);
    free(bytes);
    if (!error && page->length != stream_length)
        error = -EBADMSG;
    if (error && error != -ENOENT)
        log_error("job %" PRIu64 ": page %u in the spool is damaged: %s", at->job, page->page,
                  strerror(-error));
    return error;
}

static int examine_file(void *context, const char *name)
{
    const struct examination *at = context;
    struct spool_findings *findings = at->findings;
    struct spool_page page = {0};
    struct stat status;
    if (name_parse(name, &page.page, &page.generation) != FILE_STREAM)
        return 0;
    if (fstatat(at->job_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    findings->bytes += (uint64_t)status.st_size;
    if (examine_page(at, &page, (uint64_t)status.st_size) == 0) {
        findings->pages = memory_resize(findings->pages, findings->count + 1, sizeof *findings->pages);
        findings->pages[findings->count++] = page;
        return 0;
    }
    findings->parts = memory_resize(findings->parts, findings->part_count + 1, sizeof *findings->parts);
    findings->parts[findings->part_count++] =
        (struct spool_part){page.page, page.generation, (uint64_t)status.st_size};
    if (page.generation == at->round) {
        findings->begun = memory_resize(findings->begun, findings->begun_count + 1, sizeof *findings->begun);
        findings->begun[findings->begun_count++] = page.page;
    }
    return 0;
}

int spool_examine(int job_fd, uint64_t job, uint32_t round, struct spool_findings *findings)
{
    struct examination at = {job_fd, job, round, findings};
    memset(findings, 0, sizeof *findings);
    return blob_each(job_fd, examine_file, &at);
}

void spool_findings_free(struct spool_findings *findings)
{
    free(findings->pages);
    free(findings->begun);
    free(findings->parts);
    memset(findings, 0, sizeof *findings);
}

uint32_t spool_apply(struct ledger *ledger, const struct spool_findings *findings,
                     void (*use)(void *context, const struct spool_page *page), void *context)
{
    uint32_t begun = 0;
    for (size_t i = 0; i < findings->count; i++) {
        const struct spool_page *page = &findings->pages[i];
        struct ledger_page known = ledger_get(ledger, page->page);
        bool is_stored = known.state == PAGE_STORED || known.state == PAGE_SKIPPED;
        if (is_stored || page->generation < known.generation)
            continue;
        if (ledger_set(ledger, page->page, PAGE_READ, page->generation) == 0 && use)
            use(context, page);
    }
    for (size_t i = 0; i < findings->begun_count; i++)
        if (!ledger_is_settled(ledger, findings->begun[i]) && findings->begun[i] > begun)
            begun = findings->begun[i];
    return begun;
}

int spool_stream_open(int job_fd, uint32_t page, uint32_t generation)
{
    char name[SPOOL_NAME_SIZE];
    spool_stream_name(name, page, generation);
    return blob_open(job_fd, name, O_RDONLY, 0);
}

int spool_commit(int job_fd, uint64_t job, const struct spool_page *page)
{
    const struct frame begin = {.type = FRAME_PAGE_BEGIN, .job = job, .page_begin = page->begin};
    const struct frame end = {.type = FRAME_PAGE_END,
                              .job = job,
                              .page_end = {.page = page->page,
                                           .generation = page->generation,
                                           .length = page->length,
                                           .rows = page->rows,
                                           .digest = {page->digest, SPOOL_DIGEST_BYTES}}};
    char name[SPOOL_NAME_SIZE];
    uint8_t bytes[META_MAX];
    ssize_t first = frame_encode(&begin, bytes, sizeof bytes);
    ssize_t second = first < 0 ? first : frame_encode(&end, bytes + first, sizeof bytes - (size_t)first);
    if (second < 0)
        return (int)second;
    spool_meta_name(name, page->page, page->generation);
    return blob_replace(job_fd, name, bytes, (size_t)(first + second));
}

/* ---- What goes ---------------------------------------------------------------------------------------- */

struct drop_walk {
    int job_fd;
    bool (*is_dropped)(void *context, uint32_t page, uint32_t generation);
    void *context;
};

static int drop_file(void *context, const char *name)
{
    const struct drop_walk *walk = context;
    uint32_t page, generation;
    char stream[SPOOL_NAME_SIZE], meta[SPOOL_NAME_SIZE];
    if (name_parse(name, &page, &generation) == FILE_OTHER ||
        !walk->is_dropped(walk->context, page, generation))
        return 0;
    /* The stream first: alone it would look like a page that was begun. */
    spool_stream_name(stream, page, generation);
    spool_meta_name(meta, page, generation);
    int error = blob_remove(walk->job_fd, stream);
    return error ? error : blob_remove(walk->job_fd, meta);
}

int spool_drop(int job_fd, bool (*is_dropped)(void *context, uint32_t page, uint32_t generation),
               void *context)
{
    return blob_each(job_fd, drop_file, &(struct drop_walk){job_fd, is_dropped, context});
}

int spool_forget(int spool_fd, uint64_t job)
{
    char name[24];
    job_name(name, job);
    return blob_remove_tree(spool_fd, name);
}
