#include "config.h"

#include "serviced/units/paper.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MM_PT (72.0 / 25.4)
#define IN_PT 72.0

static const struct {
    const char *name, *size;
} names[] = {
    {"a3", "297x420mm"},          {"a4", "210x297mm"},    {"a5", "148x210mm"},        {"a6", "105x148mm"},
    {"b4", "250x353mm"},          {"b5", "176x250mm"},    {"letter", "8.5x11in"},     {"legal", "8.5x14in"},
    {"executive", "7.25x10.5in"}, {"tabloid", "11x17in"}, {"statement", "5.5x8.5in"},
};

/* "210x297mm". strtod would take words such as "inf", too. */
static int parse_size(struct paper *paper, const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -EINVAL;
    double width = strtod(text, &end);
    if (*end != 'x' || end[1] < '0' || end[1] > '9')
        return -EINVAL;
    double height = strtod(end + 1, &end);
    bool is_inch = strcmp(end, "in") == 0;
    if (!is_inch && strcmp(end, "mm") != 0)
        return -EINVAL;
    *paper = (struct paper){width * (is_inch ? IN_PT : MM_PT), height * (is_inch ? IN_PT : MM_PT)};
    double least = paper->width_pt < paper->height_pt ? paper->width_pt : paper->height_pt;
    double most = paper->width_pt + paper->height_pt - least;
    return least >= 10 * MM_PT && most <= 5000 * MM_PT ? 0 : -EINVAL;
}

int paper_find(struct paper *paper, const char *name)
{
    const char *size = strrchr(name, '_');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i].name, name) == 0)
            return parse_size(paper, names[i].size);
    return size ? parse_size(paper, size + 1) : -EINVAL;
}

void paper_names(char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? ", " : "", names[i].name);
}

struct paper paper_turned(struct paper paper, enum turn turn, double width, double height)
{
    bool is_landscape = paper.width_pt > paper.height_pt;
    bool wants_landscape = turn == TURN_AUTO ? width > height : turn == TURN_LANDSCAPE;
    if (is_landscape == wants_landscape)
        return paper;
    return (struct paper){paper.height_pt, paper.width_pt};
}

struct paper_fit paper_fit(struct paper paper, double width, double height)
{
    double across = paper.width_pt / width, along = paper.height_pt / height;
    double scale = across < along ? across : along;
    return (struct paper_fit){scale, (paper.width_pt - width * scale) / 2,
                              (paper.height_pt - height * scale) / 2};
}

/* The unit square, as PDF draws images, onto itself: orientation 6, for one, has its first row at the right
 * and its first column at the top. */
static const double orientations[9][6] = {
    {1, 0, 0, 1, 0, 0},   {1, 0, 0, 1, 0, 0},  {-1, 0, 0, 1, 1, 0}, {-1, 0, 0, -1, 1, 1}, {1, 0, 0, -1, 0, 1},
    {0, -1, -1, 0, 1, 1}, {0, -1, 1, 0, 0, 1}, {0, 1, 1, 0, 0, 0},  {0, 1, -1, 0, 1, 0},
};

struct document_placement paper_place(struct paper paper, enum turn turn, const struct page_format *format,
                                      uint32_t rows, unsigned orientation)
{
    const double *turned = orientations[orientation <= 8 ? orientation : 1];
    bool has_dpi = format->x_dpi != 0 && format->y_dpi != 0;
    double width = format->width_px, height = rows;
    if (has_dpi) { /* pixels need not be square: faxes */
        width /= format->x_dpi;
        height /= format->y_dpi;
    }
    if (turned[0] == 0) {
        double other = width;
        width = height;
        height = other;
    }
    paper = paper_turned(paper, turn, width, height);
    struct paper_fit fit = paper_fit(paper, width, height);
    double across = width * fit.scale, along = height * fit.scale;
    return (struct document_placement){
        .width_pt = paper.width_pt,
        .height_pt = paper.height_pt,
        .matrix = {turned[0] * across, turned[1] * along, turned[2] * across, turned[3] * along,
                   turned[4] * across + fit.left_pt, turned[5] * along + fit.bottom_pt},
    };
}
