/*
 * What jobs have on disk, in STATE/pages: pages that arrive as JOB/PPPPPP-GGGGGG.page, and .part while one is
 * being received; the blocks of a printing job as JOB/BBBBBB.pdf with their manifest. Another store,
 * STATE/uploads, keeps what is being uploaded: each upload under a number of its own, as its page 1.
 *
 * Everything that touches a file runs on a worker, for one job in the order in which it was asked for; `done`
 * (may be NULL) runs on the loop with 0 or a negative errno. The digest grows with the file, so that a page
 * that is whole is only synced and renamed.
 */
#ifndef DESKLINE_SERVICED_DOCUMENTS_STORE_H
#define DESKLINE_SERVICED_DOCUMENTS_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page/page.h"

struct store;
struct store_job;
struct store_part;
struct worker_pool;

typedef void (*store_done)(void *context, int result);

#define STORE_DIGEST_BYTES 32
#define STORE_NAME_BYTES   64

/* The folder `name` beneath the state folder, made where it is missing. 0 or a negative errno. */
int store_open(struct store **store, struct worker_pool *workers, int state_fd, const char *name);
/* What is queued and long is skipped from now on (-ECANCELED). */
void store_stop(struct store *store);
/* Behind the workers' end. */
void store_close(struct store **store);
/* Bytes that may still be written on the disk of the pages. */
uint64_t store_free_bytes(const struct store *store);
/* Its folder, for who reads or writes in it on a worker. */
int store_folder(const struct store *store);
/* "JOB" */
void store_job_name(char name[STORE_NAME_BYTES], uint64_t job);
/* "JOB/PPPPPP-GGGGGG.page" */
void store_page_name(char name[STORE_NAME_BYTES], uint64_t job, uint32_t page, uint32_t generation);
/* "JOB/BBBBBB.pdf" and "JOB/manifest" */
void store_block_name(char name[STORE_NAME_BYTES], uint64_t job, uint32_t block);
void store_manifest_name(char name[STORE_NAME_BYTES], uint64_t job);

struct store_job *store_job_new(struct store *store, uint64_t job);
/* What was asked for still happens. Safe on NULL. */
void store_job_free(struct store_job **job);
/* Removes the job's folder and all in it. */
void store_job_remove(struct store_job *job, store_done done, void *context);

/* A part that begins: an empty file. */
struct store_part *store_part_new(struct store_job *job, uint32_t page, uint32_t generation);
/* A part that was left by an earlier process, with so many bytes: they are digested anew. */
struct store_part *store_part_reopen(struct store_job *job, uint32_t page, uint32_t generation,
                                     uint64_t length);
/* Copies the bytes and writes them at the end. After an error, which may be -ENOSPC, -EDQUOT or -EIO, the
 * file ends behind the last append that succeeded, and appends fail until store_part_retry. -ENOMEM at once:
 * nothing was copied and `done` will not run. */
int store_part_append(struct store_part *part, const void *bytes, size_t length, store_done done,
                      void *context);
/* Bytes that are in the file for sure: of the appends whose `done` has run without an error. */
uint64_t store_part_length(const struct store_part *part);
void store_part_retry(struct store_part *part);
/* The page is whole: checks the digest, syncs, renames to .page. -EBADMSG: it is another one, and the file is
 * gone. Takes the part. */
void store_part_finish(struct store_part **part, const uint8_t digest[STORE_DIGEST_BYTES], store_done done,
                       void *context);
/* Forgets the part; with its file, or without. Safe on NULL. */
void store_part_drop(struct store_part **part);
void store_part_leave(struct store_part **part);

/* Removes a page, or what there is of it. */
void store_page_remove(struct store_job *job, uint32_t page, uint32_t generation);
/* Decodes the page once, keeping nothing: -EBADMSG or -EINVAL for one that is not what it says. On a strand
 * of its own: it waits for nobody who receives. */
void store_page_verify(struct store_job *job, uint32_t page, uint32_t generation,
                       const struct page_format *format, uint32_t rows, store_done done, void *context);

/* At the start, before there are jobs: calls `visit` for each file of a job (blocks); it says whether the
 * file is kept. What has no name of ours is removed. */
enum store_kind { STORE_PAGE, STORE_PART, STORE_BLOCK, STORE_MANIFEST };
struct store_file {
    uint64_t job;
    enum store_kind kind;
    uint32_t page, generation; /* a block's number in page; else 0 */
    uint64_t length;
};
typedef bool (*store_visit)(void *context, const struct store_file *file);
int store_each(struct store *store, store_visit visit, void *context);

#endif
