/* The server: its job machine, the actions in their order, the registry; and the blocks that it sends. */
#include "tests/sim/print_sim.h"

#include <string.h>

static void copy_durable(struct job *to, const struct job *from)
{
    ledger_copy(&to->ledger, &from->ledger);
    to->id = from->id;
    to->function = from->function;
    to->blocks = from->blocks;
    to->state = from->state;
    to->phase = from->phase;
    to->error = from->error;
    memcpy(to->text, from->text, sizeof to->text);
    to->interrupted = from->interrupted;
    to->question = from->question;
    to->round = from->round;
    to->manner = from->manner;
    to->manner_page = from->manner_page;
    to->delivering = from->delivering;
}

static void queue_actions(struct world *world, const struct job_actions *actions)
{
    struct server *server = &world->server;
    for (unsigned i = 0; i < actions->count; i++) {
        if (server->fifo_count == FIFO_MAX) {
            broken(world, "the server's actions pile up");
            return;
        }
        server->fifo[server->fifo_count++] = actions->items[i];
    }
}

void server_event(struct world *world, struct job_event event)
{
    struct job_actions actions;
    struct job *job = &world->server.job;
    if (!world->server.has_job)
        return;
    enum job_step before = job->step;
    uint32_t round = job->round;
    job_handle(job, &event, &actions);
    tell(world, "server: %s page %u round %u: step %d -> %d, %s", job_event_name(event.type), event.page,
         event.round, (int)before, (int)job->step, error_find(job->error)->keyword);
    if (job->round != round)
        printer_designated(world, job->manner, job->manner_page);
    queue_actions(world, &actions);
}

static void send_to_client(struct world *world, struct message message)
{
    if (world->link.server_up && world->link.greeted)
        link_send(world, &world->link.to_client, message);
    else
        ledger_free(&message.ledger);
}

static void send_question(struct world *world)
{
    struct job *job = &world->server.job;
    struct message message = {.type = MESSAGE_QUESTION, .code = job->error};
    message.question = (struct designation_question){.round = job->question, .error = job->error};
    message.question.offer_count = job_offers(job, message.question.offers);
    send_to_client(world, message);
}

static void send_restart(struct world *world)
{
    struct job *job = &world->server.job;
    struct message message = {.type = MESSAGE_RESTART,
                              .round = job->round,
                              .manner = (uint8_t)job->manner,
                              .page = job->manner_page};
    ledger_copy(&message.ledger, &job->ledger);
    send_to_client(world, message);
}

static void carry_out(struct world *world, struct job_action action)
{
    struct server *server = &world->server;
    struct job *job = &server->job;
    if (job_action_is_stale(job, &action))
        return;
    switch (action.type) {
    case JOB_ACTION_REGISTER:
        server->registering = true;
        copy_durable(&server->registered, job);
        break;
    case JOB_ACTION_SEND_COMMAND:
        send_to_client(world, (struct message){.type = MESSAGE_COMMAND});
        break;
    case JOB_ACTION_SEND_QUESTION:
        send_question(world);
        break;
    case JOB_ACTION_SEND_RESTART:
        send_restart(world);
        break;
    case JOB_ACTION_SEND_CLOSED:
        send_to_client(world, (struct message){.type = MESSAGE_CLOSED});
        break;
    case JOB_ACTION_FLOW:
        server->flowing = true;
        break;
    case JOB_ACTION_HOLD:
        server->flowing = false;
        memset(server->sent, 0, sizeof server->sent);
        break;
    case JOB_ACTION_DELIVER: /* there is nothing to build */
        server_event(world, (struct job_event){.type = JOB_EVENT_DELIVERED});
        break;
    case JOB_ACTION_TELL:
    case JOB_ACTION_REFUSE:
        break;
    case JOB_ACTION_SEND_STORED:
    case JOB_ACTION_SEND_SUSPEND:
    case JOB_ACTION_DROP_PAGE:
    case JOB_ACTION_DROP_FROM:
        broken(world, "a printing job reads");
        break;
    }
}

