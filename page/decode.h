/* Decoder: page stream in, rows out, bounded by what the format declares. It never trusts the stream. */
#ifndef DESKLINE_PAGE_DECODE_H
#define DESKLINE_PAGE_DECODE_H

#include "page/page.h"

struct page_decoder;

/* Receives one row as page_encoder_rows takes it. Non-zero ends the decoding with that value. */
typedef int (*page_row_sink)(void *context, const uint8_t *row, size_t length);

/* `rows` is the declared row count (PAGE_END); the stream has to have exactly that many. */
int page_decoder_new(struct page_decoder **decoder, const struct page_format *format, uint32_t rows,
                     page_row_sink sink, void *context);

/* Errors: -EBADMSG with *why (corrupt, a filter byte over 4, more rows than declared, …); the sink's. */
int page_decoder_bytes(struct page_decoder *decoder, const uint8_t *bytes, size_t length, const char **why);

/* -EBADMSG when the stream is not complete or has fewer rows than declared. */
int page_decoder_finish(struct page_decoder *decoder, const char **why);

void page_decoder_free(struct page_decoder **decoder);

/* Whether the file's whole stream is what the format declares, decoding it once and keeping nothing: bounded
 * time and memory whatever the file holds. 0, -EBADMSG with *why, or a negative errno from reading. */
int page_verify_file(int folder_fd, const char *name, const struct page_format *format, uint32_t rows,
                     const char **why);

#endif
