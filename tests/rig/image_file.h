/* Images that programs made of pages, read back for comparison: PNG, TIFF (each of its images), PNM, raw
 * samples. */
#ifndef RIG_IMAGE_FILE_H
#define RIG_IMAGE_FILE_H

#include "tests/rig/pnm.h"

#include <stddef.h>

/* A whole image; the samples are packed as in a PNM file. */
struct image_raster {
    struct pnm shape;
    uint8_t *samples; /* row_bytes × height */
};

/* Allocates samples (zeroed) for the shape, which needs no row_bytes yet. Returns 0, -ENOMEM, or -EFBIG above
 * 2 GiB. */
int image_raster_allocate(struct image_raster *raster, const struct pnm *shape);

/* Frees the samples; safe on an empty raster. */
void image_raster_free(struct image_raster *raster);

/* Read one image. Return 0 (the caller frees the raster), or -EINVAL or -errno with *why a static sentence.
   TIFF: image `index` of the file; -ENOENT behind the last one.
   Raw: exactly the samples of an image of the shape `like`. */
int image_read_pnm(const char *path, struct image_raster *raster, const char **why);
int image_read_png(const char *path, struct image_raster *raster, const char **why);
int image_read_tiff(const char *path, unsigned index, struct image_raster *raster, const char **why);
int image_read_raw(const char *path, const struct pnm *like, struct image_raster *raster, const char **why);

#endif
