#include "config.h"

#include "clientd/units/ipp_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cups/cups.h>

#include <deskline/words.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/memory.h"
#include "clientd/units/ipp_deadline.h"
#include "clientd/units/unit_signals.h"

#define CONNECT_MS         5000u
#define ANSWER_MS          10000u /* for a whole request without a document */
#define PROGRESS_FACTOR    3u     /* for each part of a document: a printer may take it as it prints */
#define HURRY_MS           1500u  /* once the unit was asked to stop */
#define ANSWER_BYTES_MAX   (8u << 20)
#define DOCUMENT_PART_SIZE 65536
#define NAME_SIZE          256

struct ipp_client {
    char uri[PRINTER_URI_SIZE];
    char host[NAME_SIZE], resource[PRINTER_URI_SIZE];
    int port;
    bool is_encrypted, must_upgrade;
    uint32_t answer_ms;
    http_t *http;         /* NULL while there is no connection */
    uint32_t connections; /* so many there have been */
};

/* One request on its way. */
struct exchange {
    struct ipp_client *client;
    ipp_t *request;
    const struct printer_document *document;
    size_t received; /* bytes of the answer */
    bool is_endless;
    struct printer_error *error;
};

/* ---- Addresses ---------------------------------------------------------------------------------------- */

static const char *no_password(const char *prompt, http_t *http, const char *method, const char *resource,
                               void *data)
{
    (void)prompt, (void)http, (void)method, (void)resource, (void)data;
    return NULL;
}

struct ipp_client *ipp_client_new(const char *uri, struct printer_error *error)
{
    char scheme[32], user[NAME_SIZE];
    struct ipp_client *client = memory_new(sizeof *client);
    client->answer_ms = ANSWER_MS;
    cupsSetPasswordCB2(no_password, NULL);
    bool is_good = strlen(uri) < sizeof client->uri &&
                   httpSeparateURI(HTTP_URI_CODING_ALL, uri, scheme, sizeof scheme, user, sizeof user,
                                   client->host, sizeof client->host, &client->port, client->resource,
                                   sizeof client->resource) == HTTP_URI_STATUS_OK;
    bool is_plain = strcmp(scheme, "ipp") == 0 || strcmp(scheme, "http") == 0;
    client->is_encrypted = is_good && (strcmp(scheme, "ipps") == 0 || strcmp(scheme, "https") == 0);
    if (!is_good || (!is_plain && !client->is_encrypted)) {
        printer_failed(error, ERROR_PRINTER_MISSING, REACHED,
                       "%s is no address of a printer: ipp://HOST/PATH or ipps://HOST/PATH", uri);
        ipp_client_free(&client);
        return NULL;
    }
    snprintf(client->uri, sizeof client->uri, "%s", uri);
    return client;
}

/* The spooler is asked with its own URI, and reached as cupsServer says. */
struct ipp_client *ipp_client_new_local(void)
{
    struct ipp_client *client = memory_new(sizeof *client);
    client->answer_ms = ANSWER_MS;
    cupsSetPasswordCB2(no_password, NULL);
    snprintf(client->uri, sizeof client->uri, "ipp://localhost/");
    snprintf(client->host, sizeof client->host, "%s", cupsServer());
    snprintf(client->resource, sizeof client->resource, "/");
    client->port = ippPort();
    return client;
}

void ipp_client_free(struct ipp_client **client)
{
    if (!*client)
        return;
    httpClose((*client)->http);
    free(*client);
    *client = NULL;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void ipp_client_set_limit(struct ipp_client *client, uint32_t answer_ms)
{
    client->answer_ms = least(answer_ms, ANSWER_MS);
}

const char *ipp_client_uri(const struct ipp_client *client)
{
    return client->uri;
}

uint32_t ipp_client_connection(const struct ipp_client *client)
{
    return client->connections;
}

bool ipp_client_local_uri(const char *queue, char *uri, size_t size)
{
    const char *server = cupsServer();
    return httpAssembleURIf(HTTP_URI_CODING_ALL, uri, (int)size, "ipp", NULL,
                            server[0] == '/' ? "localhost" : server, ippPort(), "/printers/%s",
                            queue) == HTTP_URI_STATUS_OK;
}

/* A spooler that listens on a socket of this host only has no other address than localhost. */
static const char *address_of(const struct ipp_client *client)
{
    bool is_local = strcmp(client->host, "localhost") == 0 && client->port == ippPort();
    return is_local && cupsServer()[0] == '/' ? cupsServer() : client->host;
}

ipp_t *ipp_client_request(const struct ipp_client *client, ipp_op_t operation)
{
    ipp_t *request = ippNewRequest(operation);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, client->uri);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, cupsUser());
    return request;
}

