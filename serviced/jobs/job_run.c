#include "config.h"

#include "serviced/jobs/job_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/worker.h"
#include "serviced/documents/deliver.h"
#include "serviced/documents/store.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/job_audit.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/service.h"
#include "serviced/server.h"

/* What waits in the queue: an action of the job, or (visitor != 0) the answer to a request. */
#define TODO_MAX 4096u /* a job of 1000 pages asks for some thousand things in all */

struct todo {
    struct job_action action;
    uint64_t visitor;
    uint32_t request;
    struct todo *next;
};

static void work(struct job_run *run);
static void try_again(void *context);

struct job_run *job_run_new(struct server *server, struct job_record *record)
{
    struct job_run *run = memory_new(sizeof *run);
    run->server = server;
    run->record = *record;
    *record = (struct job_record){0};
    run->service = service_find(run->record.request.service);
    if (!run->service) /* of a version that had other services */
        run->service = &service_archive;
    run->delivering = worker_strand_new(server->workers);
    run->again = loop_timer_new(server->loop, try_again, run);
    run->end = &run->first;
    job_pages_start(run);
    job_audience_start(run);
    return run;
}

static struct todo *take(struct job_run *run)
{
    struct todo *todo = run->first;
    if (todo) {
        run->first = todo->next;
        run->todo_count--;
        if (!run->first)
            run->end = &run->first;
    }
    return todo;
}

void job_run_free(struct job_run **run)
{
    struct job_run *old = *run;
    struct todo *todo;
    if (!old)
        return;
    while ((todo = take(old)))
        free(todo);
    job_audience_end(old);
    job_blocks_end(old);
    job_pages_end(old);
    loop_timer_free(&old->again);
    worker_strand_free(&old->delivering);
    ledger_free(&old->registering);
    ledger_free(&old->registered);
    job_record_free(&old->record);
    free(old);
    *run = NULL;
}

bool job_run_is_idle(const struct job_run *run)
{
    return !run->first && !run->is_waiting && !run->workers_out && !job_audience_is_waiting(run);
}

void job_run_worker_is_out(struct job_run *run)
{
    run->workers_out++;
}

bool job_run_worker_is_back(struct job_run *run)
{
    run->workers_out--;
    return !jobs_are_stopping(run->server->jobs);
}

/* ---- The actions -------------------------------------------------------------------------------------- */

static void registered(void *context)
{
    struct job_run *run = context;
    run->is_waiting = false;
    ledger_copy(&run->registered, &run->registering);
    if (!jobs_are_stopping(run->server->jobs))
        work(run);
}

static void do_register(struct job_run *run, const struct job_action *action)
{
    int result;
    (void)action;
    run->record.updated_ms = wall_clock_ms();
    run->is_waiting = true;
    ledger_copy(&run->registering, &run->record.job.ledger);
    result = job_record_put(registry_database(run->server->registry), &run->record, registered, run);
    if (result < 0) { /* no memory, or a ledger in more pieces than can be kept: the queue stands */
        log_error("job %" PRIu64 " cannot be registered: %s", run->record.job.id, strerror(-result));
        loop_timer_start(run->again, 1000);
    }
}

static void try_again(void *context)
{
    do_register(context, NULL);
}

static void do_command(struct job_run *run, const struct job_action *action)
{
    struct visitor *opener = visitor_find(run->server, run->opener);
    (void)action;
    if (opener) {
        visitor_send(opener, &(struct frame){.type = FRAME_JOB_OPENED,
                                             .job = run->record.job.id,
                                             .job_opened = {run->opener_request}});
        visitor_done(opener, run->opener_request);
    }
    job_frames_command(run);
}

static void do_stored(struct job_run *run, const struct job_action *action)
{
    job_frames_stored(run, action->page, action->generation);
}

static void do_suspend(struct job_run *run, const struct job_action *action)
{
    (void)action;
    job_frames_suspend(run);
}

static void do_question(struct job_run *run, const struct job_action *action)
{
    (void)action;
    job_frames_question(run);
}

static void do_restart(struct job_run *run, const struct job_action *action)
{
    (void)action;
    job_frames_restart(run);
}

static void do_closed(struct job_run *run, const struct job_action *action)
{
    (void)action;
    job_tell_now(run);
    job_frames_closed(run);
    deliver_cancel(run->delivery);
    if (run->record.job.state == JOB_COMPLETED)
        job_pages_remove_all(run);
    job_blocks_remove_all(run);
    jobs_closed(run->server->jobs);
}

static void do_drop_page(struct job_run *run, const struct job_action *action)
{
    job_pages_drop(run, action->page, action->generation);
}

static void do_drop_from(struct job_run *run, const struct job_action *action)
{
    job_pages_drop_from(run, action->page, action->generation);
}

static void do_deliver(struct job_run *run, const struct job_action *action)
{
    (void)action;
    run->wants_delivery = true;
    job_run_deliver_if_wanted(run);
}

static void do_tell(struct job_run *run, const struct job_action *action)
{
    (void)action;
    job_tell(run);
}

static void do_flow(struct job_run *run, const struct job_action *action)
{
    (void)action;
    job_blocks_flow(run);
}

static void do_hold(struct job_run *run, const struct job_action *action)
{
    (void)action;
    job_blocks_hold(run);
}

static void do_nothing(struct job_run *run, const struct job_action *action)
{
    (void)run, (void)action; /* who asked has been answered: job_run_request */
}

