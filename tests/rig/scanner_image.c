#include "config.h"

#include "tests/rig/scanner_image.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scanner_image {
    int fd;
    struct pnm file;  /* the page */
    struct pnm shape; /* what is delivered */
    struct image_request request;
    bool plain;          /* nothing to convert: bytes go from the file to the program */
    uint64_t at;         /* bytes delivered */
    uint8_t *raw;        /* one row of the file */
    uint16_t *wide;      /* the same row, every sample as 16 bits */
    uint8_t *row;        /* one row as delivered */
    uint64_t row_number; /* which row is in `row`, UINT64_MAX for none */
};

static void crop(struct scanner_image *image)
{
    struct image_request *r = &image->request;

    if (r->right > image->file.width)
        r->right = image->file.width;
    if (r->bottom > image->file.height)
        r->bottom = image->file.height;
    /* An area beside the page is answered with the page's last pixel: a scanner delivers something. */
    if (r->left >= r->right)
        r->left = r->right - 1;
    if (r->top >= r->bottom)
        r->top = r->bottom - 1;
}

static int allocate_rows(struct scanner_image *image)
{
    image->raw = malloc(image->file.row_bytes);
    image->wide = malloc((size_t)image->file.width * image->file.components * sizeof *image->wide);
    image->row = malloc(image->shape.row_bytes);
    return image->raw && image->wide && image->row ? 0 : -ENOMEM;
}

int scanner_image_open(int fd, const struct image_request *request, struct scanner_image **out)
{
    struct scanner_image *image = calloc(1, sizeof *image);
    int error;

    if (image == NULL) {
        close(fd);
        return -ENOMEM;
    }
    image->fd = fd;
    image->request = *request;
    image->row_number = UINT64_MAX;
    error = pnm_read_header(fd, &image->file);
    if (error != 0)
        goto fail;
    if (request->right == 0 || request->bottom == 0) {
        error = -EINVAL;
        goto fail;
    }
    crop(image);
    image->shape = (struct pnm){.width = image->request.right - image->request.left,
                                .height = image->request.bottom - image->request.top,
                                .components = request->components,
                                .bits = request->bits};
    pnm_set_row_bytes(&image->shape);
    image->plain = image->shape.width == image->file.width && request->components == image->file.components &&
                   request->bits == image->file.bits && request->bits != 16 && request->plane < 0 &&
                   request->brightness == 0 && request->contrast == 0;
    error = image->plain ? 0 : allocate_rows(image);
    if (error != 0)
        goto fail;
    *out = image;
    return 0;
fail:
    scanner_image_close(&image);
    return error;
}

void scanner_image_close(struct scanner_image **image)
{
    if (*image == NULL)
        return;
    close((*image)->fd);
    free((*image)->raw);
    free((*image)->wide);
    free((*image)->row);
    free(*image);
    *image = NULL;
}

const struct pnm *scanner_image_shape(const struct scanner_image *image)
{
    return &image->shape;
}

uint64_t scanner_image_bytes(const struct scanner_image *image)
{
    return image->shape.row_bytes * image->shape.height;
}

/* The file's row as 16-bit samples, white is 65535. 8 bits become v × 257, so that the way back is exact. */
static void widen(const struct scanner_image *image)
{
    size_t samples = (size_t)image->file.width * image->file.components;

    for (size_t i = 0; i < samples; i++) {
        switch (image->file.bits) {
        case 1:
            image->wide[i] = image->raw[i / 8] >> (7 - i % 8) & 1 ? 0 : UINT16_MAX;
            break;
        case 8:
            image->wide[i] = (uint16_t)(image->raw[i] * 257);
            break;
        default:
            image->wide[i] = (uint16_t)(image->raw[2 * i] << 8 | image->raw[2 * i + 1]);
        }
    }
}

/* Brightness moves the samples by up to the whole range, contrast spreads them around the middle. */
static uint16_t adjust(const struct image_request *r, uint16_t sample)
{
    int64_t value = sample;

    if (r->brightness == 0 && r->contrast == 0)
        return sample;
    value = (value - 32768) * (100 + r->contrast) / 100 + 32768 + (int64_t)r->brightness * UINT16_MAX / 100;
    return value < 0 ? 0 : value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

/* One sample of the delivered image: column x of the area, component c. */
static uint16_t pick(const struct scanner_image *image, uint32_t x, unsigned c)
{
    const uint16_t *pixel = image->wide + ((size_t)x + image->request.left) * image->file.components;
    unsigned grey;

    if (image->file.components == 1)
        return adjust(&image->request, pixel[0]);
    if (image->request.plane >= 0)
        return adjust(&image->request, pixel[image->request.plane]);
    if (image->shape.components == 3)
        return adjust(&image->request, pixel[c]);
    grey = (299u * pixel[0] + 587u * pixel[1] + 114u * pixel[2] + 500) / 1000;
    return adjust(&image->request, (uint16_t)grey);
}

static void narrow(struct scanner_image *image)
{
    const struct pnm *shape = &image->shape;

    memset(image->row, 0, shape->row_bytes);
    for (uint32_t x = 0; x < shape->width; x++) {
        for (unsigned c = 0; c < shape->components; c++) {
            size_t i = (size_t)x * shape->components + c;
            uint16_t sample = pick(image, x, c);
            if (shape->bits == 1)
                image->row[i / 8] |= (uint8_t)((sample < 32768) << (7 - i % 8));
            else if (shape->bits == 8)
                image->row[i] = (uint8_t)(sample >> 8);
            else
                memcpy(image->row + 2 * i, &sample, 2);
        }
    }
}

static int make_row(struct scanner_image *image, uint64_t number)
{
    off_t offset = image->file.data_offset + (off_t)((number + image->request.top) * image->file.row_bytes);
    int error = pnm_read_at(image->fd, image->raw, image->file.row_bytes, offset);

    if (error != 0)
        return error;
    widen(image);
    narrow(image);
    image->row_number = number;
    return 0;
}

ssize_t scanner_image_read(struct scanner_image *image, void *bytes, size_t room)
{
    uint64_t left = scanner_image_bytes(image) - image->at;
    uint64_t number = image->at / image->shape.row_bytes, within = image->at % image->shape.row_bytes;
    int error;

    if (room > left)
        room = (size_t)left;
    if (room == 0)
        return 0;
    if (room > SSIZE_MAX)
        room = SSIZE_MAX;
    if (image->plain) {
        off_t skipped = (off_t)(image->request.top * image->file.row_bytes);
        error = pnm_read_at(image->fd, bytes, room, image->file.data_offset + skipped + (off_t)image->at);
        image->at += error == 0 ? room : 0;
        return error == 0 ? (ssize_t)room : error;
    }
    if (number != image->row_number) {
        error = make_row(image, number);
        if (error != 0)
            return error;
    }
    if (room > image->shape.row_bytes - within)
        room = (size_t)(image->shape.row_bytes - within);
    memcpy(bytes, image->row + within, room);
    image->at += room;
    return (ssize_t)room;
}
