/* See the drawing in job_read.h. The table is at the end of the file; above it, the steps in time order. */
#include "clientd/job_steps.h"

#include <assert.h>
#include <stdio.h>

static const struct job_kind *kind_of(const struct job_read *job)
{
    return job->function == FUNCTION_PRINTING ? &job_kind_printing : &job_kind_reading;
}

void job_act(struct job_read_actions *actions, struct job_read_action action)
{
    assert(actions->count < JOB_READ_ACTIONS_MAX); /* no step has as many */
    actions->items[actions->count++] = action;
}

void job_act_simply(struct job_read_actions *actions, enum job_read_action_type type)
{
    job_act(actions, (struct job_read_action){.type = type});
}

void job_set_error(struct job_read *job, uint16_t code, const char *text)
{
    job->error = code;
    snprintf(job->text, sizeof job->text, "%s", text && *text ? text : error_find(code)->sentence);
}

/* ---- 1. The execution command -------------------------------------------------------------------------- */

static void on_commanded(struct job_read *job, const struct job_read_event *event,
                         struct job_read_actions *actions)
{
    (void)event;
    if (job->running || job->begun) /* the command came twice */
        return;
    job->begun = job->link_up = true;
    kind_of(job)->go_on(job, actions);
    job_act_simply(actions, ACTION_FLOW);
}

/* ---- 2. Something interferes --------------------------------------------------------------------------- */

/* Stops the flow of the job's recovery where an error is known; what is registered comes from the server. */
void job_stop_with_notice(struct job_read *job, struct job_read_actions *actions)
{
    job->state = JOB_READ_STOPPED;
    job_act_simply(actions, ACTION_SAVE);
    job_act_simply(actions, ACTION_SEND_NOTICE);
    job_act_simply(actions, ACTION_TELL);
}

/* Pages that were read go on waiting in the spool; the unit is not touched. */
static void on_link_down(struct job_read *job, const struct job_read_event *event,
                         struct job_read_actions *actions)
{
    (void)event;
    job->link_up = false;
    if (job->error == ERROR_NONE)
        job_set_error(job, ERROR_LINK_LOST, NULL);
    job->state = JOB_READ_STOPPED;
    job_act_simply(actions, ACTION_HOLD);
    job_act_simply(actions, ACTION_TELL);
}

static void on_link_down_while_restarting(struct job_read *job, const struct job_read_event *event,
                                          struct job_read_actions *actions)
{
    (void)event;
    job->link_up = false; /* the command has come: it is carried out all the same */
    job_act_simply(actions, ACTION_HOLD);
}

static void on_link_up(struct job_read *job, const struct job_read_event *event,
                       struct job_read_actions *actions)
{
    job->link_up = true;
    if (event->standing == STANDING_UNKNOWN) {
        job->orphan = true; /* its pages stay until the user cancels it */
        job_set_error(job, ERROR_NOT_FOUND, "the server does not know this job");
        job_act_simply(actions, ACTION_TELL);
        return;
    }
    job->orphan = false;
    if (event->ledger)
        kind_of(job)->take_over(job, event->ledger, actions);
    if (job->error == ERROR_NONE)
        job_set_error(job, ERROR_LINK_LOST, NULL);
    /* Whether the server has heard of the device's error is not known: a question about anything else does
     * not cover it. */
    job->fresh_error = error_find(job->error)->class == ERROR_CLASS_DEVICE;
    job_stop_with_notice(job, actions);
}

/* What is to be restarted is carried out first; the server then hears of it in a notice. */
static void on_link_up_while_restarting(struct job_read *job, const struct job_read_event *event,
                                        struct job_read_actions *actions)
{
    (void)actions;
    job->link_up = event->standing == STANDING_OPEN;
    job->orphan = event->standing == STANDING_UNKNOWN;
    job->renewed = true;
}

static void on_suspended(struct job_read *job, const struct job_read_event *event,
                         struct job_read_actions *actions)
{
    if (job->error == ERROR_NONE || error_find(job->error)->class == ERROR_CLASS_LINK)
        job_set_error(job, event->code, event->text);
    job->state = JOB_READ_STOPPED;
    job_act_simply(actions, ACTION_HOLD);
    job_act_simply(actions, ACTION_TELL);
}

/* ---- 3. The server asks for a manner ------------------------------------------------------------------- */

