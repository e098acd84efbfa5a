#include "config.h"

#include "clientd/units/sane_options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clientd/units/scanner_sane.h"

/* No option of a sound driver is larger; the SANE API leaves it to the program to bring the room. */
#define VALUE_MAX_BYTES 65536
#define OPTIONS_MAX     4096

/* ---- Finding ------------------------------------------------------------------------------------------ */

bool sane_option_find(SANE_Handle handle, const char *name, struct sane_option *option)
{
    for (SANE_Int number = 1; number < OPTIONS_MAX; number++) {
        const SANE_Option_Descriptor *descriptor = sane_get_option_descriptor(handle, number);
        if (!descriptor)
            return false;
        if (descriptor->type == SANE_TYPE_GROUP || !descriptor->name || strcmp(descriptor->name, name) != 0)
            continue;
        *option = (struct sane_option){number, descriptor};
        return descriptor->size >= 0 && descriptor->size <= VALUE_MAX_BYTES;
    }
    return false;
}

bool sane_option_usable(SANE_Handle handle, const char *name, struct sane_option *option)
{
    return sane_option_find(handle, name, option) && SANE_OPTION_IS_ACTIVE(option->descriptor->cap) &&
           SANE_OPTION_IS_SETTABLE(option->descriptor->cap);
}

/* ---- Numbers ------------------------------------------------------------------------------------------ */

bool sane_option_is_number(const struct sane_option *option)
{
    const SANE_Option_Descriptor *d = option->descriptor;
    return (d->type == SANE_TYPE_INT || d->type == SANE_TYPE_FIXED) && d->size == (SANE_Int)sizeof(SANE_Word);
}

double sane_option_number(const SANE_Option_Descriptor *descriptor, SANE_Word word)
{
    return descriptor->type == SANE_TYPE_FIXED ? SANE_UNFIX(word) : (double)word;
}

static SANE_Word word_of(const SANE_Option_Descriptor *descriptor, double value)
{
    double scaled = descriptor->type == SANE_TYPE_FIXED ? value * (1 << SANE_FIXED_SCALE_SHIFT) : value;
    if (scaled > INT32_MAX)
        return INT32_MAX;
    return scaled < INT32_MIN ? INT32_MIN : (SANE_Word)lround(scaled);
}

bool sane_option_limits(const struct sane_option *option, double *least, double *most)
{
    const SANE_Option_Descriptor *d = option->descriptor;
    if (!sane_option_is_number(option))
        return false;
    if (d->constraint_type == SANE_CONSTRAINT_RANGE && d->constraint.range) {
        *least = sane_option_number(d, d->constraint.range->min);
        *most = sane_option_number(d, d->constraint.range->max);
        return true;
    }
    if (d->constraint_type != SANE_CONSTRAINT_WORD_LIST || !d->constraint.word_list ||
        d->constraint.word_list[0] < 1)
        return false;
    const SANE_Word *list = d->constraint.word_list;
    *least = *most = sane_option_number(d, list[1]);
    for (SANE_Word i = 2; i <= list[0]; i++) {
        *least = fmin(*least, sane_option_number(d, list[i]));
        *most = fmax(*most, sane_option_number(d, list[i]));
    }
    return true;
}

bool sane_option_allows(const struct sane_option *option, double value)
{
    const SANE_Option_Descriptor *d = option->descriptor;
    double least, most;
    if (!sane_option_is_number(option))
        return false;
    if (!sane_option_limits(option, &least, &most))
        return true;
    if (value < least || value > most)
        return false;
    SANE_Word word = word_of(d, value);
    if (d->constraint_type == SANE_CONSTRAINT_RANGE) {
        const SANE_Range *range = d->constraint.range;
        return range->quant <= 0 || ((int64_t)word - range->min) % range->quant == 0;
    }
    const SANE_Word *list = d->constraint.word_list;
    for (SANE_Word i = 1; i <= list[0]; i++)
        if (list[i] == word)
            return true;
    return false;
}

