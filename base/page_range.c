#include "config.h"

#include "base/page_range.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Longer pieces are cut where they are quoted. */
#define QUOTED_BYTES 40

__attribute__((format(printf, 4, 5))) static int complain(int error, char *why, size_t size,
                                                          const char *format, ...)
{
    va_list arguments;

    if (size == 0)
        return error;
    va_start(arguments, format);
    vsnprintf(why, size, format, arguments);
    va_end(arguments);
    return error;
}

/* One range as it is being read. */
struct piece {
    const char *at, *end;
    char quoted[QUOTED_BYTES]; /* for sentences */
};

static struct piece piece_cut(const char *text)
{
    struct piece piece = {.at = text + strspn(text, " "), .end = text + strcspn(text, ",")};

    if (piece.at > piece.end)
        piece.at = piece.end;
    while (piece.end > piece.at && piece.end[-1] == ' ')
        piece.end--;
    text_escape(piece.quoted, sizeof piece.quoted, piece.at, (size_t)(piece.end - piece.at));
    return piece;
}

/* Digits only; what is over the highest page is held there, since no document has it. */
static bool take_number(struct piece *piece, uint32_t *number)
{
    const char *start = piece->at;
    uint64_t value = 0;

    for (; piece->at < piece->end && *piece->at >= '0' && *piece->at <= '9'; piece->at++) {
        value = value * 10 + (uint64_t)(*piece->at - '0');
        if (value >= PAGE_RANGE_OPEN)
            value = PAGE_RANGE_OPEN - 1;
    }
    *number = (uint32_t)value;
    return piece->at > start;
}

static bool take_range(struct piece *piece, struct page_range *range)
{
    if (!take_number(piece, &range->first))
        return false;
    range->last = range->first;
    if (piece->at < piece->end && *piece->at == '-') {
        piece->at++;
        if (!take_number(piece, &range->last))
            range->last = PAGE_RANGE_OPEN;
    }
    return piece->at == piece->end;
}

static int parse_one(struct page_ranges *ranges, const char *text, char *why, size_t size)
{
    struct piece piece = piece_cut(text);
    struct page_range range;
    const struct page_range *before = ranges->count ? &ranges->ranges[ranges->count - 1] : NULL;

    if (piece.at == piece.end)
        return complain(-EINVAL, why, size, "a page range is empty; pages are written as in 1-3,5,8-");
    if (!take_range(&piece, &range))
        return complain(-EINVAL, why, size, "'%s' is no page range; pages are written as in 1-3,5,8-",
                        piece.quoted);
    if (range.first == 0 || range.last == 0)
        return complain(-EINVAL, why, size, "there is no page 0 as in '%s'; the first page is 1",
                        piece.quoted);
    if (range.last < range.first)
        return complain(-EINVAL, why, size, "the page range '%s' runs backwards", piece.quoted);
    if (before && before->last == PAGE_RANGE_OPEN)
        return complain(-EINVAL, why, size, "nothing can follow '%u-', which goes on to the last page",
                        before->first);
    if (before && range.first <= before->last)
        return complain(-EINVAL, why, size,
                        "'%s' does not lie behind page %u: page ranges are in ascending order", piece.quoted,
                        before->last);
    if (ranges->count == PAGE_RANGE_MOST)
        return complain(-EINVAL, why, size, "there are more than %d page ranges", PAGE_RANGE_MOST);
    ranges->ranges[ranges->count++] = range;
    return 0;
}

int page_ranges_parse(struct page_ranges *ranges, const char *text, char *why, size_t size)
{
    int error;

    ranges->count = 0;
    if (text == NULL || text[strspn(text, " ")] == '\0') {
        ranges->ranges[ranges->count++] = (struct page_range){1, PAGE_RANGE_OPEN};
        return 0;
    }
    for (;;) {
        error = parse_one(ranges, text, why, size);
        if (error < 0)
            return error;
        text += strcspn(text, ",");
        if (*text == '\0')
            return 0;
        text++;
    }
}

int page_ranges_fit(struct page_ranges *ranges, uint32_t pages, char *why, size_t size)
{
    for (size_t i = 0; i < ranges->count; i++) {
        struct page_range *range = &ranges->ranges[i];
        uint32_t missing = range->last == PAGE_RANGE_OPEN ? range->first : range->last;

        if (missing > pages)
            return complain(-ERANGE, why, size, "there is no page %u: the document has %u page%s", missing,
                            pages, pages == 1 ? "" : "s");
        if (range->last == PAGE_RANGE_OPEN)
            range->last = pages;
    }
    return 0;
}

uint32_t page_ranges_total(const struct page_ranges *ranges)
{
    uint32_t total = 0;

    for (size_t i = 0; i < ranges->count; i++)
        total += ranges->ranges[i].last - ranges->ranges[i].first + 1;
    return total;
}

uint32_t page_ranges_next(const struct page_ranges *ranges, uint32_t page)
{
    for (size_t i = 0; i < ranges->count; i++) {
        const struct page_range *range = &ranges->ranges[i];

        if (page < range->first)
            return range->first;
        if (page < range->last)
            return page + 1;
    }
    return 0;
}
