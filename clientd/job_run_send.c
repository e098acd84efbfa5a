/* What a job says to the server. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <deskline/phase.h>

#include "base/log.h"
#include "clientd/block_receive.h"
#include "clientd/job_run_internal.h"
#include "clientd/link.h"
#include "clientd/relay.h"

/* Without a connection the frame is not sent: with the next one, the job tells everything anew. */
static void send_frame(struct job_run *run, struct frame *frame)
{
    frame->job = run->record.job.id;
    int error = link_send(run->around->link, frame);
    if (error && error != -ENOTCONN)
        log_error("job %" PRIu64 ": %s: %s", frame->job, frame_name((uint16_t)frame->type), strerror(-error));
}

/* The round is the action's: by the time it is sent, the job may be in one that is not durable yet. */
static void send_notice(struct job_run *run, const struct job_read_action *action)
{
    const struct job_read *job = &run->record.job;
    struct frame_list_builder runs = {0};
    struct phase phase = phase_of(job->function, job_run_ledger(run));
    struct frame frame = {.type = FRAME_ERROR_NOTICE,
                          .error_notice = {.code = job->error ? job->error : ERROR_LINK_LOST,
                                           .text = frame_text_of(job->text),
                                           .phase = phase_to_record(&phase),
                                           .round = action->round,
                                           .interrupted = job->interrupted}};
    ledger_to_account(job_run_ledger(run), &runs, &frame.error_notice.account);
    send_frame(run, &frame);
    frame_list_builder_free(&runs);
    if (run->blocks) /* behind the notice, which stops what flows */
        block_receive_tell_part(run->blocks);
}

static void send_status(struct job_run *run, const struct job_read_action *action)
{
    struct frame_list_builder runs = {0};
    struct record_account account;
    ledger_to_account(job_run_ledger(run), &runs, &account);
    if (run->record.job.function == FUNCTION_PRINTING)
        send_frame(run,
                   &(struct frame){.type = FRAME_PRINT_STATUS, .print_status = {account, action->round}});
    else
        send_frame(run,
                   &(struct frame){.type = FRAME_READING_STATUS, .reading_status = {account, action->round}});
    frame_list_builder_free(&runs);
}

static void send_finished(struct job_run *run, const struct job_read_action *action)
{
    send_frame(run,
               &(struct frame){.type = FRAME_FUNCTION_FINISHED,
                               .function_finished = {
                                   .last_page = action->page, .medium_ended = 1, .round = action->round}});
}

static void send_manner(struct job_run *run, const struct job_read_action *action)
{
    const char *unit = run->choice.round == action->round ? run->choice.unit : "";
    log_notice("job %" PRIu64 ": the manner of restarting is %s%s%s", run->record.job.id,
               manner_name(action->manner), *unit ? ", at " : "", unit);
    send_frame(run, &(struct frame){
                        .type = FRAME_MANNER_NOTICE,
                        .manner_notice = {.round = action->round,
                                          .manner = action->manner,
                                          .page = action->page,
                                          .request = relay_number_of_job(RELAY_MANNER, run->record.job.id),
                                          .unit = frame_text_of(unit)}});
}

/* In the generation in which it has come. */
static void send_stored(struct job_run *run, const struct job_read_action *action)
{
    uint32_t generation = ledger_get(&run->record.job.spooled, action->page).generation;
    send_frame(run, &(struct frame){.type = FRAME_PAGE_STORED, .page_stored = {action->page, generation}});
}

static void send_restart(struct job_run *run, const struct job_read_action *action)
{
    (void)action;
    send_frame(run,
               &(struct frame){.type = FRAME_RESTART_REQUEST,
                               .restart_request = {relay_number_of_job(RELAY_RESTART, run->record.job.id)}});
}

void job_run_send(struct job_run *run, const struct job_read_action *action)
{
    static const struct {
        enum job_read_action_type type;
        void (*send)(struct job_run *run, const struct job_read_action *action);
    } senders[] = {
        {ACTION_SEND_NOTICE, send_notice}, {ACTION_SEND_STATUS, send_status},
        {ACTION_SEND_STORED, send_stored}, {ACTION_SEND_FINISHED, send_finished},
        {ACTION_SEND_MANNER, send_manner}, {ACTION_SEND_RESTART, send_restart},
    };
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++)
        if (senders[i].type == action->type)
            senders[i].send(run, action);
}