/* ---- 1. Connect --------------------------------------------------------------------------------------- */

/* Its limit goes first: that one shuts the connection down by itself. */
static void disconnect(struct ipp_client *client)
{
    ipp_deadline_stop();
    httpClose(client->http);
    client->http = NULL;
}

/* A peer that has closed a connection that was kept: nothing is to be read from an idle one. */
static bool is_stale(http_t *http)
{
    struct pollfd idle = {.fd = httpGetFd(http), .events = POLLIN | POLLRDHUP};
    return idle.fd < 0 || poll(&idle, 1, 0) != 0;
}

static enum printer_status unanswered(struct exchange *exchange, const char *what)
{
    bool was_late = ipp_deadline_stop();
    disconnect(exchange->client);
    return printer_failed(exchange->error, was_late ? ERROR_PRINTER_STALLED : ERROR_PRINTER_ERROR, UNANSWERED,
                          "%s %s", exchange->client->uri, was_late ? "does not answer in time" : what);
}

static uint32_t limit_now(uint32_t limit_ms)
{
    return unit_signals_stopped() ? least(limit_ms, HURRY_MS) : limit_ms;
}

/* The limit runs from here on: it also covers the greeting of an encrypted connection. */
static enum printer_status connect_to(struct exchange *exchange)
{
    struct ipp_client *client = exchange->client;
    if (client->http && is_stale(client->http))
        disconnect(client);
    bool is_new = !client->http;
    if (is_new)
        client->http = httpConnect2(address_of(client), client->port, NULL, AF_UNSPEC, HTTP_ENCRYPTION_NEVER,
                                    1, (int)limit_now(least(client->answer_ms, CONNECT_MS)), NULL);
    if (!client->http)
        return printer_failed(exchange->error, ERROR_PRINTER_MISSING, UNREACHED, "no connection to %s",
                              client->uri);
    client->connections += is_new;
    ipp_deadline_start(client->http, limit_now(client->answer_ms));
    http_encryption_t wanted = client->is_encrypted   ? HTTP_ENCRYPTION_ALWAYS
                               : client->must_upgrade ? HTTP_ENCRYPTION_REQUIRED
                                                      : HTTP_ENCRYPTION_NEVER;
    if (is_new && wanted != HTTP_ENCRYPTION_NEVER) {
        httpSetTimeout(client->http, client->answer_ms / 1000.0, NULL, NULL);
        if (httpEncryption(client->http, wanted))
            return unanswered(exchange, "does not agree to an encrypted connection");
    }
    return PRINTER_GOOD;
}

/* ---- 2. Send ------------------------------------------------------------------------------------------ */

static enum printer_status send_document(struct exchange *exchange)
{
    char *part = malloc(DOCUMENT_PART_SIZE);
    enum printer_status status = part ? PRINTER_GOOD : PRINTER_FAILED;
    for (uint64_t at = 0; status == PRINTER_GOOD && at < exchange->document->length;) {
        uint64_t left = exchange->document->length - at;
        size_t wanted = left < DOCUMENT_PART_SIZE ? (size_t)left : DOCUMENT_PART_SIZE;
        ssize_t length = blob_read_at(exchange->document->fd, part, wanted, at);
        ipp_deadline_start(exchange->client->http, limit_now(PROGRESS_FACTOR * exchange->client->answer_ms));
        if (length <= 0 || httpWrite2(exchange->client->http, part, (size_t)length) != length)
            status = PRINTER_FAILED;
        at += (uint64_t)(length > 0 ? length : 0);
    }
    free(part);
    return status;
}