static void answer(struct job_read *job, uint8_t manner, uint32_t page, struct job_read_actions *actions)
{
    job->state = JOB_READ_ANSWERED;
    job_act(actions,
            (struct job_read_action){
                .type = ACTION_SEND_MANNER, .round = job->question.round, .manner = manner, .page = page});
    job_act_simply(actions, ACTION_TELL);
}

/* What waits for space is not sent on before there is some. */
static void answer_by_policy(struct job_read *job, struct job_read_actions *actions)
{
    struct designation_situation situation = kind_of(job)->situation(job);
    enum manner manner = designation_by_policy(job->policy, &job->question, &situation);
    uint32_t page = 0;
    if (manner != MANNER_NONE && !kind_of(job)->waits_for_space(job) &&
        manner_resolve(job->question.offers, job->question.offer_count, (uint8_t)manner, &page))
        answer(job, (uint8_t)manner, page, actions);
    else
        job_act_simply(actions, ACTION_TELL);
}

static void on_manner_requested(struct job_read *job, const struct job_read_event *event,
                                struct job_read_actions *actions)
{
    bool known = job->state == JOB_READ_ASKED || job->state == JOB_READ_ANSWERED;
    if (event->question->round <= job->round || (known && event->question->round <= job->question.round))
        return; /* an old question, or the same once more */
    job->link_up = true;
    job->question = *event->question;
    if (job->error == ERROR_NONE)
        job_set_error(job, job->question.error, event->text);
    if (job->question.error == job->error)
        job->fresh_error = false;
    job->state = JOB_READ_ASKED;
    answer_by_policy(job, actions);
}

static void on_space_made(struct job_read *job, const struct job_read_event *event,
                          struct job_read_actions *actions)
{
    (void)event;
    bool was_waiting = kind_of(job)->waits_for_space(job);
    job->space = true;
    if (job->state == JOB_READ_ASKED && was_waiting)
        answer_by_policy(job, actions);
}

/* ---- 4. The user, or the policy, has designated it ---------------------------------------------------- */

static void on_manner_chosen(struct job_read *job, const struct job_read_event *event,
                             struct job_read_actions *actions)
{
    uint32_t page = event->page;
    if (event->round != job->question.round ||
        !manner_resolve(job->question.offers, job->question.offer_count, event->manner, &page)) {
        job_act_simply(actions, ACTION_REFUSE);
        return;
    }
    answer(job, event->manner, page, actions);
}

static void on_refused(struct job_read *job, const struct job_read_event *event,
                       struct job_read_actions *actions)
{
    (void)job, (void)event;
    job_act_simply(actions, ACTION_REFUSE);
}

/* At any time after the error: the server looks the phase up and asks again. */
static void on_restart_requested(struct job_read *job, const struct job_read_event *event,
                                 struct job_read_actions *actions)
{
    (void)event;
    job_act_simply(actions, job->link_up && !job->orphan ? ACTION_SEND_RESTART : ACTION_REFUSE);
}

/* ---- 5. The restart is commanded, and carried out ----------------------------------------------------- */

static void carry_out(struct job_read *job, struct job_read_actions *actions)
{
    bool has_failed_since = kind_of(job)->has_failed_since(job);

    job->round = job->pending.round;
    if (job->pending.is_moved)
        job_act_simply(actions, ACTION_TAKE_ORDER);
    kind_of(job)->apply(job, !has_failed_since, actions);
    kind_of(job)->take_over(job, &job->pending.ledger, actions);
    ledger_free(&job->pending.ledger);
    if (has_failed_since) { /* that needs a designation of its own */
        job_stop_with_notice(job, actions);
    } else {
        job->fresh_error = false;
        job_set_error(job, ERROR_NONE, "");
        job->state = JOB_READ_FLOWING;
        kind_of(job)->go_on(job, actions);
        job_act_simply(actions, ACTION_SEND_STATUS);
        job_act_simply(actions, ACTION_TELL);
    }
    if (job->link_up && !job->renewed) {
        job_act_simply(actions, ACTION_FLOW);
        return;
    }
    /* The connection has been lost, or is a new one: the server has to hear where the job is. */
    if (job->error == ERROR_NONE)
        job_set_error(job, ERROR_LINK_LOST, NULL);
    job->renewed = false;
    job_stop_with_notice(job, actions);
}

