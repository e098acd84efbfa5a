/* The options of the rig's scanner, as SANE shows them, and the settings of the device that shape them. */
#ifndef RIG_SCANNER_OPTIONS_H
#define RIG_SCANNER_OPTIONS_H

#include "tests/rig/device_state.h"
#include "tests/rig/scanner_image.h"

#include <sane/sane.h>

enum scanner_source { SOURCE_FLATBED, SOURCE_ADF, SOURCE_ADF_DUPLEX };

struct scanner_options;

/* Reads the device's file `options` (none: all defaults). Returns 0 with *out, -EINVAL when a line of the
   file cannot be read (it is in the log), or -errno. */
int scanner_options_open(struct device_state *state, struct scanner_options **out);

/* Frees and clears *options; safe on NULL. */
void scanner_options_close(struct scanner_options **options);

/* SANE's calls of the same names. */
const SANE_Option_Descriptor *scanner_options_descriptor(const struct scanner_options *options,
                                                         SANE_Int number);
SANE_Status scanner_options_control(struct scanner_options *options, SANE_Int number, SANE_Action action,
                                    void *value, SANE_Int *info);

/* What the options say now. */
enum scanner_source scanner_options_source(const struct scanner_options *options);
SANE_Frame scanner_options_frame(const struct scanner_options *options, int pass);
int scanner_options_passes(
    const struct scanner_options *options); /* 3 for colour on a three-pass device, else 1 */
void scanner_options_request(const struct scanner_options *options, int pass, struct image_request *request);

/* How the device behaves, from its file `options`. */
bool scanner_options_unknown_height(const struct scanner_options *options);
bool scanner_options_no_docs_from_read(const struct scanner_options *options);

#endif
