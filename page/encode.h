/* Encoder: rows of samples in, the page stream out. Memory: a few rows and the codec's state. */
#ifndef DESKLINE_PAGE_ENCODE_H
#define DESKLINE_PAGE_ENCODE_H

#include "page/page.h"

struct page_encoder;

/* Takes the next bytes of the page stream. Returns 0 or a negative errno, which ends the encoding with it. */
typedef int (*page_sink)(void *context, const uint8_t *bytes, size_t length);

/* Starts a page. On success *encoder is set and the caller frees it with page_encoder_free. `format` is
 * copied. Errors: -EINVAL (page_format_check), -ENOMEM. */
int page_encoder_new(struct page_encoder **encoder, const struct page_format *format, page_sink sink,
                     void *context);

/* Appends `count` rows of page_row_bytes each: packed, RGB interleaved; 1 bit: most significant bit first and
 * 1 = black (as SANE delivers); 16 bit: in the host's byte order. Errors: the sink's, -EOVERFLOW (more rows
 * than height_px, or over PAGE_MAX_SAMPLE_BYTES). */
int page_encoder_rows(struct page_encoder *encoder, const uint8_t *rows, size_t count);

/* Ends the stream and says how many rows it has. Errors: the sink's, -EINVAL (no row, or fewer than height_px). */
int page_encoder_finish(struct page_encoder *encoder, uint32_t *rows);

/* Safe in every state and on NULL; clears *encoder. */
void page_encoder_free(struct page_encoder **encoder);

#endif