/* The next block that a sheet within the window needs. */
static bool send_block(struct world *world)
{
    struct server *server = &world->server;
    const struct ledger *ledger = &server->job.ledger;
    uint32_t first = ledger_first_unstored(ledger);
    if (!server->flowing || !server->has_job || !world->link.server_up || !world->link.greeted)
        return false;
    for (uint32_t sheet = first; sheet <= ledger->total && sheet < first + WINDOW; sheet++) {
        uint32_t block = (sheet - 1) % server->job.blocks + 1;
        if (ledger_get(ledger, sheet).state != PAGE_HELD || server->sent[block])
            continue;
        server->sent[block] = true;
        send_to_client(world, (struct message){.type = MESSAGE_BLOCK,
                                               .page = block,
                                               .generation = ledger_get(ledger, sheet).generation});
        return true;
    }
    return false;
}

/* ---- The connection ------------------------------------------------------------------------------------ */

static void welcome(struct world *world, const struct message *hello)
{
    struct server *server = &world->server;
    struct message message = {.type = MESSAGE_WELCOME};
    world->link.greeted = true;
    server->flowing = false;
    memset(server->sent, 0, sizeof server->sent);
    message.standing = !server->has_job                      ? STANDING_UNKNOWN
                       : server->job.step == JOB_CLOSED_STEP ? STANDING_CLOSED
                                                             : STANDING_OPEN;
    if (server->has_job)
        ledger_copy(&message.ledger, &server->record.ledger);
    send_to_client(world, message);
    if (server->has_job && (hello->has_job || server->job.step != JOB_CLOSED_STEP))
        server_event(world, (struct job_event){.type = JOB_EVENT_LINK_UP, .in_hand = hello->has_job});
}

void server_message(struct world *world, struct message *message)
{
    switch (message->type) {
    case MESSAGE_HELLO:
        welcome(world, message);
        break;
    case MESSAGE_STORED:
        world->server.sent[message->page] = false;
        server_event(world, (struct job_event){.type = JOB_EVENT_BLOCK_STORED, .page = message->page});
        break;
    case MESSAGE_STATUS:
        server_event(world, (struct job_event){.type = JOB_EVENT_STATUS,
                                               .round = message->round,
                                               .ledger = &message->ledger});
        break;
    case MESSAGE_NOTICE:
        server_event(world, (struct job_event){.type = JOB_EVENT_NOTICE,
                                               .code = message->code,
                                               .round = message->round,
                                               .page = message->page,
                                               .claim = &message->claim,
                                               .ledger = &message->ledger});
        break;
    case MESSAGE_MANNER:
        server_event(world, (struct job_event){.type = JOB_EVENT_MANNER_NOTICED,
                                               .round = message->round,
                                               .manner = message->manner,
                                               .page = message->page});
        break;
    case MESSAGE_RESTART_REQUEST:
        server_event(world, (struct job_event){.type = JOB_EVENT_RESTART_REQUESTED});
        break;
    default:
        broken(world, "the server gets what is not for it");
    }
}

/* ---- Life ---------------------------------------------------------------------------------------------- */

void server_open(struct world *world)
{
    struct server *server = &world->server;
    job_init_printing(&server->job, 1, world->blocks, world->copies);
    server->has_job = true;
    server_event(world, (struct job_event){.type = JOB_EVENT_OPENED});
}

void server_crash(struct world *world)
{
    struct server *server = &world->server;
    tell(world, "FAULT: the server dies");
    if (server->has_job)
        job_free(&server->job);
    server->has_job = server->alive = server->registering = server->flowing = false;
    server->fifo_count = 0;
    world->link.server_up = world->link.greeted = false;
    world->link.broken = true;
}

static void start(struct world *world)
{
    struct server *server = &world->server;
    struct job_actions actions;
    tell(world, "server: starts");
    server->alive = true;
    if (!server->has_record)
        return;
    job_init(&server->job, 1);
    copy_durable(&server->job, &server->record);
    server->has_job = true;
    job_recover(&server->job, &actions);
    queue_actions(world, &actions);
}

bool server_step(struct world *world)
{
    struct server *server = &world->server;
    if (!server->alive) {
        start(world);
        return true;
    }
    if (server->registering && one_in(world, 2)) {
        copy_durable(&server->record, &server->registered);
        server->has_record = true;
        server->registering = false;
        return true;
    }
    if (!server->registering && server->fifo_count && !one_in(world, 3)) {
        struct job_action action = server->fifo[0];
        memmove(server->fifo, server->fifo + 1, --server->fifo_count * sizeof *server->fifo);
        carry_out(world, action);
        return true;
    }
    if (!server->has_job && !server->has_record && world->link.greeted) {
        server_open(world);
        return true;
    }
    return send_block(world);
}