static void on_restart_commanded(struct job_read *job, const struct job_read_event *event,
                                 struct job_read_actions *actions)
{
    if (event->round <= job->round)
        return; /* it was carried out */
    job->link_up = true;
    job->pending.round = event->round;
    job->pending.page = event->page;
    job->pending.manner = (enum manner)event->manner;
    job->pending.is_moved = event->is_moved;
    ledger_copy(&job->pending.ledger, event->ledger);
    if (job->unit == UNIT_IDLE || (job->pending.manner == MANNER_RESUME && !event->is_moved)) {
        carry_out(job, actions);
        return;
    }
    job->state = JOB_READ_RESTARTING;
    if (job->unit != UNIT_STOPPING)
        job_act_simply(actions, ACTION_STOP_UNIT);
    job->unit = UNIT_STOPPING;
}

/* The unit that had to stop has ended, in whatever way. */
static void on_unit_gone(struct job_read *job, const struct job_read_event *event,
                         struct job_read_actions *actions)
{
    (void)event;
    job->unit = UNIT_IDLE;
    job->running = false;
    kind_of(job)->unit_gone(job);
    carry_out(job, actions);
}

static void on_unit_finished(struct job_read *job, const struct job_read_event *event,
                             struct job_read_actions *actions)
{
    kind_of(job)->unit_finished(job, event, actions);
}

static void on_unit_failed(struct job_read *job, const struct job_read_event *event,
                           struct job_read_actions *actions)
{
    kind_of(job)->unit_failed(job, event, actions);
}

/* ---- 6. The job is over ------------------------------------------------------------------------------- */

static void on_closed(struct job_read *job, const struct job_read_event *event,
                      struct job_read_actions *actions)
{
    (void)event;
    job->state = JOB_READ_CLOSED;
    job_act_simply(actions, ACTION_HOLD);
    if (job->unit == UNIT_IDLE) {
        kind_of(job)->leave(job, actions);
        return;
    }
    if (job->unit != UNIT_STOPPING)
        job_act_simply(actions, ACTION_STOP_UNIT);
    job->unit = UNIT_STOPPING;
}

static void on_unit_gone_at_last(struct job_read *job, const struct job_read_event *event,
                                 struct job_read_actions *actions)
{
    (void)event;
    job->unit = UNIT_IDLE;
    job_act_simply(actions, ACTION_FORGET);
}

static void ignore(struct job_read *job, const struct job_read_event *event, struct job_read_actions *actions)
{
    (void)job, (void)event, (void)actions;
}

/* ---- The table: what each event means in each state --------------------------------------------------- */

