#include "config.h"

#include "serviced/front/control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "serviced/documents/archive.h"
#include "serviced/documents/store.h"
#include "serviced/front/audit.h"
#include "serviced/front/enrol.h"
#include "serviced/front/requests.h"
#include "serviced/front/sessions.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/registry.h"
#include "serviced/jobs/service.h"
#include "serviced/server.h"
#include "serviced/settings.h"
#include "wire/peer.h"

#define CONNECTIONS_MAX 256u

struct caller {
    struct visitor visitor; /* first */
    struct control *control;
    struct caller *next, **link;
};

struct control {
    struct server *server;
    struct caller *callers;
    unsigned count;
};

/* What is to be answered when something has become durable. */
struct promise {
    struct server *server;
    uint64_t visitor;
    uint32_t request;
    char token[ENROL_TOKEN_BYTES];
};

static struct promise *promise_new(struct visitor *visitor, uint32_t request)
{
    struct promise *promise = memory_new(sizeof *promise);
    promise->server = visitor->server;
    promise->visitor = visitor->id;
    promise->request = request;
    return promise;
}

static void promise_keep(void *context)
{
    struct promise *promise = context;
    struct visitor *visitor = visitor_find(promise->server, promise->visitor);
    if (visitor && promise->token[0])
        visitor_send(visitor,
                     &(struct frame){.type = FRAME_CLIENT_TOKEN,
                                     .client_token = {promise->request, frame_text_of(promise->token)}});
    if (visitor)
        visitor_done(visitor, promise->request);
    free(promise);
}

/* ---- Clients ------------------------------------------------------------------------------------------ */

static void on_client_add(struct visitor *visitor, const struct frame *frame)
{
    const struct frame_client_add_request *request = &frame->client_add_request;
    struct promise *promise = promise_new(visitor, request->request);
    char name[REGISTRY_NAME_BYTES], address[257];
    int result;
    frame_text_copy(request->client, name, sizeof name);
    frame_text_copy(request->address, address, sizeof address);
    result = enrol_invite(visitor->server->enrol, name, address, request->ttl_s, promise->token, promise_keep,
                          promise);
    if (result == 0) {
        audit_write(visitor->server->audit, "invited", "client=%s ttl=%" PRIu32 "s", name, request->ttl_s);
        return;
    }
    free(promise);
    visitor_answer(
        visitor, request->request,
        result == -EINVAL
            ? (struct answer){2, ERROR_BAD_REQUEST,
                              "a client's name has 1 to 64 letters, digits, '-', '.' or '_', an address is "
                              "HOST:PORT, and a token is good for 10 s to 30 days"}
            : (struct answer){1, ERROR_INTERNAL, NULL});
}

static void on_client_list(struct visitor *visitor, const struct frame *frame)
{
    struct server *server = visitor->server;
    struct frame_list_builder list = {0};
    uint32_t request = frame->client_list_request.request;
    for (const struct registry_client *client = registry_clients(server->registry); client;
         client = client->next) {
        const struct session *session = sessions_find(server->sessions, client->name);
        struct record_client record = {
            frame_text_of(client->name), session ? (uint8_t)CLIENT_CONNECTED : client->state,
            frame_text_of(session ? session_address(session) : ""), client->seen_ms};
        if (frame_list_add(&list, &frame_record_client, &record) < 0)
            log_error("a client cannot be listed: no memory");
        if (list.count == 1000 || !client->next) {
            visitor_send(visitor, &(struct frame){.type = FRAME_CLIENT_LIST,
                                                  .client_list = {request, frame_list_view(&list)}});
            frame_list_builder_free(&list);
            list = (struct frame_list_builder){0};
        }
    }
    visitor_done(visitor, request);
}

