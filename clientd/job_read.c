/* See the drawing in job_read.h. The table is at the end of the file; above it, the steps in time order. */
#include "clientd/job_read.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

typedef void (*step)(struct job_read *, const struct job_read_event *, struct job_read_actions *);

static void act(struct job_read_actions *actions, struct job_read_action action)
{
    assert(actions->count < JOB_READ_ACTIONS_MAX); /* no step has as many */
    actions->items[actions->count++] = action;
}

static void act_simply(struct job_read_actions *actions, enum job_read_action_type type)
{
    act(actions, (struct job_read_action){.type = type});
}

static void set_error(struct job_read *job, uint16_t code, const char *text)
{
    job->error = code;
    snprintf(job->text, sizeof job->text, "%s", text && *text ? text : error_find(code)->sentence);
}

static uint32_t last_settled(const struct ledger *ledger)
{
    uint32_t page = ledger->count;
    while (page > 0 && !ledger_is_settled(ledger, page))
        page--;
    return page;
}

/* ---- 1. The unit reads -------------------------------------------------------------------------------- */

/* The pages that are to be read next, with regard to --pages. False when there is nothing to read. */
static bool next_pages(const struct job_read *job, uint32_t *first, uint32_t *count)
{
    if (!ledger_gap(&job->ledger, first, count))
        return false;
    if (job->limit == 0)
        return true;
    uint32_t settled = ledger_count(&job->ledger, PAGE_READ) + ledger_count(&job->ledger, PAGE_STORED) +
                       ledger_count(&job->ledger, PAGE_SKIPPED);
    uint32_t left = settled < job->limit ? job->limit - settled : 0;
    if (*count == 0 || *count > left)
        *count = left;
    return left > 0;
}

static void finish_reading(struct job_read *job, struct job_read_actions *actions)
{
    if (job->ledger.total == 0)
        job->ledger.total = last_settled(&job->ledger);
    job->running = false;
    act_simply(actions, ACTION_SAVE);
    act(actions, (struct job_read_action){.type = ACTION_SEND_FINISHED, .page = job->ledger.total});
    act_simply(actions, ACTION_TELL);
}

/* Starts the unit for what is left to read, or says that nothing is. */
static void read_on(struct job_read *job, struct job_read_actions *actions)
{
    struct job_read_action start = {.type = ACTION_START_UNIT, .generation = job->round};
    if (!next_pages(job, &start.page, &start.count)) {
        finish_reading(job, actions);
        return;
    }
    job->unit = UNIT_RUNNING;
    job->running = true;
    act_simply(actions, ACTION_SAVE);
    act(actions, start);
    act_simply(actions, ACTION_TELL);
}

static void on_commanded(struct job_read *job, const struct job_read_event *event,
                         struct job_read_actions *actions)
{
    (void)event;
    if (job->running || job->ledger.total) /* the command came twice */
        return;
    job->link_up = true;
    read_on(job, actions);
    act_simply(actions, ACTION_FLOW);
}

static void on_page_begun(struct job_read *job, const struct job_read_event *event,
                          struct job_read_actions *actions)
{
    if (event->page > job->expected)
        job->expected = event->page;
    act_simply(actions, ACTION_TELL);
}

static void on_page_read(struct job_read *job, const struct job_read_event *event,
                         struct job_read_actions *actions)
{
    struct ledger_page page = ledger_get(&job->ledger, event->page);
    if (page.state == PAGE_STORED || event->generation < page.generation)
        return;
    if (ledger_set(&job->ledger, event->page, PAGE_READ, event->generation) < 0) {
        if (job->unit != UNIT_STOPPING) /* it reads pages that no job can have */
            act_simply(actions, ACTION_STOP_UNIT);
        job->unit = UNIT_STOPPING;
        return;
    }
    if (job->interrupted == event->page)
        job->interrupted = 0;
    /* Nothing to save: the page's files say it. */
    act_simply(actions, ACTION_SEND_READING_STATUS);
    act_simply(actions, ACTION_TELL);
}

/* ---- 2. Something interferes --------------------------------------------------------------------------- */

/* Stops the flow of the job's recovery where an error is known; what is registered comes from the server. */
static void stop_with_notice(struct job_read *job, struct job_read_actions *actions)
{
    job->state = JOB_READ_STOPPED;
    act_simply(actions, ACTION_SAVE);
    act_simply(actions, ACTION_SEND_NOTICE);
    act_simply(actions, ACTION_TELL);
}

