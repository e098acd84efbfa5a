/*
 * What a printing unit does: the steps of job_read.c that are not the same for reading, in time order. A
 * sheet goes
 *
 *   received ─► PRINT_SHEET ─► created at the printer: the ticket is journalled ─► RELEASE_SHEET ─► printed
 *
 * so that nothing can come out of the printer before it is known under which name to ask for it.
 */
#include "clientd/job_steps.h"

#include <stddef.h>

/* ---- Sheets, blocks and slots -------------------------------------------------------------------------- */

uint32_t job_print_block(const struct job_read *job, uint32_t sheet)
{
    return job->blocks && sheet >= 1 && sheet <= job->ledger.total ? (sheet - 1) % job->blocks + 1 : 0;
}

static bool is_spooled(const struct job_read *job, uint32_t block)
{
    return ledger_get(&job->spooled, block).state == PAGE_RECEIVED;
}

bool job_print_wants_block(const struct job_read *job, uint32_t block, uint32_t generation)
{
    if (job->state == JOB_READ_CLOSED || block < 1 || block > job->blocks || is_spooled(job, block))
        return false;
    for (uint32_t sheet = block; sheet <= job->ledger.total; sheet += job->blocks)
        if (ledger_get(&job->ledger, sheet).state == PAGE_HELD &&
            generation >= ledger_get(&job->ledger, sheet).generation)
            return true;
    return false;
}

/* PRINT_SLOTS: none. Sheet 0 is that of a free slot. */
static unsigned place_of(const struct job_read *job, uint32_t sheet)
{
    unsigned place = 0;
    while (place < PRINT_SLOTS && job->slots[place].sheet != sheet)
        place++;
    return place;
}

static struct print_slot *slot_of(struct job_read *job, uint32_t sheet)
{
    unsigned place = place_of(job, sheet);
    return place < PRINT_SLOTS ? &job->slots[place] : NULL;
}

const struct print_slot *job_print_slot(const struct job_read *job, uint32_t sheet)
{
    unsigned place = sheet ? place_of(job, sheet) : PRINT_SLOTS;
    return place < PRINT_SLOTS ? &job->slots[place] : NULL;
}

static bool is_under_way(const struct job_read *job)
{
    return job->slots[0].sheet || job->slots[1].sheet;
}

static bool is_wanted(const struct job_read *job, const struct print_slot *slot)
{
    return !slot->has_ticket || ledger_get(&job->ledger, slot->sheet).state == PAGE_SUBMITTED;
}

/* What the printer has not been told of is forgotten with the unit. */
static void drop_untold(struct job_read *job)
{
    for (unsigned i = 0; i < PRINT_SLOTS; i++)
        if (!job->slots[i].has_ticket)
            job->slots[i] = (struct print_slot){0};
}

static void set_state(struct job_read *job, uint32_t sheet, enum page_state state)
{
    ledger_set(&job->ledger, sheet, state, ledger_get(&job->ledger, sheet).generation);
}

/* Nothing has happened to the sheet: it is received when its block is there. */
static void set_untouched(struct job_read *job, uint32_t sheet)
{
    set_state(job, sheet, is_spooled(job, job_print_block(job, sheet)) ? PAGE_RECEIVED : PAGE_HELD);
}

static bool is_untouched(const struct job_read *job, uint32_t sheet)
{
    uint8_t state = ledger_get(&job->ledger, sheet).state;
    return state == PAGE_HELD || state == PAGE_RECEIVED;
}

static void refresh_untouched(struct job_read *job)
{
    for (uint32_t sheet = 1; sheet <= job->ledger.total; sheet++)
        if (is_untouched(job, sheet))
            set_untouched(job, sheet);
}

/* ---- 1. Blocks arrive, and sheets go to the unit ------------------------------------------------------- */

/* A lost link, a full spool: the printer has nothing to do with that. */
static bool is_going(const struct job_read *job)
{
    return job->unit == UNIT_RUNNING && job->state != JOB_READ_RESTARTING && job->state != JOB_READ_CLOSED &&
           !job->fresh_error && error_find(job->error)->class == ERROR_CLASS_LINK;
}

