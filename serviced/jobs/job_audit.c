#include "config.h"

#include "serviced/jobs/job_audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "serviced/front/audit.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/job_run.h"
#include "serviced/server.h"

#define TEXT_BYTES 257

static const char *name_of(const struct visitor *opener)
{
    if (!opener)
        return "unknown";
    return opener->client ? opener->client : "operator";
}

/* The printer, and the document: its number in the archive, or the name that it was uploaded under. */
static void describe(const struct job_run *run, char printer[TEXT_BYTES], char document[TEXT_BYTES])
{
    const struct frame_service_request *request = &run->record.request;
    frame_text_copy(run->record.order.options.unit, printer, TEXT_BYTES);
    frame_text_copy(run->record.order.title, document, TEXT_BYTES);
    if (request->source)
        snprintf(document, TEXT_BYTES, "%" PRIu64, request->source);
}

void job_audit_opened(const struct job_run *run, const struct visitor *opener)
{
    const struct job *job = &run->record.job;
    char printer[TEXT_BYTES], document[TEXT_BYTES];
    if (job->function != FUNCTION_PRINTING) {
        audit_write(run->server->audit, "job-opened", "job=%" PRIu64 " client=%s by=%s", job->id,
                    run->record.client, name_of(opener));
        return;
    }
    describe(run, printer, document);
    audit_write(run->server->audit, "print-opened",
                "job=%" PRIu64 " client=%s by=%s sheets=%" PRIu32 " printer=%s document=%s", job->id,
                run->record.client, name_of(opener), job->ledger.total, printer, document);
}

void job_audit_closed(const struct job_run *run)
{
    const struct job *job = &run->record.job;
    char printer[TEXT_BYTES], document[TEXT_BYTES];
    if (job->function != FUNCTION_PRINTING)
        return;
    describe(run, printer, document);
    audit_write(run->server->audit, "print-closed",
                "job=%" PRIu64 " client=%s state=%s sheets=%" PRIu32 " printed=%" PRIu32
                " printer=%s document=%s",
                job->id, run->record.client, job_state_name(job->state), job->ledger.total,
                ledger_count(&job->ledger, PAGE_PRINTED), printer, document);
}