/* ---- For people --------------------------------------------------------------------------------------- */

/* Appends an entry when it fits. */
static void add_entry(char *text, size_t size, const char *entry)
{
    size_t length = strlen(text);
    if (length + strlen(entry) + 2 <= size)
        snprintf(text + length, size - length, "%s%s", length ? "," : "", entry);
}

void sane_option_describe(const struct sane_option *option, char *text, size_t size)
{
    const SANE_Option_Descriptor *d = option->descriptor;
    char entry[64];
    text[0] = '\0';
    if (d->constraint_type == SANE_CONSTRAINT_STRING_LIST && d->constraint.string_list) {
        for (const SANE_String_Const *word = d->constraint.string_list; *word; word++)
            add_entry(text, size, *word);
    } else if (d->constraint_type == SANE_CONSTRAINT_WORD_LIST && d->constraint.word_list) {
        for (SANE_Word i = 1; i <= d->constraint.word_list[0]; i++) {
            snprintf(entry, sizeof entry, "%g", sane_option_number(d, d->constraint.word_list[i]));
            add_entry(text, size, entry);
        }
    } else if (d->constraint_type == SANE_CONSTRAINT_RANGE && d->constraint.range) {
        const SANE_Range *range = d->constraint.range;
        double step = range->quant > 0 ? sane_option_number(d, range->quant) : 1;
        snprintf(text, size, "%g-%g/%g", sane_option_number(d, range->min), sane_option_number(d, range->max),
                 step);
    }
}

/* ---- Setting ------------------------------------------------------------------------------------------ */

/* `value` has the room that the descriptor asks for. */
static enum scanner_status set(SANE_Handle handle, const struct sane_option *option, void *value,
                               struct scanner_error *error)
{
    char detail[128];
    SANE_Int info = 0;
    snprintf(detail, sizeof detail, "setting the option %.64s", option->descriptor->name);
    SANE_Status status = sane_control_option(handle, option->number, SANE_ACTION_SET_VALUE, value, &info);
    return status == SANE_STATUS_GOOD ? SCANNER_GOOD
                                      : scanner_sane_failed(error, status, SANE_CALL_OPTION, detail);
}

/* Drivers may round without saying so (SANE_INFO_INEXACT): the value is always read back. */
enum scanner_status sane_option_set_number(SANE_Handle handle, const struct sane_option *option, double value,
                                           double *got, struct scanner_error *error)
{
    if (!sane_option_is_number(option))
        return scanner_sane_refused(error, "the option %.64s of the scanner is no number",
                                    option->descriptor->name);
    char name[64];
    snprintf(name, sizeof name, "%s", option->descriptor->name);
    SANE_Word word = word_of(option->descriptor, value);
    double made_of_it = sane_option_number(option->descriptor, word);
    enum scanner_status status = set(handle, option, &word, error);
    if (status == SCANNER_GOOD && got && !sane_option_get_number(handle, name, got))
        *got = made_of_it;
    return status;
}

enum scanner_status sane_option_set_string(SANE_Handle handle, const struct sane_option *option,
                                           const char *value, struct scanner_error *error)
{
    const SANE_Option_Descriptor *d = option->descriptor;
    size_t length = strlen(value) + 1;
    if (d->type != SANE_TYPE_STRING || length > VALUE_MAX_BYTES)
        return scanner_sane_refused(error, "the option %.64s of the scanner does not take this text",
                                    d->name);
    /* The driver may write the word that it took instead, as long as its size says. */
    char *room = calloc(1, length > (size_t)d->size ? length : (size_t)d->size);
    if (!room)
        return scanner_sane_failed(error, SANE_STATUS_NO_MEM, SANE_CALL_OPTION, d->name);
    memcpy(room, value, length);
    enum scanner_status status = set(handle, option, room, error);
    free(room);
    return status;
}