/* After a jam or behind an open cover the sheet can be seen; after anything else nobody knows where it is. */
static bool sheet_is_uncertain(const struct job_read *job, uint16_t code)
{
    return !job->flatbed && code != ERROR_MEDIA_JAM && code != ERROR_COVER_OPEN;
}

static void note_device_error(struct job_read *job, const struct job_read_event *event)
{
    uint32_t page = event->page;
    job->unit = UNIT_IDLE;
    job->running = false;
    set_error(job, event->code, event->text);
    job->fresh_error = true;
    if (page == 0 || ledger_is_settled(&job->ledger, page))
        return;
    job->interrupted = page;
    if (page > job->expected)
        job->expected = page;
    if (sheet_is_uncertain(job, event->code))
        ledger_set(&job->ledger, page, PAGE_UNCERTAIN, ledger_get(&job->ledger, page).generation);
}

static void on_unit_failed(struct job_read *job, const struct job_read_event *event,
                           struct job_read_actions *actions)
{
    note_device_error(job, event);
    stop_with_notice(job, actions);
}

static void on_unit_finished(struct job_read *job, const struct job_read_event *event,
                             struct job_read_actions *actions)
{
    uint32_t first, count, last = last_settled(&job->ledger);
    bool nothing = ledger_last_finished(&job->ledger) == 0;
    job->unit = UNIT_IDLE;
    if (nothing) {
        on_unit_failed(job, &(struct job_read_event){.code = ERROR_MEDIA_EMPTY}, actions);
        return;
    }
    /* There is a gap, or more to come behind one: what lies in the feeder now, only the user can see. */
    if (event->medium_ended)
        job->ledger.total = event->page > last && event->page <= LEDGER_MAX_PAGES ? event->page : last;
    if (next_pages(job, &first, &count))
        on_unit_failed(job, &(struct job_read_event){.code = ERROR_MEDIA_NEEDED}, actions);
    else
        finish_reading(job, actions);
}

/* The spool is full: the unit waits with the sheet in its hands, and no byte is lost. */
static void on_unit_paused(struct job_read *job, const struct job_read_event *event,
                           struct job_read_actions *actions)
{
    (void)event;
    if (job->unit != UNIT_RUNNING)
        return;
    job->unit = UNIT_PAUSED;
    job->space = false;
    set_error(job, ERROR_SPOOL_FULL, NULL);
    job->fresh_error = true;
    job->state = JOB_READ_STOPPED;
    act_simply(actions, ACTION_SEND_NOTICE); /* not saved: there is no room for it, and nothing to recover */
    act_simply(actions, ACTION_TELL);
}

/* Pages that were read go on waiting in the spool; the unit is not touched. */
static void on_link_down(struct job_read *job, const struct job_read_event *event,
                         struct job_read_actions *actions)
{
    (void)event;
    job->link_up = false;
    if (job->error == ERROR_NONE)
        set_error(job, ERROR_LINK_LOST, NULL);
    job->state = JOB_READ_STOPPED;
    act_simply(actions, ACTION_HOLD);
    act_simply(actions, ACTION_TELL);
}

static void on_link_down_while_restarting(struct job_read *job, const struct job_read_event *event,
                                          struct job_read_actions *actions)
{
    (void)event;
    job->link_up = false; /* the command has come: it is carried out all the same */
    act_simply(actions, ACTION_HOLD);
}

/* What the server durably has is true: take it over, and drop what needs no longer be kept. */
static void take_over(struct job_read *job, const struct ledger *server, struct job_read_actions *actions)
{
    uint32_t last = server->count > job->ledger.count ? server->count : job->ledger.count;
    for (uint32_t page = 1; page <= last; page++) {
        struct ledger_page ours = ledger_get(&job->ledger, page), theirs = ledger_get(server, page);
        if (theirs.state == PAGE_STORED && ours.state != PAGE_STORED &&
            theirs.generation >= ours.generation) {
            ledger_set(&job->ledger, page, PAGE_STORED, theirs.generation);
        } else if (theirs.state != PAGE_STORED &&
                   (ours.state == PAGE_STORED ||
                    (ours.state == PAGE_READ && theirs.generation > ours.generation))) {
            ledger_set(&job->ledger, page, PAGE_UNREAD, theirs.generation);
        }
    }
    act_simply(actions, ACTION_DROP_STORED);
}

