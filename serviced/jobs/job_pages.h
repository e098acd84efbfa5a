/*
 * The pages of a job as they arrive: PAGE_BEGIN, PAGE_DATA, PAGE_END through page_receive into the store,
 * their rows in the registry, the verification in the background.
 *
 *   PAGE_BEGIN ──► .part ──► PAGE_END: digest, sync, .page ──► row ──► JOB_EVENT_PAGE_DURABLE ──► verified
 */
#ifndef DESKLINE_SERVICED_JOBS_JOB_PAGES_H
#define DESKLINE_SERVICED_JOBS_JOB_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "serviced/jobs/job_record.h"
#include "wire/page_receive.h"

struct job_run;
struct visitor;
struct store_job;
struct store_part;

struct job_pages {
    struct store_job *store;
    struct page_receive receive;
    struct store_part *part; /* of receive.begin; NULL when it has not been opened in this process */
    bool part_failed;        /* it could not be written */
    struct job_page *list;   /* of what there is in the store, in no order */
    uint32_t count, room;
    unsigned verifying;
    uint64_t bytes;                              /* of stored pages */
    uint64_t arrived;                            /* bytes that have come, in this process and before */
    uint32_t mismatch_page, mismatch_generation; /* a digest was wrong once */
};

void job_pages_start(struct job_run *run);
void job_pages_end(struct job_run *run);

/* Frames of the client. The visitor is gone behind one that breaks the protocol. */
void job_pages_begin(struct job_run *run, struct visitor *visitor, const struct frame_page_begin *begin);
void job_pages_data(struct job_run *run, struct visitor *visitor, const struct frame_page_data *data);
void job_pages_finish(struct job_run *run, struct visitor *visitor, const struct frame_page_end *end);
/* The connection has ended: what there is of a page is kept. */
void job_pages_disconnect(struct job_run *run);

/* Of its pages, and of the one that is on its way. */
uint64_t job_pages_bytes(const struct job_run *run);
/* NULL: not there. The newest generation of the page. */
const struct job_page *job_pages_stored(const struct job_run *run, uint32_t page);
/* Verifications that are not over. */
unsigned job_pages_verifying(const struct job_run *run);
/* The first stored page that is no page, 0 for none. */
uint32_t job_pages_first_invalid(const struct job_run *run);

void job_pages_drop(struct job_run *run, uint32_t page, uint32_t generation);
/* Pages from `page` on, of generations below `generation`. */
void job_pages_drop_from(struct job_run *run, uint32_t page, uint32_t generation);
/* All of them, and the job's folder. */
void job_pages_remove_all(struct job_run *run);

/* At the start of the server: a row, then each file. */
void job_pages_recover_row(struct job_run *run, const struct job_page *page);
/* Whether the file belongs to the job. */
bool job_pages_recover_file(struct job_run *run, uint32_t page, uint32_t generation, bool is_part,
                            uint64_t length);
/* Behind both: what is missing is noted, what was not verified is. */
void job_pages_recover_end(struct job_run *run);
/* Behind job_run_recover: pages that were made durable just before the server died, and whose place in the
 * ledger was not. */
void job_pages_recover_ledger(struct job_run *run);

#endif
