#include "config.h"

#include "clientd/units/printer_ipp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cups/cups.h>

#include <deskline/words.h>

#include "base/log.h"
#include "base/memory.h"
#include "clientd/units/ipp_client.h"
#include "clientd/units/ipp_look.h"
#include "clientd/units/ipp_options.h"

/* A printer to which jobs have been given. */
struct place {
    struct ipp_client *client;
    ipp_t *attributes; /* all that it says of itself */
    bool is_queue;
};

struct printer_ipp {
    struct printer base;
    struct place own, other; /* other: at which an earlier run has left sheets */
    struct ipp_options options;
    uint32_t answer_ms;
    bool may_have_orphan; /* a job was made there, or not: the printer has not told all of it */
};

static struct printer_ipp *ipp_of(struct printer *printer)
{
    return (struct printer_ipp *)printer;
}

/* ---- Places ------------------------------------------------------------------------------------------- */

static void place_close(struct place *place)
{
    ipp_client_free(&place->client);
    ippDelete(place->attributes);
    *place = (struct place){0};
}

static enum printer_status place_open(struct place *place, const char *uri, uint32_t answer_ms,
                                      struct printer_error *error)
{
    place_close(place);
    place->client = ipp_client_new(uri, error);
    if (!place->client)
        return PRINTER_FAILED;
    ipp_client_set_limit(place->client, answer_ms);
    place->attributes = ipp_client_do(
        place->client, ipp_client_request(place->client, IPP_OP_GET_PRINTER_ATTRIBUTES), NULL, NULL, error);
    if (!place->attributes) {
        place_close(place);
        return PRINTER_FAILED;
    }
    place->is_queue = ipp_look_is_queue(place->attributes);
    return PRINTER_GOOD;
}

/* Where the ticket says; NULL with *error when that printer cannot be asked. */
static struct place *place_of(struct printer_ipp *printer, const struct printer_ticket *ticket,
                              struct printer_error *error)
{
    if (printer->own.client && strcmp(ipp_client_uri(printer->own.client), ticket->printer) == 0)
        return &printer->own;
    struct place *other = &printer->other;
    if (other->client && strcmp(ipp_client_uri(other->client), ticket->printer) == 0)
        return other;
    return place_open(other, ticket->printer, printer->answer_ms, error) == PRINTER_GOOD ? other : NULL;
}

/* ---- The printer -------------------------------------------------------------------------------------- */

/* One job per sheet, whose data follows later, needs these. */
static enum printer_status check_operations(const struct place *place, struct printer_error *error)
{
    static const ipp_op_t needed[] = {IPP_OP_CREATE_JOB, IPP_OP_SEND_DOCUMENT, IPP_OP_GET_JOB_ATTRIBUTES,
                                      IPP_OP_CANCEL_JOB};
    ipp_attribute_t *supported = ippFindAttribute(place->attributes, "operations-supported", IPP_TAG_ENUM);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!supported || !ippContainsInteger(supported, (int)needed[i]))
            return printer_failed(
                error, ERROR_PRINT_REFUSED, REACHED,
                "the printer does not know %s: make a queue of CUPS for it, and print there",
                ippOpString(needed[i]));
    return PRINTER_GOOD;
}

static enum printer_status printer_open(struct printer *base, const char *uri, struct printer_error *error)
{
    struct printer_ipp *printer = ipp_of(base);
    if (place_open(&printer->own, uri, printer->answer_ms, error) != PRINTER_GOOD)
        return PRINTER_FAILED;
    return check_operations(&printer->own, error);
}

static enum printer_status printer_prepare(struct printer *base, const struct record_print_options *options,
                                           struct printer_error *error)
{
    struct printer_ipp *printer = ipp_of(base);
    ipp_options_take(&printer->options, options);
    return ipp_options_check(&printer->options, printer->own.attributes, error);
}

static bool printer_takes(const struct printer *base, const char *format)
{
    const struct printer_ipp *printer = (const struct printer_ipp *)base;
    return ipp_look_has(printer->own.attributes, "document-format-supported", format);
}

static enum printer_status look_at(struct place *place, struct printer_look *look,
                                   struct printer_error *error)
{
    ipp_t *request = ipp_client_request(place->client, IPP_OP_GET_PRINTER_ATTRIBUTES);
    ippAddStrings(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", ipp_look_printer_count,
                  NULL, ipp_look_printer_attributes);
    ipp_t *answer = ipp_client_do(place->client, request, NULL, NULL, error);
    if (!answer)
        return PRINTER_FAILED;
    ipp_look_printer(answer, look);
    ippDelete(answer);
    return PRINTER_GOOD;
}

static enum printer_status printer_look(struct printer *base, struct printer_look *look,
                                        struct printer_error *error)
{
    return look_at(&ipp_of(base)->own, look, error);
}

