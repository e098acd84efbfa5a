/* What a job says to its client, each from the job's state as it is then. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/registry.h"
#include "serviced/server.h"
#include "serviced/settings.h"

static void send(struct job_run *run, struct frame *frame)
{
    frame->job = run->record.job.id;
    if (run->client)
        visitor_send(run->client, frame);
}

void job_frames_command(struct job_run *run)
{
    const struct record_read_options *options = &run->record.request.read;
    if (run->record.job.function == FUNCTION_PRINTING) {
        send(run, &(struct frame){.type = FRAME_PRINT_COMMAND, .print_command = {run->record.order}});
        return;
    }
    send(run,
         &(struct frame){.type = FRAME_READ_COMMAND,
                         .read_command = {.options = *options, .first_page = 1, .count = options->pages}});
}

void job_frames_stored(struct job_run *run, uint32_t page, uint32_t generation)
{
    send(run, &(struct frame){.type = FRAME_PAGE_STORED, .page_stored = {page, generation}});
}

void job_frames_resume(struct job_run *run, uint32_t page, uint32_t generation, uint64_t offset)
{
    send(run, &(struct frame){.type = FRAME_PAGE_RESUME, .page_resume = {page, generation, offset}});
}

void job_frames_suspend(struct job_run *run)
{
    const struct job *job = &run->record.job;
    send(run, &(struct frame){.type = FRAME_SUSPEND_COMMAND,
                              .suspend_command = {job->error, frame_text_of(job->text)}});
}

void job_frames_question(struct job_run *run)
{
    const struct job *job = &run->record.job;
    struct frame_list_builder manners = {0};
    char action[JOB_TEXT_SIZE];
    job_tell_offers(run, &manners);
    job_tell_action(run, action);
    send(run, &(struct frame){.type = FRAME_MANNER_REQUEST,
                              .manner_request = {.round = job->question,
                                                 .phase = phase_to_record(&job->phase),
                                                 .error_code = job->error,
                                                 .error_text = frame_text_of(job->text),
                                                 .action = frame_text_of(action),
                                                 .manners = frame_list_view(&manners)}});
    frame_list_builder_free(&manners);
}

/* The part of a page that is kept is announced first, so that the client goes on behind it. Not one that has
 * begun over this connection: more of it may be on its way. */
void job_frames_restart(struct job_run *run)
{
    const struct job *job = &run->record.job;
    const struct page_receive *receive = &run->pages.receive;
    struct frame_list_builder runs = {0};
    struct frame frame = {.type = FRAME_RESTART_COMMAND,
                          .restart_command = {.round = job->round,
                                              .manner = (uint8_t)job->manner,
                                              .page = job->manner_page,
                                              .options = run->record.request.read,
                                              .function = (uint8_t)job->function,
                                              .order = run->record.order}};
    if (receive->begin.page && receive->length > 0 && !receive->open) /* what is open is under way already */
        job_frames_resume(run, receive->begin.page, receive->begin.generation, receive->length);
    ledger_to_account(job_run_registered(run), &runs, &frame.restart_command.account);
    send(run, &frame);
    frame_list_builder_free(&runs);
}

void job_frames_closed(struct job_run *run)
{
    char text[JOB_TEXT_SIZE];
    job_tell_end(run, text);
    send(run, &(struct frame){.type = FRAME_JOB_CLOSED,
                              .job_closed = {run->record.job.state, frame_text_of(text)}});
}
