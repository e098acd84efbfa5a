#include "config.h"

#include "clientd/relay.h"

#include <errno.h>
#include <stdlib.h>

#include <deskline/words.h>

#include "base/memory.h"
#include "clientd/link.h"

#define ENTRIES_MAX 256
/* The upper half of the numbers belongs to the jobs. Their numbers are the server's and count up from 1. */
#define OF_JOB   0x80000000u
#define OF_KIND  30
#define JOB_MASK 0x3fffffffu

enum entry_kind { ENTRY_REQUEST, ENTRY_UPLOAD /* its data flows */, ENTRY_UPLOAD_SENT, ENTRY_UPLOAD_WHOLE };

struct entry {
    uint32_t request; /* our number, 0: the entry is free */
    uint32_t asked;   /* the asker's number */
    void *asker;      /* NULL: gone */
    enum entry_kind kind;
    uint64_t length, offset, credit; /* of an upload */
    uint32_t upload;                 /* of a SERVICE_REQUEST: our number of the upload that it names */
};

struct relay {
    struct link *link;
    void (*answer)(void *context, void *asker, const struct frame *frame);
    void *context;
    uint32_t last_request;
    struct entry entries[ENTRIES_MAX];
};

/* Where the number stands in those frames that are passed on or back. */
static const struct {
    enum frame_type type;
    size_t offset;
} numbers[] = {
    {FRAME_SERVICE_REQUEST, offsetof(struct frame, service_request.request)},
    {FRAME_CANCEL_REQUEST, offsetof(struct frame, cancel_request.request)},
    {FRAME_JOB_LIST_REQUEST, offsetof(struct frame, job_list_request.request)},
    {FRAME_DOCUMENT_LIST_REQUEST, offsetof(struct frame, document_list_request.request)},
    {FRAME_DOCUMENT_REQUEST, offsetof(struct frame, document_request.request)},
    {FRAME_DOCUMENT_CREDIT, offsetof(struct frame, document_credit.request)},
    {FRAME_UPLOAD_BEGIN, offsetof(struct frame, upload_begin.request)},
    {FRAME_UPLOAD_CREDIT, offsetof(struct frame, upload_credit.request)},
    {FRAME_UPLOAD_DATA, offsetof(struct frame, upload_data.request)},
    {FRAME_UPLOAD_END, offsetof(struct frame, upload_end.request)},
    {FRAME_JOB_OPENED, offsetof(struct frame, job_opened.request)},
    {FRAME_JOB_STATUS, offsetof(struct frame, job_status.request)},
    {FRAME_DOCUMENT_LIST, offsetof(struct frame, document_list.request)},
    {FRAME_DOCUMENT_DATA, offsetof(struct frame, document_data.request)},
    {FRAME_DOCUMENT_END, offsetof(struct frame, document_end.request)},
    {FRAME_OUTCOME, offsetof(struct frame, outcome.request)},
};

static uint32_t *number_of(struct frame *frame)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].type == frame->type)
            return (uint32_t *)(void *)((char *)frame + numbers[i].offset);
    return NULL;
}

uint32_t relay_number_of_job(enum relay_of_job kind, uint64_t job)
{
    return OF_JOB | (uint32_t)kind << OF_KIND | (uint32_t)(job & JOB_MASK);
}

struct relay *relay_new(struct link *link,
                        void (*answer)(void *context, void *asker, const struct frame *frame), void *context)
{
    struct relay *relay = memory_new(sizeof *relay);
    relay->link = link;
    relay->answer = answer;
    relay->context = context;
    return relay;
}

static void refuse(struct relay *relay, void *asker, uint32_t request, uint8_t exit_code,
                   enum error_code code, const char *text)
{
    if (asker)
        relay->answer(relay->context, asker,
                      &(struct frame){.type = FRAME_OUTCOME,
                                      .outcome = {.request = request,
                                                  .exit_code = exit_code,
                                                  .code = (uint16_t)code,
                                                  .text = frame_text_of(text)}});
}

static void refuse_without_link(struct relay *relay, void *asker, uint32_t request)
{
    refuse(relay, asker, request, 4, ERROR_NO_CONNECTION, link_problem(relay->link));
}

