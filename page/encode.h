/* Encoder: rows of samples in, the page stream out. Memory: a few rows and the codec's state. */
#ifndef DESKLINE_PAGE_ENCODE_H
#define DESKLINE_PAGE_ENCODE_H

#include "page/page.h"

struct page_encoder;

/* Takes the next bytes of the page stream. Returns 0 or a negative errno, which ends the encoding with it. */
typedef int (*page_sink)(void *context, const uint8_t *bytes, size_t length);

/* Starts a page. On success *encoder is set and the caller frees it with page_encoder_free; otherwise it is
 * NULL. `format` is copied. A JPEG of unknown height is spooled to an unnamed temporary file until
 * page_encoder_finish, because its header holds the height. Errors: -EINVAL (page_format_check; a PDF),
 * -ENOMEM, an errno of making the temporary file. */
int page_encoder_new(struct page_encoder **encoder, const struct page_format *format, page_sink sink,
                     void *context);

/* Appends `count` rows of page_row_bytes each: packed, RGB interleaved; 1 bit: most significant bit first and
 * 1 = black (as SANE delivers); 16 bit: in the host's byte order. Errors: the sink's, -EOVERFLOW (more rows
 * than page_max_rows: none of them is taken), an errno of the temporary file. After the sink's or the file's
 * error every call returns it again. */
int page_encoder_rows(struct page_encoder *encoder, const uint8_t *rows, size_t count);

/* Ends the stream and says how many rows it has. Errors: as above, -EINVAL (no row, or fewer than height_px;
 * or ended before). */
int page_encoder_finish(struct page_encoder *encoder, uint32_t *rows);

/* Safe in every state and on NULL; clears *encoder. */
void page_encoder_free(struct page_encoder **encoder);

#endif
