/*
 * One printer's address and the connection to it: requests go out, answers come back, each in bounded time
 * and of bounded size, over one connection that is kept as long as it is good.
 */
#ifndef DESKLINE_CLIENTD_UNITS_IPP_CLIENT_H
#define DESKLINE_CLIENTD_UNITS_IPP_CLIENT_H

#include <cups/ipp.h>

#include "clientd/units/printer.h"

struct ipp_client;

/* For ipp:, ipps:, http: and https: URIs. NULL with *error for another one, or one that is none. Does not
 * connect. */
struct ipp_client *ipp_client_new(const char *uri, struct printer_error *error);
/* The connection to the spooler of this host, as CUPS_SERVER or its client.conf say. */
struct ipp_client *ipp_client_new_local(void);
/* Safe on NULL; clears *client. */
void ipp_client_free(struct ipp_client **client);

/* A request has to be answered within so long, and each part of a document taken within three times as long;
 * without this, and at most, 10 s. */
void ipp_client_set_limit(struct ipp_client *client, uint32_t answer_ms);

const char *ipp_client_uri(const struct ipp_client *client);
/* The number of the present connection, or of the last one: from 1. */
uint32_t ipp_client_connection(const struct ipp_client *client);
/* The URI of a queue of the spooler of this host. False when it does not fit. */
bool ipp_client_local_uri(const char *queue, char *uri, size_t size);

/* A request with what all of them have: charset, language, printer-uri, requesting-user-name. */
ipp_t *ipp_client_request(const struct ipp_client *client, ipp_op_t operation);

/* Sends the request (which it frees) with the document, if any, and returns the answer, which the caller
 * frees with ippDelete: one whose status is a success. Else NULL, with the reason in *error; *status, unless
 * NULL, then is the printer's, or IPP_STATUS_ERROR_INTERNAL where there was no answer. */
ipp_t *ipp_client_do(struct ipp_client *client, ipp_t *request, const struct printer_document *document,
                     ipp_status_t *status, struct printer_error *error);

#endif
