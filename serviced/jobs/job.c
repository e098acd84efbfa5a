/* See the drawing in job.h. The table is at the end of the file; above it, the steps in time order. */
#include "serviced/jobs/job.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "serviced/jobs/identify.h"

typedef void (*step)(struct job *, const struct job_event *, struct job_actions *);

static void act(struct job_actions *actions, enum job_action_type type, uint32_t page, uint32_t generation)
{
    assert(actions->count < JOB_ACTIONS_MAX); /* no step has as many */
    actions->items[actions->count++] =
        (struct job_action){.type = type, .page = page, .generation = generation};
}

static void act_simply(struct job_actions *actions, enum job_action_type type)
{
    act(actions, type, 0, 0);
}

static void set_error(struct job *job, uint16_t code, const char *text)
{
    job->error = code;
    snprintf(job->text, sizeof job->text, "%s",
             code == ERROR_NONE ? ""
             : text && *text    ? text
                                : error_find(code)->sentence);
}

static void set_step(struct job *job, enum job_step next)
{
    job->step = next;
    if (next == JOB_STOPPED_STEP)
        job->state = JOB_STOPPED;
    else if (next != JOB_CLOSED_STEP)
        job->state = JOB_PROCESSING;
}

static bool is_printing(const struct job *job)
{
    return job->function == FUNCTION_PRINTING;
}

/* The client has all that it can do behind it. */
static bool is_complete(const struct job *job)
{
    return is_printing(job) ? ledger_is_printed(&job->ledger) : ledger_is_complete(&job->ledger);
}

/* ---- 1. The execution command ------------------------------------------------------------------------ */

static void on_opened(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    (void)event;
    job->link_up = true;
    act_simply(actions, JOB_ACTION_REGISTER);
    act_simply(actions, JOB_ACTION_SEND_COMMAND);
    if (is_printing(job))
        act_simply(actions, JOB_ACTION_FLOW);
    act_simply(actions, JOB_ACTION_TELL);
}

/* ---- 2. Pages arrive ----------------------------------------------------------------------------------- */

/* When every page is there, nothing needs restarting any more. */
static void deliver_if_complete(struct job *job, struct job_actions *actions)
{
    if (!is_complete(job))
        return;
    job->delivering = true;
    set_error(job, ERROR_NONE, NULL);
    set_step(job, JOB_DELIVERING_STEP);
    act_simply(actions, JOB_ACTION_REGISTER);
    act_simply(actions, JOB_ACTION_DELIVER);
}

static void on_page_durable(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    struct ledger_page page = ledger_get(&job->ledger, event->page);
    if (page.state == PAGE_STORED && page.generation == event->generation) {
        act(actions, JOB_ACTION_SEND_STORED, event->page, event->generation);
        return;
    }
    if (!job_wants_page(job, event->page, event->generation)) {
        act(actions, JOB_ACTION_DROP_PAGE, event->page, event->generation);
        return;
    }
    ledger_set(&job->ledger, event->page, PAGE_STORED, event->generation);
    if (job->interrupted == event->page)
        job->interrupted = 0;
    if (job->step == JOB_STOPPED_STEP)
        job->phase = phase_of(job->function, &job->ledger);
    act_simply(actions, JOB_ACTION_REGISTER);
    act(actions, JOB_ACTION_SEND_STORED, event->page, event->generation);
    act_simply(actions, JOB_ACTION_TELL);
    deliver_if_complete(job, actions);
}

static void on_status(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    struct identify_result result;
    if (event->round != job->round)
        return; /* from before a restart */
    identify_merge(job->function, &job->ledger, event->ledger, &result);
    if (is_printing(job)) { /* what has come out of the printer is not forgotten */
        if (job->step == JOB_STOPPED_STEP)
            job->phase = phase_of(job->function, &job->ledger);
        act_simply(actions, JOB_ACTION_REGISTER);
        if (job->step == JOB_PROCESSING_STEP)
            act_simply(actions, JOB_ACTION_FLOW);
    }
    act_simply(actions, JOB_ACTION_TELL);
    deliver_if_complete(job, actions);
}