static struct entry *find(struct relay *relay, uint32_t request)
{
    for (unsigned i = 0; i < ENTRIES_MAX; i++)
        if (relay->entries[i].request == request)
            return &relay->entries[i];
    return NULL;
}

/* Sends the frame under a number of our own. NULL: it was refused. */
static struct entry *pass_on(struct relay *relay, void *asker, const struct frame *frame)
{
    struct frame copy = *frame;
    uint32_t *number = number_of(&copy), asked = *number;
    struct entry *entry = find(relay, 0);
    if (!link_peer(relay->link)) {
        refuse_without_link(relay, asker, asked);
        return NULL;
    }
    if (!entry) {
        refuse(relay, asker, asked, 1, ERROR_LIMIT, "too many requests wait for the server");
        return NULL;
    }
    if (++relay->last_request == OF_JOB)
        relay->last_request = 1;
    *number = relay->last_request;
    int error = link_send(relay->link, &copy);
    if (error == -ENOTCONN) {
        refuse_without_link(relay, asker, asked);
    } else if (error) {
        refuse(relay, asker, asked, 1, ERROR_BAD_REQUEST, "the request cannot be passed on to the server");
    } else {
        *entry = (struct entry){.request = relay->last_request, .asked = asked, .asker = asker};
        return entry;
    }
    return NULL;
}

static struct entry *find_upload(struct relay *relay, const void *asker, uint32_t asked)
{
    for (unsigned i = 0; i < ENTRIES_MAX; i++) {
        struct entry *entry = &relay->entries[i];
        if (entry->request && entry->kind != ENTRY_REQUEST && entry->asker == asker && entry->asked == asked)
            return entry;
    }
    return NULL;
}

/* The upload that a SERVICE_REQUEST names is the server's from then on. */
static void ask_with_upload(struct relay *relay, void *asker, const struct frame *frame)
{
    struct frame copy = *frame;
    struct entry *upload = find_upload(relay, asker, frame->service_request.upload), *entry;
    if (!upload || upload->kind != ENTRY_UPLOAD_WHOLE) {
        refuse(relay, asker, frame->service_request.request, 2, ERROR_BAD_REQUEST,
               "the document that is to be printed has not been sent");
        return;
    }
    copy.service_request.upload = upload->request;
    entry = pass_on(relay, asker, &copy);
    if (entry) {
        entry->upload = upload->request;
        upload->request = 0;
    }
}

void relay_ask(struct relay *relay, void *asker, const struct frame *frame)
{
    if (frame->type == FRAME_SERVICE_REQUEST && frame->service_request.upload)
        ask_with_upload(relay, asker, frame);
    else
        pass_on(relay, asker, frame);
}

/* ---- Uploads ------------------------------------------------------------------------------------------ */

static void give_up(struct relay *relay, uint32_t request)
{
    link_send(relay->link, &(struct frame){.type = FRAME_UPLOAD_END, .upload_end = {.request = request}});
}

static void begin_upload(struct relay *relay, void *asker, const struct frame_upload_begin *begin,
                         const struct frame *frame)
{
    struct entry *entry;
    if (begin->request == 0 || find_upload(relay, asker, begin->request)) {
        refuse(relay, asker, begin->request, 2, ERROR_BAD_REQUEST,
               "an upload needs a number that no other one has");
        return;
    }
    entry = pass_on(relay, asker, frame);
    if (entry) {
        entry->kind = ENTRY_UPLOAD;
        entry->length = begin->length;
    }
}

/* Whether the frame is what has to come next: the server would end the whole connection for one that is not.
 */
static bool take_data(struct entry *upload, const struct frame_upload_data *data)
{
    uint32_t length = data->bytes.length;
    if (upload->kind != ENTRY_UPLOAD || length == 0 || data->offset != upload->offset ||
        length > upload->credit || length > upload->length - upload->offset)
        return false;
    upload->offset += length;
    upload->credit -= length;
    return true;
}

static bool take_end(struct entry *upload, const struct frame_upload_end *end)
{
    if (upload->kind != ENTRY_UPLOAD || upload->offset != upload->length || end->digest.length != 32)
        return false;
    upload->kind = ENTRY_UPLOAD_SENT;
    return true;
}

