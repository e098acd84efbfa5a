/* scanner.h over libsane. One process opens one device at a time: drivers do not bear more. */
#ifndef DESKLINE_CLIENTD_UNITS_SCANNER_SANE_H
#define DESKLINE_CLIENTD_UNITS_SCANNER_SANE_H

#include <sane/sane.h>

#include "clientd/units/scanner.h"

/* Starts libsane and makes a scanner that is not open. NULL with *error when libsane does not start. */
struct scanner *scanner_sane_new(struct scanner_error *error);
/* Closes the device and ends libsane. Safe on NULL; clears *scanner. */
void scanner_sane_free(struct scanner **scanner);

/* In which call a status came. */
enum sane_call { SANE_CALL_OPEN, SANE_CALL_OPTION, SANE_CALL_START, SANE_CALL_READ };

/* The one table from SANE's statuses to errors.def; the text is the driver's with the call behind it. Returns
 * SCANNER_FAILED. */
enum scanner_status scanner_sane_failed(struct scanner_error *error, SANE_Status status, enum sane_call call,
                                        const char *detail);
/* The same for a request that the device cannot do: OPTION_UNSUPPORTED with that sentence. */
enum scanner_status scanner_sane_refused(struct scanner_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
