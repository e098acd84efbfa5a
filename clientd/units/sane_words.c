#include "config.h"

#include "clientd/units/sane_words.h"

#include <string.h>
#include <strings.h>

/* A word with this in it means that; the first entry that fits decides. */
struct meaning {
    const char *part;
    int means;
};

static const struct meaning source_parts[] = {
    {"transparen", SCANNER_DEFAULT_SOURCE},
    {"tpu", SCANNER_DEFAULT_SOURCE},
    {"slide", SCANNER_DEFAULT_SOURCE},
    {"negative", SCANNER_DEFAULT_SOURCE},
    {"film", SCANNER_DEFAULT_SOURCE},
    {"card", SCANNER_DEFAULT_SOURCE},
    {"duplex", SCANNER_ADF_DUPLEX},
    {"both", SCANNER_ADF_DUPLEX},
    {"two-sided", SCANNER_ADF_DUPLEX},
    {"double", SCANNER_ADF_DUPLEX},
    {"back", SCANNER_DEFAULT_SOURCE},
    {"rear", SCANNER_DEFAULT_SOURCE},
    {"adf", SCANNER_ADF},
    {"feeder", SCANNER_ADF},
    {"sheet", SCANNER_ADF},
    {"flatbed", SCANNER_FLATBED},
    {"platen", SCANNER_FLATBED},
    {"glass", SCANNER_FLATBED},
    {"table", SCANNER_FLATBED},
    {"normal", SCANNER_FLATBED},
    {NULL, SCANNER_DEFAULT_SOURCE},
};

/* 'Gray' behind the words for black and white: 'Black & White' alone, but 'Gray[Error Diffusion]' is no
 * lineart. */
static const struct meaning mode_parts[] = {
    {"lineart", SCANNER_LINEART},
    {"line art", SCANNER_LINEART},
    {"binary", SCANNER_LINEART},
    {"monochrome", SCANNER_LINEART},
    {"threshold", SCANNER_LINEART},
    {"black", SCANNER_LINEART},
    {"halftone", SCANNER_DEFAULT_MODE},
    {"diffusion", SCANNER_DEFAULT_MODE},
    {"dither", SCANNER_DEFAULT_MODE},
    {"gray", SCANNER_GRAY},
    {"grey", SCANNER_GRAY},
    {"color", SCANNER_COLOR},
    {"colour", SCANNER_COLOR},
    {NULL, SCANNER_DEFAULT_MODE},
};

static bool contains(const char *word, const char *part)
{
    size_t length = strlen(part);
    for (; *word; word++)
        if (strncasecmp(word, part, length) == 0)
            return true;
    return false;
}

static int meaning_of(const struct meaning *parts, const char *word)
{
    while (parts->part && !contains(word, parts->part))
        parts++;
    return parts->means;
}

/* The shortest word of that meaning: what is added to a name makes it special. */
static const char *plainest(const struct meaning *parts, const char *const *words, int means)
{
    const char *best = NULL;
    for (; words && *words; words++)
        if (meaning_of(parts, *words) == means && (!best || strlen(*words) < strlen(best)))
            best = *words;
    return best;
}

enum scanner_source sane_word_source(const char *word)
{
    return (enum scanner_source)meaning_of(source_parts, word);
}

enum scanner_mode sane_word_mode(const char *word)
{
    return (enum scanner_mode)meaning_of(mode_parts, word);
}

const char *sane_word_for_source(const char *const *words, enum scanner_source source)
{
    return plainest(source_parts, words, (int)source);
}

const char *sane_word_for_mode(const char *const *words, enum scanner_mode mode)
{
    return plainest(mode_parts, words, (int)mode);
}

const char *scanner_source_name(enum scanner_source source)
{
    static const char *const names[] = {"default", "flatbed", "adf", "adf-duplex"};
    return (size_t)source < sizeof names / sizeof names[0] ? names[source] : "unknown";
}

const char *scanner_mode_name(enum scanner_mode mode)
{
    static const char *const names[] = {"default", "lineart", "gray", "color"};
    return (size_t)mode < sizeof names / sizeof names[0] ? names[mode] : "unknown";
}
