/* One image as the scanner delivers it: a page file, cropped and converted to what the program asked for.
   Where nothing is to be converted the samples are those of the file, bit for bit. */
#ifndef RIG_SCANNER_IMAGE_H
#define RIG_SCANNER_IMAGE_H

#include "tests/rig/pnm.h"

#include <stddef.h>

/* How a page is to be delivered. */
struct image_request {
    unsigned components;      /* 1 or 3 */
    unsigned bits;            /* 1 (then components is 1), 8 or 16 */
    int plane;                /* -1, or which of red, green, blue alone (three-pass); components is 1 then */
    uint32_t left, top;       /* the area, in pixels of the page; */
    uint32_t right, bottom;   /* UINT32_MAX for the page's own edge */
    int brightness, contrast; /* -100 … 100; 0 changes nothing */
};

struct scanner_image;

/* Opens the image. `fd` is a page file and belongs to the image from here on, also when this fails. Returns 0
 *with out (scanner_image_close frees it), -EINVAL when the file is no page, or -errno. */
int scanner_image_open(int fd, const struct image_request *request, struct scanner_image **out);

/* Closes and clears *image; safe on NULL. */
void scanner_image_close(struct scanner_image **image);

/* The size and kind of what is delivered (not of the file). 16-bit samples are in the machine's byte order,
   as SANE wants them. */
const struct pnm *scanner_image_shape(const struct scanner_image *image);

/* All bytes of the image. */
uint64_t scanner_image_bytes(const struct scanner_image *image);

/* Copies the next bytes, at most `room`. Returns their number, 0 at the end, or -errno. */
ssize_t scanner_image_read(struct scanner_image *image, void *bytes, size_t room);

#endif
