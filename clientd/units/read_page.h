/* One page: from the device, encoded, into the spool. The steps stand in read_page.c in the order of time. */
#ifndef DESKLINE_CLIENTD_UNITS_READ_PAGE_H
#define DESKLINE_CLIENTD_UNITS_READ_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "clientd/units/scanner.h"

struct page_spool;
struct unit_link;

/* What stays the same from page to page. */
struct page_source {
    struct scanner *scanner;
    struct scanner_setup setup;
    struct unit_link *link;
    struct page_spool *spool;
    uint64_t job;
    uint32_t generation;
    uint8_t codec; /* of read_options */
};

enum page_outcome {
    PAGE_OUTCOME_WHOLE,  /* in the spool, and the daemon has been told */
    PAGE_OUTCOME_NONE,   /* there was no sheet; the spool is as before */
    PAGE_OUTCOME_FAILED, /* see struct page_failure */
};

struct page_failure {
    uint16_t code;    /* of errors.def */
    bool interrupted; /* a sheet may have been moved for the page */
    char text[512];
};

enum page_outcome read_page(const struct page_source *source, uint32_t page, struct page_failure *failure);

#endif
