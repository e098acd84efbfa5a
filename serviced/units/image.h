/*
 * Inside of the image kinds: JPEG, PNG and TIFF. An image becomes a page stream and a place on the paper;
 * page/document makes the PDF. What can go unchanged does (JPEG); the rest is decoded row by row and encoded
 * as g4 or flate.
 */
#ifndef DESKLINE_SERVICED_UNITS_IMAGE_H
#define DESKLINE_SERVICED_UNITS_IMAGE_H

#include "page/page.h"
#include "serviced/units/splitting.h"

/* An image that has to be decoded as a whole takes at most so much memory. */
#define IMAGE_MEMORY_BYTES (UINT64_C(256) << 20)

struct image {
    struct page_format format;
    uint32_t rows;
    unsigned orientation; /* of TIFF and Exif, 1 … 8; 0: not known */
    uint64_t length_bytes;
    int fd; /* of the page stream */
};

/* How one kind of file is read: one file per process. */
struct image_reader {
    /* How many images are in the file; 0 or -ECANCELED with the refusal. */
    int (*count)(int fd, uint32_t *images, struct refusal *refusal);
    /* Image `number`, from 1. Sets format, rows and orientation, and either length_bytes and fd to the file
     * itself, or writes the page stream to image->fd, an empty temporary file, through image_start. */
    int (*read)(int fd, uint32_t number, struct image *image, struct refusal *refusal);
    /* Lets go of what `count` and `read` keep between calls; may be NULL. */
    void (*close)(void);
};

extern const struct image_reader image_jpeg, image_png, image_tiff;

/* The encoder of a page stream into image->fd. Rows go through image_rows; image_end gives the length. */
struct image_output;
/* Refuses a format that is too large, and says so for `what` ("the PNG"). */
int image_start(struct image_output **output, struct image *image, const char *what, struct refusal *refusal);
int image_rows(struct image_output *output, const uint8_t *rows, size_t count, struct refusal *refusal);
int image_end(struct image_output *output, struct refusal *refusal);
/* Safe on NULL; clears *output. */
void image_output_free(struct image_output **output);

/* Resolutions that cannot be true (or are over the limit) count as unknown. */
void image_set_dpi(struct page_format *format, double x_dpi, double y_dpi);

#endif