/* A printer that refuses early closes while it is still being written to: what it said is read all the same.
 */
static enum printer_status send_request(struct exchange *exchange)
{
    http_t *http = exchange->client->http;
    uint64_t length = ippLength(exchange->request) + (exchange->document ? exchange->document->length : 0);
    httpClearFields(http);
    httpSetField(http, HTTP_FIELD_CONTENT_TYPE, "application/ipp");
    httpSetField(http, HTTP_FIELD_AUTHORIZATION, httpGetAuthString(http));
    httpSetLength(http, (size_t)length);
    if (httpPost(http, exchange->client->resource))
        return unanswered(exchange, "closes the connection");
    ipp_state_t state;
    ippSetState(exchange->request, IPP_STATE_IDLE);
    do
        state = ippWrite(http, exchange->request);
    while (state != IPP_STATE_DATA && state != IPP_STATE_ERROR);
    if (state == IPP_STATE_ERROR)
        return unanswered(exchange, "closes the connection");
    if (exchange->document && send_document(exchange) != PRINTER_GOOD)
        return unanswered(exchange, "closes the connection while it is sent a sheet");
    if (exchange->document)
        ipp_deadline_start(http, limit_now(PROGRESS_FACTOR * exchange->client->answer_ms));
    return PRINTER_GOOD;
}

/* ---- 3. Read the answer ------------------------------------------------------------------------------- */

/* libcups takes a short read for an error. */
static ssize_t read_all(void *context, ipp_uchar_t *bytes, size_t length)
{
    struct exchange *exchange = context;
    size_t taken = 0;
    if (length > ANSWER_BYTES_MAX - exchange->received) {
        exchange->is_endless = true;
        return -1;
    }
    while (taken < length) {
        ssize_t got = httpRead2(exchange->client->http, (char *)bytes + taken, length - taken);
        if (got <= 0)
            return -1;
        taken += (size_t)got;
    }
    exchange->received += taken;
    return (ssize_t)taken;
}

static ipp_t *read_answer(struct exchange *exchange)
{
    ipp_t *answer = ippNew();
    ipp_state_t state;
    do
        state = ippReadIO(exchange, read_all, 1, NULL, answer);
    while (state != IPP_STATE_DATA && state != IPP_STATE_ERROR);
    if (state == IPP_STATE_ERROR) {
        ippDelete(answer);
        unanswered(exchange, exchange->is_endless ? "answers without end" : "does not answer in IPP");
        return NULL;
    }
    /* Nothing may stand behind the attributes; what would is not waited for. */
    if (httpGetState(exchange->client->http) != HTTP_STATE_WAITING)
        disconnect(exchange->client);
    return answer;
}

enum turn { TURN_ANSWERED, TURN_AGAIN, TURN_FAILED };

/* What HTTP says before the answer: it may want another try over an encrypted connection, or a proof of who
 * we are that this host can give without asking anybody. */
static enum turn take_status(struct exchange *exchange, http_status_t status, bool is_first)
{
    struct ipp_client *client = exchange->client;
    if (status == HTTP_STATUS_OK)
        return TURN_ANSWERED;
    if (status == HTTP_STATUS_UPGRADE_REQUIRED && is_first && !client->must_upgrade) {
        client->must_upgrade = true;
        disconnect(client);
        return TURN_AGAIN;
    }
    if (status == HTTP_STATUS_UNAUTHORIZED && is_first) {
        httpFlush(client->http);
        if (cupsDoAuthentication(client->http, "POST", client->resource) == 0)
            return TURN_AGAIN;
    }
    bool wants_password = status == HTTP_STATUS_UNAUTHORIZED || status == HTTP_STATUS_FORBIDDEN ||
                          status == HTTP_STATUS_CUPS_AUTHORIZATION_CANCELED;
    if (wants_password)
        printer_failed(exchange->error, ERROR_PRINTER_PASSWORD, REACHED, "%s wants a password", client->uri);
    else if (status == HTTP_STATUS_NOT_FOUND)
        printer_failed(exchange->error, ERROR_PRINTER_MISSING, REACHED, "there is no printer at %s",
                       client->uri);
    else if (status < HTTP_STATUS_CONTINUE)
        unanswered(exchange, "does not answer in HTTP");
    else
        printer_failed(exchange->error, ERROR_PRINTER_ERROR, UNANSWERED,
                       "%s answers with HTTP status %d and is no printer", client->uri, (int)status);
    disconnect(client);
    return TURN_FAILED;
}

