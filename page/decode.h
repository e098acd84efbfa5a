/* Decoder: page stream in, rows out, bounded by what the format declares. It never trusts the stream. */
#ifndef DESKLINE_PAGE_DECODE_H
#define DESKLINE_PAGE_DECODE_H

#include "page/page.h"

struct page_decoder;

/* Receives one row as page_encoder_rows takes it; the bits behind the last pixel of a 1 bit row are zero.
 * Non-zero ends the decoding with that value. */
typedef int (*page_row_sink)(void *context, const uint8_t *row, size_t length);

/* `rows` is the declared row count (PAGE_END); the stream has to have exactly that many. `sink` may be NULL:
 * the stream is then checked as strictly, without the work of making rows. On success the caller frees
 * *decoder with page_decoder_free; otherwise it is NULL. Errors: -EINVAL (page_format_check, a PDF, no rows
 * or too many, not the height that the format names), -ENOMEM. */
int page_decoder_new(struct page_decoder **decoder, const struct page_format *format, uint32_t rows,
                     page_row_sink sink, void *context);

/* Takes the next bytes of the stream. Errors: -EBADMSG with *why (corrupt, a filter byte over 4, more rows
 * than declared, bytes behind the end, …); the sink's; -ENOMEM. After an error every call returns it again.
 * `why` may be NULL here and below; its sentence is static. */
int page_decoder_bytes(struct page_decoder *decoder, const uint8_t *bytes, size_t length, const char **why);

/* -EBADMSG when the stream is not complete or has fewer rows than declared, or an earlier error. */
int page_decoder_finish(struct page_decoder *decoder, const char **why);

/* Safe in every state and on NULL; clears *decoder. */
void page_decoder_free(struct page_decoder **decoder);

/* Decodes the `length` bytes at the start of `fd` (with pread) and finishes. Errors: as above, -EBADMSG when
 * the file is shorter, an errno of reading. */
int page_decode_fd(struct page_decoder *decoder, int fd, uint64_t length, const char **why);

/* Whether the file's whole stream is what the format declares, decoding it once and keeping nothing: bounded
 * time and memory whatever the file holds. `name` is opened in `folder_fd` and no symbolic link is followed.
 * Of a PDF only its signature is looked at. 0, -EBADMSG with *why, or a negative errno from the format or
 * reading. */
int page_verify_file(int folder_fd, const char *name, const struct page_format *format, uint32_t rows,
                     const char **why);

#endif
