/* The row filters of PNG (ISO/IEC 15948, clause 9), which PDF calls predictor 15. */
#ifndef DESKLINE_PAGE_FILTER_H
#define DESKLINE_PAGE_FILTER_H

#include <stddef.h>
#include <stdint.h>

/* Rows stand in buffers with this many zero bytes before them, so that no loop has a special first pixel. It
 * is no less than the bytes of one pixel. */
#define FILTER_MARGIN 16

#define FILTER_COUNT 5

/* Writes the filter byte and `length` filtered bytes to `out`, with the filter that looks cheapest. `row` and
 * `above` stand behind a margin. `pixel_bytes` is 1 to 8. */
void filter_encode(uint8_t *out, const uint8_t *row, const uint8_t *above, size_t length, size_t pixel_bytes);

/* Undoes filter number `filter` (below FILTER_COUNT) in place. `row` and `above` stand behind a margin. */
void filter_decode(unsigned filter, uint8_t *row, const uint8_t *above, size_t length, size_t pixel_bytes);

#endif
