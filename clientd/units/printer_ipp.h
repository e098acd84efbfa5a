/* Printers that speak IPP: driverless ones, and the queues of CUPS. */
#ifndef DESKLINE_CLIENTD_UNITS_PRINTER_IPP_H
#define DESKLINE_CLIENTD_UNITS_PRINTER_IPP_H

#include "clientd/units/printer.h"

/* answer_ms: within so long it has to answer; at most 10 s. */
struct printer *printer_ipp_new(uint32_t answer_ms);
/* Safe on NULL; clears *printer. */
void printer_ipp_free(struct printer **printer);

#endif
