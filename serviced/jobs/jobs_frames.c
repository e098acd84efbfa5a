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

/* The job that the frame names, if it has that function; a client that takes it for another is broken off. */
static bool is_of_function(struct visitor *client, const struct job_run *run, enum job_function function)
{
    if (run->record.job.function == function)
        return true;
    break_off(client, function == FUNCTION_PRINTING ? "a frame of a printing job for a job that reads"
                                                    : "a frame of a reading job for a job that prints");
    return false;
}

/* ---- Pages, to the server and from it ----------------------------------------------------------------- */

void jobs_on_page_begin(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = jobs_find_for(client->server->jobs, frame->job, client);
    if (run && is_of_function(client, run, FUNCTION_READING))
        job_pages_begin(run, client, &frame->page_begin);
}

void jobs_on_page_data(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = jobs_find_for(client->server->jobs, frame->job, client);
    if (!run)
        peer_grant(client->peer, frame->page_data.bytes.length);
    else if (is_of_function(client, run, FUNCTION_READING))
        job_pages_data(run, client, &frame->page_data);
}

void jobs_on_page_end(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = jobs_find_for(client->server->jobs, frame->job, client);
    if (run && is_of_function(client, run, FUNCTION_READING))
        job_pages_finish(run, client, &frame->page_end);
}

void jobs_on_page_stored(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = jobs_find_for(client->server->jobs, frame->job, client);
    uint32_t block = frame->page_stored.page, generation = frame->page_stored.generation;
    if (!run || !is_of_function(client, run, FUNCTION_PRINTING))
        return;
    if (!job_blocks_is_block(run, block, generation))
        break_off(client, "PAGE_STORED for a block that the job does not have");
    else if (job_blocks_stored(run, block, generation))
        job_run_handle(run, &(struct job_event){
                                .type = JOB_EVENT_BLOCK_STORED, .page = block, .generation = generation});
}

void jobs_on_page_resume(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = jobs_find_for(client->server->jobs, frame->job, client);
    const struct frame_page_resume *resume = &frame->page_resume;
    if (!run || !is_of_function(client, run, FUNCTION_PRINTING))
        return;
    if (job_blocks_is_block(run, resume->page, resume->generation))
        job_blocks_resume(run, resume);
    else
        break_off(client, "PAGE_RESUME for a block that the job does not have");
}

/* ---- What has become of them -------------------------------------------------------------------------- */

/* The account as the ledger of that job; false when it makes no sense, and the client is broken off. */
static bool read_account(struct visitor *client, const struct job_run *run,
                         const struct record_account *account, struct ledger *ledger)
{
    const struct job *job = &run->record.job;
    const char *why = "an account of other sheets than the job has";
    if (ledger_from_account(ledger, job->function, account, &why) == 0 &&
        (job->function != FUNCTION_PRINTING ||
         (ledger->count <= job->ledger.total && (!ledger->total || ledger->total == job->ledger.total))))
        return true;
    break_off(client, why);
    return false;
}

static void on_status(struct visitor *client, const struct frame *frame, enum job_function function,
                      const struct record_account *account, uint32_t round)
{
    struct job_run *run = find_or_close(client, frame);
    struct ledger ledger = {0};
    if (!run || !is_of_function(client, run, function))
        return;
    if (read_account(client, run, account, &ledger))
        job_run_handle(run, &(struct job_event){.type = JOB_EVENT_STATUS, .ledger = &ledger, .round = round});
    ledger_free(&ledger);
}

void jobs_on_reading_status(struct visitor *client, const struct frame *frame)
{
    on_status(client, frame, FUNCTION_READING, &frame->reading_status.account, frame->reading_status.round);
}

void jobs_on_print_status(struct visitor *client, const struct frame *frame)
{
    on_status(client, frame, FUNCTION_PRINTING, &frame->print_status.account, frame->print_status.round);
}

void jobs_on_function_finished(struct visitor *client, const struct frame *frame)
{
    struct job_run *run = find_or_close(client, frame);
    if (run && is_of_function(client, run, FUNCTION_READING))
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
    if (run && read_account(client, run, &notice->account, &ledger)) {
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
