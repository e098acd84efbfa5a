/*
 * Options of a SANE device by name. Nothing is remembered between calls: setting one option may change what
 * all the others are (SANE_INFO_RELOAD_OPTIONS), so each call looks at the device again.
 */
#ifndef DESKLINE_CLIENTD_UNITS_SANE_OPTIONS_H
#define DESKLINE_CLIENTD_UNITS_SANE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <sane/sane.h>

#include "clientd/units/scanner.h"

struct sane_option {
    SANE_Int number;
    const SANE_Option_Descriptor *descriptor; /* the driver's; good until an option is set */
};

/* Finds the option, active or not. False when the device has none of that name. */
bool sane_option_find(SANE_Handle handle, const char *name, struct sane_option *option);
/* The same for one that can be set now. */
bool sane_option_usable(SANE_Handle handle, const char *name, struct sane_option *option);

/* Numbers in the option's own unit, from SANE_TYPE_INT or SANE_TYPE_FIXED with one element. */
bool sane_option_is_number(const struct sane_option *option);
double sane_option_number(const SANE_Option_Descriptor *descriptor, SANE_Word word);
/* Range or list of such an option; false when there is neither. */
bool sane_option_limits(const struct sane_option *option, double *least, double *most);
/* Whether the device can do exactly this. */
bool sane_option_allows(const struct sane_option *option, double value);
/* "75,150,300" or "75-1200/1"; cut at `size`, never in the middle of an entry. Strings: "Flatbed,ADF". */
void sane_option_describe(const struct sane_option *option, char *text, size_t size);

/* Sets; a number is rounded to the type. *got (may be NULL) is what the device made of it. */
enum scanner_status sane_option_set_number(SANE_Handle handle, const struct sane_option *option, double value,
                                           double *got, struct scanner_error *error);
enum scanner_status sane_option_set_string(SANE_Handle handle, const struct sane_option *option,
                                           const char *value, struct scanner_error *error);
enum scanner_status sane_option_set_bool(SANE_Handle handle, const struct sane_option *option, bool value,
                                         struct scanner_error *error);
/* "NAME=VALUE" with the value as the option's type has it; yes and no for a switch. */
enum scanner_status sane_option_set_text(SANE_Handle handle, const char *assignment,
                                         struct scanner_error *error);

/* The values that are set now; false when the device does not say. */
bool sane_option_get_number(SANE_Handle handle, const char *name, double *value);
bool sane_option_get_string(SANE_Handle handle, const char *name, char *value, size_t size);

#endif
