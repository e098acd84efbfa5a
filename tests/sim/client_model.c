/* The client: its job machine, the actions in their order, the spool, and the reading unit. */
#include "tests/sim/sim.h"

#include <string.h>

static void copy_durable(struct job_read *to, const struct job_read *from)
{
    ledger_copy(&to->ledger, &from->ledger);
    to->id = from->id;
    to->round = from->round;
    to->expected = from->expected;
    to->limit = from->limit;
    to->flatbed = from->flatbed;
    to->running = from->running;
    to->error = from->error;
    to->interrupted = from->interrupted;
    memcpy(to->text, from->text, sizeof to->text);
}

void client_event(struct world *world, struct job_read_event event)
{
    struct client *client = &world->client;
    struct job_read_actions actions;
    if (!client->has_job)
        return;
    enum job_read_state before = client->job.state;
    job_read_handle(&client->job, &event, &actions);
    tell(world, "client: %s page %u round %u: %s -> %s", job_read_event_name(event.type), event.page,
         event.round, job_read_state_name(before), job_read_state_name(client->job.state));
    for (unsigned i = 0; i < actions.count; i++) {
        if (client->fifo_count == FIFO_MAX) {
            broken(world, "the client's actions pile up");
            return;
        }
        client->fifo[client->fifo_count++] = actions.items[i];
    }
}

/* ---- Actions ------------------------------------------------------------------------------------------ */

static void send_to_server(struct world *world, struct message message)
{
    if (world->link.client_up)
        link_send(world, &world->link.to_server, message);
    else
        ledger_free(&message.ledger);
}

static void send_account(struct world *world, enum message_type type, uint32_t round)
{
    struct job_read *job = &world->client.job;
    struct phase phase = phase_of(FUNCTION_READING, &job->ledger);
    struct message message = {.type = type,
                              .round = round,
                              .code = job->error ? job->error : ERROR_LINK_LOST,
                              .page = job->interrupted,
                              .claim = phase_to_record(&phase)};
    ledger_copy(&message.ledger, &job->ledger);
    send_to_server(world, message);
}

static void drop_from(struct client *client, uint32_t page, uint32_t generation)
{
    for (unsigned i = client->spool.count; i-- > 0;) {
        struct page_file file = client->spool.files[i];
        if (file.page >= page && file.generation < generation)
            files_drop(&client->spool, file.page, file.generation);
    }
}

static void drop_stored(struct client *client)
{
    for (unsigned i = client->spool.count; i-- > 0;) {
        struct page_file file = client->spool.files[i];
        if (file.whole && ledger_get(&client->job.ledger, file.page).state == PAGE_STORED)
            files_drop(&client->spool, file.page, file.generation);
    }
}

static void forget(struct client *client)
{
    job_read_free(&client->job);
    client->has_job = false;
    client->has_record = false;
    client->spool.count = 0;
    client->fifo_count = 0;
    client->saving = false;
    page_send_free(&client->send);
}

static void carry_out(struct world *world, struct job_read_action action)
{
    struct client *client = &world->client;
    struct job_read *job = &client->job;
    if (job_read_action_is_stale(job, &action))
        return;
    switch (action.type) {
    case ACTION_SAVE:
        client->saving = true;
        copy_durable(&client->saved, job);
        break;
    case ACTION_START_UNIT:
        client->unit = (struct unit){.running = true,
                                     .page = action.page,
                                     .count = action.count,
                                     .generation = action.generation,
                                     .expected = job->expected};
        break;
    case ACTION_CONTINUE_UNIT:
        client->unit.paused = false;
        break;
    case ACTION_STOP_UNIT:
        client->unit.stopping = true;
        client->unit.paused = false;
        if (!client->unit.running)
            client_event(world, (struct job_read_event){.type = EVENT_UNIT_FAILED, .code = ERROR_UNIT_DIED});
        break;
    case ACTION_DROP_PAGE:
        files_drop(&client->spool, action.page, action.generation);
        break;
    case ACTION_DROP_STORED:
        drop_stored(client);
        break;
    case ACTION_DROP_FROM:
        drop_from(client, action.page, action.generation);
        break;
    case ACTION_FLOW:
        client->send.flowing = true;
        break;
    case ACTION_HOLD:
        page_send_reset(&client->send);
        break;
    case ACTION_SEND_NOTICE:
        send_account(world, MESSAGE_NOTICE, action.round);
        break;
    case ACTION_SEND_READING_STATUS:
        send_account(world, MESSAGE_STATUS, action.round);
        break;
    case ACTION_SEND_FINISHED:
        send_to_server(
            world, (struct message){.type = MESSAGE_FINISHED, .page = action.page, .round = action.round});
        break;
    case ACTION_SEND_MANNER:
        send_to_server(world, (struct message){.type = MESSAGE_MANNER,
                                               .round = action.round,
                                               .manner = action.manner,
                                               .page = action.page});
        break;
    case ACTION_SEND_RESTART:
        send_to_server(world, (struct message){.type = MESSAGE_RESTART_REQUEST});
        break;
    case ACTION_TELL:
    case ACTION_REFUSE:
        break;
    case ACTION_FORGET:
        forget(client);
        break;
    }
}

