/* The client: its job machine, the actions in their order, the journal and the spool. */
#include "tests/sim/print_sim.h"

#include <stddef.h>
#include <string.h>

static void copy_durable(struct job_read *to, const struct job_read *from)
{
    ledger_copy(&to->ledger, &from->ledger);
    to->id = from->id;
    to->function = from->function;
    to->round = from->round;
    to->running = from->running;
    to->error = from->error;
    to->interrupted = from->interrupted;
    memcpy(to->text, from->text, sizeof to->text);
    to->blocks = from->blocks;
    to->copies = from->copies;
    for (unsigned i = 0; i < PRINT_SLOTS; i++)
        to->slots[i] = from->slots[i].has_ticket ? from->slots[i] : (struct print_slot){0};
}

void client_event(struct world *world, struct job_read_event event)
{
    struct client *client = &world->client;
    struct job_read_actions actions;
    if (!client->has_job)
        return;
    enum job_read_state before = client->job.state;
    job_read_handle(&client->job, &event, &actions);
    tell(world, "client: %s page %u: %s -> %s, %s", job_read_event_name(event.type), event.page,
         job_read_state_name(before), job_read_state_name(client->job.state),
         error_find(client->job.error)->keyword);
    for (unsigned i = 0; i < actions.count; i++) {
        if (client->fifo_count == FIFO_MAX) {
            broken(world, "the client's actions pile up");
            return;
        }
        client->fifo[client->fifo_count++] = actions.items[i];
    }
    for (uint32_t sheet = 1; sheet <= client->job.ledger.total; sheet++)
        if (ledger_get(&client->job.ledger, sheet).state == PAGE_UNCERTAIN &&
            !world->printer.unknowable[sheet])
            broken(world, "sheet %u is called uncertain, and the printer knows it", sheet);
}

static void send_to_server(struct world *world, struct message message)
{
    if (world->link.client_up)
        link_send(world, &world->link.to_server, message);
    else
        ledger_free(&message.ledger);
}

static void send_account(struct world *world, enum message_type type, uint32_t round)
{
    const struct job_read *job = &world->client.job;
    struct phase phase = phase_of(FUNCTION_PRINTING, &world->client.record.ledger);
    struct message message = {.type = type,
                              .round = round,
                              .code = job->error ? job->error : ERROR_LINK_LOST,
                              .page = job->interrupted,
                              .claim = phase_to_record(&phase)};
    ledger_copy(&message.ledger, &world->client.record.ledger); /* never more than is durable */
    send_to_server(world, message);
}

static void free_job(struct client *client)
{
    job_read_free(&client->job);
    client->has_job = false;
    client->fifo_count = client->says_count = 0;
    client->saving = false;
    for (unsigned i = 0; i < SPOOL_MAX; i++) /* what was not synced is gone */
        if (!client->spool[i].is_whole)
            client->spool[i] = (struct block_file){0};
    client->unit = (struct unit){0};
}

static void forget(struct client *client)
{
    free_job(client);
    client->has_record = false;
    ledger_free(&client->record.ledger);
    memset(client->spool, 0, sizeof client->spool);
}

struct block_file *block_find(struct client *client, uint32_t block, uint32_t generation)
{
    for (unsigned i = 0; i < SPOOL_MAX; i++)
        if (client->spool[i].block == block && client->spool[i].generation == generation)
            return &client->spool[i];
    return NULL;
}

/* In the place of what was there of that generation. */
static void put_block(struct world *world, uint32_t block, uint32_t generation)
{
    struct block_file *file = block_find(&world->client, block, generation);
    for (unsigned i = 0; !file && i < SPOOL_MAX; i++)
        if (!world->client.spool[i].block)
            file = &world->client.spool[i];
    if (file)
        *file = (struct block_file){.block = block, .generation = generation};
    else
        broken(world, "blocks pile up");
}

