/* A PNG reader on zlib alone, so that what the product writes is checked by something that shares no code
 * with it. */
#include "config.h"

#include "tests/rig/image_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { GREY = 0, RGB = 2, PALETTE = 3 };

struct png {
    FILE *file;
    struct pnm shape; /* as stored: bits may be 2 or 4, which nothing here compares */
    unsigned colour;
    uint8_t palette[256 * 3];
    z_stream z;
    uint8_t *filtered; /* rows with their filter bytes */
    const char **why;
};

static uint32_t big_endian(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int refuse(struct png *png, const char *why)
{
    *png->why = why;
    return -EINVAL;
}

static int read_header(struct png *png, const uint8_t *data, uint32_t length)
{
    if (length != 13)
        return refuse(png, "its header has a wrong length");
    png->shape.width = big_endian(data);
    png->shape.height = big_endian(data + 4);
    png->shape.bits = data[8];
    png->colour = data[9];
    png->shape.components = png->colour == RGB ? 3 : 1;
    if (png->colour != GREY && png->colour != RGB && png->colour != PALETTE)
        return refuse(png, "it has an alpha channel");
    if (data[12] != 0)
        return refuse(png, "it is interlaced");
    if (png->shape.bits != 1 && png->shape.bits != 8 && png->shape.bits != 16)
        return refuse(png, "its depth is neither 1, 8 nor 16");
    if (png->shape.width - 1 >= 1 << 20 || png->shape.height - 1 >= 1 << 20)
        return refuse(png, "its size is out of bounds");
    pnm_set_row_bytes(&png->shape);
    png->filtered = malloc((png->shape.row_bytes + 1) * png->shape.height);
    if (png->filtered == NULL)
        return refuse(png, "it is too large for the memory");
    png->z.next_out = png->filtered;
    return inflateInit(&png->z) == Z_OK ? 0 : refuse(png, "zlib does not start");
}

/* zlib counts its output room in 32 bits: the room is given anew before each call. */
static int inflate_data(struct png *png, uint8_t *data, uint32_t length)
{
    const uint8_t *end;

    if (png->filtered == NULL)
        return refuse(png, "image data comes before the header");
    end = png->filtered + (png->shape.row_bytes + 1) * png->shape.height;
    png->z.next_in = data;
    png->z.avail_in = length;
    while (png->z.avail_in > 0) {
        size_t room = (size_t)(end - png->z.next_out);
        int status;
        png->z.avail_out = room > 1 << 30 ? 1 << 30 : (uInt)room;
        status = inflate(&png->z, Z_NO_FLUSH);
        if (status == Z_STREAM_END)
            return png->z.avail_in == 0 ? 0 : refuse(png, "there is data behind the image's end");
        if (status != Z_OK)
            return refuse(png, "its data does not inflate, or is longer than the image");
    }
    return 0;
}

static int take_chunk(struct png *png, const char *type, uint8_t *data, uint32_t length)
{
    if (memcmp(type, "IHDR", 4) == 0 && png->filtered == NULL)
        return read_header(png, data, length);
    if (memcmp(type, "PLTE", 4) == 0 && length <= sizeof png->palette)
        memcpy(png->palette, data, length);
    if (memcmp(type, "IDAT", 4) == 0)
        return inflate_data(png, data, length);
    return 0;
}

/* Returns 1 at IEND. */
static int read_chunk(struct png *png)
{
    uint8_t head[8], tail[4], *data;
    uint32_t length;
    uLong sum;
    int error = 0;

    if (fread(head, 1, 8, png->file) != 8)
        return refuse(png, "it ends too early");
    length = big_endian(head);
    if (length > 1u << 31 || (data = malloc((size_t)length + 1)) == NULL)
        return refuse(png, "a chunk is too large");
    if (fread(data, 1, length, png->file) != length || fread(tail, 1, 4, png->file) != 4)
        error = refuse(png, "it ends too early");
    sum = crc32_z(crc32(0, head + 4, 4), data, length);
    if (error == 0 && sum != big_endian(tail))
        error = refuse(png, "the checksum of a chunk is wrong");
    if (error == 0)
        error = take_chunk(png, (const char *)head + 4, data, length);
    free(data);
    return error == 0 && memcmp(head + 4, "IEND", 4) == 0 ? 1 : error;
}

static uint8_t paeth(int left, int up, int corner)
{
    int a = abs(up - corner), b = abs(left - corner), c = abs(left + up - 2 * corner);

    return (uint8_t)(a <= b && a <= c ? left : b <= c ? up : corner);
}

static int unfilter_row(uint8_t filter, const uint8_t *in, const uint8_t *above, uint8_t *out, size_t bytes,
                        size_t bpp)
{
    for (size_t i = 0; i < bytes; i++) {
        int left = i >= bpp ? out[i - bpp] : 0, up = above != NULL ? above[i] : 0;
        int corner = i >= bpp && above != NULL ? above[i - bpp] : 0;
        const int guesses[5] = {0, left, up, (left + up) / 2, paeth(left, up, corner)};
        if (filter > 4)
            return -EINVAL;
        out[i] = (uint8_t)(in[i] + guesses[filter]);
    }
    return 0;
}

static int unfilter(struct png *png, struct image_raster *raster)
{
    size_t bytes = png->shape.row_bytes, bpp = png->shape.bits * png->shape.components / 8;
    int error = image_raster_allocate(raster, &png->shape);

    if (error != 0)
        return refuse(png, "it is too large for the memory");
    for (uint32_t y = 0; error == 0 && y < png->shape.height; y++) {
        const uint8_t *in = png->filtered + (bytes + 1) * y;
        uint8_t *out = raster->samples + bytes * y;
        error = unfilter_row(in[0], in + 1, y > 0 ? out - bytes : NULL, out, bytes, bpp > 0 ? bpp : 1);
    }
    return error == 0 ? 0 : refuse(png, "it has an unknown row filter");
}

/* PNG's 1 is white where PBM's is black, and a palette of two may say either. Larger palettes are not
 * compared. */
static int normalise(struct png *png, struct image_raster *raster)
{
    bool one_is_black = png->colour == PALETTE && png->palette[0] > png->palette[3];
    size_t bytes = raster->shape.row_bytes * raster->shape.height;

    if (png->colour == PALETTE && png->shape.bits != 1)
        return refuse(png, "it has a palette");
    for (size_t i = 0; i < bytes && png->shape.bits == 1 && !one_is_black; i++)
        raster->samples[i] = (uint8_t)~raster->samples[i];
    return 0;
}

int image_read_png(const char *path, struct image_raster *raster, const char **why)
{
    struct png png = {.file = fopen(path, "rbe"), .why = why};
    uint8_t signature[8];
    int error = png.file == NULL ? -errno : 0;

    *why = "it is not a PNG file";
    if (error == 0 &&
        (fread(signature, 1, 8, png.file) != 8 || memcmp(signature, "\211PNG\r\n\032\n", 8) != 0))
        error = -EINVAL;
    while (error == 0)
        error = read_chunk(&png);
    if (error == 1)
        error = png.filtered != NULL && png.z.total_out == (png.shape.row_bytes + 1) * png.shape.height
                    ? 0
                    : refuse(&png, "it has fewer rows than its header says");
    if (error == 0)
        error = unfilter(&png, raster);
    if (error == 0)
        error = normalise(&png, raster);
    if (error != 0)
        image_raster_free(raster);
    if (png.filtered != NULL)
        inflateEnd(&png.z);
    free(png.filtered);
    if (png.file != NULL)
        fclose(png.file);
    return error;
}