/* Nothing to register: the client says it again with each account. */
static void on_block_stored(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    if (!is_printing(job) || event->page < 1 || event->page > job->blocks)
        return;
    for (uint32_t sheet = event->page; sheet <= job->ledger.total; sheet += job->blocks)
        if (ledger_get(&job->ledger, sheet).state == PAGE_HELD)
            ledger_set(&job->ledger, sheet, PAGE_RECEIVED, ledger_get(&job->ledger, sheet).generation);
    if (job->step == JOB_PROCESSING_STEP)
        act_simply(actions, JOB_ACTION_FLOW);
    act_simply(actions, JOB_ACTION_TELL);
}

static void on_finished(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    if (is_printing(job) || event->round != job->round || event->page == 0 ||
        event->page > LEDGER_MAX_PAGES || event->page < ledger_last_finished(&job->ledger))
        return;
    job->ledger.total = event->page;
    act_simply(actions, JOB_ACTION_REGISTER);
    act_simply(actions, JOB_ACTION_TELL);
    deliver_if_complete(job, actions);
}

/* ---- 3. Something interferes: the phase is identified and registered, a manner is asked for ----------- */

static void ask(struct job *job, struct job_actions *actions)
{
    job->question = (job->question > job->round ? job->question : job->round) + 1;
    act_simply(actions, JOB_ACTION_REGISTER);
    if (job->link_up)
        act_simply(actions, JOB_ACTION_SEND_QUESTION);
    act_simply(actions, JOB_ACTION_TELL);
}

static void stop(struct job *job, uint16_t code, const char *text)
{
    set_error(job, code, text);
    job->phase = phase_of(job->function, &job->ledger);
    set_step(job, JOB_STOPPED_STEP);
}

static void on_notice(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    struct identify_result found;
    if (event->round < job->round && job->restart_sent)
        return; /* it has crossed the restart command, and another one follows if need be */
    if (event->round < job->round) { /* a restart was commanded that it has not heard of */
        job->restart_sent = true;
        set_error(job, ERROR_NONE, NULL);
        set_step(job, JOB_PROCESSING_STEP);
        act_simply(actions, JOB_ACTION_REGISTER);
        act_simply(actions, JOB_ACTION_SEND_RESTART);
        act_simply(actions, JOB_ACTION_TELL);
        return;
    }
    identify_phase(job->function, &job->ledger, event->ledger, event->claim, &found);
    if (event->page)
        job->interrupted = event->page;
    if (is_complete(job)) {
        deliver_if_complete(job, actions);
        return;
    }
    /* A lost link does not hide what somebody has to look after. */
    bool is_link = error_find(event->code)->class == ERROR_CLASS_LINK;
    bool is_serious = job->held || error_find(job->error)->class == ERROR_CLASS_DEVICE;
    if (!is_link || !is_serious)
        set_error(job, event->code, event->text);
    job->phase = found.phase;
    set_step(job, JOB_STOPPED_STEP);
    if (is_printing(job))
        act_simply(actions, JOB_ACTION_HOLD);
    if (job->held) { /* asked when there is room again */
        act_simply(actions, JOB_ACTION_REGISTER);
        act_simply(actions, JOB_ACTION_SEND_SUSPEND);
        act_simply(actions, JOB_ACTION_TELL);
    } else {
        ask(job, actions);
    }
}

static void on_link_lost(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    (void)event;
    job->link_up = job->restart_sent = false;
    if (job->step == JOB_PROCESSING_STEP)
        stop(job, ERROR_LINK_LOST, NULL);
    if (is_printing(job))
        act_simply(actions, JOB_ACTION_HOLD);
    act_simply(actions, JOB_ACTION_REGISTER);
    act_simply(actions, JOB_ACTION_TELL);
}

/* A sheet that was at the printer, or that nobody knew of before, is not known any better now. */
static enum page_state state_of_lost(enum job_function function, enum page_state state)
{
    if (state == PAGE_STORED || state == PAGE_PRINTED)
        return state;
    if (function == FUNCTION_PRINTING && (state == PAGE_SUBMITTED || state == PAGE_UNCERTAIN))
        return PAGE_UNCERTAIN;
    return PAGE_UNREAD;
}

/* What a client that has lost the job may have done to it. Returns the page that nobody can tell of, 0 when
 * the command has never reached the client. What is stored or printed is not to be counted as lost. */