static void drop_block(struct client *client, uint32_t block, uint32_t generation)
{
    struct block_file *file = block_find(client, block, generation);
    if (file)
        *file = (struct block_file){0};
}

static void stop_unit(struct world *world)
{
    struct client *client = &world->client;
    if (client->unit.running)
        client->unit.stopping = true;
    else if (!client->says_count)
        client_event(world, (struct job_read_event){.type = EVENT_UNIT_FAILED, .code = ERROR_PRINTER_DIED});
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
        unit_start(world);
        break;
    case ACTION_ADOPT_SHEET:
        unit_tell(world, action.cancel ? ITEM_UNWANTED : ITEM_ADOPTED, action.page);
        break;
    case ACTION_PRINT_SHEET:
        unit_tell(world, ITEM_TOLD, action.page);
        break;
    case ACTION_RELEASE_SHEET:
        unit_release(world, action.page);
        break;
    case ACTION_END_UNIT:
        client->unit.draining = true;
        break;
    case ACTION_STOP_UNIT:
        stop_unit(world);
        break;
    case ACTION_DROP_PAGE:
        drop_block(client, action.page, action.generation);
        break;
    case ACTION_SEND_NOTICE:
        send_account(world, MESSAGE_NOTICE, action.round);
        break;
    case ACTION_SEND_STATUS:
        send_account(world, MESSAGE_STATUS, action.round);
        break;
    case ACTION_SEND_STORED:
        send_to_server(world, (struct message){.type = MESSAGE_STORED, .page = action.page});
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
    case ACTION_FORGET:
        forget(client);
        break;
    case ACTION_FLOW:
    case ACTION_HOLD:
    case ACTION_TELL:
    case ACTION_REFUSE:
    case ACTION_TAKE_ORDER:
        break;
    case ACTION_CONTINUE_UNIT:
    case ACTION_DROP_STORED:
    case ACTION_DROP_FROM:
    case ACTION_SEND_FINISHED:
        broken(world, "a printing job reads");
        break;
    }
}

/* ---- The connection ------------------------------------------------------------------------------------ */

void client_connected(struct world *world)
{
    struct client *client = &world->client;
    struct message hello = {.type = MESSAGE_HELLO, .has_job = client->has_job};
    world->link.client_up = world->link.server_up = true;
    world->link.greeted = world->link.broken = false;
    link_send(world, &world->link.to_server, hello);
}

/* A job that is told of: new, or lost here. */
static void take_job(struct world *world, uint32_t blocks, uint32_t copies)
{
    struct client *client = &world->client;
    if (client->has_job)
        return;
    job_print_init(&client->job, 1, blocks, copies, &client->policy);
    client->has_job = true;
}

static void receive_block(struct world *world, uint32_t block, uint32_t generation)
{
    struct client *client = &world->client;
    if (!client->has_job)
        return;
    if (!job_print_wants_block(&client->job, block, generation))
        send_to_server(world, (struct message){.type = MESSAGE_STORED, .page = block});
    else if (client->full)
        client_event(world, (struct job_read_event){.type = EVENT_BLOCK_FAILED, .code = ERROR_SPOOL_FULL});
    else
        put_block(world, block, generation);
}

