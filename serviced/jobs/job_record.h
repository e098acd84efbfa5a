/* A job and its pages as the registry keeps them: rows, and back. */
#ifndef DESKLINE_SERVICED_JOBS_JOB_RECORD_H
#define DESKLINE_SERVICED_JOBS_JOB_RECORD_H

#include "page/page.h"
#include "serviced/jobs/job.h"
#include "serviced/jobs/registry.h"

struct job_record {
    struct job job;
    char client[REGISTRY_NAME_BYTES];
    uint8_t *request_bytes;               /* the SERVICE_REQUEST as it came, */
    struct frame_service_request request; /* … decoded: views into it */
    uint8_t *order_bytes;                 /* of a printing job: the PRINT_COMMAND, */
    struct record_print_order order;      /* … decoded likewise */
    uint64_t created_ms, updated_ms;
};

/* A page that is stored, or being received. */
struct job_page {
    uint32_t page, generation;
    bool is_stored, is_verified;
    struct page_format format;
    uint32_t rows;
    uint64_t length;
    uint8_t digest[REGISTRY_DIGEST_BYTES];
    /* Not registered */
    bool has_file;
    bool is_invalid; /* it did not stand the verification */
};

/* A new job; -EINVAL or -ENOMEM when the request cannot be kept. */
int job_record_start(struct job_record *record, uint64_t id, const char *client,
                     const struct frame_service_request *request, uint64_t now_ms);
/* What and how it prints; also to change it. -EINVAL or -ENOMEM when it cannot be kept: then it is as it was.
 */
int job_record_set_order(struct job_record *record, const struct record_print_order *order);
void job_record_free(struct job_record *record);
/* The registered part, as it is now. -EMSGSIZE: a ledger of more runs than fit. */
int job_record_put(struct registry_sqlite *database, const struct job_record *record, registry_done done,
                   void *context);
/* -EBADMSG for a row that makes no sense. */
int job_record_load(struct job_record *record, const struct registry_row *row);
/* The job and all its pages' rows. */
void job_record_delete(struct registry_sqlite *database, uint64_t id);

void job_page_put(struct registry_sqlite *database, uint64_t job, const struct job_page *page);
void job_page_delete(struct registry_sqlite *database, uint64_t job, uint32_t page, uint32_t generation);
int job_page_load(struct job_page *page, uint64_t *job, const struct registry_row *row);

#endif