static uint32_t account_of_nothing(const struct job *job, struct ledger *nothing)
{
    uint32_t page = ledger_first_unread(&job->ledger);
    bool is_begun = is_printing(job) ? ledger_count(&job->ledger, PAGE_HELD) < job->ledger.total
                                     : ledger_last_finished(&job->ledger) > 0 && !job->ledger.total;
    ledger_copy(nothing, &job->ledger);
    for (uint32_t n = 1; n <= nothing->count; n++) {
        struct ledger_page known = ledger_get(nothing, n);
        ledger_set(nothing, n, state_of_lost(job->function, known.state),
                   is_printing(job) || known.state == PAGE_STORED ? known.generation : 0);
    }
    if (is_begun)
        ledger_set(nothing, page, PAGE_UNCERTAIN, ledger_get(nothing, page).generation);
    return is_begun ? page : 0;
}

/* The client is there again. If it has the job in hand, its notice follows. If not, then either the command
 * has never reached it, or it has lost what it knew: then a sheet may have been moved that nobody can tell
 * of. */
static void on_link_up(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    struct ledger nothing = {0};
    job->link_up = true;
    job->restart_sent = false;
    if (event->in_hand) {
        act_simply(actions, JOB_ACTION_TELL);
        return;
    }
    uint32_t page = account_of_nothing(job, &nothing);
    on_notice(job,
              &(struct job_event){.code = !page              ? ERROR_LINK_LOST
                                          : is_printing(job) ? ERROR_PRINT_UNCERTAIN
                                                             : ERROR_ACCOUNT_LOST,
                                  .ledger = &nothing,
                                  .round = job->round,
                                  .page = page},
              actions);
    ledger_free(&nothing);
}

static void on_page_failed(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    job->held = event->code == ERROR_SPOOL_FULL;
    if (job->error == ERROR_NONE || error_find(job->error)->class == ERROR_CLASS_LINK)
        set_error(job, event->code, event->text);
    job->phase = phase_of(job->function, &job->ledger);
    set_step(job, JOB_STOPPED_STEP);
    act_simply(actions, JOB_ACTION_SEND_SUSPEND); /* first: on a full disk the registering may have to wait */
    if (job->held) {
        act_simply(actions, JOB_ACTION_REGISTER);
        act_simply(actions, JOB_ACTION_TELL);
    } else {
        ask(job, actions);
    }
}

static void on_space_made(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    (void)event;
    if (!job->held)
        return;
    job->held = false;
    if (job->delivering) {
        deliver_if_complete(job, actions);
        return;
    }
    ask(job, actions);
}

/* ---- 4. A restart is asked for, at any time after the error ------------------------------------------- */

static void on_restart_requested(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    (void)event;
    if (job->held)
        act_simply(actions, JOB_ACTION_REFUSE);
    else
        ask(job, actions);
}

static void on_refused(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    (void)job, (void)event;
    act_simply(actions, JOB_ACTION_REFUSE);
}

/* ---- 5. The manner is designated: registered, then commanded ------------------------------------------ */

static void close_job(struct job *job, enum job_state state, struct job_actions *actions)
{
    set_error(job, ERROR_NONE, NULL);
    set_step(job, JOB_CLOSED_STEP);
    job->state = (uint8_t)state;
    act_simply(actions, JOB_ACTION_REGISTER);
    act_simply(actions, JOB_ACTION_TELL);
    act_simply(actions, JOB_ACTION_SEND_CLOSED);
}

/* The client is away, and an operator takes what is stored. */
static bool finish_without_client(struct job *job, struct job_actions *actions)
{
    uint32_t page = ledger_first_unstored(&job->ledger) - 1;
    if (is_printing(job) || job->link_up || job->manner != MANNER_FINISH || page == 0)
        return false;
    ledger_revert(&job->ledger, page + 1, job->round);
    job->ledger.total = page;
    if (!is_complete(job)) {
        job->ledger.total = 0;
        return false;
    }
    deliver_if_complete(job, actions);
    return true;
}

