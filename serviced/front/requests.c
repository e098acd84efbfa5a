#include "config.h"

#include "serviced/front/requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "serviced/documents/archive.h"
#include "serviced/front/document_stream.h"
#include "serviced/front/sessions.h"
#include "serviced/front/upload.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/preparation.h"
#include "serviced/jobs/registry.h"
#include "serviced/jobs/service.h"
#include "serviced/jobs/unit_choice.h"
#include "serviced/server.h"
#include "serviced/settings.h"

#define DOCUMENTS_A_FRAME  500u
#define WHY_BYTES          512
#define OUTCOME_TEXT_BYTES 500u

static const struct answer not_found = {1, ERROR_NOT_FOUND, "there is no such job"};

void request_answer_units(struct visitor *visitor, uint32_t request, struct frame_list units)
{
    visitor_send(visitor, &(struct frame){.type = FRAME_UNIT_LIST, .unit_list = {request, units}});
    visitor_done(visitor, request);
}

/* ---- Services ----------------------------------------------------------------------------------------- */

/* The session on which the service is to run: the client's own, or the one that an operator names. */
static struct visitor *find_client(struct visitor *visitor, const struct frame_service_request *request)
{
    char name[REGISTRY_NAME_BYTES];
    struct session *session;
    if (visitor->client)
        return visitor;
    frame_text_copy(request->client, name, sizeof name);
    session = sessions_find(visitor->server->sessions, name);
    if (!session)
        visitor_answer(visitor, request->request,
                       registry_client_find(visitor->server->registry, name)
                           ? (struct answer){4, ERROR_NO_CONNECTION, "the client is not connected"}
                           : (struct answer){1, ERROR_NOT_FOUND,
                                             "there is no client of that name: see servicectl client list"});
    return session ? session_visitor(session) : NULL;
}

static void refuse_choice(struct visitor *visitor, uint32_t request, const struct frame_list *units)
{
    struct text_buffer text;
    struct record_unit unit;
    size_t cursor = 0;
    const char *before = "";
    text_start(&text, OUTCOME_TEXT_BYTES);
    text_append(&text, "the client has several scanners; say which one with --scanner: ");
    while (frame_list_next(units, &frame_record_unit, &cursor, &unit)) {
        if (unit.kind != UNIT_READING)
            continue;
        text_append(&text, before);
        text_append_bytes(&text, unit.name.at, unit.name.length);
        before = ", ";
    }
    visitor_answer(visitor, request, (struct answer){2, ERROR_BAD_REQUEST, text_of(&text)});
    text_free(&text);
}

/* A request that names no scanner gets the client's only one; false, and refused, when there are several. A
 * client that has not found any yet is left to say so itself. */
static bool choose_unit(struct visitor *visitor, const struct visitor *client,
                        struct frame_service_request *request)
{
    const struct session *session = sessions_find(visitor->server->sessions, client->client);
    struct frame_list units = session ? session_units(session) : (struct frame_list){0};
    struct record_unit unit;
    struct frame_text only = {0};
    unsigned count = 0;
    size_t cursor = 0;
    if (request->read.unit.length)
        return true;
    while (frame_list_next(&units, &frame_record_unit, &cursor, &unit))
        if (unit.kind == UNIT_READING && ++count == 1)
            only = unit.name;
    if (count > 1)
        refuse_choice(visitor, request->request, &units);
    else if (count == 1)
        request->read.unit = only;
    return count <= 1;
}

static void on_service(struct visitor *visitor, const struct frame *frame)
{
    struct frame_service_request asked = frame->service_request, *request = &asked;
    const struct service *service = service_find(request->service);
    struct jobs *jobs = visitor->server->jobs;
    struct visitor *client;
    const char *why;

    if (!service) {
        visitor_answer(visitor, request->request,
                       (struct answer){1, ERROR_NOT_FOUND, "there is no such service"});
        return;
    }
    if (service->check(request, &why) < 0) {
        visitor_answer(visitor, request->request, (struct answer){2, ERROR_BAD_REQUEST, why});
        return;
    }
    client = find_client(visitor, request);
    if (!client || (service->function == FUNCTION_READING && !choose_unit(visitor, client, request)))
        return;
    if (jobs_open_count(jobs, client->client) + preparations_count(visitor->server, client->client) >=
        visitor->server->settings->jobs) {
        visitor_answer(visitor, request->request,
                       (struct answer){5, ERROR_LIMIT, "the client has too many open jobs"});
        return;
    }
    if (preparation_start(service, client, request, visitor) < 0)
        visitor_answer(visitor, request->request, (struct answer){1, ERROR_INTERNAL, NULL});
}

/* ---- Jobs --------------------------------------------------------------------------------------------- */

static void on_job_list(struct visitor *visitor, const struct frame *frame)
{
    const struct frame_job_list_request *request = &frame->job_list_request;
    struct jobs *jobs = visitor->server->jobs;
    if (frame->job) {
        struct job_run *run = jobs_find_for(jobs, frame->job, visitor);
        if (!run) {
            visitor_answer(visitor, request->request, not_found);
        } else if (request->watch) {
            job_watch(run, visitor, request->request);
        } else {
            job_tell_visitor(run, visitor, request->request);
            visitor_done(visitor, request->request);
        }
        return;
    }
    for (size_t i = 0; i < jobs_count(jobs); i++) {
        struct job_run *run = jobs_at(jobs, i);
        bool is_theirs = !visitor->client || strcmp(visitor->client, run->record.client) == 0;
        if (is_theirs && (request->all || !job_run_is_over(run)))
            job_tell_visitor(run, visitor, request->request);
    }
    visitor_done(visitor, request->request);
}

