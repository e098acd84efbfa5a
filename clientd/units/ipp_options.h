/* Options of a print order as IPP's job template attributes. */
#ifndef DESKLINE_CLIENTD_UNITS_IPP_OPTIONS_H
#define DESKLINE_CLIENTD_UNITS_IPP_OPTIONS_H

#include <cups/ipp.h>

#include "clientd/units/printer.h"

#define IPP_OPTIONS_MEDIA_SIZE 65

/* print_options with a text of its own. */
struct ipp_options {
    uint8_t sides, color, orientation, scaling;
    char media[IPP_OPTIONS_MEDIA_SIZE];
};

void ipp_options_take(struct ipp_options *options, const struct record_print_options *record);

/* Whether the printer with these attributes can do all of it: what it says nothing of, it can. Else
 * PRINT_REFUSED, and the text names what it can do. */
enum printer_status ipp_options_check(const struct ipp_options *options, ipp_t *printer,
                                      struct printer_error *error);

/* Adds the attributes to a Create-Job request: one copy of one sheet, without a banner. */
void ipp_options_add(const struct ipp_options *options, ipp_t *printer, bool is_duplex, ipp_t *request);

#endif
