/* What clients say of their jobs: each frame to the job that it names. */
#include "config.h"

#include "serviced/front/visitor.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/jobs.h"
#include "serviced/server.h"
#include "wire/peer.h"

/* The job, if it is that client's; otherwise the client is told to forget it. */
static struct job_run *find_or_close(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = jobs_find_for(client->server->jobs, frame->job, client);
    if (!run)
        visitor_send(
            client,
            &(struct frame){.type = FRAME_JOB_CLOSED,
                            .job = frame->job,
                            .job_closed = {JOB_ABORTED, frame_text_of("the server does not know this job")}});
    return run;
}

static void break_off(struct visitor *client, const char *why)
{
    peer_refuse(&client->peer, ERROR_PROTOCOL, why);
    client->close(client);
}

void jobs_on_page_begin(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = jobs_find_for(client->server->jobs, frame->job, client);
    if (run)
        job_pages_begin(run, client, &frame->page_begin);
}

void jobs_on_page_data(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = jobs_find_for(client->server->jobs, frame->job, client);
    if (run)
        job_pages_data(run, client, &frame->page_data);
    else
        peer_grant(client->peer, frame->page_data.bytes.length);
}

void jobs_on_page_end(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = jobs_find_for(client->server->jobs, frame->job, client);
    if (run)
        job_pages_finish(run, client, &frame->page_end);
}

void jobs_on_reading_status(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = find_or_close(client, frame);
    struct ledger ledger = {0};
    const char *why;
    if (!run)
        return;
    if (ledger_from_account(&ledger, FUNCTION_READING, &frame->reading_status.account, &why) < 0)
        break_off(client, why);
    else
        job_run_handle(run, &(struct job_event){.type = JOB_EVENT_STATUS,
                                                .ledger = &ledger,
                                                .round = frame->reading_status.round});
    ledger_free(&ledger);
}

void jobs_on_function_finished(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = find_or_close(client, frame);
    if (run)
        job_run_handle(run, &(struct job_event){.type = JOB_EVENT_FINISHED,
                                                .page = frame->function_finished.last_page,
                                                .round = frame->function_finished.round});
}

void jobs_on_error_notice(struct visitor *client, const struct frame *frame)
{
    const struct frame_error_notice *notice = &frame->error_notice;
    struct job_run *run = find_or_close(client, frame);
    struct ledger ledger = {0};
    char text[JOB_TEXT_SIZE];
    const char *why;
    if (!run)
        return;
    if (ledger_from_account(&ledger, FUNCTION_READING, &notice->account, &why) < 0) {
        break_off(client, why);
    } else {
        frame_text_copy(notice->text, text, sizeof text);
        job_run_handle(run, &(struct job_event){.type = JOB_EVENT_NOTICE,
                                                .code = (uint16_t)error_find(notice->code)->code,
                                                .text = text,
                                                .ledger = &ledger,
                                                .claim = &notice->phase,
                                                .round = notice->round,
                                                .page = notice->interrupted});
    }
    ledger_free(&ledger);
}