/* An event for the job that the frame names. */
static void ask_job(struct visitor *visitor, const struct frame *frame, uint32_t request,
                    const struct job_event *event)
{
    struct job_run *run = jobs_find_for(visitor->server->jobs, frame->job, visitor);
    if (run)
        job_run_request(run, event, visitor, request);
    else
        visitor_answer(visitor, request, not_found);
}

static void on_cancel(struct visitor *visitor, const struct frame *frame)
{
    ask_job(visitor, frame, frame->cancel_request.request, &(struct job_event){.type = JOB_EVENT_CANCELED});
}

static void on_restart(struct visitor *visitor, const struct frame *frame)
{
    ask_job(visitor, frame, frame->restart_request.request,
            &(struct job_event){.type = JOB_EVENT_RESTART_REQUESTED});
}

/* Whether the job can go on at the printer that the notice names; *answer says why not. */
static bool is_printer(const struct job_run *run, struct frame_text name, char printer[UNIT_NAME_BYTES],
                       char why[WHY_BYTES], struct answer *answer)
{
    const struct session *session = sessions_find(run->server->sessions, run->record.client);
    struct frame_list units = session ? session_units(session) : (struct frame_list){0};
    if (run->record.job.function != FUNCTION_PRINTING)
        *answer = (struct answer){2, ERROR_BAD_REQUEST, "only a job that prints can go on at another unit"};
    else if (!session)
        *answer = (struct answer){4, ERROR_NO_CONNECTION, "the client is not connected"};
    else if (unit_choose_printer(&units, name, printer, why, WHY_BYTES) < 0)
        *answer = (struct answer){1, ERROR_NOT_FOUND, why};
    else
        return true;
    return false;
}

static void on_manner(struct visitor *visitor, const struct frame *frame)
{
    const struct frame_manner_notice *notice = &frame->manner_notice;
    const struct job_event event = {.type = JOB_EVENT_MANNER_NOTICED,
                                    .round = notice->round,
                                    .manner = notice->manner,
                                    .page = notice->page};
    struct job_run *run = jobs_find_for(visitor->server->jobs, frame->job, visitor);
    char printer[UNIT_NAME_BYTES], why[WHY_BYTES];
    struct answer answer;
    if (!run || !notice->unit.length)
        ask_job(visitor, frame, notice->request, &event);
    else if (is_printer(run, notice->unit, printer, why, &answer))
        job_run_request_manner(run, &event, printer, visitor, notice->request);
    else
        visitor_answer(visitor, notice->request, answer);
}

/* ---- Documents ---------------------------------------------------------------------------------------- */

static void send_documents(struct visitor *visitor, uint32_t request, struct frame_list_builder *list)
{
    visitor_send(visitor, &(struct frame){.type = FRAME_DOCUMENT_LIST,
                                          .document_list = {request, frame_list_view(list)}});
    frame_list_builder_free(list);
    *list = (struct frame_list_builder){0};
}

static void on_document_list(struct visitor *visitor, const struct frame *frame)
{
    const struct registry_document *document = registry_documents(visitor->server->registry);
    uint32_t request = frame->document_list_request.request;
    struct frame_list_builder list = {0};
    for (; document; document = document->next) {
        if (visitor->client && strcmp(visitor->client, document->client) != 0)
            continue;
        char *name = archive_part_name(document->name, 1, document->parts);
        struct record_document record = {document->id,         frame_text_of(document->client),
                                         frame_text_of(name),  frame_text_of(document->title),
                                         document->pages,      document->length_bytes,
                                         document->created_ms, document->parts};
        if (frame_list_add(&list, &frame_record_document, &record) < 0)
            log_error("a document cannot be listed: no memory");
        free(name);
        if (list.count == DOCUMENTS_A_FRAME)
            send_documents(visitor, request, &list);
    }
    send_documents(visitor, request, &list);
    visitor_done(visitor, request);
}

static void on_document(struct visitor *visitor, const struct frame *frame)
{
    document_stream_start(visitor, &frame->document_request);
}

static void on_document_credit(struct visitor *visitor, const struct frame *frame)
{
    document_stream_credit(visitor, &frame->document_credit);
}

static void on_upload_begin(struct visitor *visitor, const struct frame *frame)
{
    upload_begin(visitor, &frame->upload_begin);
}

static void on_upload_data(struct visitor *visitor, const struct frame *frame)
{
    upload_data(visitor, &frame->upload_data);
}

static void on_upload_end(struct visitor *visitor, const struct frame *frame)
{
    upload_end(visitor, &frame->upload_end);
}

static const struct dispatch_entry table[] = {
    {FRAME_SERVICE_REQUEST, on_service},   {FRAME_JOB_LIST_REQUEST, on_job_list},
    {FRAME_CANCEL_REQUEST, on_cancel},     {FRAME_RESTART_REQUEST, on_restart},
    {FRAME_MANNER_NOTICE, on_manner},      {FRAME_DOCUMENT_LIST_REQUEST, on_document_list},
    {FRAME_DOCUMENT_REQUEST, on_document}, {FRAME_DOCUMENT_CREDIT, on_document_credit},
    {FRAME_UPLOAD_BEGIN, on_upload_begin}, {FRAME_UPLOAD_DATA, on_upload_data},
    {FRAME_UPLOAD_END, on_upload_end},
};

bool request_handle(struct visitor *visitor, const struct frame *frame)
{
    return dispatch(table, sizeof table / sizeof table[0], visitor, frame);
}
