/* What a reading unit does: the steps of job_read.c that are not the same for printing, in time order. */
#include "clientd/job_steps.h"

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
    job_act_simply(actions, ACTION_SAVE);
    job_act(actions, (struct job_read_action){.type = ACTION_SEND_FINISHED, .page = job->ledger.total});
    job_act_simply(actions, ACTION_TELL);
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
    job_act_simply(actions, ACTION_SAVE);
    job_act(actions, start);
    job_act_simply(actions, ACTION_TELL);
}

void job_page_begun(struct job_read *job, const struct job_read_event *event,
                    struct job_read_actions *actions)
{
    if (event->page > job->expected)
        job->expected = event->page;
    job_act_simply(actions, ACTION_TELL);
}

void job_page_read(struct job_read *job, const struct job_read_event *event, struct job_read_actions *actions)
{
    struct ledger_page page = ledger_get(&job->ledger, event->page);
    if (page.state == PAGE_STORED || event->generation < page.generation)
        return;
    if (ledger_set(&job->ledger, event->page, PAGE_READ, event->generation) < 0) {
        if (job->unit != UNIT_STOPPING) /* it reads pages that no job can have */
            job_act_simply(actions, ACTION_STOP_UNIT);
        job->unit = UNIT_STOPPING;
        return;
    }
    if (job->interrupted == event->page)
        job->interrupted = 0;
    /* Nothing to save: the page's files say it. */
    job_act_simply(actions, ACTION_SEND_STATUS);
    job_act_simply(actions, ACTION_TELL);
}

/* ---- 2. Something interferes at the device ------------------------------------------------------------- */

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
    job_set_error(job, event->code, event->text);
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
    job_stop_with_notice(job, actions);
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
void job_unit_paused(struct job_read *job, const struct job_read_event *event,
                     struct job_read_actions *actions)
{
    (void)event;
    if (job->unit != UNIT_RUNNING)
        return;
    job->unit = UNIT_PAUSED;
    job->space = false;
    job_set_error(job, ERROR_SPOOL_FULL, NULL);
    job->fresh_error = true;
    job->state = JOB_READ_STOPPED;
    job_act_simply(actions,
                   ACTION_SEND_NOTICE); /* not saved: there is no room for it, and nothing to recover */
    job_act_simply(actions, ACTION_TELL);
}

void job_page_damaged(struct job_read *job, const struct job_read_event *event,
                      struct job_read_actions *actions)
{
    struct ledger_page page = ledger_get(&job->ledger, event->page);
    if (page.state != PAGE_READ)
        return;
    ledger_set(&job->ledger, event->page, PAGE_UNREAD, page.generation + 1);
    job_set_error(job, ERROR_PAGE_LOST, NULL);
    job->fresh_error = true;
    job_act_simply(actions, ACTION_HOLD);
    job_stop_with_notice(job, actions);
}

void job_page_stored(struct job_read *job, const struct job_read_event *event,
                     struct job_read_actions *actions)
{
    struct ledger_page page = ledger_get(&job->ledger, event->page);
    if (page.state != PAGE_READ || page.generation != event->generation)
        return;
    ledger_set(&job->ledger, event->page, PAGE_STORED, event->generation);
    job_act(actions, (struct job_read_action){
                         .type = ACTION_DROP_PAGE, .page = event->page, .generation = event->generation});
    job_act_simply(actions, ACTION_SAVE); /* behind the drop: on a full disk that makes the room */
    job_act_simply(actions, ACTION_TELL);
}

/* ---- 3. The road of all jobs --------------------------------------------------------------------------- */

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
    job_act_simply(actions, ACTION_DROP_STORED);
}

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
        job_act_simply(actions, ACTION_CONTINUE_UNIT);
        job_act_simply(actions, ACTION_SAVE);
        break;
    case UNIT_RUNNING: /* the link was lost, not the page */
    case UNIT_STOPPING:
        job_act_simply(actions, ACTION_SAVE);
        break;
    }
}

static void apply(struct job_read *job, bool is_covered, struct job_read_actions *actions)
{
    enum manner manner = job->pending.manner;
    uint32_t page = job->pending.page, last = ledger_last_finished(&job->ledger);
    (void)is_covered;
    if (manner == MANNER_FINISH && last > page)
        page = last; /* more has been read since the question: it belongs to the result */
    uint32_t given_up = manner_apply(FUNCTION_READING, &job->ledger, manner, page, job->round);
    if (given_up)
        job_act(actions, (struct job_read_action){
                             .type = ACTION_DROP_FROM, .page = given_up, .generation = job->round});
    if (manner == MANNER_RESTART)
        job->expected = 0; /* a fresh execution: nobody says how many sheets there are */
}

static bool has_failed_since(const struct job_read *job)
{
    return job->fresh_error && job->unit == UNIT_IDLE;
}

/* A page before the last one has to be read again, or the feeder holds a page that is known to exist. */
static struct designation_situation situation(const struct job_read *job)
{
    uint32_t next = ledger_first_unread(&job->ledger);
    return (struct designation_situation){.interrupted = job->interrupted,
                                          .hole = next <= ledger_last_finished(&job->ledger) ||
                                                  (job->unit == UNIT_IDLE && next <= job->expected)};
}

static bool waits_for_space(const struct job_read *job)
{
    return job->unit == UNIT_PAUSED && !job->space;
}

static void unit_gone(struct job_read *job)
{
    job->fresh_error = false;
}

static void leave(struct job_read *job, struct job_read_actions *actions)
{
    (void)job;
    job_act_simply(actions, ACTION_FORGET);
}

const struct job_kind job_kind_reading = {
    .go_on = go_on,
    .take_over = take_over,
    .apply = apply,
    .has_failed_since = has_failed_since,
    .situation = situation,
    .waits_for_space = waits_for_space,
    .unit_finished = on_unit_finished,
    .unit_failed = on_unit_failed,
    .unit_gone = unit_gone,
    .leave = leave,
};

/* ---- Beginning and end --------------------------------------------------------------------------------- */

void job_read_init(struct job_read *job, uint64_t id, uint32_t limit, bool flatbed,
                   const struct designation_policy *policy)
{
    *job = (struct job_read){
        .id = id, .function = FUNCTION_READING, .limit = limit, .flatbed = flatbed, .policy = policy};
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
        job_set_error(job, ERROR_LINK_LOST, NULL);
    job->fresh_error = error_find(job->error)->class == ERROR_CLASS_DEVICE;
}
