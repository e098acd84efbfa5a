/*
 * Deflate for samples: bytes in, one zlib stream out, with the method that suits them.
 *
 * What is left of a scanned page after filtering is noise, in which the search for earlier matches costs most
 * of the time and finds nothing: runs and codes made for each strip are many times as fast and no larger.
 * Only where a strip shrinks well (a drawing, a margin with marks) matches are worth their time, and zlib
 * finds them. The output depends on the bytes alone, not on how they are cut into calls.
 */
#ifndef DESKLINE_PAGE_SQUEEZE_H
#define DESKLINE_PAGE_SQUEEZE_H

#include "page/encode.h"

struct squeeze;

/* Errors: -ENOMEM. The caller frees *squeeze with squeeze_free. */
int squeeze_new(struct squeeze **squeeze, page_sink sink, void *context);

/* Errors: the sink's. */
int squeeze_bytes(struct squeeze *squeeze, const uint8_t *bytes, size_t length);

/* Ends the zlib stream; the next byte begins another one. Errors: the sink's. */
int squeeze_finish(struct squeeze *squeeze);

/* Safe on NULL; clears *squeeze. */
void squeeze_free(struct squeeze **squeeze);

#endif
