#include "config.h"

#include "serviced/front/upload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "serviced/documents/store.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/jobs.h"
#include "serviced/server.h"
#include "serviced/settings.h"
#include "wire/peer.h"

/* Of one upload: what may be sent at once waits in its sender's queue while the connection is slow, that of
 * UPLOADS_MAX uploads too, and a queue that is full ends the connection. */
#define CREDIT_MOST (512u << 10)

enum upload_state { UPLOAD_RECEIVING, UPLOAD_ENDING, UPLOAD_WHOLE };

struct upload {
    struct server *server;
    struct visitor *visitor; /* NULL: gone, or it was taken */
    enum upload_state state;
    uint32_t request;
    uint64_t id; /* in the store of uploads */
    char title[256];
    uint64_t length, offset; /* announced, and arrived */
    uint64_t credit;         /* bytes that may arrive yet */
    uint32_t granting;       /* bytes that were dealt with and are not granted again yet */
    unsigned workers_out;
    bool is_ended; /* freed with the last worker */
    struct store_job *store;
    struct store_part *part;
    struct upload *next;
};

static void break_off(struct visitor *visitor, const char *why)
{
    peer_refuse(&visitor->peer, ERROR_PROTOCOL, why);
    visitor->close(visitor);
}

static struct upload *find(const struct visitor *visitor, uint32_t request)
{
    struct upload *upload = visitor->uploads;
    while (upload && upload->request != request)
        upload = upload->next;
    return upload;
}

static void leave_list(struct upload *upload)
{
    struct upload **link;
    if (!upload->visitor)
        return;
    for (link = &upload->visitor->uploads; *link != upload; link = &(*link)->next)
        continue;
    *link = upload->next;
    upload->visitor = NULL;
}

/* Its file goes; the rest when no worker has it any more. */
static void end(struct upload *upload)
{
    leave_list(upload);
    if (!upload->is_ended) {
        upload->is_ended = true;
        store_part_drop(&upload->part);
        store_job_remove(upload->store, NULL, NULL);
    }
    if (upload->workers_out)
        return;
    store_job_free(&upload->store);
    free(upload);
}

static void fail(struct upload *upload, struct answer answer)
{
    visitor_answer(upload->visitor, upload->request, answer);
    end(upload);
}

/* ---- 1. UPLOAD_BEGIN ---------------------------------------------------------------------------------- */

uint64_t uploads_bytes(const struct visitor *visitor)
{
    uint64_t bytes = 0;
    for (const struct upload *upload = visitor->uploads; upload; upload = upload->next)
        bytes += upload->length;
    return bytes;
}

/* Whether that much may come: *answer says why not. */
static bool is_welcome(const struct visitor *visitor, const struct frame_upload_begin *begin,
                       struct answer *answer)
{
    const struct settings *settings = visitor->server->settings;
    uint64_t room = store_free_bytes(visitor->server->uploads), spare = (uint64_t)settings->free_space;
    uint64_t held = uploads_bytes(visitor);
    unsigned count = 0;
    for (const struct upload *upload = visitor->uploads; upload; upload = upload->next)
        count++;
    if (visitor->client)
        held += jobs_bytes(visitor->server->jobs, visitor->client);
    if (begin->request == 0 || find(visitor, begin->request))
        *answer = (struct answer){2, ERROR_BAD_REQUEST, "an upload needs a number that no other one has"};
    else if (count >= UPLOADS_MAX)
        *answer = (struct answer){5, ERROR_LIMIT, "too many documents are being uploaded at a time"};
    else if (begin->length > (uint64_t)settings->upload_limit)
        *answer =
            (struct answer){5, ERROR_LIMIT, "the document is larger than the server takes: see upload-limit"};
    else if (visitor->client &&
             (held > (uint64_t)settings->bytes || begin->length > (uint64_t)settings->bytes - held))
        *answer =
            (struct answer){5, ERROR_LIMIT, "the client's open jobs hold as many bytes as the server allows"};
    else if (room < spare || begin->length > room - spare)
        *answer =
            (struct answer){1, ERROR_SPOOL_FULL, "there is no space for the document on the server's disk"};
    else
        return true;
    return false;
}

static uint32_t credit_of(const struct server *server)
{
    uint64_t credit = (uint64_t)server->settings->credit;
    return credit < CREDIT_MOST ? (uint32_t)credit : CREDIT_MOST;
}

static void grant(struct upload *upload)
{
    uint64_t left = upload->length - upload->offset - upload->credit;
    uint32_t bytes = upload->granting < left ? upload->granting : (uint32_t)left;
    upload->granting = 0;
    if (!bytes)
        return;
    upload->credit += bytes;
    visitor_send(upload->visitor,
                 &(struct frame){.type = FRAME_UPLOAD_CREDIT, .upload_credit = {upload->request, bytes}});
}

