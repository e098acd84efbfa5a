/*
 * From the bytes that a device gives to the rows of a page and into its encoder, in bounded memory.
 *
 * A device may pad its rows, cut them anywhere between two reads, and deliver a colour page as three images
 * one after the other; those wait in a scratch file of the spool until the third one is there. A page counts
 * as whole only when the bytes are exactly its rows, and the rows as many as were promised.
 */
#ifndef DESKLINE_CLIENTD_UNITS_PAGE_ROWS_H
#define DESKLINE_CLIENTD_UNITS_PAGE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "clientd/units/scanner.h"
#include "page/page.h"

struct page_rows;
struct page_spool;

/* What the page will be whose first image is this. `codec`: of read_options. -ENOTSUP with *why (a static
 * sentence) for what no codec can hold: those frames never reach page_rows_new. */
int page_rows_format(const struct scanner_frame *frame, uint8_t codec, const struct scanner_setup *setup,
                     struct page_format *format, const char **why);

/* Starts a page: the encoder writes to `spool`, which has to outlive it. -ENOTSUP with *why as above,
 * -ENOMEM, or what making a scratch file fails with. */
int page_rows_new(struct page_rows **rows, const struct page_format *format, struct page_spool *spool,
                  const char **why);
/* Safe on NULL; clears *rows. */
void page_rows_free(struct page_rows **rows);

/* An image of the page starts: the only one, or each of three. -EBADMSG with *why when it does not fit the
 * page. */
int page_rows_image(struct page_rows *rows, const struct scanner_frame *frame, const char **why);
/* Takes what the device gave. -EBADMSG with *why (more than was promised), or what the spool fails with. */
int page_rows_bytes(struct page_rows *rows, const uint8_t *bytes, size_t length, const char **why);
/* The image is over. -EBADMSG with *why when it is incomplete. */
int page_rows_image_end(struct page_rows *rows, const char **why);
/* The page is over: *count rows are in the spool. Errors as page_rows_bytes. */
int page_rows_finish(struct page_rows *rows, uint32_t *count, const char **why);

#endif