static enum printer_status printer_resume(struct printer *base, struct printer_error *error)
{
    struct place *own = &ipp_of(base)->own;
    ipp_t *answer =
        ipp_client_do(own->client, ipp_client_request(own->client, IPP_OP_RESUME_PRINTER), NULL, NULL, error);
    ippDelete(answer);
    return answer ? PRINTER_GOOD : PRINTER_FAILED;
}

/* ---- Jobs --------------------------------------------------------------------------------------------- */

static ipp_t *job_request(const struct place *place, ipp_op_t operation, uint32_t job)
{
    ipp_t *request = ippNewRequest(operation);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, ipp_client_uri(place->client));
    ippAddInteger(request, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "job-id", (int)job);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, cupsUser());
    return request;
}

static ipp_t *ask_for_job(struct place *place, uint32_t job, ipp_status_t *status,
                          struct printer_error *error)
{
    ipp_t *request = job_request(place, IPP_OP_GET_JOB_ATTRIBUTES, job);
    ippAddStrings(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", ipp_look_job_count,
                  NULL, ipp_look_job_attributes);
    return ipp_client_do(place->client, request, NULL, status, error);
}

/* Few printers say the uuid at once: they are asked for it. */
static enum printer_status complete_ticket(struct place *place, ipp_t *created, struct printer_ticket *ticket,
                                           struct printer_error *error)
{
    ipp_look_text(created, "job-uuid", ticket->uuid, sizeof ticket->uuid);
    if (ticket->uuid[0])
        return PRINTER_GOOD;
    ipp_t *answer = ask_for_job(place, ticket->job, NULL, error);
    if (!answer)
        return PRINTER_FAILED;
    ipp_look_text(answer, "job-uuid", ticket->uuid, sizeof ticket->uuid);
    ippDelete(answer);
    if (ticket->uuid[0])
        return PRINTER_GOOD;
    return printer_failed(error, ERROR_PRINT_REFUSED, REACHED,
                          "the printer gives its jobs no uuid: make a queue of CUPS for it, and print there");
}

/* A run that was killed before it could tell of its job has left one that waits for data, and may keep the
 * printer busy for minutes; so does a spooler that was killed before it could answer. It is known by its
 * name: the one that is to be made now. */
struct orphan {
    struct place *place;
    const char *name;
};

static int drop_orphan(void *context, ipp_t *job)
{
    const struct orphan *orphan = context;
    struct printer_error error;
    char name[512], user[128];
    uint32_t number;
    ipp_look_text(job, "job-name", name, sizeof name);
    ipp_look_text(job, "job-originating-user-name", user, sizeof user);
    if (strcmp(name, orphan->name) != 0 || strcmp(user, cupsUser()) != 0 || !ipp_look_lacks_data(job) ||
        !ipp_look_number(job, "job-id", &number))
        return 0;
    log_notice("canceling job %u, which an earlier run has left without data", number);
    ippDelete(ipp_client_do(orphan->place->client, job_request(orphan->place, IPP_OP_CANCEL_JOB, number),
                            NULL, NULL, &error));
    return 0;
}

static bool drop_orphans(struct place *place, const char *name)
{
    static const char *const wanted[] = {"job-id",    "job-name",          "job-originating-user-name",
                                         "job-state", "job-state-reasons", "number-of-documents"};
    struct printer_error error;
    struct orphan orphan = {place, name};
    ipp_t *request = ipp_client_request(place->client, IPP_OP_GET_JOBS);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "which-jobs", NULL, "not-completed");
    ippAddStrings(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes",
                  sizeof wanted / sizeof wanted[0], NULL, wanted);
    ipp_t *answer = ipp_client_do(place->client, request, NULL, NULL, &error);
    if (answer && ipp_look_groups(answer, IPP_TAG_JOB, drop_orphan, &orphan))
        log_warning("the jobs of the printer cannot be looked through: no memory");
    bool is_looked_through = answer != NULL;
    ippDelete(answer);
    return is_looked_through;
}

static enum printer_status printer_create(struct printer *base, const char *name, bool is_duplex,
                                          struct printer_ticket *ticket, struct printer_error *error)
{
    struct printer_ipp *printer = ipp_of(base);
    struct place *own = &printer->own;
    if (printer->may_have_orphan)
        printer->may_have_orphan = !drop_orphans(own, name);
    ipp_t *request = ipp_client_request(own->client, IPP_OP_CREATE_JOB);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_NAME, "job-name", NULL, name);
    ipp_options_add(&printer->options, own->attributes, is_duplex, request);
    ipp_t *answer = ipp_client_do(own->client, request, NULL, NULL, error);
    if (!answer && error->is_busy)
        drop_orphans(own, name);
    if (!answer && error->reach == UNANSWERED)
        printer->may_have_orphan = true;
    if (!answer)
        return PRINTER_FAILED;
    enum printer_status status = PRINTER_FAILED;
    *ticket = (struct printer_ticket){0};
    snprintf(ticket->printer, sizeof ticket->printer, "%s", ipp_client_uri(own->client));
    if (!ipp_look_number(answer, "job-id", &ticket->job) || !ticket->job)
        printer_failed(error, ERROR_PRINTER_ERROR, REACHED, "the printer gives its job no number");
    else
        status = complete_ticket(own, answer, ticket, error);
    printer->may_have_orphan = printer->may_have_orphan || status != PRINTER_GOOD;
    ticket->connection = ipp_client_connection(own->client);
    ippDelete(answer);
    return status;
}

