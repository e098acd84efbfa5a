/* Printer state reasons as errors of Deskline. Pure: the table is printer_reasons.def. */
#ifndef DESKLINE_CLIENTD_UNITS_PRINTER_STATE_H
#define DESKLINE_CLIENTD_UNITS_PRINTER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The gravest error of the reasons (separated by spaces), ERROR_NONE where nothing keeps the printer from
 * printing. `is_stopped`: the printer says that it has stopped; then what else would pass counts, too, and
 * without any reason it is PRINTER_STOPPED. */
uint16_t printer_state_trouble(const char *reasons, bool is_stopped);

/* The same where even a reason of -warning or -report counts, if it is one that could keep the printer from
 * printing: for a printer that does not go on, since some never say more. */
uint16_t printer_state_suspicion(const char *reasons);

/* Whether somebody has stopped the printer: it is paused, or on the way there. */
bool printer_state_is_paused(const char *reasons);

/* The same reasons without those that stop nothing; `text` gets "none" where that leaves none. */
void printer_state_errors(const char *reasons, char *text, size_t size);

#endif
