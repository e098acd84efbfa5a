/* Paints pages that look like scans of text: lines of letters, a big page number, the noise of a sensor. The
   same arguments give the same page on every machine. */
#ifndef RIG_PAGE_PAINTER_H
#define RIG_PAGE_PAINTER_H

#include "tests/rig/pnm.h"

/* Writes page number `number` as a PNM file of the given shape to `path`. Returns 0 or -errno. */
int page_paint(const char *path, const struct pnm *shape, unsigned number, uint64_t seed);

#endif