static void on_client_revoke(struct visitor *visitor, const struct frame *frame)
{
    struct promise *promise = promise_new(visitor, frame->client_revoke_request.request);
    char name[REGISTRY_NAME_BYTES];
    frame_text_copy(frame->client_revoke_request.client, name, sizeof name);
    if (registry_revoke(visitor->server->registry, name, promise_keep, promise) < 0) {
        free(promise);
        visitor_answer(visitor, frame->client_revoke_request.request,
                       (struct answer){1, ERROR_NOT_FOUND,
                                       "there is no client of that name: see servicectl client list"});
        return;
    }
    audit_write(visitor->server->audit, "revoked", "client=%s", name);
    sessions_drop(visitor->server->sessions, name, ERROR_REVOKED);
}

/* ---- The daemon --------------------------------------------------------------------------------------- */

static void add_attribute(struct frame_list_builder *list, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add_attribute(struct frame_list_builder *list, const char *name, const char *format, ...)
{
    char value[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    struct record_attribute record = {frame_text_of(name), frame_text_of(value)};
    if (frame_list_add(list, &frame_record_attribute, &record) < 0)
        log_error("the status cannot be told: no memory");
}

static void on_status(struct visitor *visitor, const struct frame *frame)
{
    struct server *server = visitor->server;
    struct frame_list_builder list = {0};
    uint32_t request = frame->status_request.request;
    add_attribute(&list, "connections", "%zu", sessions_count(server->sessions));
    add_attribute(&list, "open-jobs", "%u", jobs_open_count(server->jobs, NULL));
    add_attribute(&list, "store-bytes", "%" PRIu64, jobs_bytes(server->jobs, NULL));
    add_attribute(&list, "free-bytes", "%" PRIu64, store_free_bytes(server->store));
    add_attribute(&list, "registry",
                  registry_sqlite_is_full(registry_database(server->registry)) ? "waits for space on the disk"
                                                                               : "ok");
    add_attribute(&list, "archive", "%s", server->settings->archive);
    visitor_send(visitor, &(struct frame){.type = FRAME_STATUS,
                                          .status = {request, frame_text_of("serviced " PACKAGE_VERSION),
                                                     frame_list_view(&list)}});
    frame_list_builder_free(&list);
    visitor_done(visitor, request);
}

static void on_service_list(struct visitor *visitor, const struct frame *frame)
{
    struct frame_list_builder list = {0};
    uint32_t request = frame->service_list_request.request;
    service_list(&list);
    visitor_send(visitor, &(struct frame){.type = FRAME_SERVICE_LIST,
                                          .service_list = {request, frame_list_view(&list)}});
    frame_list_builder_free(&list);
    visitor_done(visitor, request);
}

static void units_told(void *context, const struct session *session)
{
    struct promise *promise = context;
    struct visitor *visitor = visitor_find(promise->server, promise->visitor);
    if (visitor && session)
        request_answer_units(visitor, promise->request, session_units(session));
    else if (visitor)
        visitor_answer(visitor, promise->request,
                       (struct answer){4, ERROR_NO_CONNECTION, "the client is not connected any more"});
    free(promise);
}

static void look_for_units(struct session *session, struct visitor *visitor, uint32_t request)
{
    struct promise *promise = promise_new(visitor, request);
    if (session_ask_units(session, units_told, promise))
        return;
    free(promise);
    visitor_answer(visitor, request,
                   (struct answer){5, ERROR_LIMIT, "too many look for this client's units already"});
}

static void on_unit_list(struct visitor *visitor, const struct frame *frame)
{
    const struct frame_unit_list_request *request = &frame->unit_list_request;
    char name[REGISTRY_NAME_BYTES];
    struct session *session;
    frame_text_copy(request->client, name, sizeof name);
    session = sessions_find(visitor->server->sessions, name);
    if (!session)
        visitor_answer(visitor, request->request,
                       (struct answer){4, ERROR_NO_CONNECTION, "the client is not connected"});
    else if (request->refresh)
        look_for_units(session, visitor, request->request);
    else
        request_answer_units(visitor, request->request, session_units(session));
}

/* ---- Documents ---------------------------------------------------------------------------------------- */

static void document_removed(void *context, int result)
{
    struct promise *promise = context;
    struct visitor *visitor = visitor_find(promise->server, promise->visitor);
    if (result < 0)
        log_error("a document's file cannot be removed: %s", strerror(-result));
    if (visitor && result < 0)
        visitor_answer(visitor, promise->request,
                       (struct answer){1, ERROR_STORAGE, "the document's file cannot be removed"});
    else if (visitor)
        visitor_done(visitor, promise->request);
    free(promise);
}

static void on_document_delete(struct visitor *visitor, const struct frame *frame)
{
    const struct frame_document_delete_request *request = &frame->document_delete_request;
    struct server *server = visitor->server;
    const struct registry_document *document = registry_document_find(server->registry, request->document);
    if (!document) {
        visitor_answer(visitor, request->request,
                       (struct answer){1, ERROR_NOT_FOUND, "there is no such document"});
        return;
    }
    audit_write(server->audit, "document-deleted", "document=%" PRIu64 " name=%s", document->id,
                document->name);
    archive_remove(server->archive, document->name, document->parts, document_removed,
                   promise_new(visitor, request->request));
    registry_document_delete(server->registry, document->id, NULL, NULL);
}

static const struct dispatch_entry table[] = {
    {FRAME_STATUS_REQUEST, on_status},
    {FRAME_CLIENT_ADD_REQUEST, on_client_add},
    {FRAME_CLIENT_LIST_REQUEST, on_client_list},
    {FRAME_CLIENT_REVOKE_REQUEST, on_client_revoke},
    {FRAME_SERVICE_LIST_REQUEST, on_service_list},
    {FRAME_UNIT_LIST_REQUEST, on_unit_list},
    {FRAME_DOCUMENT_DELETE_REQUEST, on_document_delete},
};

/* ---- Connections -------------------------------------------------------------------------------------- */

static void caller_close(struct visitor *visitor)
{
    struct caller *caller = (struct caller *)visitor;
    visitor_leave(visitor);
    *caller->link = caller->next;
    if (caller->next)
        caller->next->link = caller->link;
    caller->control->count--;
    peer_free(&visitor->peer);
    free(caller);
}

static void on_frame(void *context, const struct frame *frame)
{
    struct caller *caller = context;
    if (!request_handle(&caller->visitor, frame) &&
        !dispatch(table, sizeof table / sizeof table[0], &caller->visitor, frame))
        log_info("control: %s means nothing here", frame_name((uint16_t)frame->type));
}

static void on_room(void *context)
{
    visitor_has_room(context);
}

static void on_closed(void *context, const struct peer_end *end)
{
    (void)end;
    caller_close(context);
}

void control_accept(void *context, int fd, const char *host, const char *address)
{
    static const struct peer_callbacks callbacks = {NULL, on_frame, on_room, on_closed};
    struct peer_options options = {.where = AT_CONTROL, .when = WHEN_OPEN, .label = address};
    struct control *control = context;
    struct caller *caller;
    (void)host;
    if (control->count >= CONNECTIONS_MAX) {
        log_warning("control: refused: too many connections");
        close(fd);
        return;
    }
    caller = memory_new(sizeof *caller);
    if (peer_new(&caller->visitor.peer, control->server->sweep, fd, NULL, &options, &callbacks, caller) < 0) {
        free(caller);
        return;
    }
    caller->control = control;
    caller->visitor.server = control->server;
    caller->visitor.close = caller_close;
    caller->next = control->callers;
    caller->link = &control->callers;
    if (control->callers)
        control->callers->link = &caller->next;
    control->callers = caller;
    control->count++;
    visitor_enter(&caller->visitor);
}

struct control *control_new(struct server *server)
{
    struct control *control = memory_new(sizeof *control);
    control->server = server;
    return control;
}

void control_free(struct control **control)
{
    if (!*control)
        return;
    while ((*control)->callers)
        caller_close(&(*control)->callers->visitor);
    free(*control);
    *control = NULL;
}