void client_message(struct world *world, struct message *message)
{
    struct client *client = &world->client;
    switch (message->type) {
    case MESSAGE_WELCOME:
        if (client->has_job && message->standing != STANDING_CLOSED)
            client_event(world, (struct job_read_event){
                                    .type = EVENT_LINK_UP,
                                    .standing = message->standing,
                                    .ledger = message->standing == STANDING_OPEN ? &message->ledger : NULL});
        break;
    case MESSAGE_COMMAND:
        take_job(world, world->blocks, world->copies);
        client_event(world, (struct job_read_event){.type = EVENT_COMMANDED});
        break;
    case MESSAGE_BLOCK:
        receive_block(world, message->page, message->generation);
        break;
    case MESSAGE_QUESTION:
        take_job(world, 0, 0);
        client_event(world,
                     (struct job_read_event){.type = EVENT_MANNER_REQUESTED, .question = &message->question});
        break;
    case MESSAGE_RESTART:
        take_job(world, 0, 0);
        if (!client->job.blocks)
            job_print_set_order(&client->job, world->blocks, world->copies);
        client_event(world, (struct job_read_event){.type = EVENT_RESTART_COMMANDED,
                                                    .round = message->round,
                                                    .manner = message->manner,
                                                    .page = message->page,
                                                    .is_moved = one_in(world, 6),
                                                    .ledger = &message->ledger});
        break;
    case MESSAGE_CLOSED:
        client_event(world, (struct job_read_event){.type = EVENT_CLOSED});
        break;
    default:
        broken(world, "the client gets what is not for it");
    }
}

/* ---- Life ---------------------------------------------------------------------------------------------- */

void client_crash(struct world *world)
{
    struct client *client = &world->client;
    tell(world, "FAULT: the client dies");
    if (client->has_job)
        free_job(client);
    client->unit = (struct unit){0};
    client->alive = false;
    world->link.client_up = false;
    world->link.broken = true;
}

static void start(struct world *world)
{
    struct client *client = &world->client;
    tell(world, "client: starts");
    client->alive = true;
    if (!client->has_record)
        return;
    job_print_init(&client->job, 1, client->record.blocks, client->record.copies, &client->policy);
    copy_durable(&client->job, &client->record);
    if (world->story.sabotage == SABOTAGE_FORGET_TICKETS)
        for (uint32_t sheet = 1; sheet <= client->job.ledger.total; sheet++)
            if (ledger_get(&client->job.ledger, sheet).state == PAGE_SUBMITTED)
                ledger_set(&client->job.ledger, sheet, PAGE_HELD, 0),
                    memset(client->job.slots, 0, sizeof client->job.slots);
    for (unsigned i = 0; i < SPOOL_MAX; i++) {
        const struct block_file *file = &client->spool[i];
        struct ledger_page known = ledger_get(&client->job.spooled, file->block);
        if (file->is_whole && (known.state != PAGE_RECEIVED || known.generation < file->generation))
            ledger_set(&client->job.spooled, file->block, PAGE_RECEIVED, file->generation);
    }
    job_print_recover(&client->job);
    client->has_job = true;
}

/* The unit's frames arrive one after the other. */
static bool hear(struct world *world)
{
    struct client *client = &world->client;
    if (!client->says_count)
        return false;
    struct job_read_event event = client->says[0];
    struct job_ticket ticket = client->tickets[0];
    event.ticket = &ticket;
    client->says_count--;
    memmove(client->says, client->says + 1, client->says_count * sizeof *client->says);
    memmove(client->tickets, client->tickets + 1, client->says_count * sizeof *client->tickets);
    client_event(world, event);
    return true;
}

static bool sync_block(struct world *world)
{
    struct block_file *file = &world->client.spool[chance(world, SPOOL_MAX)];
    if (!file->block || file->is_whole)
        return false;
    file->is_whole = true;
    client_event(world, (struct job_read_event){.type = EVENT_BLOCK_RECEIVED,
                                                .page = file->block,
                                                .generation = file->generation});
    return true;
}

bool client_step(struct world *world)
{
    struct client *client = &world->client;
    if (!client->alive) {
        start(world);
        return true;
    }
    if (client->saving && one_in(world, 2)) {
        copy_durable(&client->record, &client->saved);
        client->has_record = true;
        client->saving = false;
        return true;
    }
    if (!client->saving && client->fifo_count && !one_in(world, 3)) {
        struct job_read_action action = client->fifo[0];
        memmove(client->fifo, client->fifo + 1, --client->fifo_count * sizeof *client->fifo);
        carry_out(world, action);
        return true;
    }
    return sync_block(world) || hear(world);
}
