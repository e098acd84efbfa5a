/* Builds a document from stored pages and puts it into the archive, on a worker: temporary file, sync,
 * rename. */
#ifndef DESKLINE_SERVICED_DOCUMENTS_DELIVER_H
#define DESKLINE_SERVICED_DOCUMENTS_DELIVER_H

#include <stdatomic.h>
#include <stdint.h>

#include "page/document.h"

struct delivery;
struct worker_strand;

struct deliver_page {
    uint32_t page, generation, rows;
    struct page_format format;
    uint64_t length;
};

struct deliver_order {
    int pages_fd, archive_fd; /* both stay the caller's, and open */
    uint64_t job;
    enum document_kind kind;
    char *name; /* in the archive: see archive_document_name */
    char *title;
    uint64_t created_ms;
    struct deliver_page *pages; /* in the document's order */
    uint32_t count;
};

struct deliver_result {
    int error;             /* 0 or a negative errno; -ECANCELED after deliver_cancel */
    uint32_t failed_page;  /* the page whose stream could not be used, or 0 */
    uint64_t length_bytes; /* of all files */
    uint32_t parts;
};

/* Takes what the order points to (name, title, pages). `done` runs on the loop, once; the delivery is gone
 * behind it. */
struct delivery *deliver_start(struct worker_strand *strand, const struct deliver_order *order,
                               void (*done)(void *context, const struct deliver_order *order,
                                            const struct deliver_result *result),
                               void *context);
/* It ends at the next page. */
void deliver_cancel(struct delivery *delivery);

#endif
