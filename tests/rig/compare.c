#include "config.h"

#include "tests/rig/compare.h"

#include "tests/rig/image_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The images, one after the other; a TIFF file holds several. */
struct images {
    char **paths;
    int count;
    int next;
    unsigned in_tiff; /* the next image of paths[next] */
};

static bool has_suffix(const char *path, const char *suffix)
{
    const char *end = strrchr(path, '.');

    return end != NULL && strcmp(end, suffix) == 0;
}

static int next_in_tiff(struct images *images, struct image_raster *raster, const char **why)
{
    int error = image_read_tiff(images->paths[images->next], images->in_tiff, raster, why);

    images->in_tiff++;
    if (error == -ENOENT && images->in_tiff > 1) {
        images->next++;
        images->in_tiff = 0;
    }
    return error;
}

/* Reads the next image. `like` is for samples without a header. Returns -ENODATA when there is none left. */
static int next_image(struct images *images, const struct pnm *like, struct image_raster *raster,
                      const char **path, const char **why)
{
    int error = -ENODATA;

    *raster = (struct image_raster){0};
    while (images->next < images->count) {
        *path = images->paths[images->next];
        if (has_suffix(*path, ".tif") || has_suffix(*path, ".tiff")) {
            error = next_in_tiff(images, raster, why);
            if (error != -ENOENT)
                return error;
            error = -ENODATA;
            continue;
        }
        images->next++;
        if (has_suffix(*path, ".png"))
            return image_read_png(*path, raster, why);
        if (has_suffix(*path, ".raw") && like != NULL)
            return image_read_raw(*path, like, raster, why);
        return image_read_pnm(*path, raster, why);
    }
    return error;
}

static unsigned sample_at(const struct image_raster *raster, uint32_t x, uint32_t y, unsigned c)
{
    const uint8_t *row = raster->samples + raster->shape.row_bytes * y;
    size_t i = (size_t)x * raster->shape.components + c;

    if (raster->shape.bits == 1)
        return row[i / 8] >> (7 - i % 8) & 1;
    return raster->shape.bits == 8 ? row[i] : (unsigned)row[2 * i] << 8 | row[2 * i + 1];
}

/* The first differing sample of row y; false when there is none. The bits behind the last pixel do not count.
 */
static bool row_differs(const struct image_raster *a, const struct image_raster *b, uint32_t y, uint32_t *x,
                        unsigned *c)
{
    size_t bytes = a->shape.row_bytes;

    if (memcmp(a->samples + bytes * y, b->samples + bytes * y, bytes) == 0)
        return false;
    for (*x = 0; *x < a->shape.width; ++*x)
        for (*c = 0; *c < a->shape.components; ++*c)
            if (sample_at(a, *x, y, *c) != sample_at(b, *x, y, *c))
                return true;
    return false;
}

static double mean_difference(const struct image_raster *a, const struct image_raster *b)
{
    const struct pnm *shape = &a->shape;
    uint64_t sum = 0;

    for (uint32_t y = 0; y < shape->height; y++) {
        for (uint32_t x = 0; x < shape->width; x++) {
            for (unsigned c = 0; c < shape->components; c++) {
                unsigned one = sample_at(a, x, y, c), other = sample_at(b, x, y, c);
                sum += one > other ? one - other : other - one;
            }
        }
    }
    return (double)sum / ((double)shape->width * shape->height * shape->components);
}

static int say_mean_difference(double mean, unsigned near, const char *name, const char *path)
{
    bool is_near = mean <= near;

    fprintf(is_near ? stdout : stderr, "%s: the mean difference to %s is %.2f%s\n", name, path, mean,
            is_near ? "" : ", which is too much");
    return is_near ? 0 : 1;
}

static int compare_rasters(const struct image_raster *page, const struct image_raster *image, unsigned near,
                           const char *name, const char *path)
{
    const struct pnm *p = &page->shape, *i = &image->shape;
    uint32_t x;
    unsigned c;

    if (p->width != i->width || p->height != i->height || p->bits != i->bits ||
        p->components != i->components) {
        fprintf(stderr, "%s: the page is %u x %u with %u x %u bits, but %s is %u x %u with %u x %u bits\n",
                name, p->width, p->height, p->components, p->bits, path, i->width, i->height, i->components,
                i->bits);
        return 1;
    }
    if (near > 0)
        return say_mean_difference(mean_difference(page, image), near, name, path);
    for (uint32_t y = 0; y < p->height; y++) {
        if (!row_differs(page, image, y, &x, &c))
            continue;
        fprintf(stderr, "%s: first difference at x=%u y=%u component=%u: the page has %u, %s has %u\n", name,
                x, y, c, sample_at(page, x, y, c), path, sample_at(image, x, y, c));
        return 1;
    }
    printf("%s: identical to %s (%u x %u, %u x %u bits)\n", name, path, p->width, p->height, p->components,
           p->bits);
    return 0;
}

/* Compares one page with the next image. Returns as compare_pages does. */
static int compare_next(const char *name, struct images *images, unsigned near)
{
    struct image_raster page = {0}, image = {0};
    const char *why = "", *path = "";
    int result = 2;
    int error = image_read_pnm(name, &page, &why);

    if (error != 0) {
        fprintf(stderr, "%s: %s\n", name, error == -EINVAL ? why : strerror(-error));
        return result;
    }
    error = next_image(images, &page.shape, &image, &path, &why);
    if (error == -ENODATA) {
        fprintf(stderr, "%s: there is no image for this page\n", name);
        result = 1;
    } else if (error != 0) {
        fprintf(stderr, "%s: %s\n", path, error == -EINVAL ? why : strerror(-error));
    } else {
        result = compare_rasters(&page, &image, near, name, path);
    }
    image_raster_free(&page);
    image_raster_free(&image);
    return result;
}

int compare_pages(char **pages, int page_count, char **images, int image_count, unsigned near)
{
    struct images all = {.paths = images, .count = image_count};
    struct image_raster extra;
    const char *path = "", *why = "";
    int result = 0;

    for (int i = 0; i < page_count; i++) {
        int one = compare_next(pages[i], &all, near);
        result = one > result ? one : result;
    }
    if (next_image(&all, NULL, &extra, &path, &why) != -ENODATA) {
        fprintf(stderr, "%s: there are more images than the %d pages\n", path, page_count);
        image_raster_free(&extra);
        result = result > 1 ? result : 1;
    }
    return result;
}
