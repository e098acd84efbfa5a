#include "config.h"

#include "serviced/jobs/job_tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/registry.h"
#include "serviced/server.h"
#include "serviced/settings.h"

#define PAUSE_MS    200u
#define PATIENCE_MS 2000u

struct job_watch {
    uint64_t visitor;
    uint32_t request;
    struct job_watch *next;
};

/* ---- What a job looks like ---------------------------------------------------------------------------- */

static bool has_question(const struct job *job)
{
    return job_is_stopped(job) && !job->held && job->question > job->round;
}

void job_tell_offers(const struct job_run *run, struct frame_list_builder *manners)
{
    struct manner_offer offers[MANNER_OFFERS_MAX];
    unsigned count = job_offers(&run->record.job, offers);
    for (unsigned i = 0; i < count; i++) {
        struct record_manner record = {(uint8_t)offers[i].manner, offers[i].first_page, offers[i].last_page};
        if (frame_list_add(manners, &frame_record_manner, &record) < 0)
            log_error("a manner cannot be offered: no memory");
    }
}

static void tell_end_of_printing(const struct job *job, char text[JOB_TEXT_SIZE])
{
    uint32_t printed = ledger_count(&job->ledger, PAGE_PRINTED);
    uint32_t skipped = ledger_count(&job->ledger, PAGE_SKIPPED);
    if (job->state != JOB_COMPLETED)
        snprintf(text, JOB_TEXT_SIZE, "%" PRIu32 " of %" PRIu32 " sheets had been printed", printed,
                 job->ledger.total);
    else if (skipped)
        snprintf(text, JOB_TEXT_SIZE, "%" PRIu32 " sheet%s printed and %" PRIu32 " left out", printed,
                 printed == 1 ? " was" : "s were", skipped);
    else
        snprintf(text, JOB_TEXT_SIZE, "%" PRIu32 " sheet%s printed", printed,
                 printed == 1 ? " was" : "s were");
}

void job_tell_end(const struct job_run *run, char text[JOB_TEXT_SIZE])
{
    const struct job *job = &run->record.job;
    if (job->function == FUNCTION_PRINTING) {
        tell_end_of_printing(job, text);
        return;
    }
    const struct registry_document *document = registry_document_find(run->server->registry, job->id);
    uint32_t stored = ledger_count(&job->ledger, PAGE_STORED);
    if (job->state == JOB_COMPLETED)
        snprintf(text, JOB_TEXT_SIZE, "delivered as %s",
                 document ? document->name : "a document that was deleted since");
    else if (stored == 0)
        snprintf(text, JOB_TEXT_SIZE, "nothing had been stored");
    else
        snprintf(text, JOB_TEXT_SIZE, "%" PRIu32 " pages are kept at the server for %" PRId64 " hours",
                 stored, run->server->settings->keep_canceled_ms / 3600000);
}

void job_tell_action(const struct job_run *run, char text[JOB_TEXT_SIZE])
{
    const struct job *job = &run->record.job;
    const char *action = error_find(job->error)->action;
    if (job_run_is_over(run))
        job_tell_end(run, text);
    else if (job->interrupted && *action)
        snprintf(text, JOB_TEXT_SIZE, "%s %u was interrupted. %s",
                 job->function == FUNCTION_PRINTING ? "Sheet" : "Page", job->interrupted, action);
    else
        snprintf(text, JOB_TEXT_SIZE, "%s", action);
}

const char *job_tell_why_not(const struct job_run *run)
{
    const struct job *job = &run->record.job;
    if (job_run_is_over(run))
        return "the job is over";
    if (job->held)
        return "the server's disk is full: the job goes on by itself when there is space";
    if (!job_is_stopped(job))
        return "the job has not stopped";
    return "this manner is not on offer, or the question has been answered already";
}

static void reasons_of(const struct job *job, char *text, size_t size)
{
    snprintf(text, size, "%s%s", job->error ? error_find(job->error)->keyword : "none",
             has_question(job) ? " job-restartable" : "");
}

static struct record_phase phase_told(const struct job *job)
{
    struct phase now = phase_of(job->function, &job->ledger);
    if (job->step == JOB_CLOSED_STEP && job->state == JOB_COMPLETED)
        now.step = job->function == FUNCTION_PRINTING ? PHASE_PRINT_FINISHED : PHASE_READ_FINISHED;
    return phase_to_record(job_is_stopped(job) ? &job->phase : &now);
}

