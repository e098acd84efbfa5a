/* Inside of the PDF kind: what its files share. The C interface of libqpdf: an object handle (qpdf_oh) counts
 * for the document with which it was made. */
#ifndef DESKLINE_SERVICED_UNITS_PDF_SOURCE_H
#define DESKLINE_SERVICED_UNITS_PDF_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <qpdf/qpdf-c.h>

#include "serviced/units/splitting.h"

/* The most that a stream of a page may unpack to, images apart. */
#define PDF_STREAM_LIMIT (UINT64_C(256) << 20)

/* -ECANCELED when libqpdf has met an error since it was asked last: the refusal begins with `what`. */
int pdf_failed(qpdf_data qpdf, const char *what, struct refusal *refusal);

/* ---- pdf_copy.c: objects from one document into another ---- */

/* A copy of `object`, with all that it refers to but other pages. Depth is bounded; an error is left for
 * pdf_failed. */
qpdf_oh pdf_copy(qpdf_data to, qpdf_data from, qpdf_oh object);
/* Whether a key of a dictionary is to be copied. */
typedef bool (*pdf_chooser)(void *context, const char *key);
/* A copy of a dictionary as a direct object, with those keys alone. */
qpdf_oh pdf_copy_dictionary(qpdf_data to, qpdf_data from, qpdf_oh dictionary, pdf_chooser choose,
                            void *context);
/* Sets a key unless the value is null. */
void pdf_set(qpdf_data qpdf, qpdf_oh dictionary, const char *key, qpdf_oh value);
/* A stream without a filter; `dictionary` entries are set by the caller. */
qpdf_oh pdf_new_stream(qpdf_data qpdf, const void *bytes, size_t length);
/* The keys of a dictionary; pdf_keys_free frees them. */
struct pdf_keys {
    char **keys;
    size_t count;
};
struct pdf_keys pdf_keys_of(qpdf_data qpdf, qpdf_oh dictionary);
void pdf_keys_free(struct pdf_keys *keys);

/* ---- pdf_box.c ---- */

struct pdf_box {
    double left, bottom, right, top;
};
/* The visible part of a page in its own units: CropBox within MediaBox, as they are inherited. *quarters is
 * how often it is turned clockwise, 0 … 3. -ECANCELED for a page without a possible size. */
int pdf_page_box(qpdf_data qpdf, qpdf_oh page, uint32_t number, struct pdf_box *box, int *quarters,
                 struct refusal *refusal);
/* An attribute of a page, its own or inherited; null when there is none. */
qpdf_oh pdf_inherited(qpdf_data qpdf, qpdf_oh page, const char *key);
qpdf_oh pdf_box_object(qpdf_data qpdf, const struct pdf_box *box);
bool pdf_box_read(qpdf_data qpdf, qpdf_oh array, struct pdf_box *box);

/* ---- pdf_contents.c ---- */

struct pdf_contents {
    unsigned char *bytes; /* malloc; NULL for an empty page */
    size_t length;
};
/* What draws the page, in one piece. -ECANCELED when a part is missing, damaged or too large. */
int pdf_contents_read(qpdf_data qpdf, qpdf_oh page, uint32_t number, struct pdf_contents *contents,
                      struct refusal *refusal);
/* The resources that the contents name, copied; many writers give every page those of all pages. */
qpdf_oh pdf_resources_copy(qpdf_data to, qpdf_data from, qpdf_oh resources,
                           const struct pdf_contents *contents);

/* ---- pdf_unpack.c ---- */

/* What the stream unpacks to is counted, not kept: 0, -EFBIG over PDF_STREAM_LIMIT, -EBADMSG for a chain of
 * filters that nobody writes, -ENOMEM. Damaged streams pass. Of images the declared size counts. */
int pdf_stream_check(qpdf_data qpdf, qpdf_oh stream, uint64_t *unpacked);

/* ---- pdf_page.c ---- */

/* Appends page `number` of `from` to the document `to`. */
int pdf_page_copy(qpdf_data to, qpdf_data from, uint32_t number, const struct splitting_orders *orders,
                  struct refusal *refusal);

#endif
