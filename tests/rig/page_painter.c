#include "config.h"

#include "tests/rig/page_painter.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits of 3 × 5 dots, a row in three bits, top row first. */
static const uint16_t digits[10] = {075557, 026227, 071747, 071717, 055711,
                                    074717, 074757, 071111, 075757, 075717};

struct painter {
    struct pnm shape;
    uint64_t seed, noise;
    unsigned number;
    uint32_t unit; /* width of a dot of a letter */
    uint32_t big;  /* width of a dot of the page number */
    unsigned number_digits;
    uint8_t *ink; /* one row: 0 paper, 1 black ink, 2 blue ink */
    uint8_t *row;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t next_noise(struct painter *p)
{
    p->noise ^= p->noise << 13;
    p->noise ^= p->noise >> 7;
    p->noise ^= p->noise << 17;
    return p->noise;
}

/* The page number in the right upper corner: dots of `big` pixels, four dots from digit to digit. */
static bool in_number(const struct painter *p, uint32_t x, uint32_t y)
{
    uint32_t left = p->shape.width - (p->number_digits * 4 + 1) * p->big, column, row, value = p->number;

    if (x < left || y < p->big || y >= 6 * p->big)
        return false;
    column = (x - left) / p->big;
    row = y / p->big - 1;
    if (column / 4 >= p->number_digits || column % 4 == 3)
        return false;
    for (unsigned i = column / 4 + 1; i < p->number_digits; i++)
        value /= 10;
    return digits[value % 10] >> ((4 - row) * 3 + (2 - column % 4)) & 1;
}

/* Text: cells of 6 × 12 dots with a letter of 4 × 6 pseudo-random dots, words of about six letters, margins.
 */
static bool in_letter(const struct painter *p, uint32_t x, uint32_t y)
{
    uint32_t column = x / p->unit, row = y / p->unit;
    uint32_t columns = p->shape.width / p->unit, rows = p->shape.height / p->unit;
    uint64_t letter;

    if (column < columns / 12 || column > columns - columns / 12 || row < rows / 8 || row > rows - rows / 12)
        return false;
    letter = mix(p->seed + (uint64_t)(row / 12) * 65537 + column / 6);
    if (column % 6 >= 4 || row % 12 >= 6 || letter % 6 == 0)
        return false;
    return letter >> (8 + row % 12 * 4 + column % 6) & 1;
}

static void place_ink(struct painter *p, uint32_t y)
{
    for (uint32_t x = 0; x < p->shape.width; x++)
        p->ink[x] = in_number(p, x, y) ? 2 : in_letter(p, x, y);
}

/* One sample of 16 bits: ink or paper, lit a little less towards the edge, with noise of about 1.5 %. */
static uint16_t sample(const struct painter *p, uint32_t x, unsigned c, uint32_t noise)
{
    static const uint16_t colours[3][3] = {{62500, 61800, 59500}, {9800, 9500, 9900}, {9000, 15000, 42000}};
    uint32_t shade = x * 2000u / p->shape.width;

    return (uint16_t)(colours[p->ink[x]][c] - shade + (noise & 1023) - 512);
}

static void fill_row(struct painter *p)
{
    const struct pnm *s = &p->shape;
    uint64_t noise = 0;
    size_t i = 0;

    memset(p->row, 0, s->row_bytes);
    for (uint32_t x = 0; x < s->width; x++) {
        for (unsigned c = 0; c < s->components; c++, i++) {
            uint16_t value;
            noise = i % 4 == 0 ? next_noise(p) : noise >> 16;
            value = sample(p, x, c, (uint32_t)noise);
            if (s->bits == 1) /* black and white: the ink, and now and then a speck */
                p->row[i / 8] |= (uint8_t)((p->ink[x] != 0 || (noise & 0xfff) == 0) << (7 - i % 8));
            else if (s->bits == 8)
                p->row[i] = (uint8_t)(value >> 8);
            else {
                p->row[2 * i] = (uint8_t)(value >> 8);
                p->row[2 * i + 1] = (uint8_t)value;
            }
        }
    }
}

static void prepare(struct painter *p, const struct pnm *shape, unsigned number, uint64_t seed)
{
    *p = (struct painter){.shape = *shape, .number = number};
    p->seed = mix(seed + UINT64_C(0x9e3779b97f4a7c15) * number);
    p->noise = p->seed | 1;
    p->unit = shape->width / 400 > 0 ? shape->width / 400 : 1;
    p->big = shape->width / 40 > 0 ? shape->width / 40 : 1;
    for (unsigned rest = number; rest > 0; rest /= 10)
        p->number_digits++;
    pnm_set_row_bytes(&p->shape);
}

int page_paint(const char *path, const struct pnm *shape, unsigned number, uint64_t seed)
{
    struct painter p;
    char header[64];
    FILE *file = NULL;
    int error = -ENOMEM;

    prepare(&p, shape, number, seed);
    p.ink = malloc(shape->width);
    p.row = malloc(p.shape.row_bytes);
    if (p.ink == NULL || p.row == NULL)
        goto done;
    file = fopen(path, "wbe");
    error = file == NULL ? -errno : 0;
    if (error != 0)
        goto done;
    pnm_format_header(&p.shape, header, sizeof header);
    fputs(header, file);
    for (uint32_t y = 0; y < shape->height; y++) {
        place_ink(&p, y);
        fill_row(&p);
        if (fwrite(p.row, 1, p.shape.row_bytes, file) != p.shape.row_bytes)
            break;
    }
    error = ferror(file) ? -EIO : 0;
    if (fclose(file) != 0 && error == 0)
        error = -errno;
done:
    free(p.ink);
    free(p.row);
    return error;
}
