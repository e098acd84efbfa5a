/*
 * Typed settings over INI files (inih). A program describes its settings in one X-macro table (settings.def),
 * from which come the struct, the command-line options, the defaults, --help and the checks.
 *
 * A table entry names: section, key, kind, range or words, default, help text. `[section NAME]` sections
 * (such as [scanner NAME]) make one struct per NAME.
 */
#ifndef DESKLINE_BASE_CONF_H
#define DESKLINE_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_kind {
    CONF_TEXT,     /* char *, owned by the struct */
    CONF_NUMBER,   /* int64_t within [minimum, maximum] */
    CONF_SIZE,     /* int64_t bytes: 64K, 10M, 2G */
    CONF_DURATION, /* int64_t milliseconds: 200ms, 15s, 5m, 1h */
    CONF_BOOL,     /* bool: yes, no, true, false, on, off */
    CONF_WORD,     /* int: index in a list of words separated by '|' */
};

struct conf_setting {
    const char *section;
    const char *key;
    enum conf_kind kind;
    size_t offset; /* of the member in the settings struct */
    int64_t minimum, maximum;
    const char *words;         /* CONF_WORD only */
    const char *default_value; /* text as in a file; NULL: unset (text: NULL, others: 0) */
    const char *help;          /* one sentence */
    char option;               /* 0, or 'o' where it is also a command-line option --key */
};

/* Sections with a name of their own, `[prefix NAME]`: one zeroed element per NAME in a growing array. */
struct conf_named_section {
    const char *prefix;
    const struct conf_setting *settings; /* ends with key == NULL; offsets are into an element */
    size_t element_size;
    size_t name_offset;     /* of the element's `char *name` */
    size_t elements_offset; /* of the pointer to the array, in the settings struct */
    size_t count_offset;    /* of its `size_t` count */
};

struct conf_table {
    const struct conf_setting *settings;             /* ends with key == NULL */
    const struct conf_named_section *named_sections; /* ends with prefix == NULL; may be NULL */
};

struct conf_error {
    char text[512]; /* "FILE:LINE: unknown setting 'x' in [y]; known are …": one sentence with what was
                       expected */
};

/* Sets every member of a fresh struct to its default, and makes named sections empty: what the struct held is
 * not freed. -EINVAL with *error for a default that the table itself does not allow. */
int conf_defaults(const struct conf_table *table, void *settings, struct conf_error *error);
/*
 * Reads `path` over what is there: a setting that stands twice has its last value, a named section that
 * stands twice is one. -ENOENT when there is no such file, another negative errno when it cannot be read,
 * -EINVAL for a bad line, an unknown setting, a wrong type or range; *error has the sentence for each. After
 * an error `settings` may only be freed.
 *
 * Lines: '[section]', 'key = value', '; comment', '# comment', and ' ; comment' behind a value. A line has at
 * most as many bytes as inih was built for (198 in Debian's), comments apart.
 */
int conf_read_file(const struct conf_table *table, void *settings, const char *path,
                   struct conf_error *error);
/* One setting from text (a command-line option); `section` is as in a file's brackets. `where` starts the
 * message ("--listen"). */
int conf_set(const struct conf_table *table, void *settings, const char *section, const char *key,
             const char *value, const char *where, struct conf_error *error);
/* Frees what the struct owns and zeroes it. */
void conf_free(const struct conf_table *table, void *settings);

#endif
