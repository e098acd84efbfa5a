#include "ctl/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a frame can hold of them. */
#define VALUE_RANGES_LENGTH 1024

bool value_number(const char *text, long lowest, long highest, long *number)
{
    char *end;
    if (!isdigit((unsigned char)text[text[0] == '-']))
        return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || *end || value < lowest || value > highest)
        return false;
    *number = value;
    return true;
}

bool value_id(const char *text, uint64_t *id)
{
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || value == 0)
        return false;
    *id = value;
    return true;
}

bool value_word(const char *text, const char *words, long *place)
{
    size_t length = strlen(text);
    *place = 0;
    if (length == 0)
        return false;
    for (const char *word = words; *word;) {
        size_t word_length = strcspn(word, "|");
        ++*place;
        if (word_length == length && !memcmp(word, text, length))
            return true;
        word += word_length + (word[word_length] == '|');
    }
    return false;
}

bool value_time(const char *text, long *seconds)
{
    static const struct {
        char letter;
        long seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'\0', 1}};
    const long year = 366L * 86400;
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || value < 1 || value > year || (*end && end[1]))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].letter != *end)
            continue;
        *seconds = value * units[i].seconds;
        return *seconds <= year;
    }
    return false;
}

/* Millimetres with up to three decimals, as micrometres; *text moves behind them. Read by hand: what strtod
 * takes for the decimal point depends on the locale. */
static bool take_millimetres(const char **text, uint32_t *um)
{
    uint32_t value = 0, unit = 1000;
    if (!isdigit((unsigned char)**text))
        return false;
    for (; isdigit((unsigned char)**text); ++*text) {
        value = value * 10 + (uint32_t)(**text - '0') * 1000;
        if (value > 10000000)
            return false;
    }
    if (**text == '.') {
        for (++*text; isdigit((unsigned char)**text) && unit > 1; ++*text) {
            unit /= 10;
            value += (uint32_t)(**text - '0') * unit;
        }
    }
    *um = value;
    return value > 0 && value <= 10000000;
}

bool value_size(const char *text, uint32_t *width_um, uint32_t *height_um)
{
    static const struct {
        const char *name;
        uint32_t width_um, height_um;
    } sizes[] = {
        {"a3", 297000, 420000},     {"a4", 210000, 297000},    {"a5", 148000, 210000},
        {"letter", 215900, 279400}, {"legal", 215900, 355600},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (strcasecmp(text, sizes[i].name))
            continue;
        *width_um = sizes[i].width_um;
        *height_um = sizes[i].height_um;
        return true;
    }
    if (!take_millimetres(&text, width_um) || (*text != 'x' && *text != 'X'))
        return false;
    text++;
    if (!take_millimetres(&text, height_um))
        return false;
    return !*text || !strcmp(text, "mm");
}

/* class_name_WIDTHxHEIGHTunit: the last part begins with a digit. */
static bool is_media_name(const char *text)
{
    const char *size = strrchr(text, '_');
    return strlen(text) < VALUE_MEDIA_BYTES &&
           !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-._")] &&
           isalpha((unsigned char)text[0]) && size && size != strchr(text, '_') &&
           isdigit((unsigned char)size[1]) && strchr(size, 'x');
}

bool value_media(const char *text, char media[VALUE_MEDIA_BYTES])
{
    static const struct {
        const char *name, *media;
    } sizes[] = {
        {"a3", "iso_a3_297x420mm"},       {"a4", "iso_a4_210x297mm"},       {"a5", "iso_a5_148x210mm"},
        {"a6", "iso_a6_105x148mm"},       {"letter", "na_letter_8.5x11in"}, {"legal", "na_legal_8.5x14in"},
        {"tabloid", "na_ledger_11x17in"},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (strcasecmp(text, sizes[i].name))
            continue;
        strcpy(media, sizes[i].media);
        return true;
    }
    if (!is_media_name(text))
        return false;
    strcpy(media, text);
    return true;
}

/* A page number; *text moves behind it. */
static bool take_page(const char **text, long *page)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    *page = strtol(*text, &end, 10);
    *text = end;
    return !errno && *page >= 1 && *page <= INT32_MAX;
}

bool value_ranges(const char *text)
{
    long first, last;
    if (strlen(text) > VALUE_RANGES_LENGTH)
        return false;
    for (;;) {
        if (!take_page(&text, &first))
            return false;
        if (*text == '-') {
            text++;
            if (*text && *text != ',' && (!take_page(&text, &last) || last < first))
                return false;
        }
        if (*text != ',')
            return !*text;
        text++;
    }
}