static void on_manner_noticed(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    struct manner_offer offers[MANNER_OFFERS_MAX];
    unsigned count = job_offers(job, offers);
    uint32_t page = event->page;
    if (job->held || event->round != job->question || job->question <= job->round) {
        act_simply(actions, JOB_ACTION_REFUSE);
        return;
    }
    if (!manner_resolve(offers, count, event->manner, &page)) {
        act_simply(actions, JOB_ACTION_REFUSE);
        ask(job, actions); /* what was on offer has changed meanwhile */
        return;
    }
    if (event->manner == MANNER_ABANDON) {
        close_job(job, JOB_CANCELED, actions);
        return;
    }
    job->round = job->question;
    job->manner = (enum manner)event->manner;
    job->manner_page = page;
    job->interrupted = 0;
    job->delivering = false;
    job->restart_sent = job->link_up;
    if (finish_without_client(job, actions))
        return;
    /* How much there is in the end, the client says when it has finished: it may have read more by now. */
    uint32_t given_up = job->manner == MANNER_FINISH
                            ? 0
                            : manner_apply(job->function, &job->ledger, job->manner, page, job->round);
    if (is_complete(job)) { /* what had failed was the delivery */
        deliver_if_complete(job, actions);
        return;
    }
    stop(job, job->link_up ? ERROR_NONE : ERROR_LINK_LOST, NULL);
    if (job->link_up)
        set_step(job, JOB_PROCESSING_STEP);
    act_simply(actions, JOB_ACTION_REGISTER);
    if (given_up && !is_printing(job)) /* blocks are kept until the last sheet is out */
        act(actions, JOB_ACTION_DROP_FROM, given_up, job->round);
    if (job->link_up)
        act_simply(actions, JOB_ACTION_SEND_RESTART);
    act_simply(actions, JOB_ACTION_TELL);
}

/* ---- 6. The document ---------------------------------------------------------------------------------- */

static void on_delivered(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    (void)event;
    close_job(job, JOB_COMPLETED, actions);
}

static void on_delivery_failed(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    job->held = event->code == ERROR_SPOOL_FULL;
    if (event->page) { /* it is to be read once more, under a generation of its own */
        ledger_set(&job->ledger, event->page, PAGE_UNREAD, job->question + 1);
        job->interrupted = event->page;
        job->delivering = false;
    }
    stop(job, event->code, event->text);
    if (job->held) {
        act_simply(actions, JOB_ACTION_REGISTER);
        act_simply(actions, JOB_ACTION_TELL);
    } else {
        ask(job, actions);
    }
}

/* ---- 7. The end --------------------------------------------------------------------------------------- */

static void on_canceled(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    (void)event;
    close_job(job, JOB_CANCELED, actions);
}

/* The client has the job in hand, or speaks of it: it has not heard that it is over. */
static void on_closed_already(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    (void)job, (void)event;
    act_simply(actions, JOB_ACTION_SEND_CLOSED);
}

static void on_link_of_delivering(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    (void)actions;
    job->restart_sent = false;
    job->link_up = event->type == JOB_EVENT_LINK_UP;
}

static void ignore(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    (void)job, (void)event, (void)actions;
}

static void drop_page(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    struct ledger_page page = ledger_get(&job->ledger, event->page);
    if (page.state == PAGE_STORED && page.generation == event->generation)
        act(actions, JOB_ACTION_SEND_STORED, event->page, event->generation);
    else
        act(actions, JOB_ACTION_DROP_PAGE, event->page, event->generation);
}

/* ---- The table: what each event means in each state --------------------------------------------------- */

/* clang-format off */
static const step table[JOB_EVENTS][JOB_STEPS] = {
    /*                                 PROCESSING            STOPPED               DELIVERING             CLOSED */
    [JOB_EVENT_OPENED]            = {on_opened,            ignore,               ignore,                ignore},
    [JOB_EVENT_LINK_UP]           = {on_link_up,           on_link_up,           on_link_of_delivering, on_closed_already},
    [JOB_EVENT_LINK_LOST]         = {on_link_lost,         on_link_lost,         on_link_of_delivering, ignore},
    [JOB_EVENT_STATUS]            = {on_status,            on_status,            ignore,                on_closed_already},
    [JOB_EVENT_PAGE_DURABLE]      = {on_page_durable,      on_page_durable,      drop_page,             drop_page},
    [JOB_EVENT_PAGE_FAILED]       = {on_page_failed,       on_page_failed,       ignore,                ignore},
    [JOB_EVENT_BLOCK_STORED]      = {on_block_stored,      on_block_stored,      ignore,                ignore},
    [JOB_EVENT_FINISHED]          = {on_finished,          on_finished,          ignore,                on_closed_already},
    [JOB_EVENT_NOTICE]            = {on_notice,            on_notice,            ignore,                on_closed_already},
    [JOB_EVENT_RESTART_REQUESTED] = {on_refused,           on_restart_requested, on_refused,            on_refused},
    [JOB_EVENT_MANNER_NOTICED]    = {on_refused,           on_manner_noticed,    on_refused,            on_refused},
    [JOB_EVENT_SPACE_MADE]        = {ignore,               on_space_made,        ignore,                ignore},
    [JOB_EVENT_DELIVERED]         = {ignore,               ignore,               on_delivered,          ignore},
    [JOB_EVENT_DELIVERY_FAILED]   = {ignore,               ignore,               on_delivery_failed,    ignore},
    [JOB_EVENT_CANCELED]          = {on_canceled,          on_canceled,          on_canceled,           on_refused},
};
/* clang-format on */