static void on_link_up(struct job_read *job, const struct job_read_event *event,
                       struct job_read_actions *actions)
{
    job->link_up = true;
    if (event->standing == STANDING_UNKNOWN) {
        job->orphan = true; /* its pages stay until the user cancels it */
        set_error(job, ERROR_NOT_FOUND, "the server does not know this job");
        act_simply(actions, ACTION_TELL);
        return;
    }
    job->orphan = false;
    if (event->ledger)
        take_over(job, event->ledger, actions);
    if (job->error == ERROR_NONE)
        set_error(job, ERROR_LINK_LOST, NULL);
    /* Whether the server has heard of the device's error is not known: a question about anything else does
     * not cover it. */
    job->fresh_error = error_find(job->error)->class == ERROR_CLASS_DEVICE;
    stop_with_notice(job, actions);
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
        set_error(job, event->code, event->text);
    job->state = JOB_READ_STOPPED;
    act_simply(actions, ACTION_HOLD);
    act_simply(actions, ACTION_TELL);
}

static void on_page_damaged(struct job_read *job, const struct job_read_event *event,
                            struct job_read_actions *actions)
{
    struct ledger_page page = ledger_get(&job->ledger, event->page);
    if (page.state != PAGE_READ)
        return;
    ledger_set(&job->ledger, event->page, PAGE_UNREAD, page.generation + 1);
    set_error(job, ERROR_PAGE_LOST, NULL);
    job->fresh_error = true;
    act_simply(actions, ACTION_HOLD);
    stop_with_notice(job, actions);
}

static void on_page_stored(struct job_read *job, const struct job_read_event *event,
                           struct job_read_actions *actions)
{
    struct ledger_page page = ledger_get(&job->ledger, event->page);
    if (page.state != PAGE_READ || page.generation != event->generation)
        return;
    ledger_set(&job->ledger, event->page, PAGE_STORED, event->generation);
    act(actions, (struct job_read_action){
                     .type = ACTION_DROP_PAGE, .page = event->page, .generation = event->generation});
    act_simply(actions, ACTION_SAVE); /* behind the drop: on a full disk that makes the room */
    act_simply(actions, ACTION_TELL);
}

/* ---- 3. The server asks for a manner ------------------------------------------------------------------- */

static void answer(struct job_read *job, uint8_t manner, uint32_t page, struct job_read_actions *actions)
{
    job->state = JOB_READ_ANSWERED;
    act(actions,
        (struct job_read_action){
            .type = ACTION_SEND_MANNER, .round = job->question.round, .manner = manner, .page = page});
    act_simply(actions, ACTION_TELL);
}

/* A unit that waits for space is not sent on before there is some. */
static void answer_by_policy(struct job_read *job, struct job_read_actions *actions)
{
    uint32_t next = ledger_first_unread(&job->ledger);
    bool hole =
        next <= ledger_last_finished(&job->ledger) || (job->unit == UNIT_IDLE && next <= job->expected);
    enum manner manner = designation_by_policy(job->policy, &job->question, job->interrupted, hole);
    uint32_t page = 0;
    if (manner != MANNER_NONE && (job->unit != UNIT_PAUSED || job->space) &&
        manner_resolve(job->question.offers, job->question.offer_count, (uint8_t)manner, &page))
        answer(job, (uint8_t)manner, page, actions);
    else
        act_simply(actions, ACTION_TELL);
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
        set_error(job, job->question.error, event->text);
    if (job->question.error == job->error)
        job->fresh_error = false;
    job->state = JOB_READ_ASKED;
    answer_by_policy(job, actions);
}

static void on_space_made(struct job_read *job, const struct job_read_event *event,
                          struct job_read_actions *actions)
{
    (void)event;
    job->space = true;
    if (job->state == JOB_READ_ASKED && job->unit == UNIT_PAUSED)
        answer_by_policy(job, actions);
}

/* ---- 4. The user, or the policy, has designated it ---------------------------------------------------- */