void upload_begin(struct visitor *visitor, const struct frame_upload_begin *begin)
{
    struct server *server = visitor->server;
    struct upload *upload;
    struct answer answer;
    if (!is_welcome(visitor, begin, &answer)) {
        visitor_answer(visitor, begin->request, answer);
        return;
    }
    upload = memory_new(sizeof *upload);
    upload->server = server;
    upload->visitor = visitor;
    upload->request = begin->request;
    upload->id = ++server->last_upload;
    upload->length = begin->length;
    upload->granting = credit_of(server);
    frame_text_copy(begin->name, upload->title, sizeof upload->title);
    upload->store = store_job_new(server->uploads, upload->id);
    upload->part = store_part_new(upload->store, 1, 0);
    upload->next = visitor->uploads;
    visitor->uploads = upload;
    grant(upload);
}

/* ---- 2. UPLOAD_DATA ----------------------------------------------------------------------------------- */

struct arrival {
    struct upload *upload;
    uint32_t length;
};

/* Whether the upload still counts. */
static bool worker_is_back(struct upload *upload)
{
    upload->workers_out--;
    if (upload->is_ended)
        end(upload);
    else
        return upload->visitor != NULL && !jobs_are_stopping(upload->server->jobs);
    return false;
}

static void fail_writing(struct upload *upload, int result)
{
    if (result == -ENOSPC || result == -EDQUOT)
        fail(upload, (struct answer){1, ERROR_SPOOL_FULL, "the server's disk is full"});
    else
        fail(upload, (struct answer){1, ERROR_STORAGE, NULL});
    log_error("an upload cannot be written: %s", strerror(-result));
}

static void data_written(void *context, int result)
{
    struct arrival *arrival = context;
    struct upload *upload = arrival->upload;
    uint32_t length = arrival->length;
    free(arrival);
    if (!worker_is_back(upload))
        return;
    if (result < 0) {
        fail_writing(upload, result);
        return;
    }
    upload->granting += length;
    if (upload->granting >= credit_of(upload->server) / 4)
        grant(upload);
}

void upload_data(struct visitor *visitor, const struct frame_upload_data *data)
{
    struct upload *upload = find(visitor, data->request);
    uint32_t length = data->bytes.length;
    struct arrival *arrival;
    if (!upload)
        return; /* it has failed, and this was on its way by then */
    if (upload->state != UPLOAD_RECEIVING || length == 0 || data->offset != upload->offset) {
        break_off(visitor, "UPLOAD_DATA that does not follow what came before");
        return;
    }
    if (length > upload->credit) {
        break_off(visitor, "UPLOAD_DATA beyond its credit");
        return;
    }
    upload->credit -= length;
    upload->offset += length;
    arrival = memory_new(sizeof *arrival);
    *arrival = (struct arrival){upload, length};
    upload->workers_out++;
    if (store_part_append(upload->part, data->bytes.at, length, data_written, arrival) < 0)
        data_written(arrival, -ENOMEM);
}

/* ---- 3. UPLOAD_END ------------------------------------------------------------------------------------ */

static void finished(void *context, int result)
{
    struct upload *upload = context;
    if (!worker_is_back(upload))
        return;
    if (result == -EBADMSG) {
        fail(upload,
             (struct answer){1, ERROR_PROTOCOL, "the document was damaged on its way: send it again"});
    } else if (result < 0) {
        fail_writing(upload, result);
    } else {
        upload->state = UPLOAD_WHOLE;
        visitor_done(upload->visitor, upload->request);
    }
}

void upload_end(struct visitor *visitor, const struct frame_upload_end *end_frame)
{
    struct upload *upload = find(visitor, end_frame->request);
    if (!upload)
        return;
    if (end_frame->digest.length == 0) { /* given up: nobody waits for an answer */
        end(upload);
        return;
    }
    if (upload->state != UPLOAD_RECEIVING || upload->offset != upload->length ||
        end_frame->digest.length != STORE_DIGEST_BYTES) {
        break_off(visitor, "UPLOAD_END before the end, or without a SHA-256 digest");
        return;
    }
    upload->state = UPLOAD_ENDING;
    upload->workers_out++;
    store_part_finish(&upload->part, end_frame->digest.at, finished, upload);
}

/* ---- 4. Taken, or not --------------------------------------------------------------------------------- */

struct upload *upload_take(struct visitor *visitor, uint32_t request)
{
    struct upload *upload = find(visitor, request);
    if (!upload || upload->state != UPLOAD_WHOLE)
        return NULL;
    leave_list(upload);
    return upload;
}

void upload_file_name(const struct upload *upload, char *name, size_t size)
{
    char page[STORE_NAME_BYTES];
    store_page_name(page, upload->id, 1, 0);
    snprintf(name, size, "%s", page);
}

const char *upload_title(const struct upload *upload)
{
    return upload->title;
}

void upload_free(struct upload **upload)
{
    if (*upload)
        end(*upload);
    *upload = NULL;
}

void uploads_end(struct visitor *visitor)
{
    while (visitor->uploads)
        end(visitor->uploads);
}