void job_tell_visitor(struct job_run *run, struct visitor *visitor, uint32_t request)
{
    const struct job *job = &run->record.job;
    const struct frame_service_request *asked = &run->record.request;
    struct frame_list_builder runs = {0}, manners = {0};
    bool is_printing = job->function == FUNCTION_PRINTING;
    char action[JOB_TEXT_SIZE], reasons[128];
    struct frame frame = {.type = FRAME_JOB_STATUS, .job = job->id};

    if (has_question(job))
        job_tell_offers(run, &manners);
    job_tell_action(run, action);
    reasons_of(job, reasons, sizeof reasons);
    frame.job_status = (struct frame_job_status){
        .request = request,
        .client = frame_text_of(run->record.client),
        .service = asked->service,
        .title = is_printing ? run->record.order.title : asked->document.title,
        .state = job->state,
        .reasons = frame_text_of(reasons),
        .phase = phase_told(job),
        .error_code = job->error,
        .error_text = frame_text_of(job->text),
        .action = frame_text_of(action),
        .round = has_question(job) ? job->question : 0,
        .manners = frame_list_view(&manners),
        .document = job->state == JOB_COMPLETED && !is_printing ? job->id : 0,
        .created_ms = run->record.created_ms,
        .updated_ms = run->record.updated_ms,
        .bytes = is_printing ? job_blocks_sent(run) : run->pages.arrived,
        .link = run->client != NULL,
        .unit = is_printing ? run->record.order.options.unit : asked->read.unit,
    };
    ledger_to_account(&job->ledger, &runs, &frame.job_status.account);
    visitor_send(visitor, &frame);
    frame_list_builder_free(&runs);
    frame_list_builder_free(&manners);
}

/* ---- Who watches -------------------------------------------------------------------------------------- */

/* The user is needed: what the client's policy does not answer at once, or what a person has to see to. */
static bool waits_for_user(const struct job_run *run)
{
    const struct job *job = &run->record.job;
    if (!has_question(job))
        return false;
    if (error_find(job->error)->class == ERROR_CLASS_DEVICE)
        return true;
    return run->client && loop_now_ms(run->server->loop) - run->audience.asked_ms >= PATIENCE_MS;
}

/* Tells one who watches; true when that was the end of it. */
static bool tell_watch(struct job_run *run, struct visitor *visitor, uint32_t request)
{
    const struct job *job = &run->record.job;
    job_tell_visitor(run, visitor, request);
    if (job->state == JOB_COMPLETED)
        visitor_done(visitor, request);
    else if (job_run_is_over(run))
        visitor_answer(visitor, request, (struct answer){1, ERROR_NONE, "the job was canceled"});
    else if (waits_for_user(run))
        visitor_answer(visitor, request, (struct answer){3, (enum error_code)job->error, job->text});
    else
        return false;
    return true;
}

static void tell_all(struct job_run *run)
{
    struct job_watch **link = &run->audience.watches;
    if (run->client)
        job_tell_visitor(run, run->client, 0);
    while (*link) {
        struct job_watch *watch = *link;
        struct visitor *visitor = visitor_find(run->server, watch->visitor);
        if (visitor && !tell_watch(run, visitor, watch->request)) {
            link = &watch->next;
            continue;
        }
        *link = watch->next;
        free(watch);
    }
    if (has_question(&run->record.job) && run->audience.watches)
        loop_timer_start(run->audience.patience, PATIENCE_MS + 50);
}

void job_watch(struct job_run *run, struct visitor *visitor, uint32_t request)
{
    struct job_watch *watch;
    if (tell_watch(run, visitor, request))
        return;
    watch = memory_new(sizeof *watch);
    *watch = (struct job_watch){visitor->id, request, run->audience.watches};
    run->audience.watches = watch;
    if (has_question(&run->record.job))
        loop_timer_start(run->audience.patience, PATIENCE_MS + 50);
}

/* ---- When --------------------------------------------------------------------------------------------- */

void job_tell_now(struct job_run *run)
{
    run->audience.is_due = false;
    run->audience.is_pausing = true;
    loop_timer_start(run->audience.pause, PAUSE_MS);
    tell_all(run);
}

static void pause_over(void *context)
{
    struct job_run *run = context;
    run->audience.is_pausing = false;
    if (run->audience.is_due)
        job_tell_now(run);
}

static void patience_over(void *context)
{
    job_tell(context);
}

void job_tell(struct job_run *run)
{
    if (run->audience.is_due)
        return;
    run->audience.is_due = true;
    if (!run->audience.is_pausing)
        job_tell_now(run);
}

void job_audience_start(struct job_run *run)
{
    run->audience.pause = loop_timer_new(run->server->loop, pause_over, run);
    run->audience.patience = loop_timer_new(run->server->loop, patience_over, run);
}

void job_audience_end(struct job_run *run)
{
    loop_timer_free(&run->audience.pause);
    loop_timer_free(&run->audience.patience);
    while (run->audience.watches) {
        struct job_watch *watch = run->audience.watches;
        run->audience.watches = watch->next;
        free(watch);
    }
}

bool job_audience_is_waiting(const struct job_run *run)
{
    return run->audience.is_due || run->audience.watches;
}
