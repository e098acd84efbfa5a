#include "config.h"

#include "base/conf_value.h"
#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct conf_unit {
    const char *name;
    int64_t factor;
};

/* A number without a unit needs one named "", unless it is 0. Ascending; ends with NULL. */
static const struct conf_unit conf_no_units[] = {{"", 1}, {NULL, 0}};
static const struct conf_unit conf_sizes[] = {
    {"", 1},
    {"K", INT64_C(1) << 10},
    {"M", INT64_C(1) << 20},
    {"G", INT64_C(1) << 30},
    {"T", INT64_C(1) << 40},
    {NULL, 0},
};
static const struct conf_unit conf_durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static void *conf_member(const struct conf_setting *setting, void *settings)
{
    return (char *)settings + setting->offset;
}

/* A number with one of the units; false also for what does not fit 64 bits. */
static bool conf_parse_number(const char *value, const struct conf_unit *units, int64_t *number)
{
    char *end;
    long long parsed;

    if (value[0] != '-' && (value[0] < '0' || value[0] > '9')) /* strtoll would pass blanks and '+' */
        return false;
    errno = 0;
    parsed = strtoll(value, &end, 10);
    if (errno != 0 || end == value || end[-1] == '-')
        return false;
    if (parsed == 0 && *end == '\0') {
        *number = 0;
        return true;
    }
    for (; units->name != NULL; units++) {
        if (strcmp(end, units->name) == 0)
            return !__builtin_mul_overflow(parsed, units->factor, number);
    }
    return false;
}

/* The largest unit that the number is a whole multiple of: how a range is shown. */
static void conf_print_number(int64_t number, const struct conf_unit *units, char *text, size_t size)
{
    const struct conf_unit *unit = units;

    for (const struct conf_unit *next = units; next->name != NULL && number != 0; next++) {
        if (number % next->factor == 0)
            unit = next;
    }
    snprintf(text, size, "%" PRId64 "%s", number / unit->factor, number == 0 ? "" : unit->name);
}

static const struct {
    const struct conf_unit *units;
    const char *what;
} conf_numbers[] = {
    [CONF_NUMBER] = {conf_no_units, "a number"},
    [CONF_SIZE] = {conf_sizes, "a size such as 64K, 10M or 2G"},
    [CONF_DURATION] = {conf_durations, "a duration such as 200ms, 15s, 5m or 1h"},
};

static int conf_store_number(const struct conf_setting *setting, void *settings, const char *value,
                             char *expected, size_t size)
{
    const struct conf_unit *units = conf_numbers[setting->kind].units;
    char minimum[32], maximum[32];
    int64_t number;

    if (conf_parse_number(value, units, &number) && number >= setting->minimum &&
        number <= setting->maximum) {
        *(int64_t *)conf_member(setting, settings) = number;
        return 0;
    }
    conf_print_number(setting->minimum, units, minimum, sizeof minimum);
    conf_print_number(setting->maximum, units, maximum, sizeof maximum);
    snprintf(expected, size, "%s, from %s to %s", conf_numbers[setting->kind].what, minimum, maximum);
    return -EINVAL;
}

static int conf_store_bool(const struct conf_setting *setting, void *settings, const char *value,
                           char *expected, size_t size)
{
    static const char *const words[][2] = {{"no", "yes"}, {"false", "true"}, {"off", "on"}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (int truth = 0; truth <= 1; truth++) {
            if (strcasecmp(value, words[i][truth]) == 0) {
                *(bool *)conf_member(setting, settings) = truth != 0;
                return 0;
            }
        }
    }
    snprintf(expected, size, "yes or no");
    return -EINVAL;
}

static int conf_store_word(const struct conf_setting *setting, void *settings, const char *value,
                           char *expected, size_t size)
{
    const char *word = setting->words;
    size_t length = strlen(value), used;

    for (int index = 0;; index++) {
        size_t word_length = strcspn(word, "|");

        if (word_length == length && memcmp(word, value, length) == 0) {
            *(int *)conf_member(setting, settings) = index;
            return 0;
        }
        if (word[word_length] == '\0')
            break;
        word += word_length + 1;
    }
    used = (size_t)snprintf(expected, size, "one of ");
    for (const char *from = setting->words; *from != '\0' && used + 3 < size; from++) {
        if (*from == '|') {
            expected[used++] = ',';
            expected[used++] = ' ';
        } else {
            expected[used++] = *from;
        }
    }
    expected[used] = '\0';
    return -EINVAL;
}

int conf_value_store(const struct conf_setting *setting, void *settings, const char *value, char *expected,
                     size_t size)
{
    char **text;

    switch (setting->kind) {
    case CONF_TEXT:
        text = conf_member(setting, settings);
        free(*text);
        *text = memory_text(value);
        return 0;
    case CONF_NUMBER:
    case CONF_SIZE:
    case CONF_DURATION:
        return conf_store_number(setting, settings, value, expected, size);
    case CONF_BOOL:
        return conf_store_bool(setting, settings, value, expected, size);
    case CONF_WORD:
        return conf_store_word(setting, settings, value, expected, size);
    }
    snprintf(expected, size, "a kind that exists: the table of settings is wrong");
    return -EINVAL;
}

void conf_value_clear(const struct conf_setting *setting, void *settings)
{
    void *member = conf_member(setting, settings);

    switch (setting->kind) {
    case CONF_TEXT:
        *(char **)member = NULL;
        break;
    case CONF_NUMBER:
    case CONF_SIZE:
    case CONF_DURATION:
        *(int64_t *)member = 0;
        break;
    case CONF_BOOL:
        *(bool *)member = false;
        break;
    case CONF_WORD:
        *(int *)member = 0;
        break;
    }
}

void conf_value_free(const struct conf_setting *setting, void *settings)
{
    if (setting->kind == CONF_TEXT)
        free(*(char **)conf_member(setting, settings));
    conf_value_clear(setting, settings);
}
