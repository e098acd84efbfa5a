/* The calls of scanner.h as the unit makes them: announced to unit_signals, so that each can be interrupted,
 * and with our signal handlers put back where a driver may have replaced them. Once the unit was asked to
 * stop no call is made any more (but cancel and close), and all of them return SCANNER_FAILED. */
#ifndef DESKLINE_CLIENTD_UNITS_DEVICE_CALLS_H
#define DESKLINE_CLIENTD_UNITS_DEVICE_CALLS_H

#include "clientd/units/scanner.h"

/* Opens, and ends what another program may have left running: options are refused during a scan. */
enum scanner_status device_open(struct scanner *scanner, const char *name, struct scanner_error *error);
enum scanner_status device_apply(struct scanner *scanner, const struct scanner_request *request,
                                 struct scanner_setup *setup, struct scanner_error *error);
enum scanner_status device_start(struct scanner *scanner, struct scanner_error *error);
enum scanner_status device_parameters(struct scanner *scanner, struct scanner_frame *frame,
                                      struct scanner_error *error);
enum scanner_status device_read(struct scanner *scanner, uint8_t *bytes, size_t room, size_t *length,
                                struct scanner_error *error);
/* Cancels and closes, in limited time: a driver that does not come back ends the process. */
void device_cancel(struct scanner *scanner);
void device_close(struct scanner *scanner);

#endif