/* The next sheet for the unit, 0 for none: sheets come out in order, so it is the first that is left or none.
 */
static uint32_t next_sheet(struct job_read *job)
{
    for (uint32_t sheet = ledger_first_unstored(&job->ledger); sheet <= job->ledger.total; sheet++) {
        if (ledger_is_settled(&job->ledger, sheet) || slot_of(job, sheet))
            continue;
        return ledger_get(&job->ledger, sheet).state == PAGE_RECEIVED ? sheet : 0;
    }
    return 0;
}

static void finish_printing(struct job_read *job, struct job_read_actions *actions)
{
    job->running = false;
    job_act_simply(actions, ACTION_SAVE);
    job_act_simply(actions, ACTION_SEND_STATUS);
    if (job->unit == UNIT_RUNNING)
        job_act_simply(actions, ACTION_END_UNIT);
    job_act_simply(actions, ACTION_TELL);
}

/* Tells the unit what it can do next. */
static void print_on(struct job_read *job, struct job_read_actions *actions)
{
    struct print_slot *slot;
    uint32_t sheet;
    if (!is_going(job))
        return;
    for (unsigned i = 0; i < PRINT_SLOTS; i++)
        if (job->slots[i].sheet && !is_wanted(job, &job->slots[i]))
            return; /* it has to be off the printer first */
    if (ledger_is_printed(&job->ledger) && !is_under_way(job)) {
        finish_printing(job, actions);
        return;
    }
    while ((slot = slot_of(job, 0)) && (sheet = next_sheet(job))) {
        *slot = (struct print_slot){.sheet = sheet};
        job_act(actions, (struct job_read_action){.type = ACTION_PRINT_SHEET, .page = sheet});
    }
}

/* The unit begins, and first hears what an earlier run has left at the printer. */
static void start_unit(struct job_read *job, struct job_read_actions *actions)
{
    job->unit = UNIT_RUNNING;
    job->running = true;
    job_act_simply(actions, ACTION_SAVE);
    job_act_simply(actions, ACTION_START_UNIT);
    for (unsigned i = 0; i < PRINT_SLOTS; i++) {
        struct print_slot *slot = &job->slots[i];
        slot->is_adopted = slot->sheet != 0;
        if (slot->sheet)
            job_act(actions, (struct job_read_action){.type = ACTION_ADOPT_SHEET,
                                                      .page = slot->sheet,
                                                      .cancel = !is_wanted(job, slot)});
    }
}

void job_block_received(struct job_read *job, const struct job_read_event *event,
                        struct job_read_actions *actions)
{
    if (event->page < 1 || event->page > job->blocks)
        return;
    ledger_set(&job->spooled, event->page, PAGE_RECEIVED, event->generation);
    for (uint32_t sheet = event->page; sheet <= job->ledger.total; sheet += job->blocks)
        if (ledger_get(&job->ledger, sheet).state == PAGE_HELD)
            set_state(job, sheet, PAGE_RECEIVED);
    /* Nothing to save: the block's files say it. */
    job_act(actions, (struct job_read_action){.type = ACTION_SEND_STORED, .page = event->page});
    job_act_simply(actions, ACTION_TELL);
    print_on(job, actions);
}

/* ---- 2. What the unit says of a sheet ------------------------------------------------------------------ */

void job_sheet_created(struct job_read *job, const struct job_read_event *event,
                       struct job_read_actions *actions)
{
    struct print_slot *slot = event->page ? slot_of(job, event->page) : NULL;
    if (!slot || slot->has_ticket)
        return;
    slot->has_ticket = true;
    slot->ticket = *event->ticket;
    set_state(job, event->page, PAGE_SUBMITTED);
    job_act_simply(actions, ACTION_SAVE);
    if (job->unit == UNIT_RUNNING)
        job_act(actions, (struct job_read_action){.type = ACTION_RELEASE_SHEET, .page = event->page});
    job_act_simply(actions, ACTION_TELL);
}