static void on_manner_chosen(struct job_read *job, const struct job_read_event *event,
                             struct job_read_actions *actions)
{
    uint32_t page = event->page;
    if (event->round != job->question.round ||
        !manner_resolve(job->question.offers, job->question.offer_count, event->manner, &page)) {
        act_simply(actions, ACTION_REFUSE);
        return;
    }
    answer(job, event->manner, page, actions);
}

static void on_refused(struct job_read *job, const struct job_read_event *event,
                       struct job_read_actions *actions)
{
    (void)job, (void)event;
    act_simply(actions, ACTION_REFUSE);
}

/* At any time after the error: the server looks the phase up and asks again. */
static void on_restart_requested(struct job_read *job, const struct job_read_event *event,
                                 struct job_read_actions *actions)
{
    (void)event;
    act_simply(actions, job->link_up && !job->orphan ? ACTION_SEND_RESTART : ACTION_REFUSE);
}

/* ---- 5. The restart is commanded, and carried out ----------------------------------------------------- */

/* The unit does what is left for it to do. */
static void go_on(struct job_read *job, struct job_read_actions *actions)
{
    switch (job->unit) {
    case UNIT_IDLE:
        job->interrupted = 0;
        read_on(job, actions);
        break;
    case UNIT_PAUSED:
        job->unit = UNIT_RUNNING;
        act_simply(actions, ACTION_CONTINUE_UNIT);
        act_simply(actions, ACTION_SAVE);
        break;
    case UNIT_RUNNING: /* the link was lost, not the page */
    case UNIT_STOPPING:
        act_simply(actions, ACTION_SAVE);
        break;
    }
    act_simply(actions, ACTION_SEND_READING_STATUS);
    act_simply(actions, ACTION_TELL);
}

static void carry_out(struct job_read *job, struct job_read_actions *actions)
{
    enum manner manner = job->pending.manner;
    uint32_t page = job->pending.page, last = ledger_last_finished(&job->ledger);
    bool fresh_error = job->fresh_error && job->unit == UNIT_IDLE;

    job->round = job->pending.round;
    if (manner == MANNER_FINISH && last > page)
        page = last; /* more has been read since the question: it belongs to the result */
    uint32_t given_up = manner_apply(FUNCTION_READING, &job->ledger, manner, page, job->round);
    if (given_up)
        act(actions,
            (struct job_read_action){.type = ACTION_DROP_FROM, .page = given_up, .generation = job->round});
    take_over(job, &job->pending.ledger, actions);
    ledger_free(&job->pending.ledger);
    if (manner == MANNER_RESTART)
        job->expected = 0; /* a fresh execution: nobody says how many sheets there are */
    if (fresh_error) {     /* the device has failed since: that needs a designation of its own */
        stop_with_notice(job, actions);
    } else {
        job->fresh_error = false;
        set_error(job, ERROR_NONE, "");
        job->state = JOB_READ_FLOWING;
        go_on(job, actions);
    }
    if (job->link_up && !job->renewed) {
        act_simply(actions, ACTION_FLOW);
        return;
    }
    /* The connection has been lost, or is a new one: the server has to hear where the job is. */
    if (job->error == ERROR_NONE)
        set_error(job, ERROR_LINK_LOST, NULL);
    job->renewed = false;
    stop_with_notice(job, actions);
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
    ledger_copy(&job->pending.ledger, event->ledger);
    if (job->unit == UNIT_IDLE || job->pending.manner == MANNER_RESUME) {
        carry_out(job, actions);
        return;
    }
    job->state = JOB_READ_RESTARTING;
    if (job->unit != UNIT_STOPPING)
        act_simply(actions, ACTION_STOP_UNIT);
    job->unit = UNIT_STOPPING;
}

/* The unit that had to stop has ended, in whatever way. */
static void on_unit_gone(struct job_read *job, const struct job_read_event *event,
                         struct job_read_actions *actions)
{
    (void)event;
    job->unit = UNIT_IDLE;
    job->running = false;
    job->fresh_error = false;
    carry_out(job, actions);
}

/* ---- 6. The job is over ------------------------------------------------------------------------------- */

static void on_closed(struct job_read *job, const struct job_read_event *event,
                      struct job_read_actions *actions)
{
    (void)event;
    job->state = JOB_READ_CLOSED;
    act_simply(actions, ACTION_HOLD);
    if (job->unit == UNIT_IDLE)
        act_simply(actions, ACTION_FORGET);
    else if (job->unit != UNIT_STOPPING)
        act_simply(actions, ACTION_STOP_UNIT);
    if (job->unit != UNIT_IDLE)
        job->unit = UNIT_STOPPING;
}