void job_handle(struct job *job, const struct job_event *event, struct job_actions *actions)
{
    actions->count = 0;
    if (event->type == JOB_EVENT_LINK_UP)
        job->connection++;
    table[event->type][job->step](job, event, actions);
    for (unsigned i = 0; i < actions->count; i++) {
        actions->items[i].round =
            actions->items[i].type == JOB_ACTION_SEND_QUESTION ? job->question : job->round;
        actions->items[i].connection = job->connection;
    }
}

bool job_action_is_stale(const struct job *job, const struct job_action *action)
{
    if (action->type < JOB_ACTION_SEND_COMMAND || action->type > JOB_ACTION_SEND_CLOSED)
        return false;
    return action->connection != job->connection ||
           (action->type == JOB_ACTION_SEND_QUESTION &&
            (action->round != job->question || !job_is_stopped(job))) ||
           (action->type == JOB_ACTION_SEND_RESTART && action->round != job->round);
}

void job_init(struct job *job, uint64_t id)
{
    *job = (struct job){
        .id = id, .function = FUNCTION_READING, .state = JOB_PROCESSING, .step = JOB_PROCESSING_STEP};
}

void job_init_printing(struct job *job, uint64_t id, uint32_t blocks, uint32_t copies)
{
    job_init(job, id);
    job->function = FUNCTION_PRINTING;
    job->blocks = blocks;
    job->ledger.total = blocks * copies;
    ledger_set(&job->ledger, job->ledger.total, PAGE_HELD, 0); /* each sheet has an entry */
}

void job_free(struct job *job)
{
    ledger_free(&job->ledger);
}

void job_recover(struct job *job, struct job_actions *actions)
{
    actions->count = 0;
    job->link_up = false;
    job->held = false;
    if (job->state != JOB_PROCESSING && job->state != JOB_STOPPED) {
        job->step = JOB_CLOSED_STEP;
    } else if (job->delivering && job->error == ERROR_NONE) {
        set_step(job, JOB_DELIVERING_STEP);
        act_simply(actions, JOB_ACTION_DELIVER);
    } else if (job->state == JOB_PROCESSING) {
        stop(job, ERROR_LINK_LOST, NULL);
        act_simply(actions, JOB_ACTION_REGISTER);
    } else {
        job->step = JOB_STOPPED_STEP;
    }
}

bool job_wants_page(const struct job *job, uint32_t page, uint32_t generation)
{
    struct ledger_page known = ledger_get(&job->ledger, page);
    return (job->step == JOB_PROCESSING_STEP || job->step == JOB_STOPPED_STEP) && !job->held && page >= 1 &&
           page <= LEDGER_MAX_PAGES && (!job->ledger.total || page <= job->ledger.total) &&
           known.state != PAGE_STORED && known.state != PAGE_SKIPPED && generation >= known.generation;
}

bool job_is_stopped(const struct job *job)
{
    return job->step == JOB_STOPPED_STEP;
}

unsigned job_offers(const struct job *job, struct manner_offer offers[MANNER_OFFERS_MAX])
{
    return manner_offers(&job->ledger, &job->phase, job->error, job->interrupted != 0, offers);
}

const char *job_event_name(enum job_event_type type)
{
    static const char *const names[] = {"opened",       "link-up",         "link-lost",      "reading-status",
                                        "page-durable", "page-failed",     "block-stored",   "finished",
                                        "error-notice", "restart-request", "manner-noticed", "space-made",
                                        "delivered",    "delivery-failed", "canceled"};
    return names[type];
}
