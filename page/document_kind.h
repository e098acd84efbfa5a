/* Inside of the document writer: what one kind of document brings. */
#ifndef DESKLINE_PAGE_DOCUMENT_KIND_H
#define DESKLINE_PAGE_DOCUMENT_KIND_H

#include "page/decode.h"
#include "page/document.h"
#include "page/output.h"

struct document_kind_facts {
    const char *suffix;
    int one_page;
    unsigned codecs; /* bit n is set: pages of codec n can go in */
    /* A zeroed object that begins with a struct document_writer; NULL without memory. */
    struct document_writer *(*allocate)(void);
    /* These write to `output` and need not look at its error. On failure of `start`, `release` is called. */
    int (*start)(struct document_writer *writer, const struct document_info *info);
    int (*page)(struct document_writer *writer, const struct document_page *page);
    int (*finish)(struct document_writer *writer);
    /* Frees the object and all in it. */
    void (*release)(struct document_writer *writer);
};

struct document_writer {
    const struct document_kind_facts *kind;
    struct output output;
    uint64_t pages;
    int error;
};

extern const struct document_kind_facts document_pdf, document_png, document_tiff, document_jpeg;

/* Decodes the page, giving its rows to `sink`. */
int document_decode(const struct document_page *page, page_row_sink sink, void *context);

#endif