static uint64_t whole_length(void *context, uint32_t page, uint32_t generation)
{
    (void)context, (void)page, (void)generation;
    return CHUNKS_PER_PAGE;
}

/* One frame of the pages that flow. */
static bool send_page(struct world *world)
{
    struct client *client = &world->client;
    struct unit *unit = &client->unit;
    struct page_growing growing = {0};
    uint64_t available;
    if (!client->has_job || !world->link.client_up || world->link.to_server.count > 8)
        return false;
    if (unit->running && unit->in_page)
        growing = (struct page_growing){unit->page, unit->generation, unit->chunks};
    enum page_send_step step =
        page_send_next(&client->send, &client->job.ledger, &growing, whole_length, NULL, &available);
    if (step == PAGE_SEND_NOTHING)
        return false;
    struct page_send *send = &client->send;
    struct page_file *file = files_find(&client->spool, send->page, send->generation);
    if (!file) {
        broken(world, "page %u is to be sent and is not in the spool", send->page);
        return false;
    }
    struct message message = {.page = send->page,
                              .generation = send->generation,
                              .sheet = file->sheet,
                              .offset = (uint32_t)send->offset};
    if (step == PAGE_SEND_BEGIN) {
        message.type = MESSAGE_PAGE_BEGIN;
        page_send_began(send);
    } else if (step == PAGE_SEND_DATA) {
        message.type = MESSAGE_PAGE_DATA;
        page_send_advance(send, 1);
    } else {
        message.type = MESSAGE_PAGE_END;
        page_send_ended(send);
    }
    link_send(world, &world->link.to_server, message);
    return true;
}

bool client_step(struct world *world)
{
    struct client *client = &world->client;
    if (!client->alive) {
        client_start(world);
        return true;
    }
    if (client->saving && chance(world, 2)) {
        if (client->full)
            return false;
        copy_durable(&client->record, &client->saved);
        client->has_record = true;
        client->saving = false;
        return true;
    }
    if (!client->saving && client->fifo_count && chance(world, 3)) {
        struct job_read_action action = client->fifo[0];
        memmove(client->fifo, client->fifo + 1, --client->fifo_count * sizeof *client->fifo);
        carry_out(world, action);
        return true;
    }
    return send_page(world);
}

/* ---- The reading unit --------------------------------------------------------------------------------- */

/* The unit ends with an error; `sheet_out`: what was in the path has come out at the other end, unread. */
void unit_end(struct world *world, uint16_t code, bool sheet_out)
{
    struct unit *unit = &world->client.unit;
    uint32_t page = unit->in_page ? unit->page : 0;
    unit->running = unit->in_page = false;
    if (sheet_out)
        world->paper.in_path = 0;
    tell(world, "unit: ends with %s, page %u", error_find(code)->keyword, page);
    client_event(world, (struct job_read_event){.type = EVENT_UNIT_FAILED, .code = code, .page = page});
}

static void finish_unit(struct world *world, bool medium_ended)
{
    struct unit *unit = &world->client.unit;
    unit->running = false;
    tell(world, "unit: finished before page %u, %s", unit->page,
         medium_ended ? "no more sheets" : "count reached");
    client_event(world, (struct job_read_event){.type = EVENT_UNIT_FINISHED,
                                                .page = unit->page - 1,
                                                .medium_ended = medium_ended});
}

static void begin_page(struct world *world)
{
    struct client *client = &world->client;
    struct unit *unit = &client->unit;
    if (world->paper.jammed) {
        unit->in_page = world->paper.in_path != 0;
        unit_end(world, ERROR_MEDIA_JAM, false);
        return;
    }
    if (!paper_take_sheet(&world->paper, &unit->sheet)) {
        bool known = unit->page <= unit->expected && world->sabotage != SABOTAGE_EMPTY_IS_END;
        if (known) {
            unit->in_page = true;
            unit_end(world, ERROR_SHEET_UNCERTAIN, false);
        } else if (unit->page == 1) {
            unit_end(world, ERROR_MEDIA_EMPTY, false);
        } else {
            finish_unit(world, true);
        }
        return;
    }
    unit->in_page = true;
    unit->chunks = 0;
    files_put(world, &client->spool,
              (struct page_file){.page = unit->page, .generation = unit->generation, .sheet = unit->sheet});
    tell(world, "unit: page %u from sheet %u, generation %u", unit->page, unit->sheet, unit->generation);
    client_event(world, (struct job_read_event){
                            .type = EVENT_PAGE_BEGUN, .page = unit->page, .generation = unit->generation});
}

static void end_page(struct world *world)
{
    struct client *client = &world->client;
    struct unit *unit = &client->unit;
    struct page_file *file = files_find(&client->spool, unit->page, unit->generation);
    if (file)
        file->whole = true;
    world->paper.in_path = 0;
    world->paper.reads[unit->sheet]++;
    unit->in_page = false;
    tell(world, "unit: page %u is read", unit->page);
    client_event(world, (struct job_read_event){
                            .type = EVENT_PAGE_READ, .page = unit->page, .generation = unit->generation});
    unit->page++;
    if (unit->count && --unit->count == 0)
        finish_unit(world, false);
}