/* clang-format off */
static job_step *const table[JOB_READ_EVENTS][JOB_READ_STATES] = {
    /*                              FLOWING               STOPPED               ASKED                 ANSWERED              RESTARTING                     CLOSED */
    [EVENT_COMMANDED]         = {on_commanded,         ignore,               ignore,               ignore,               ignore,                        ignore},
    [EVENT_PAGE_BEGUN]        = {job_page_begun,        job_page_begun,        job_page_begun,        job_page_begun,        job_page_begun,                 ignore},
    [EVENT_PAGE_READ]         = {job_page_read,         job_page_read,         job_page_read,         job_page_read,         job_page_read,                  ignore},
    [EVENT_UNIT_FINISHED]     = {on_unit_finished,     on_unit_finished,     on_unit_finished,     on_unit_finished,     on_unit_gone,                  on_unit_gone_at_last},
    [EVENT_UNIT_FAILED]       = {on_unit_failed,       on_unit_failed,       on_unit_failed,       on_unit_failed,       on_unit_gone,                  on_unit_gone_at_last},
    [EVENT_UNIT_PAUSED]       = {job_unit_paused,       job_unit_paused,       job_unit_paused,       job_unit_paused,       ignore,                        ignore},
    [EVENT_SPACE_MADE]        = {on_space_made,        on_space_made,        on_space_made,        on_space_made,        ignore,                        ignore},
    [EVENT_LINK_DOWN]         = {on_link_down,         on_link_down,         on_link_down,         on_link_down,         on_link_down_while_restarting, ignore},
    [EVENT_LINK_UP]           = {on_link_up,           on_link_up,           on_link_up,           on_link_up,           on_link_up_while_restarting,   ignore},
    [EVENT_PAGE_STORED]       = {job_page_stored,       job_page_stored,       job_page_stored,       job_page_stored,       job_page_stored,                ignore},
    [EVENT_PAGE_DAMAGED]      = {job_page_damaged,      job_page_damaged,      job_page_damaged,      job_page_damaged,      ignore,                        ignore},
    [EVENT_BLOCK_RECEIVED]    = {job_block_received,   job_block_received,   job_block_received,   job_block_received,   job_block_received,            ignore},
    [EVENT_BLOCK_FAILED]      = {job_block_failed,     job_block_failed,     job_block_failed,     job_block_failed,     job_block_failed,              ignore},
    [EVENT_SHEET_CREATED]     = {job_sheet_created,    job_sheet_created,    job_sheet_created,    job_sheet_created,    job_sheet_created,             ignore},
    [EVENT_SHEET_PRINTED]     = {job_sheet_printed,    job_sheet_printed,    job_sheet_printed,    job_sheet_printed,    job_sheet_printed,             job_sheet_gone_at_last},
    [EVENT_SHEET_NOT_PRINTED] = {job_sheet_not_printed, job_sheet_not_printed, job_sheet_not_printed, job_sheet_not_printed, job_sheet_not_printed,    job_sheet_gone_at_last},
    [EVENT_SHEET_UNCERTAIN]   = {job_sheet_uncertain,  job_sheet_uncertain,  job_sheet_uncertain,  job_sheet_uncertain,  job_sheet_uncertain,           job_sheet_gone_at_last},
    [EVENT_SUSPENDED]         = {on_suspended,         on_suspended,         on_suspended,         on_suspended,         ignore,                        ignore},
    [EVENT_MANNER_REQUESTED]  = {on_manner_requested,  on_manner_requested,  on_manner_requested,  on_manner_requested,  ignore,                        ignore},
    [EVENT_MANNER_CHOSEN]     = {on_refused,           on_refused,           on_manner_chosen,     on_refused,           on_refused,                    on_refused},
    [EVENT_RESTART_REQUESTED] = {on_refused,           on_restart_requested, on_restart_requested, on_restart_requested, on_refused,                    on_refused},
    [EVENT_RESTART_COMMANDED] = {on_restart_commanded, on_restart_commanded, on_restart_commanded, on_restart_commanded, ignore,                        ignore},
    [EVENT_CLOSED]            = {on_closed,            on_closed,            on_closed,            on_closed,            on_closed,                     ignore},
};
/* clang-format on */

void job_read_handle(struct job_read *job, const struct job_read_event *event,
                     struct job_read_actions *actions)
{
    actions->count = 0;
    if (event->type == EVENT_LINK_UP)
        job->connection++;
    table[event->type][job->state](job, event, actions);
    /* What is told belongs to this moment: by the time it is sent, the job may be in a round that is not
     * durable. */
    for (unsigned i = 0; i < actions->count; i++) {
        if (actions->items[i].type != ACTION_SEND_MANNER)
            actions->items[i].round = job->round;
        actions->items[i].connection = job->connection;
    }
}

bool job_read_action_is_stale(const struct job_read *job, const struct job_read_action *action)
{
    return action->type >= ACTION_SEND_NOTICE && action->type <= ACTION_SEND_RESTART &&
           (!job->link_up || action->connection != job->connection);
}

void job_read_free(struct job_read *job)
{
    ledger_free(&job->ledger);
    ledger_free(&job->spooled);
    ledger_free(&job->pending.ledger);
}

const char *job_read_state_name(enum job_read_state state)
{
    static const char *const names[] = {"flowing", "stopped", "asked", "answered", "restarting", "closed"};
    return names[state];
}

const char *job_read_event_name(enum job_read_event_type type)
{
    static const char *const names[] = {
        "commanded",         "page-begun",        "page-read",    "unit-finished",    "unit-failed",
        "unit-paused",       "space-made",        "link-down",    "link-up",          "page-stored",
        "page-damaged",      "block-received",    "block-failed", "sheet-created",    "sheet-printed",
        "sheet-not-printed", "sheet-uncertain",   "suspended",    "manner-requested", "manner-chosen",
        "restart-requested", "restart-commanded", "closed"};
    return names[type];
}