static enum turn take_turn(struct exchange *exchange, bool is_first, ipp_t **answer)
{
    if (connect_to(exchange) != PRINTER_GOOD || send_request(exchange) != PRINTER_GOOD)
        return TURN_FAILED;
    http_status_t status;
    do
        status = httpUpdate(exchange->client->http);
    while (status == HTTP_STATUS_CONTINUE);
    enum turn turn = take_status(exchange, status, is_first);
    if (turn == TURN_ANSWERED) {
        *answer = read_answer(exchange);
        turn = *answer ? TURN_ANSWERED : TURN_FAILED;
    }
    return turn;
}

/* ---- 4. What the printer says ------------------------------------------------------------------------- */

static uint16_t code_of(ipp_status_t status)
{
    switch ((int)status) {
    case IPP_STATUS_ERROR_FORBIDDEN:
    case IPP_STATUS_ERROR_NOT_AUTHENTICATED:
    case IPP_STATUS_ERROR_NOT_AUTHORIZED:
        return ERROR_PRINTER_PASSWORD;
    case IPP_STATUS_ERROR_NOT_FOUND:
    case IPP_STATUS_ERROR_GONE:
        return ERROR_PRINTER_MISSING;
    case IPP_STATUS_ERROR_NOT_ACCEPTING_JOBS:
    case IPP_STATUS_ERROR_PRINTER_IS_DEACTIVATED:
        return ERROR_PRINTER_STOPPED;
    default:
        return status < IPP_STATUS_ERROR_INTERNAL ? ERROR_PRINT_REFUSED : ERROR_PRINTER_ERROR;
    }
}

static void refused(const struct exchange *exchange, ipp_t *answer, ipp_status_t status)
{
    ipp_attribute_t *message = ippFindAttribute(answer, "status-message", IPP_TAG_TEXT);
    const char *text = message ? ippGetString(message, 0, NULL) : NULL;
    printer_failed(exchange->error, code_of(status), REACHED, "%s says %s%s%s to %s", exchange->client->uri,
                   ippErrorString(status), text ? ": " : "", text ? text : "",
                   ippOpString(ippGetOperation(exchange->request)));
    exchange->error->is_busy = status == IPP_STATUS_ERROR_BUSY || status == IPP_STATUS_ERROR_TEMPORARY ||
                               status == IPP_STATUS_ERROR_TOO_MANY_JOBS;
}

ipp_t *ipp_client_do(struct ipp_client *client, ipp_t *request, const struct printer_document *document,
                     ipp_status_t *status, struct printer_error *error)
{
    struct exchange exchange = {.client = client, .request = request, .document = document, .error = error};
    ipp_t *answer = NULL;
    ipp_status_t said = IPP_STATUS_ERROR_INTERNAL;
    *error = (struct printer_error){0};
    /* A unit that was asked to stop still cancels what is under way. */
    bool is_announced = unit_signals_enter();
    enum turn turn = take_turn(&exchange, true, &answer);
    if (turn == TURN_AGAIN)
        turn = take_turn(&exchange, false, &answer);
    ipp_deadline_stop();
    if (is_announced)
        unit_signals_leave();
    if (turn == TURN_ANSWERED) {
        said = ippGetStatusCode(answer);
        if (said < IPP_STATUS_OK || said > IPP_STATUS_OK_EVENTS_COMPLETE) {
            refused(&exchange, answer, said);
            ippDelete(answer);
            answer = NULL;
        }
    }
    if (status)
        *status = said;
    ippDelete(request);
    return answer;
}
