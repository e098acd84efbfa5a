/* From read_options to the options of one SANE device, and from its options to the capabilities of a unit. */
#ifndef DESKLINE_CLIENTD_UNITS_SANE_SETUP_H
#define DESKLINE_CLIENTD_UNITS_SANE_SETUP_H

#include <sane/sane.h>

#include "clientd/units/sane_options.h"
#include "clientd/units/scanner.h"

/* Applies all that is asked for, in an order in which no option undoes another. What the device cannot do
 * exactly is refused with a sentence that says what it can do. */
enum scanner_status sane_setup_apply(SANE_Handle handle, const struct scanner_request *request,
                                     struct scanner_setup *setup, struct scanner_error *error);

/* Records of type attribute: see scanner.h. */
int sane_setup_describe(SANE_Handle handle, struct frame_list_builder *list);

/* The words of an option that is a list of strings; NULL for any other. */
const char *const *sane_setup_words(const struct sane_option *option);
/* How duplex is made where it is no source: an option and its values for one and both sides (NULL: a switch).
 */
struct sane_duplex_option {
    const char *name, *one_side, *both_sides;
};
/* The one that this device has, active or not; NULL for none. */
const struct sane_duplex_option *sane_setup_duplex_option(SANE_Handle handle);
/* Whether black and white is made by a depth of 1 in the mode for grey, for lack of a mode of its own. */
bool sane_setup_lineart_is_depth(SANE_Handle handle);

#endif
