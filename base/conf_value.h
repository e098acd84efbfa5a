/* One value of a setting, from text into the struct, for conf.c. */
#ifndef DESKLINE_BASE_CONF_VALUE_H
#define DESKLINE_BASE_CONF_VALUE_H

#include "base/conf.h"

/* Stores the value in the struct (or element). -EINVAL: nothing is stored, and `expected` says what is valid,
 * as the end of "… is not valid: expected …". */
int conf_value_store(const struct conf_setting *setting, void *settings, const char *value, char *expected,
                     size_t size);
/* The state before a default: zero, nothing owned. */
void conf_value_clear(const struct conf_setting *setting, void *settings);
/* Frees what the member owns and zeroes it. */
void conf_value_free(const struct conf_setting *setting, void *settings);

#endif
