/* Page ranges as people write them: "1-3,5,8-". Pure. */
#ifndef DESKLINE_BASE_PAGE_RANGE_H
#define DESKLINE_BASE_PAGE_RANGE_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_RANGE_MOST 256 /* ranges in one text */
#define PAGE_RANGE_OPEN UINT32_MAX

struct page_range {
    uint32_t first, last; /* from 1; last is PAGE_RANGE_OPEN for "8-" */
};

/* Ascending, without overlap: no page is in there twice. */
struct page_ranges {
    struct page_range ranges[PAGE_RANGE_MOST];
    size_t count;
};

/* "N", "N-M" and "N-", separated by commas; spaces around a range are allowed. NULL, or a text of spaces: all
 * pages. -EINVAL with one sentence in `why` (may be NULL with size 0): no number, page 0, backwards, not in
 * ascending order, a page twice, too many. */
int page_ranges_parse(struct page_ranges *ranges, const char *text, char *why, size_t size);

/* Fits them to a document of `pages` pages (at least 1): an open end becomes the last page. -ERANGE with a
 * sentence for a page that the document does not have. */
int page_ranges_fit(struct page_ranges *ranges, uint32_t pages, char *why, size_t size);

/* How many pages are in them, after page_ranges_fit. */
uint32_t page_ranges_total(const struct page_ranges *ranges);

/* The first page in them that is higher than `page`, 0 when there is none: page 0 starts the walk. */
uint32_t page_ranges_next(const struct page_ranges *ranges, uint32_t page);

#endif
