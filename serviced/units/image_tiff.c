/*
 * TIFF, through libtiff, one image after the other: black and white goes out as g4, grey and colour as flate.
 * The plain forms are read row by row; all others (tiles, palettes, CMYK, …) through libtiff's own conversion
 * of the whole image.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tiffio.h>

#include "serviced/units/image.h"

#define CM_PER_INCH 2.54

/* libtiff speaks through a handler without a context: there is one file per process. */
static TIFF *tiff;
static uint32_t position; /* the image that it is at, from 1 */
static char last_words[160];

__attribute__((format(printf, 2, 0))) static void on_error(const char *module, const char *format,
                                                           va_list arguments)
{
    (void)module;
    vsnprintf(last_words, sizeof last_words, format, arguments);
}

static int refuse_damaged(struct refusal *refusal, uint32_t number)
{
    return refuse(refusal, ERROR_DOCUMENT, "image %u of the TIFF is damaged: %s", number,
                  *last_words ? last_words : "it cannot be read");
}

static void tiff_close(void)
{
    if (tiff)
        TIFFClose(tiff);
    tiff = NULL;
}

static int tiff_count(int fd, uint32_t *images, struct refusal *refusal)
{
    TIFFSetErrorHandler(on_error);
    TIFFSetWarningHandler(NULL);
    int copy = dup(fd);
    if (copy < 0)
        return refuse_for(refusal, -errno, "the TIFF cannot be opened");
    lseek(copy, 0, SEEK_SET);
    tiff = TIFFFdOpen(copy, "document", "rm"); /* m: without mapping the file */
    if (!tiff) {
        close(copy);
        return refuse_damaged(refusal, 1);
    }
    *images = (uint32_t)TIFFNumberOfDirectories(tiff);
    position = 1;
    return *images ? 0 : refuse_damaged(refusal, 1);
}

/* ---- What an image is --------------------------------------------------------------------------------- */

struct tiff_facts {
    uint16_t bits, samples, photometric, planar, compression, orientation;
    uint32_t width, height;
};

static uint16_t number_of(uint32_t tag)
{
    uint16_t value = 0;
    TIFFGetFieldDefaulted(tiff, tag, &value);
    return value;
}

static struct tiff_facts read_facts(void)
{
    struct tiff_facts facts = {
        .bits = number_of(TIFFTAG_BITSPERSAMPLE),
        .samples = number_of(TIFFTAG_SAMPLESPERPIXEL),
        .photometric = number_of(TIFFTAG_PHOTOMETRIC),
        .planar = number_of(TIFFTAG_PLANARCONFIG),
        .compression = number_of(TIFFTAG_COMPRESSION),
        .orientation = number_of(TIFFTAG_ORIENTATION),
    };
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &facts.width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &facts.height);
    if (facts.compression == COMPRESSION_JPEG && facts.photometric == PHOTOMETRIC_YCBCR &&
        facts.planar == PLANARCONFIG_CONTIG) {
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        facts.photometric = PHOTOMETRIC_RGB;
    }
    return facts;
}

static void set_dpi(struct page_format *format)
{
    float x = 0, y = 0;
    uint16_t unit = number_of(TIFFTAG_RESOLUTIONUNIT);
    if (unit == RESUNIT_NONE || !TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x) ||
        !TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y))
        return;
    double factor = unit == RESUNIT_CENTIMETER ? CM_PER_INCH : 1;
    image_set_dpi(format, (double)x * factor, (double)y * factor);
}

static bool is_grey(const struct tiff_facts *facts)
{
    return facts->samples == 1 &&
           (facts->photometric == PHOTOMETRIC_MINISBLACK || facts->photometric == PHOTOMETRIC_MINISWHITE);
}

/* Whether its rows can go to the encoder as they are, or inverted. */
static bool is_plain(const struct tiff_facts *facts)
{
    if (TIFFIsTiled(tiff))
        return false;
    if (is_grey(facts))
        return facts->bits == 1 || facts->bits == 8;
    return facts->samples == 3 && facts->bits == 8 && facts->photometric == PHOTOMETRIC_RGB &&
           facts->planar == PLANARCONFIG_CONTIG;
}

/* ---- Reading ------------------------------------------------------------------------------------------ */