bool unit_step(struct world *world)
{
    struct client *client = &world->client;
    struct unit *unit = &client->unit;
    if (!client->alive || !unit->running)
        return false;
    if (unit->stopping) {
        unit_end(world, ERROR_UNIT_DIED, one_in(world, 2));
        return true;
    }
    if (unit->paused)
        return false;
    if (client->full && unit->in_page) {
        unit->paused = true;
        client_event(world, (struct job_read_event){.type = EVENT_UNIT_PAUSED});
        return true;
    }
    if (!unit->in_page)
        begin_page(world);
    else if (unit->chunks < CHUNKS_PER_PAGE)
        unit->chunks++;
    else
        end_page(world);
    return true;
}

/* ---- Life and death ----------------------------------------------------------------------------------- */

/* The unit dies with the daemon; a sheet in its path stays there or comes out. */
void client_crash(struct world *world)
{
    struct client *client = &world->client;
    tell(world, "FAULT: the client dies");
    if (client->unit.in_page && one_in(world, 2))
        world->paper.in_path = 0;
    client->unit = (struct unit){0};
    if (client->has_job)
        job_read_free(&client->job);
    client->has_job = client->alive = client->saving = false;
    client->fifo_count = 0;
    page_send_free(&client->send);
    world->link.client_up = false;
    link_drop(&world->link.to_client);
}

void client_start(struct world *world)
{
    struct client *client = &world->client;
    uint32_t begun = 0;
    client->alive = true;
    tell(world, "client: starts, %s", client->has_record ? "with its job" : "without a job");
    if (!client->has_record)
        return;
    struct job_read *job = &client->job;
    job_read_init(job, 1, 0, false, &client->policy);
    copy_durable(job, &client->record);
    client->has_job = true;
    for (uint32_t page = 1; page <= job->ledger.count; page++)
        if (ledger_get(&job->ledger, page).state == PAGE_READ)
            ledger_set(&job->ledger, page, PAGE_UNREAD, ledger_get(&job->ledger, page).generation);
    for (unsigned i = 0; i < client->spool.count; i++) {
        struct page_file *file = &client->spool.files[i];
        struct ledger_page known = ledger_get(&job->ledger, file->page);
        if (file->generation < known.generation || known.state == PAGE_STORED)
            continue;
        if (file->whole)
            ledger_set(&job->ledger, file->page, PAGE_READ, file->generation);
        else if (file->page > begun)
            begun = file->page;
    }
    if (begun && ledger_is_settled(&job->ledger, begun))
        begun = 0;
    job_read_recover(job, begun);
}

/* ---- Messages from the server ------------------------------------------------------------------------- */

void client_connected(struct world *world)
{
    struct client *client = &world->client;
    struct message hello = {.type = MESSAGE_HELLO, .flag = client->has_job};
    world->link.client_up = true;
    world->link.greeted = false;
    page_send_reset(&client->send);
    link_send(world, &world->link.to_server, hello);
}

static void make_job(struct world *world)
{
    struct client *client = &world->client;
    job_read_init(&client->job, 1, 0, false, &client->policy);
    client->has_job = true;
}

void client_message(struct world *world, struct message *message)
{
    struct client *client = &world->client;
    struct job_read_event event = {.page = message->page,
                                   .generation = message->generation,
                                   .round = message->round,
                                   .code = message->code,
                                   .manner = message->manner,
                                   .ledger = &message->ledger,
                                   .question = &message->question};
    switch (message->type) {
    case MESSAGE_WELCOME:
        event.type = EVENT_LINK_UP;
        event.standing = message->flag ? STANDING_CLOSED : STANDING_OPEN;
        break;
    case MESSAGE_READ_COMMAND:
        if (!client->has_job)
            make_job(world);
        event.type = EVENT_COMMANDED;
        break;
    case MESSAGE_RESTART:
        if (!client->has_job)
            make_job(world);
        event.type = EVENT_RESTART_COMMANDED;
        break;
    case MESSAGE_PAGE_STORED:
        event.type = EVENT_PAGE_STORED;
        break;
    case MESSAGE_PAGE_RESUME:
        tell(world, "client: the server has page %u generation %u up to %u", message->page,
             message->generation, message->offset);
        page_send_resume(&client->send, message->page, message->generation, message->offset);
        return;
    case MESSAGE_QUESTION:
        if (!client->has_job) /* the command never came, or what was known of it is lost */
            make_job(world);
        event.type = EVENT_MANNER_REQUESTED;
        break;
    case MESSAGE_SUSPEND:
        event.type = EVENT_SUSPENDED;
        break;
    case MESSAGE_CLOSED:
        event.type = EVENT_CLOSED;
        break;
    default:
        broken(world, "a message to the client that it does not know");
        return;
    }
    client_event(world, event);
}