/* No sheet that is left goes onto the block any more: an earlier page is sent again when it is asked for. */
static void drop_block(struct job_read *job, uint32_t block, struct job_read_actions *actions)
{
    for (uint32_t sheet = block; sheet <= job->ledger.total; sheet += job->blocks)
        if (!ledger_is_settled(&job->ledger, sheet))
            return;
    if (!is_spooled(job, block))
        return;
    job_act(actions, (struct job_read_action){.type = ACTION_DROP_PAGE,
                                              .page = block,
                                              .generation = ledger_get(&job->spooled, block).generation});
    ledger_set(&job->spooled, block, PAGE_HELD, 0);
}

/* The sheet is off the printer: gives its slot free. False when nothing was known of it at the printer. */
static bool take_slot(struct job_read *job, uint32_t sheet, bool *was_wanted)
{
    struct print_slot *slot = sheet ? slot_of(job, sheet) : NULL;
    if (!slot)
        return false;
    *was_wanted = slot->has_ticket && is_wanted(job, slot);
    *slot = (struct print_slot){0};
    return true;
}

void job_sheet_printed(struct job_read *job, const struct job_read_event *event,
                       struct job_read_actions *actions)
{
    bool was_wanted;
    if (!take_slot(job, event->page, &was_wanted))
        return;
    if (was_wanted) { /* else it has come out, and is to be printed once more all the same */
        set_state(job, event->page, PAGE_PRINTED);
        if (job->interrupted == event->page)
            job->interrupted = 0;
        if (job->again == event->page)
            job->again = 0;
    }
    job_act_simply(actions, ACTION_SAVE);
    job_act_simply(actions, ACTION_SEND_STATUS);
    if (was_wanted)
        drop_block(job, job_print_block(job, event->page), actions);
    job_act_simply(actions, ACTION_TELL);
    print_on(job, actions);
}

/* Of a sheet that it was told to print, the unit says why behind this. One that an earlier run has left
 * without its data is simply printed. */
void job_sheet_not_printed(struct job_read *job, const struct job_read_event *event,
                           struct job_read_actions *actions)
{
    const struct print_slot *slot = job_print_slot(job, event->page);
    bool was_wanted, was_adopted = slot && slot->is_adopted;
    if (!take_slot(job, event->page, &was_wanted))
        return;
    if (was_wanted) {
        set_untouched(job, event->page);
        if (!was_adopted) /* what has been said of another sheet stands */
            job->fresh_error = true;
    }
    job_act_simply(actions, ACTION_SAVE);
    job_act_simply(actions, ACTION_TELL);
    print_on(job, actions);
}

void job_sheet_uncertain(struct job_read *job, const struct job_read_event *event,
                         struct job_read_actions *actions)
{
    bool was_wanted;
    if (!take_slot(job, event->page, &was_wanted))
        return;
    if (was_wanted) {
        set_state(job, event->page, PAGE_UNCERTAIN);
        job->fresh_error = true;
    }
    job_act_simply(actions, ACTION_SAVE);
    job_act_simply(actions, ACTION_SEND_STATUS);
    job_act_simply(actions, ACTION_TELL);
    print_on(job, actions);
}

/* ---- 3. Something interferes --------------------------------------------------------------------------- */

static void on_unit_failed(struct job_read *job, const struct job_read_event *event,
                           struct job_read_actions *actions)
{
    uint32_t block = job_print_block(job, event->page);
    job->unit = UNIT_IDLE;
    job->running = false;
    drop_untold(job);
    if (event->code == ERROR_BLOCK_LOST && block) { /* it comes again, in its place */
        ledger_set(&job->spooled, block, PAGE_HELD, 0);
        refresh_untouched(job);
    }
    job_set_error(job, event->code, event->text);
    job->fresh_error = error_find(event->code)->class == ERROR_CLASS_DEVICE;
    job->interrupted = event->page;
    job_stop_with_notice(job, actions);
}

static void on_unit_ended(struct job_read *job, const struct job_read_event *event,
                          struct job_read_actions *actions)
{
    if (!ledger_is_printed(&job->ledger) || is_under_way(job)) {
        on_unit_failed(job, event, actions);
        return;
    }
    job->unit = UNIT_IDLE; /* all was done */
    job->running = false;
}