static int read_plain(const struct tiff_facts *facts, uint32_t number, struct image *image,
                      struct image_output *output, struct refusal *refusal)
{
    uint64_t row_bytes = page_row_bytes(&image->format);
    /* The encoder wants 1 for black, and 0 for black in grey. */
    bool inverts = is_grey(facts) && (facts->bits == 1) == (facts->photometric == PHOTOMETRIC_MINISBLACK);
    if ((uint64_t)TIFFScanlineSize64(tiff) != row_bytes)
        return refuse_damaged(refusal, number);
    uint8_t *row = malloc(row_bytes);
    int error = row ? 0 : refuse_for(refusal, -ENOMEM, "the TIFF cannot be read");
    for (uint32_t at = 0; at < facts->height && !error; at++) {
        if (TIFFReadScanline(tiff, row, at, 0) < 0)
            error = refuse_damaged(refusal, number);
        for (uint64_t i = 0; inverts && i < row_bytes; i++)
            row[i] = (uint8_t)~row[i];
        if (!error)
            error = image_rows(output, row, 1, refusal);
    }
    free(row);
    return error;
}

/* Colours that are part transparent have been darkened by libtiff as if on black: the paper shows through. */
static void to_rgb(const uint32_t *pixels, uint8_t *row, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        uint32_t pixel = pixels[x], light = 255 - TIFFGetA(pixel);
        const uint32_t colours[3] = {TIFFGetR(pixel), TIFFGetG(pixel), TIFFGetB(pixel)};
        for (int i = 0; i < 3; i++)
            *row++ = (uint8_t)(colours[i] + light > 255 ? 255 : colours[i] + light);
    }
}

static int read_whole(const struct tiff_facts *facts, uint32_t number, struct image_output *output,
                      struct refusal *refusal)
{
    uint64_t pixels = (uint64_t)facts->width * facts->height;
    if (pixels > IMAGE_MEMORY_BYTES / sizeof(uint32_t))
        return refuse(refusal, ERROR_LIMIT, "image %u of the TIFF takes more than %d MB of memory", number,
                      (int)(IMAGE_MEMORY_BYTES >> 20));
    uint32_t *raster = malloc(pixels * sizeof *raster);
    uint8_t *row = malloc((size_t)facts->width * 3);
    int error = raster && row ? 0 : refuse_for(refusal, -ENOMEM, "the TIFF cannot be read");
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT); /* turning is for the PDF */
    if (!error &&
        !TIFFReadRGBAImageOriented(tiff, facts->width, facts->height, raster, ORIENTATION_TOPLEFT, 1))
        error = refuse_damaged(refusal, number);
    for (uint32_t at = 0; at < facts->height && !error; at++) {
        to_rgb(raster + (size_t)at * facts->width, row, facts->width);
        error = image_rows(output, row, 1, refusal);
    }
    free(row);
    free(raster);
    return error;
}

static int tiff_read(int fd, uint32_t number, struct image *image, struct refusal *refusal)
{
    struct image_output *output = NULL;
    char what[48];
    (void)fd;
    last_words[0] = '\0';
    for (; position < number; position++)
        if (!TIFFReadDirectory(tiff))
            return refuse_damaged(refusal, number);
    struct tiff_facts facts = read_facts();
    bool plain = is_plain(&facts), is_lineart = plain && facts.bits == 1;
    image->format = (struct page_format){.codec = is_lineart ? PAGE_CODEC_G4 : PAGE_CODEC_FLATE,
                                         .width_px = facts.width,
                                         .height_px = facts.height,
                                         .bits = is_lineart ? 1 : 8,
                                         .components = plain && facts.samples == 1 ? 1 : 3};
    image->orientation = facts.orientation;
    set_dpi(&image->format);
    snprintf(what, sizeof what, "image %u of the TIFF", number);
    int error = image_start(&output, image, what, refusal);
    if (!error)
        error = plain ? read_plain(&facts, number, image, output, refusal)
                      : read_whole(&facts, number, output, refusal);
    if (!error)
        error = image_end(output, refusal);
    image_output_free(&output);
    return error;
}

const struct image_reader image_tiff = {.count = tiff_count, .read = tiff_read, .close = tiff_close};