enum scanner_status sane_option_set_bool(SANE_Handle handle, const struct sane_option *option, bool value,
                                         struct scanner_error *error)
{
    SANE_Word word = value ? SANE_TRUE : SANE_FALSE;
    if (option->descriptor->type != SANE_TYPE_BOOL)
        return scanner_sane_refused(error, "the option %.64s of the scanner is no switch",
                                    option->descriptor->name);
    return set(handle, option, &word, error);
}

static bool is_one_of(const char *value, const char *a, const char *b, const char *c)
{
    return strcasecmp(value, a) == 0 || strcasecmp(value, b) == 0 || strcasecmp(value, c) == 0;
}

static enum scanner_status set_from_text(SANE_Handle handle, const struct sane_option *option,
                                         const char *value, struct scanner_error *error)
{
    const SANE_Option_Descriptor *d = option->descriptor;
    bool yes = is_one_of(value, "yes", "true", "on");
    char *end;
    double number;
    switch (d->type) {
    case SANE_TYPE_STRING:
        return sane_option_set_string(handle, option, value, error);
    case SANE_TYPE_BOOL:
        if (yes || is_one_of(value, "no", "false", "off"))
            return sane_option_set_bool(handle, option, yes, error);
        return scanner_sane_refused(error, "the option %.64s of the scanner is yes or no", d->name);
    case SANE_TYPE_INT:
    case SANE_TYPE_FIXED:
        number = strtod(value, &end);
        if (end == value || *end || !isfinite(number))
            return scanner_sane_refused(error, "the option %.64s of the scanner is a number", d->name);
        return sane_option_set_number(handle, option, number, NULL, error);
    case SANE_TYPE_BUTTON:
        return set(handle, option, &(SANE_Word){SANE_TRUE}, error);
    case SANE_TYPE_GROUP:
        break;
    }
    return scanner_sane_refused(error, "the option %.64s of the scanner cannot be set", d->name);
}

enum scanner_status sane_option_set_text(SANE_Handle handle, const char *assignment,
                                         struct scanner_error *error)
{
    const char *equals = strchr(assignment, '=');
    struct sane_option option;
    char name[64];
    if (!equals || equals == assignment || (size_t)(equals - assignment) >= sizeof name)
        return scanner_sane_refused(error, "'%.100s' is not OPTION=VALUE", assignment);
    memcpy(name, assignment, (size_t)(equals - assignment));
    name[equals - assignment] = '\0';
    if (!sane_option_usable(handle, name, &option))
        return scanner_sane_refused(error, "the scanner has no option %s that can be set now", name);
    return set_from_text(handle, &option, equals + 1, error);
}

/* ---- Reading back ------------------------------------------------------------------------------------- */

static bool is_readable(SANE_Handle handle, const char *name, struct sane_option *option)
{
    return sane_option_find(handle, name, option) && SANE_OPTION_IS_ACTIVE(option->descriptor->cap);
}

bool sane_option_get_number(SANE_Handle handle, const char *name, double *value)
{
    struct sane_option option;
    SANE_Word word = 0;
    if (!is_readable(handle, name, &option) || !sane_option_is_number(&option) ||
        sane_control_option(handle, option.number, SANE_ACTION_GET_VALUE, &word, NULL) != SANE_STATUS_GOOD)
        return false;
    *value = sane_option_number(option.descriptor, word);
    return true;
}

bool sane_option_get_string(SANE_Handle handle, const char *name, char *value, size_t size)
{
    struct sane_option option;
    if (!is_readable(handle, name, &option) || option.descriptor->type != SANE_TYPE_STRING)
        return false;
    char *room = calloc(1, (size_t)option.descriptor->size + 1);
    bool got = room && sane_control_option(handle, option.number, SANE_ACTION_GET_VALUE, room, NULL) ==
                           SANE_STATUS_GOOD;
    if (got)
        snprintf(value, size, "%s", room);
    free(room);
    return got;
}
