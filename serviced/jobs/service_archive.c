/* The service 'archive': what was scanned becomes a document in the archive. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "serviced/documents/archive.h"
#include "serviced/documents/deliver.h"
#include "serviced/documents/store.h"
#include "serviced/jobs/job_pages.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/service.h"
#include "serviced/server.h"

static int check(const struct frame_service_request *request, const char **why)
{
    const struct record_read_options *read = &request->read;
    *why = NULL;
    if (read->source > 3)
        *why = "the source has to be flatbed, adf or adf-duplex";
    else if (read->mode > 3)
        *why = "the mode has to be lineart, gray or color";
    else if (read->depth != 0 && read->depth != 8 && read->depth != 16)
        *why = "the depth has to be 8 or 16";
    else if (read->codec != 0 && read->codec != PAGE_CODEC_FLATE && read->codec != PAGE_CODEC_JPEG)
        *why = "the codec has to be flate or jpeg";
    else if (read->codec == PAGE_CODEC_JPEG && read->depth == 16)
        *why = "JPEG keeps 8 bits a sample: leave the depth of 16 out, or the codec";
    else if (read->pages > LEDGER_MAX_PAGES)
        *why = "a job has at most 60000 pages";
    else if (read->brightness < -100 || read->brightness > 100 || read->contrast < -100 ||
             read->contrast > 100)
        *why = "brightness and contrast go from -100 to 100";
    else if (request->document.kind != 0 && request->document.kind != DOCUMENT_PDF &&
             request->document.kind != DOCUMENT_PNG && request->document.kind != DOCUMENT_TIFF)
        *why = "the format has to be pdf, png or tiff";
    return *why ? -EINVAL : 0;
}

/* ---- The document ------------------------------------------------------------------------------------- */

/* A stored page that did not stand the check is to be read again, and what there is of it goes. */
static void fail_invalid(struct job_run *run, uint32_t page)
{
    uint32_t generation = ledger_get(&run->record.job.ledger, page).generation;
    job_run_handle(run, &(struct job_event){
                            .type = JOB_EVENT_DELIVERY_FAILED, .code = ERROR_PAGE_INVALID, .page = page});
    job_pages_drop(run, page, generation);
}

static void fail(struct job_run *run, int error)
{
    bool is_full = error == -ENOSPC || error == -EDQUOT;
    job_run_handle(run, &(struct job_event){.type = JOB_EVENT_DELIVERY_FAILED,
                                            .code = is_full ? ERROR_SPOOL_FULL : ERROR_DELIVERY_FAILED});
}

static void removed(void *context, int result)
{
    (void)context;
    if (result < 0)
        log_error("the document of a canceled job cannot be removed: %s", strerror(-result));
}

static void succeed(struct job_run *run, const struct deliver_order *order,
                    const struct deliver_result *result)
{
    struct registry_document document = {.id = order->job,
                                         .client = run->record.client,
                                         .name = order->name,
                                         .title = order->title,
                                         .pages = order->count,
                                         .length_bytes = result->length_bytes,
                                         .created_ms = order->created_ms,
                                         .parts = result->parts};
    registry_document_put(run->server->registry, &document, NULL, NULL); /* before the job is completed */
    job_run_handle(run, &(struct job_event){.type = JOB_EVENT_DELIVERED});
}

static void delivered(void *context, const struct deliver_order *order, const struct deliver_result *result)
{
    struct job_run *run = context;
    bool is_wanted = run->record.job.step == JOB_DELIVERING_STEP;
    run->delivery = NULL;
    if (!job_run_worker_is_back(run))
        return;
    if (!is_wanted && result->error == 0) /* canceled at the last moment */
        archive_remove(run->server->archive, order->name, result->parts, removed, NULL);
    else if (is_wanted && result->error == 0)
        succeed(run, order, result);
    else if (is_wanted && result->failed_page)
        fail_invalid(run, result->failed_page);
    else if (is_wanted)
        fail(run, result->error);
}

static void deliver(struct job_run *run)
{
    const struct ledger *ledger = &run->record.job.ledger;
    const struct record_document_options *options = &run->record.request.document;
    struct deliver_order order = {.pages_fd = store_folder(run->server->store),
                                  .archive_fd = archive_folder(run->server->archive),
                                  .job = run->record.job.id,
                                  .kind = options->kind ? (enum document_kind)options->kind : DOCUMENT_PDF,
                                  .created_ms = run->record.updated_ms};
    uint32_t invalid = job_pages_first_invalid(run);
    if (invalid) {
        fail_invalid(run, invalid);
        return;
    }
    order.pages = memory_new(ledger->total * sizeof *order.pages);
    for (uint32_t page = 1; page <= ledger->total; page++) {
        const struct job_page *stored = job_pages_stored(run, page);
        if (stored && ledger_get(ledger, page).state == PAGE_STORED)
            order.pages[order.count++] =
                (struct deliver_page){page, stored->generation, stored->rows, stored->format, stored->length};
    }
    order.title = frame_text_dup(options->title);
    order.name =
        archive_document_name(run->record.client, order.job, order.title, order.kind, order.created_ms);
    job_run_worker_is_out(run);
    run->delivery = deliver_start(run->delivering, &order, delivered, run);
}

const struct service service_archive = {
    "archive",
    "Scans into the archive of the server, as PDF, PNG or TIFF.",
    FUNCTION_READING,
    check,
    NULL,
    NULL,
    deliver,
};
