/*
 * The spool on the disk: STATE/spool/JOB/ with the record of the job and its pages (spool_names.h). All calls
 * block and belong on a worker, but spool_open.
 */
#ifndef DESKLINE_CLIENTD_SPOOL_H
#define DESKLINE_CLIENTD_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>

#include "clientd/job_record.h"

#define SPOOL_DIGEST_BYTES 32

/* A page that is whole in the spool: what PAGE_BEGIN and PAGE_END say of it. */
struct spool_page {
    uint32_t page, generation;
    uint64_t length;
    uint32_t rows;
    uint8_t digest[SPOOL_DIGEST_BYTES];
    struct frame_page_begin begin;
};

/* A stream without a sound meta file. */
struct spool_part {
    uint32_t page, generation;
    uint64_t length;
};

/* What was found in the folder of a job. */
struct spool_findings {
    struct spool_page *pages; /* in no order; several generations of a page are possible */
    size_t count;
    uint32_t *begun; /* pages of generation `round` whose stream is there without being whole */
    size_t begun_count;
    struct spool_part *parts; /* of all generations */
    size_t part_count;
    uint64_t bytes; /* of all stream files */
};

/* Handle on STATE/spool, made where it is missing; or a negative errno. */
int spool_open(const char *state_folder);
/* Handle on the folder of a job, made where it is missing. */
int spool_job_open(int spool_fd, uint64_t job);

/* Calls visit for every job folder. */
int spool_each_job(int spool_fd, void (*visit)(void *context, uint64_t job), void *context);

int spool_save(int job_fd, const struct job_record *record);
/* -ENOENT without a record, -EBADMSG for a damaged one. *record is to be freed in any case. */
int spool_load(int job_fd, uint64_t job, struct job_record *record);

/* Looks at every page: a meta file that is sound and a stream of that length make it whole. */
int spool_examine(int job_fd, uint64_t job, uint32_t round, struct spool_findings *findings);
void spool_findings_free(struct spool_findings *findings);
/* Sets to `read` in the record's ledger what was found whole and still counts; returns the page that was
 * begun without being whole, 0 for none. `use` (may be NULL) gets each page that was set. */
uint32_t spool_apply(struct ledger *ledger, const struct spool_findings *findings,
                     void (*use)(void *context, const struct spool_page *page), void *context);

/* A descriptor on the stream of a page, for reading; or a negative errno. */
int spool_stream_open(int job_fd, uint32_t page, uint32_t generation);
/* Says that a page whose stream is there, and synced, is whole. Durable behind this. */
int spool_commit(int job_fd, uint64_t job, const struct spool_page *page);
/* Removes pages for which `wanted` says no. */
int spool_drop(int job_fd, bool (*is_dropped)(void *context, uint32_t page, uint32_t generation),
               void *context);
/* Removes everything of a job. */
int spool_forget(int spool_fd, uint64_t job);

#endif