static void (*const doing[])(struct job_run *, const struct job_action *) = {
    [JOB_ACTION_REGISTER] = do_register,
    [JOB_ACTION_SEND_COMMAND] = do_command,
    [JOB_ACTION_SEND_STORED] = do_stored,
    [JOB_ACTION_SEND_SUSPEND] = do_suspend,
    [JOB_ACTION_SEND_QUESTION] = do_question,
    [JOB_ACTION_SEND_RESTART] = do_restart,
    [JOB_ACTION_SEND_CLOSED] = do_closed,
    [JOB_ACTION_DROP_PAGE] = do_drop_page,
    [JOB_ACTION_DROP_FROM] = do_drop_from,
    [JOB_ACTION_FLOW] = do_flow,
    [JOB_ACTION_HOLD] = do_hold,
    [JOB_ACTION_DELIVER] = do_deliver,
    [JOB_ACTION_TELL] = do_tell,
    [JOB_ACTION_REFUSE] = do_nothing,
};

void job_run_deliver_if_wanted(struct job_run *run)
{
    if (!run->wants_delivery || run->delivery || job_pages_verifying(run))
        return;
    run->wants_delivery = false;
    if (run->record.job.step == JOB_DELIVERING_STEP)
        run->service->deliver(run);
}

/* ---- The queue ---------------------------------------------------------------------------------------- */

static void work(struct job_run *run)
{
    struct todo *todo;
    if (run->is_working)
        return;
    run->is_working = true;
    while (!run->is_waiting && (todo = take(run))) {
        struct visitor *visitor = todo->visitor ? visitor_find(run->server, todo->visitor) : NULL;
        if (!todo->visitor && job_action_is_stale(&run->record.job, &todo->action))
            log_debug("job %" PRIu64 ": what was to be said is no longer so", run->record.job.id);
        else if (!todo->visitor)
            doing[todo->action.type](run, &todo->action);
        else if (visitor)
            visitor_done(visitor, todo->request);
        free(todo);
    }
    run->is_working = false;
}

static void append(struct job_run *run, const struct todo *todo)
{
    struct todo *copy = memory_new(sizeof *copy);
    *copy = *todo;
    *run->end = copy;
    run->end = &copy->next;
    run->todo_count++;
}

bool job_run_is_full(const struct job_run *run)
{
    return run->todo_count >= TODO_MAX;
}

static void append_all(struct job_run *run, const struct job_actions *actions)
{
    for (unsigned i = 0; i < actions->count; i++)
        append(run, &(struct todo){.action = actions->items[i]});
}

static void decide(struct job_run *run, const struct job_event *event, struct job_actions *actions)
{
    struct job *job = &run->record.job;
    uint8_t before = job->state;
    uint32_t question = job->question;
    job_handle(job, event, actions);
    if (job->question != question)
        run->audience.asked_ms = loop_now_ms(run->server->loop);
    if (job->state != before)
        log_notice("job %" PRIu64 " of %s: %s: %s → %s%s%s", job->id, run->record.client,
                   job_event_name(event->type), job_state_name(before), job_state_name(job->state),
                   job->text[0] ? ": " : "", job->text);
    if (job->state != before && job_run_is_over(run))
        job_audit_closed(run);
    append_all(run, actions);
}

void job_run_handle(struct job_run *run, const struct job_event *event)
{
    struct job_actions actions;
    decide(run, event, &actions);
    work(run);
}

/* It is registered with the manner, and RESTART_COMMAND carries it. */
static void set_printer(struct job_run *run, const char *printer)
{
    struct record_print_order order = run->record.order;
    int result;
    order.options.unit = frame_text_of(printer);
    result = job_record_set_order(&run->record, &order);
    if (result < 0)
        log_error("job %" PRIu64 " stays at its printer: %s", run->record.job.id, strerror(-result));
}

void job_run_request(struct job_run *run, const struct job_event *event, struct visitor *visitor,
                     uint32_t request)
{
    job_run_request_manner(run, event, NULL, visitor, request);
}

void job_run_request_manner(struct job_run *run, const struct job_event *event, const char *printer,
                            struct visitor *visitor, uint32_t request)
{
    struct job_actions actions;
    bool is_refused = false;
    decide(run, event, &actions);
    for (unsigned i = 0; i < actions.count; i++)
        is_refused |= actions.items[i].type == JOB_ACTION_REFUSE;
    if (is_refused)
        visitor_answer(visitor, request, (struct answer){1, ERROR_NOT_POSSIBLE, job_tell_why_not(run)});
    else
        append(run, &(struct todo){.visitor = visitor->id, .request = request});
    if (!is_refused && printer)
        set_printer(run, printer);
    work(run);
}

void job_run_say_stored(struct job_run *run, uint32_t page, uint32_t generation)
{
    append(run, &(struct todo){.action = {.type = JOB_ACTION_SEND_STORED,
                                          .page = page,
                                          .generation = generation,
                                          .round = run->record.job.round,
                                          .connection = run->record.job.connection}});
    work(run);
}

void job_run_open(struct job_run *run, uint64_t opener, uint32_t request)
{
    run->opener = opener;
    run->opener_request = request;
    job_run_handle(run, &(struct job_event){.type = JOB_EVENT_OPENED});
}

void job_run_recover(struct job_run *run)
{
    struct job_actions actions;
    ledger_copy(&run->registered, &run->record.job.ledger);
    job_recover(&run->record.job, &actions);
    append_all(run, &actions);
    work(run);
}