static void on_unit_finished(struct job_read *job, const struct job_read_event *event,
                             struct job_read_actions *actions)
{
    (void)event;
    on_unit_ended(job, &(struct job_read_event){.code = ERROR_PRINTER_DIED}, actions);
}

/* The printer has what is there, and goes on with it. */
void job_block_failed(struct job_read *job, const struct job_read_event *event,
                      struct job_read_actions *actions)
{
    job->space = false;
    if (job->state == JOB_READ_RESTARTING)
        job->block_error = event->code; /* told as soon as the restart is carried out */
    if (job->state == JOB_READ_RESTARTING || error_find(job->error)->class == ERROR_CLASS_DEVICE)
        return;
    job_set_error(job, event->code, event->text);
    job->state = JOB_READ_STOPPED;
    job_act_simply(actions, ACTION_SEND_NOTICE); /* not saved: there may be no room for it */
    job_act_simply(actions, ACTION_TELL);
}

/* ---- 4. The road of all jobs --------------------------------------------------------------------------- */

/* The server knows of sheets only what this side has told it. It knows more when the journal was lost: then
 * what it calls uncertain is not printed before somebody has said so. */
static void take_over(struct job_read *job, const struct ledger *server, struct job_read_actions *actions)
{
    (void)actions;
    for (uint32_t sheet = 1; sheet <= job->ledger.total; sheet++) {
        struct ledger_page ours = ledger_get(&job->ledger, sheet), theirs = ledger_get(server, sheet);
        bool is_final = theirs.state == PAGE_PRINTED || theirs.state == PAGE_SKIPPED;
        if (theirs.generation > job->round)
            continue; /* of a restart that this side has not heard of */
        if (is_final && theirs.generation >= ours.generation && !ledger_is_settled(&job->ledger, sheet) &&
            ours.state != PAGE_SUBMITTED)
            ledger_set(&job->ledger, sheet, theirs.state, theirs.generation);
        else if (theirs.generation > ours.generation)
            ledger_set(&job->ledger, sheet, PAGE_HELD, theirs.generation);
        if (theirs.state == PAGE_UNCERTAIN && is_untouched(job, sheet) &&
            theirs.generation == ledger_get(&job->ledger, sheet).generation)
            set_state(job, sheet, PAGE_UNCERTAIN);
    }
    refresh_untouched(job);
}

static void apply(struct job_read *job, bool is_covered, struct job_read_actions *actions)
{
    enum manner manner = job->pending.manner;
    (void)actions;
    if (manner == MANNER_RESUME && is_covered &&
        ledger_get(&job->ledger, job->pending.page).state == PAGE_UNCERTAIN)
        job->again = job->pending.page;
    /* Of a sheet that has become uncertain since the question, the user has not said anything. */
    if (manner != MANNER_RESUME || is_covered)
        manner_apply(FUNCTION_PRINTING, &job->ledger, manner, job->pending.page, job->round);
}

static bool has_failed_since(const struct job_read *job)
{
    return job->fresh_error;
}

static struct designation_situation situation(const struct job_read *job)
{
    uint32_t uncertain = ledger_first_uncertain(&job->ledger);
    return (struct designation_situation){.interrupted = job->interrupted,
                                          .is_uncertain =
                                              uncertain > 0 || job->question.error == ERROR_PRINT_UNCERTAIN,
                                          .was_printed_again = uncertain > 0 && uncertain == job->again};
}

static bool waits_for_space(const struct job_read *job)
{
    return job->error == ERROR_SPOOL_FULL && !job->space;
}

/* What it has said while it was stopping is answered by the restart, but for a sheet of which nobody knows:
 * to resume does not mean to print that once more. */
static void unit_gone(struct job_read *job)
{
    uint32_t uncertain = ledger_first_uncertain(&job->ledger);
    drop_untold(job);
    job->fresh_error = job->pending.manner == MANNER_RESUME && uncertain;
    if (job->fresh_error) {
        job_set_error(job, ERROR_PRINT_UNCERTAIN, NULL);
        job->interrupted = uncertain;
    }
}

