#include "ctl/job_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take_offers(struct job_view *view, const struct frame_list *list)
{
    struct record_manner record;
    size_t cursor = 0;
    view->offer_count = 0;
    while (view->offer_count < JOB_VIEW_OFFERS_MAX &&
           frame_list_next(list, &frame_record_manner, &cursor, &record)) {
        /* One of a later version: it cannot be explained, so it is not offered. */
        if (manner_from_name(manner_name(record.manner)) == MANNER_NONE)
            continue;
        view->offers[view->offer_count++] =
            (struct manner_offer){record.manner, record.first_page, record.last_page};
    }
}

int job_view_take(struct job_view *view, const struct frame *frame, const char **why)
{
    const struct frame_job_status *status = &frame->job_status;
    struct ledger ledger = {0};
    enum job_function function =
        status->phase.function == FUNCTION_PRINTING ? FUNCTION_PRINTING : FUNCTION_READING;
    int error = ledger_from_account(&ledger, function, &status->account, why);
    if (error) {
        ledger_free(&ledger);
        return error;
    }
    job_view_free(view);
    *view = (struct job_view){
        .job = frame->job,
        .client = frame_text_dup(status->client),
        .service = frame_text_dup(status->service),
        .title = frame_text_dup(status->title),
        .reasons = frame_text_dup(status->reasons),
        .error_text = frame_text_dup(status->error_text),
        .action = frame_text_dup(status->action),
        .unit = frame_text_dup(status->unit),
        .state = status->state,
        .is_linked = status->link,
        .error_code = status->error_code,
        .round = status->round,
        .phase = status->phase,
        .ledger = ledger,
        .document = status->document,
        .created_ms = status->created_ms,
        .updated_ms = status->updated_ms,
        .bytes = status->bytes,
    };
    take_offers(view, &status->manners);
    return 0;
}

void job_view_free(struct job_view *view)
{
    free(view->client);
    free(view->service);
    free(view->title);
    free(view->reasons);
    free(view->error_text);
    free(view->action);
    free(view->unit);
    ledger_free(&view->ledger);
    *view = (struct job_view){0};
}

bool job_view_is_over(const struct job_view *view)
{
    return view->state == JOB_CANCELED || view->state == JOB_ABORTED || view->state == JOB_COMPLETED;
}

const char *job_view_error(const struct job_view *view)
{
    return view->error_text && *view->error_text ? view->error_text : error_find(view->error_code)->sentence;
}

const char *job_view_action(const struct job_view *view)
{
    if (view->action && *view->action)
        return view->action;
    return view->error_code ? error_find(view->error_code)->action : "";
}

void job_view_runs(const struct job_view *view, enum page_state state, char text[JOB_VIEW_RUNS_BYTES])
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t page = 1; page <= view->ledger.count; page++) {
        uint32_t first = page;
        if (ledger_get(&view->ledger, page).state != state)
            continue;
        while (page < view->ledger.count && ledger_get(&view->ledger, page + 1).state == state)
            page++;
        if (used > JOB_VIEW_RUNS_BYTES - 32) {
            snprintf(text + used, JOB_VIEW_RUNS_BYTES - used, ", …");
            return;
        }
        int count = snprintf(text + used, JOB_VIEW_RUNS_BYTES - used, "%s%u", used ? ", " : "", first);
        used += (size_t)count;
        if (page > first)
            used += (size_t)snprintf(text + used, JOB_VIEW_RUNS_BYTES - used, "-%u", page);
    }
}
