/* Writers: stored pages in, a document out. Page streams go in unchanged wherever the kind of document allows;
 * memory does not grow with the number of pages or their size. */
#ifndef DESKLINE_PAGE_DOCUMENT_H
#define DESKLINE_PAGE_DOCUMENT_H

#include <time.h>

#include "page/page.h"

enum document_kind { DOCUMENT_PDF = 1, DOCUMENT_PNG = 2, DOCUMENT_TIFF = 3, DOCUMENT_JPEG = 4 };

struct document_writer;

struct document_info {
    const char *title;   /* UTF-8, may be NULL; any length and content, escaped by the writer */
    const char *creator; /* UTF-8, may be NULL */
    time_t created;
};

/* A page to append: the stream is read from `fd` (from offset 0, with pread; the caller closes it). */
struct document_page {
    struct page_format format;
    uint32_t rows;
    uint64_t length_bytes;
    int fd;
};

/* Writes to `fd`, which the caller made, keeps and syncs. PNG and JPEG hold exactly one page. */
int document_writer_new(struct document_writer **writer, enum document_kind kind, int fd,
                        const struct document_info *info);
/* Errors: -EINVAL (a codec that this kind cannot hold, a second page in a PNG), -EBADMSG (stream and format
 * disagree, where the writer has to look), an errno of reading or writing (-ENOSPC, -EIO). */
int document_writer_page(struct document_writer *writer, const struct document_page *page);
int document_writer_finish(struct document_writer *writer);
void document_writer_free(struct document_writer **writer);

const char *document_kind_suffix(enum document_kind kind); /* "pdf", … */

#endif