static void go_on(struct job_read *job, struct job_read_actions *actions)
{
    job->interrupted = job->unit == UNIT_IDLE ? ledger_first_uncertain(&job->ledger) : 0;
    if (job->interrupted) { /* each is a question of its own, and all come before the printer goes on */
        job_set_error(job, ERROR_PRINT_UNCERTAIN, NULL);
        job->fresh_error = true;
        job_stop_with_notice(job, actions);
        return;
    }
    if (job->unit == UNIT_IDLE && ledger_is_printed(&job->ledger) && !is_under_way(job)) {
        finish_printing(job, actions);
        return;
    }
    if (job->unit == UNIT_IDLE)
        start_unit(job, actions);
    else
        job_act_simply(actions, ACTION_SAVE);
    print_on(job, actions);
    if (job->block_error != ERROR_NONE)
        job_block_failed(job, &(struct job_read_event){.code = job->block_error}, actions);
    job->block_error = ERROR_NONE;
}

/* ---- 5. The end ---------------------------------------------------------------------------------------- */

/* What an earlier run has left at the printer is not to come out after the job is over. */
static void leave(struct job_read *job, struct job_read_actions *actions)
{
    if (!is_under_way(job)) {
        job_act_simply(actions, ACTION_FORGET);
        return;
    }
    for (unsigned i = 0; i < PRINT_SLOTS; i++)
        if (job->slots[i].sheet)
            set_untouched(job, job->slots[i].sheet);
    start_unit(job, actions);
}

void job_sheet_gone_at_last(struct job_read *job, const struct job_read_event *event,
                            struct job_read_actions *actions)
{
    bool was_wanted;
    if (take_slot(job, event->page, &was_wanted) && !is_under_way(job) && job->unit == UNIT_RUNNING)
        job_act_simply(actions, ACTION_END_UNIT);
}

const struct job_kind job_kind_printing = {
    .go_on = go_on,
    .take_over = take_over,
    .apply = apply,
    .has_failed_since = has_failed_since,
    .situation = situation,
    .waits_for_space = waits_for_space,
    .unit_finished = on_unit_finished,
    .unit_failed = on_unit_ended,
    .unit_gone = unit_gone,
    .leave = leave,
};

/* ---- Beginning ----------------------------------------------------------------------------------------- */

void job_print_set_order(struct job_read *job, uint32_t blocks, uint32_t copies)
{
    job->blocks = blocks;
    job->copies = copies;
    job->ledger.total = blocks * copies;
    if (job->ledger.count < job->ledger.total) /* each sheet has an entry */
        set_state(job, job->ledger.total, ledger_get(&job->ledger, job->ledger.total).state);
}

void job_print_init(struct job_read *job, uint64_t id, uint32_t blocks, uint32_t copies,
                    const struct designation_policy *policy)
{
    *job = (struct job_read){.id = id, .function = FUNCTION_PRINTING, .policy = policy};
    job_print_set_order(job, blocks, copies);
}

void job_print_recover(struct job_read *job)
{
    job->state = JOB_READ_STOPPED;
    job->unit = UNIT_IDLE;
    drop_untold(job);
    for (uint32_t sheet = 1; sheet <= job->ledger.total; sheet++)
        if (ledger_get(&job->ledger, sheet).state == PAGE_SUBMITTED && !slot_of(job, sheet))
            set_state(job, sheet, PAGE_UNCERTAIN); /* a journal that contradicts itself */
    refresh_untouched(job);
    if (ledger_first_uncertain(&job->ledger) && error_find(job->error)->class != ERROR_CLASS_DEVICE)
        job_set_error(job, ERROR_PRINT_UNCERTAIN, NULL);
    else if (job->running && job->error == ERROR_NONE)
        job_set_error(job, ERROR_PRINT_RESTARTED, NULL);
    else if (job->error == ERROR_NONE)
        job_set_error(job, ERROR_LINK_LOST, NULL);
    job->running = false;
    job->fresh_error = error_find(job->error)->class == ERROR_CLASS_DEVICE;
}