static void on_unit_gone_at_last(struct job_read *job, const struct job_read_event *event,
                                 struct job_read_actions *actions)
{
    (void)event;
    job->unit = UNIT_IDLE;
    act_simply(actions, ACTION_FORGET);
}

static void ignore(struct job_read *job, const struct job_read_event *event, struct job_read_actions *actions)
{
    (void)job, (void)event, (void)actions;
}

/* ---- The table: what each event means in each state --------------------------------------------------- */

/* clang-format off */
static const step table[JOB_READ_EVENTS][JOB_READ_STATES] = {
    /*                              FLOWING               STOPPED               ASKED                 ANSWERED              RESTARTING                     CLOSED */
    [EVENT_COMMANDED]         = {on_commanded,         ignore,               ignore,               ignore,               ignore,                        ignore},
    [EVENT_PAGE_BEGUN]        = {on_page_begun,        on_page_begun,        on_page_begun,        on_page_begun,        on_page_begun,                 ignore},
    [EVENT_PAGE_READ]         = {on_page_read,         on_page_read,         on_page_read,         on_page_read,         on_page_read,                  ignore},
    [EVENT_UNIT_FINISHED]     = {on_unit_finished,     on_unit_finished,     on_unit_finished,     on_unit_finished,     on_unit_gone,                  on_unit_gone_at_last},
    [EVENT_UNIT_FAILED]       = {on_unit_failed,       on_unit_failed,       on_unit_failed,       on_unit_failed,       on_unit_gone,                  on_unit_gone_at_last},
    [EVENT_UNIT_PAUSED]       = {on_unit_paused,       on_unit_paused,       on_unit_paused,       on_unit_paused,       ignore,                        ignore},
    [EVENT_SPACE_MADE]        = {on_space_made,        on_space_made,        on_space_made,        on_space_made,        ignore,                        ignore},
    [EVENT_LINK_DOWN]         = {on_link_down,         on_link_down,         on_link_down,         on_link_down,         on_link_down_while_restarting, ignore},
    [EVENT_LINK_UP]           = {on_link_up,           on_link_up,           on_link_up,           on_link_up,           on_link_up_while_restarting,   ignore},
    [EVENT_PAGE_STORED]       = {on_page_stored,       on_page_stored,       on_page_stored,       on_page_stored,       on_page_stored,                ignore},
    [EVENT_PAGE_DAMAGED]      = {on_page_damaged,      on_page_damaged,      on_page_damaged,      on_page_damaged,      ignore,                        ignore},
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

void job_read_init(struct job_read *job, uint64_t id, uint32_t limit, bool flatbed,
                   const struct designation_policy *policy)
{
    *job = (struct job_read){.id = id, .limit = limit, .flatbed = flatbed, .policy = policy};
}

void job_read_free(struct job_read *job)
{
    ledger_free(&job->ledger);
    ledger_free(&job->pending.ledger);
}

void job_read_recover(struct job_read *job, uint32_t begun)
{
    uint32_t last = ledger_last_finished(&job->ledger);
    job->state = JOB_READ_STOPPED;
    job->unit = UNIT_IDLE;
    if (last > job->expected)
        job->expected = last;
    if (job->running)
        note_device_error(job, &(struct job_read_event){.code = ERROR_CLIENT_RESTARTED, .page = begun});
    else if (job->error == ERROR_NONE)
        set_error(job, ERROR_LINK_LOST, NULL);
    job->fresh_error = error_find(job->error)->class == ERROR_CLASS_DEVICE;
}

const char *job_read_state_name(enum job_read_state state)
{
    static const char *const names[] = {"flowing", "stopped", "asked", "answered", "restarting", "closed"};
    return names[state];
}

const char *job_read_event_name(enum job_read_event_type type)
{
    static const char *const names[] = {
        "commanded",         "page-begun", "page-read",        "unit-finished", "unit-failed",
        "unit-paused",       "space-made", "link-down",        "link-up",       "page-stored",
        "page-damaged",      "suspended",  "manner-requested", "manner-chosen", "restart-requested",
        "restart-commanded", "closed"};
    return names[type];
}