static enum printer_status printer_send(struct printer *base, const struct printer_ticket *ticket,
                                        const struct printer_document *document, struct printer_error *error)
{
    struct place *own = &ipp_of(base)->own;
    ipp_t *request = job_request(own, IPP_OP_SEND_DOCUMENT, ticket->job);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_MIMETYPE, "document-format", NULL, document->format);
    ippAddBoolean(request, IPP_TAG_OPERATION, "last-document", 1);
    ipp_t *answer = ipp_client_do(own->client, request, document, NULL, error);
    ippDelete(answer);
    return answer ? PRINTER_GOOD : PRINTER_FAILED;
}

/* A queue says that a job is canceled while its device still works on it. It does until the queue is idle, or
 * at another job. */
static enum printer_status see_whether_stopping(struct place *place, struct printer_job_look *look,
                                                struct printer_error *error)
{
    static const char *const number[] = {"job-id"};
    struct printer_look queue;
    if (!look->is_queue || look->has_not_begun || (look->state != JOB_CANCELED && look->state != JOB_ABORTED))
        return PRINTER_GOOD;
    if (look_at(place, &queue, error) != PRINTER_GOOD)
        return PRINTER_FAILED;
    if (queue.state != PRINTER_PROCESSING)
        return PRINTER_GOOD;
    ipp_t *request = ipp_client_request(place->client, IPP_OP_GET_JOBS);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "which-jobs", NULL, "processing");
    ippAddInteger(request, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "limit", 1);
    ippAddStrings(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", 1, NULL, number);
    ipp_t *answer = ipp_client_do(place->client, request, NULL, NULL, error);
    if (!answer)
        return PRINTER_FAILED;
    look->is_stopping = ippFindAttribute(answer, "job-id", IPP_TAG_INTEGER) == NULL;
    ippDelete(answer);
    return PRINTER_GOOD;
}

static enum printer_status printer_ask(struct printer *base, const struct printer_ticket *ticket,
                                       struct printer_job_look *look, struct printer_error *error)
{
    struct place *place = place_of(ipp_of(base), ticket, error);
    ipp_status_t status;
    if (!place)
        return PRINTER_FAILED;
    ipp_t *answer = ask_for_job(place, ticket->job, &status, error);
    *look = (struct printer_job_look){.is_queue = place->is_queue};
    if (!answer && (status == IPP_STATUS_ERROR_NOT_FOUND || status == IPP_STATUS_ERROR_GONE))
        return PRINTER_GOOD;
    if (!answer)
        return PRINTER_FAILED;
    ipp_look_job(answer, ticket, place->is_queue, look);
    look->connection = ipp_client_connection(place->client);
    ippDelete(answer);
    return see_whether_stopping(place, look, error);
}

static enum printer_status printer_cancel(struct printer *base, const struct printer_ticket *ticket,
                                          struct printer_error *error)
{
    struct printer_job_look look;
    ipp_status_t status;
    if (printer_ask(base, ticket, &look, error) != PRINTER_GOOD)
        return PRINTER_FAILED;
    if (!look.is_known || look.state >= JOB_CANCELED)
        return PRINTER_GOOD; /* over, or somebody else's */
    struct place *place = place_of(ipp_of(base), ticket, error);
    ipp_t *answer = ipp_client_do(place->client, job_request(place, IPP_OP_CANCEL_JOB, ticket->job), NULL,
                                  &status, error);
    ippDelete(answer);
    return answer || status == IPP_STATUS_ERROR_NOT_POSSIBLE || status == IPP_STATUS_ERROR_NOT_FOUND
               ? PRINTER_GOOD
               : PRINTER_FAILED;
}

static void printer_close(struct printer *base)
{
    place_close(&ipp_of(base)->own);
    place_close(&ipp_of(base)->other);
}

struct printer *printer_ipp_new(uint32_t answer_ms)
{
    static const struct printer_ops ops = {.open = printer_open,
                                           .prepare = printer_prepare,
                                           .takes = printer_takes,
                                           .look = printer_look,
                                           .resume = printer_resume,
                                           .create = printer_create,
                                           .send = printer_send,
                                           .ask = printer_ask,
                                           .cancel = printer_cancel,
                                           .close = printer_close};
    struct printer_ipp *printer = memory_new(sizeof *printer);
    printer->base.ops = &ops;
    printer->answer_ms = answer_ms;
    return &printer->base;
}

void printer_ipp_free(struct printer **printer)
{
    if (!*printer)
        return;
    printer_close(*printer);
    free(*printer);
    *printer = NULL;
}
