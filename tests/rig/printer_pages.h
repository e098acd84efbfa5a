/* A document as the printer takes it apart: PDF by qpdf, raster by libcups; anything else is one page. */
#ifndef RIG_PRINTER_PAGES_H
#define RIG_PRINTER_PAGES_H

struct printer_pages;

/* Looks into the file at `path`, which has to stay. `ranges` says which pages are wanted (2-3,5; "" for all
   of them). Returns 0 with *out (printer_pages_close frees it), -EINVAL when it cannot be read as what it is,
   or -errno. */
int printer_pages_open(const char *path, const char *ranges, struct printer_pages **out);
void printer_pages_close(struct printer_pages **pages);

/* How many pages are wanted; the page of the document that is number `index` (from 0) of them. */
unsigned printer_pages_count(const struct printer_pages *pages);
unsigned printer_pages_number(const struct printer_pages *pages, unsigned index);

/* pdf, pwg, jpg, png or txt. */
const char *printer_pages_format(const struct printer_pages *pages);

/* Writes a document of its own with `count` pages from `index` on. Returns 0, -EINVAL or -errno. */
int printer_pages_write(const struct printer_pages *pages, unsigned index, unsigned count, const char *path);

#endif