void relay_upload(struct relay *relay, void *asker, const struct frame *frame)
{
    struct frame copy = *frame;
    uint32_t *number = number_of(&copy), asked = *number;
    struct entry *upload;
    bool is_next;
    if (frame->type == FRAME_UPLOAD_BEGIN) {
        begin_upload(relay, asker, &frame->upload_begin, frame);
        return;
    }
    upload = find_upload(relay, asker, asked);
    if (!upload)
        return; /* it has failed, and this was on its way by then */
    *number = upload->request;
    is_next = frame->type == FRAME_UPLOAD_DATA ? take_data(upload, &frame->upload_data)
                                               : take_end(upload, &frame->upload_end);
    if (is_next) {
        link_send(relay->link, &copy); /* without a connection, its end is told to the asker */
        return;
    }
    give_up(relay, upload->request);
    upload->request = 0;
    refuse(relay, asker, asked, 2, ERROR_BAD_REQUEST, "the upload does not follow its length and its credit");
}

/* ---- Credit for documents ----------------------------------------------------------------------------- */

static void send_credit(struct relay *relay, uint32_t request, uint32_t bytes)
{
    link_send(relay->link,
              &(struct frame){.type = FRAME_DOCUMENT_CREDIT, .document_credit = {request, bytes}});
}

void relay_credit(struct relay *relay, void *asker, const struct frame *frame)
{
    for (unsigned i = 0; i < ENTRIES_MAX; i++) {
        const struct entry *entry = &relay->entries[i];
        if (entry->request && entry->asker == asker && entry->asked == frame->document_credit.request)
            send_credit(relay, entry->request, frame->document_credit.bytes);
    }
}

void relay_forget(struct relay *relay, void *asker)
{
    for (unsigned i = 0; i < ENTRIES_MAX; i++) {
        struct entry *entry = &relay->entries[i];
        if (!entry->request || entry->asker != asker)
            continue;
        entry->asker = NULL;
        if (entry->kind != ENTRY_REQUEST) {
            give_up(relay, entry->request);
            entry->request = 0;
        }
    }
}

/* ---- Answers ------------------------------------------------------------------------------------------ */

/* The last word on a request; but an upload that is whole is kept until a SERVICE_REQUEST names it. */
static void take_outcome(struct relay *relay, struct entry *entry, const struct frame_outcome *outcome)
{
    if (entry->kind == ENTRY_UPLOAD_SENT && outcome->exit_code == 0) {
        entry->kind = ENTRY_UPLOAD_WHOLE;
        return;
    }
    if (entry->upload && outcome->exit_code != 0) /* perhaps it has not been taken */
        give_up(relay, entry->upload);
    entry->request = 0;
}

bool relay_take(struct relay *relay, const struct frame *frame)
{
    struct frame copy = *frame;
    uint32_t *number = number_of(&copy);
    struct entry *entry = number && *number ? find(relay, *number) : NULL;
    if (!entry || (frame->type == FRAME_UPLOAD_CREDIT && entry->kind != ENTRY_UPLOAD))
        return false;
    struct entry known = *entry;
    if (frame->type == FRAME_OUTCOME)
        take_outcome(relay, entry, &frame->outcome);
    else if (frame->type == FRAME_UPLOAD_CREDIT)
        entry->credit += frame->upload_credit.bytes;
    *number = known.asked;
    if (known.asker)
        relay->answer(relay->context, known.asker, &copy);
    else if (frame->type == FRAME_DOCUMENT_DATA) /* nobody reads it, but its OUTCOME has to come */
        send_credit(relay, known.request, frame->document_data.bytes.length);
    return true;
}

void relay_link_down(struct relay *relay)
{
    for (unsigned i = 0; i < ENTRIES_MAX; i++) {
        struct entry known = relay->entries[i];
        relay->entries[i].request = 0;
        if (known.request && known.kind != ENTRY_UPLOAD_WHOLE)
            refuse_without_link(relay, known.asker, known.asked);
    }
}

void relay_free(struct relay **relay)
{
    free(*relay);
    *relay = NULL;
}
