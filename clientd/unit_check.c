#include "config.h"

#include "clientd/unit_check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_BYTES 1025

/* The value of a capability, false when the unit does not tell. */
static bool capability(const struct record_unit *unit, const char *name, char value[VALUE_BYTES])
{
    struct record_attribute attribute;
    size_t cursor = 0;
    while (frame_list_next(&unit->capabilities, &frame_record_attribute, &cursor, &attribute))
        if (frame_text_is(attribute.name, name)) {
            frame_text_copy(attribute.value, value, VALUE_BYTES);
            return true;
        }
    return false;
}

/* "75,150,300" or "75-1200/1"; a text in another form is not checked. */
static bool has_number(const char *list, unsigned long wanted)
{
    unsigned long least, most, step;
    if (sscanf(list, "%lu-%lu/%lu", &least, &most, &step) == 3)
        return wanted >= least && wanted <= most && (step == 0 || (wanted - least) % step == 0);
    while (*list) {
        char *end;
        unsigned long number = strtoul(list, &end, 10);
        if (end == list || (number == wanted && (*end == ',' || !*end)))
            return true;
        list = end + strcspn(end, ",");
        list += *list == ',';
    }
    return false;
}

static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, length) == 0 && (at[length] == ',' || !at[length]))
            return true;
    }
    return false;
}

static int refuse(const struct record_unit *unit, const char *what, const char *asked, const char *possible,
                  char *text, size_t size)
{
    snprintf(text, size, "the scanner %.*s has no %s %s; possible: %s", (int)unit->name.length, unit->name.at,
             what, asked, possible);
    return -ENOTSUP;
}

int unit_check(const struct record_unit *unit, const struct record_read_options *options, char *text,
               size_t size)
{
    static const char *const sources[] = {NULL, "flatbed", "adf", "adf-duplex"};
    static const char *const modes[] = {NULL, "lineart", "gray", "color"};
    const struct {
        const char *capability, *what;
        const char *const *words;
        unsigned value;
    } checks[] = {
        {"sources", "source", sources, options->source},
        {"modes", "mode", modes, options->mode},
        {"depths", "depth", NULL, options->mode == 1 ? 0u : options->depth},
        {"resolutions", "resolution", NULL, options->resolution},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        char value[VALUE_BYTES], number[16];
        if (!checks[i].value || !capability(unit, checks[i].capability, value))
            continue;
        snprintf(number, sizeof number, "%u", checks[i].value);
        const char *asked =
            checks[i].words && checks[i].value <= 3 ? checks[i].words[checks[i].value] : number;
        bool has = checks[i].words ? has_word(value, asked) : has_number(value, checks[i].value);
        if (!has)
            return refuse(unit, checks[i].what, asked, value, text, size);
    }
    return 0;
}

int unit_check_printer(const struct record_unit *unit, const struct record_print_options *options, char *text,
                       size_t size)
{
    static const char *const sides[] = {NULL, "one-sided", "two-sided-long-edge", "two-sided-short-edge"};
    static const char *const colors[] = {NULL, "monochrome", "color"};
    const struct {
        const char *capability;
        const char *word;
    } checks[] = {
        {"sides", options->sides <= 3 ? sides[options->sides] : NULL},
        {"colors", options->color <= 2 ? colors[options->color] : NULL},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        char value[VALUE_BYTES];
        if (!checks[i].word || !capability(unit, checks[i].capability, value) ||
            has_word(value, checks[i].word))
            continue;
        snprintf(text, size, "the printer %.*s cannot print %s; possible: %s", (int)unit->name.length,
                 unit->name.at, checks[i].word, value);
        return -ENOTSUP;
    }
    return 0;
}
