#include "config.h"

#include "tests/rig/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

int image_raster_allocate(struct image_raster *raster, const struct pnm *shape)
{
    uint64_t bytes;

    raster->shape = *shape;
    pnm_set_row_bytes(&raster->shape);
    bytes = raster->shape.row_bytes * raster->shape.height;
    if (bytes > UINT64_C(1) << 31)
        return -EFBIG;
    raster->samples = calloc(1, bytes + 1);
    return raster->samples != NULL ? 0 : -ENOMEM;
}

void image_raster_free(struct image_raster *raster)
{
    free(raster->samples);
    raster->samples = NULL;
}

static int read_samples(int fd, off_t offset, const struct pnm *shape, struct image_raster *raster)
{
    int error = image_raster_allocate(raster, shape);

    if (error == 0)
        error = pnm_read_at(fd, raster->samples, raster->shape.row_bytes * raster->shape.height, offset);
    if (error != 0)
        image_raster_free(raster);
    return error;
}

int image_read_pnm(const char *path, struct image_raster *raster, const char **why)
{
    struct pnm shape;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = fd < 0 ? -errno : pnm_read_header(fd, &shape);

    *why = "it is not a PNM file of 1, 8 or 16 bits";
    if (error == 0)
        error = read_samples(fd, shape.data_offset, &shape, raster);
    if (fd >= 0)
        close(fd);
    return error;
}

int image_read_raw(const char *path, const struct pnm *like, struct image_raster *raster, const char **why)
{
    struct pnm shape = *like;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = fd < 0 || fstat(fd, &st) != 0 ? -errno : 0;

    *why = "its length is not that of the page's samples";
    pnm_set_row_bytes(&shape);
    if (error == 0 && (uint64_t)st.st_size != shape.row_bytes * shape.height)
        error = -EINVAL;
    if (error == 0)
        error = read_samples(fd, 0, &shape, raster);
    if (fd >= 0)
        close(fd);
    return error;
}

static int read_tiff_shape(TIFF *tiff, struct pnm *shape, uint16_t *photometric)
{
    uint16_t bits = 1, components = 1, planar = PLANARCONFIG_CONTIG;

    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &components);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    *shape = (struct pnm){.components = components, .bits = bits};
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &shape->width) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &shape->height) ||
        !TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, photometric))
        return -EINVAL;
    if (planar != PLANARCONFIG_CONTIG || (components != 1 && components != 3) ||
        (bits != 1 && bits != 8 && bits != 16) || (bits == 1 && components == 3))
        return -EINVAL;
    return *photometric <= PHOTOMETRIC_RGB ? 0 : -EINVAL;
}

/* libtiff gives 16-bit samples in the machine's order and keeps the file's idea of black: make PNM of both.
 */
static void normalise(struct image_raster *raster, uint16_t photometric)
{
    size_t bytes = raster->shape.row_bytes * raster->shape.height;
    bool invert = raster->shape.bits == 1 ? photometric == PHOTOMETRIC_MINISBLACK
                                          : photometric == PHOTOMETRIC_MINISWHITE;

    for (size_t i = 0; i + 1 < bytes && raster->shape.bits == 16; i += 2) {
        uint16_t value = *(const uint16_t *)(const void *)(raster->samples + i);
        raster->samples[i] = (uint8_t)(value >> 8);
        raster->samples[i + 1] = (uint8_t)value;
    }
    for (size_t i = 0; i < bytes && invert; i++)
        raster->samples[i] = (uint8_t)~raster->samples[i];
}

int image_read_tiff(const char *path, unsigned index, struct image_raster *raster, const char **why)
{
    TIFF *tiff = TIFFOpen(path, "r");
    uint16_t photometric = 0;
    struct pnm shape;
    int error = tiff == NULL ? -EINVAL : 0;

    *why = "it is not a TIFF file of 1, 8 or 16 bits, grey or RGB";
    for (unsigned i = 0; error == 0 && i < index; i++)
        if (TIFFReadDirectory(tiff) != 1)
            error = -ENOENT;
    if (error == 0)
        error = read_tiff_shape(tiff, &shape, &photometric);
    if (error == 0)
        error = image_raster_allocate(raster, &shape);
    if (error == 0 && (uint64_t)TIFFScanlineSize64(tiff) != raster->shape.row_bytes)
        error = -EINVAL;
    for (uint32_t y = 0; error == 0 && y < shape.height; y++)
        if (TIFFReadScanline(tiff, raster->samples + raster->shape.row_bytes * y, y, 0) != 1)
            error = -EIO;
    if (error == 0)
        normalise(raster, photometric);
    else if (tiff != NULL && error != -ENOENT)
        image_raster_free(raster);
    if (tiff != NULL)
        TIFFClose(tiff);
    return error;
}
