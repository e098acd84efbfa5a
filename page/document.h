/* Writers: stored pages in, a document out. Page streams go in unchanged wherever the kind of document
 * allows; memory does not grow with the number of pages or their size. */
#ifndef DESKLINE_PAGE_DOCUMENT_H
#define DESKLINE_PAGE_DOCUMENT_H

#include <time.h>

#include "page/page.h"

/*
 * How pages go in:
 *          PDF        PNG                  TIFF                       JPEG
 * flate    unchanged  unchanged            decoded, then Deflate      -EINVAL
 * g4       unchanged  decoded, 1 bit PNG   unchanged                  -EINVAL
 * jpeg     unchanged  decoded              decoded, then Deflate      unchanged
 * pdf      -EINVAL    -EINVAL              -EINVAL                    -EINVAL
 */
enum document_kind { DOCUMENT_PDF = 1, DOCUMENT_PNG = 2, DOCUMENT_TIFF = 3, DOCUMENT_JPEG = 4 };

struct document_writer;

/* Goes into a PDF; the other kinds have no place for it that readers show. */
struct document_info {
    const char *title;   /* UTF-8, may be NULL; any length and content, escaped by the writer */
    const char *creator; /* UTF-8, may be NULL */
    time_t created;
};

/* Where an image stands on a sheet of paper: `matrix` takes the unit square onto it, in points from the lower
 * left corner (ISO 32000-1, 8.9.5). Only a PDF has sheets. */
struct document_placement {
    double width_pt, height_pt; /* of the sheet */
    double matrix[6];
};

/* A page to append: the stream is read from `fd` (from offset 0, with pread; the caller closes it). */
struct document_page {
    struct page_format format;
    uint32_t rows;
    uint64_t length_bytes;
    int fd;
    const struct document_placement *placement; /* NULL: the sheet is as large as the image */
};

/* Writes to `fd`, an empty regular file, which the caller made, keeps and syncs. PNG and JPEG hold exactly
 * one page. `info` may be NULL and is not kept, nor are its strings. On success the caller frees *writer with
 * document_writer_free; otherwise it is NULL. Errors: -EINVAL (unknown kind), -ENOMEM, an errno of writing or
 * of making a temporary file (PDF keeps the places of its objects there). */
int document_writer_new(struct document_writer **writer, enum document_kind kind, int fd,
                        const struct document_info *info);

/* Errors: -EINVAL (a format that is none, a codec that this kind cannot hold, no rows, a second page in a PNG
 * or JPEG), -EBADMSG (stream and format disagree, where the writer has to look; the file is shorter than
 * length_bytes), -EFBIG (a PDF of 10 GB, a TIFF of 4 GiB), an errno of reading or writing (-ENOSPC, -EIO).
 * After any but -EINVAL the document cannot go on: each call returns the error again. */
int document_writer_page(struct document_writer *writer, const struct document_page *page);

/* Ends the document. Errors: as above; -EINVAL when it has no page. */
int document_writer_finish(struct document_writer *writer);

/* Safe in every state and on NULL; clears *writer. */
void document_writer_free(struct document_writer **writer);

const char *document_kind_suffix(enum document_kind kind); /* "pdf", …; NULL for an unknown one */

#endif
