/*
 * A limit of time for everything that libcups does with one connection: when it has passed, the socket is
 * shut down beneath it, so that a peer that is silent, slow or endless ends like one that has gone away. One
 * at a time.
 */
#ifndef DESKLINE_CLIENTD_UNITS_IPP_DEADLINE_H
#define DESKLINE_CLIENTD_UNITS_IPP_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include <cups/http.h>

/* Starts the limit, or starts it anew. */
void ipp_deadline_start(http_t *http, uint32_t limit_ms);
/* Ends it. True when it has passed. */
bool ipp_deadline_stop(void);
/* Leaves no more than a second of a limit that runs; for unit_signals_guard. */
void ipp_deadline_hurry(void *unused);

#endif
