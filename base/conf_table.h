/* Sections and settings of a table, for conf.c and conf_file.c. */
#ifndef DESKLINE_BASE_CONF_TABLE_H
#define DESKLINE_BASE_CONF_TABLE_H

#include "base/conf.h"

/* A section that settings can be stored in. */
struct conf_section {
    char title[64];                      /* as in a file, without the brackets */
    const struct conf_setting *settings; /* those of the section, and of others when `name` is given */
    const char *name;                    /* which of them belong to it; NULL: all */
    void *base; /* what the offsets count from; valid until another section is found */
};

/* Writes error->text; returns `code`. What does not fit is cut and ends with "...". */
int conf_error_set(struct conf_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Finds a section by what stands in its brackets; makes the element of a named one that is new. -EINVAL with
 * *error (starting with `where`) for one that the table does not have. */
int conf_section_find(const struct conf_table *table, void *settings, const char *title, const char *where,
                      struct conf_section *section, struct conf_error *error);
/* Stores one value; -EINVAL with *error for an unknown setting or a value that is not valid. */
int conf_section_set(const struct conf_section *section, const char *key, const char *value,
                     const char *where, struct conf_error *error);

#endif
