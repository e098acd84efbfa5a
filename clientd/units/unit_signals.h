/*
 * How the unit is asked to stop: by SIGTERM (or SIGINT), or because the daemon is gone.
 *
 * A device call may block for ever, so it is announced: a signal that comes meanwhile cancels it at once, in
 * the handler. Outside of device calls a signal only leaves a note. From the request on, the process has
 * UNIT_STOP_LIMIT_S seconds: a stuck driver must not keep it alive.
 */
#ifndef DESKLINE_CLIENTD_UNITS_UNIT_SIGNALS_H
#define DESKLINE_CLIENTD_UNITS_UNIT_SIGNALS_H

#include <stdbool.h>

#define UNIT_STOP_LIMIT_S  5
#define UNIT_CLOSE_LIMIT_S 30

/* Installs the handlers; again after each device call in which a driver may have taken them away. */
void unit_signals_install(void);
/* What a signal calls during a device call, with that context: async-signal-safe. NULL before the device is
 * open and before it is closed. */
void unit_signals_guard(void (*cancel)(void *context), void *context);

/* Around each device call: false when the call must not be made any more. */
bool unit_signals_enter(void);
void unit_signals_leave(void);

/* Stops as SIGTERM would. */
void unit_signals_stop(void);
bool unit_signals_stopped(void);
/* Ends the process when it still lives after so many seconds (0: never mind). */
void unit_signals_limit(unsigned seconds);

/* Waits until `fd` can be read: 1, 0 after timeout_ms (-1: no limit), -EINTR when asked to stop, or a
 * negative errno. A request to stop is never slept over. */
int unit_signals_wait(int fd, int timeout_ms);

#endif
