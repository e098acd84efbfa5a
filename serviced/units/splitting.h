/*
 * What the splitting unit is told, and the record by which it knows a kind of document.
 *
 *   splitting_unit (argv, limits) ─► sniff ─► source (PDF, image, text) ─► sheets ─► block_file ─► report
 */
#ifndef DESKLINE_SERVICED_UNITS_SPLITTING_H
#define DESKLINE_SERVICED_UNITS_SPLITTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/page_range.h"
#include "serviced/units/paper.h"
#include "serviced/units/refusal.h"

struct splitting_orders {
    const char *file, *output_folder;
    struct page_ranges ranges;
    bool two_sided;
    struct paper paper;
    enum turn turn;
    bool fit; /* pages of a PDF, too, are scaled to the paper */
    uint32_t page_limit;
    uint64_t byte_limit; /* of all blocks together */
};

/* An opened document. A kind embeds it at the start of a struct of its own. */
struct source {
    const struct source_kind *kind;
    uint32_t pages; /* at least 1 */
    char title[256];
};

struct source_kind {
    const char *name;
    /* `fd` stays the caller's and open until free. Fills kind, pages and title. 0, or -ECANCELED with the
     * refusal. */
    int (*open)(struct source **source, const struct splitting_orders *orders, int fd,
                struct refusal *refusal);
    /* Writes a PDF of these one or two pages to the empty file `fd`, which is also at `path`. Pages come in
     * ascending order from call to call. Errors as above. */
    int (*write)(struct source *source, const uint32_t *pages, unsigned count, int fd, const char *path,
                 struct refusal *refusal);
    /* Safe on NULL; clears *source. */
    void (*free)(struct source **source);
};

extern const struct source_kind source_pdf, source_text, source_jpeg, source_png, source_tiff;

/* The kind of the document in `fd`, by what is in it; NULL with the refusal when it is none of ours. */
const struct source_kind *sniff(int fd, struct refusal *refusal);

#endif
