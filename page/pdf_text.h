/* Text strings of PDF (ISO 32000-1, 7.9.2.2). */
#ifndef DESKLINE_PAGE_PDF_TEXT_H
#define DESKLINE_PAGE_PDF_TEXT_H

#include "page/output.h"

/* Writes UTF-8 text as a string object: literal where it is printable ASCII, else UTF-16BE in hexadecimal.
 * What is no UTF-8 becomes U+FFFD. */
void pdf_text(struct output *output, const char *text);

#endif
