/* The stories of printing jobs: see story.h for the options. */
#include "tests/sim/print_sim.h"

#include <string.h>

#define STEPS_MAX 60000u

/* ---- The connection ----------------------------------------------------------------------------------- */

/* Frames whose copy, late, must do no harm: a daemon may say them again at any time. */
static bool may_come_twice(enum message_type type)
{
    return type == MESSAGE_STATUS || type == MESSAGE_STORED || type == MESSAGE_QUESTION ||
           type == MESSAGE_RESTART || type == MESSAGE_CLOSED || type == MESSAGE_BLOCK;
}

void link_send(struct world *world, struct queue *queue, struct message message)
{
    unsigned copies = may_come_twice(message.type) && one_in(world, 20) ? 2 : 1;
    while (copies-- && !world->link.broken) {
        if (queue->count == QUEUE_MAX) {
            broken(world, "messages pile up");
            break;
        }
        struct message *slot = &queue->items[queue->count++];
        *slot = message;
        slot->ledger = (struct ledger){0};
        ledger_copy(&slot->ledger, &message.ledger);
    }
    ledger_free(&message.ledger);
}

static void link_drop(struct queue *queue)
{
    for (unsigned i = 0; i < queue->count; i++)
        ledger_free(&queue->items[i].ledger);
    queue->count = 0;
}

static struct message take(struct queue *queue)
{
    struct message message = queue->items[0];
    memmove(queue->items, queue->items + 1, --queue->count * sizeof *queue->items);
    return message;
}

static bool link_step(struct world *world)
{
    struct link *link = &world->link;
    struct message message;
    if (link->to_server.count && world->server.alive && link->server_up && one_in(world, 2)) {
        message = take(&link->to_server);
        server_message(world, &message);
    } else if (link->to_client.count && world->client.alive && link->client_up) {
        message = take(&link->to_client);
        client_message(world, &message);
    } else if (link->client_up && (link->broken || !world->server.alive || !link->server_up)) {
        link->client_up = false; /* the heartbeat has failed */
        link_drop(&link->to_client);
        client_event(world, (struct job_read_event){.type = EVENT_LINK_DOWN});
        return true;
    } else if (link->server_up && (link->broken || !link->client_up) && one_in(world, 2)) {
        link->server_up = link->greeted = false;
        link_drop(&link->to_server);
        server_event(world, (struct job_event){.type = JOB_EVENT_LINK_LOST});
        return true;
    } else if (!link->client_up && !link->server_up && world->client.alive && world->server.alive &&
               one_in(world, 3)) {
        tell(world, "link: a new connection");
        link_drop(&link->to_server);
        link_drop(&link->to_client);
        client_connected(world);
        return true;
    } else {
        return false;
    }
    ledger_free(&message.ledger);
    return true;
}

/* ---- The person ---------------------------------------------------------------------------------------- */

static const struct manner_offer *offer_of(const struct designation_question *question, enum manner manner)
{
    for (unsigned i = 0; i < question->offer_count; i++)
        if (question->offers[i].manner == manner)
            return &question->offers[i];
    return NULL;
}

/* Says of an uncertain sheet what lies in the tray; else mostly resumes. */
static void designate(struct world *world)
{
    const struct job_read *job = &world->client.job;
    const struct designation_question *question = &job->question;
    struct printer *printer = &world->printer;
    uint32_t sheet = ledger_first_uncertain(&job->ledger), page = 0;
    enum manner manner = MANNER_RESUME;
    static const enum manner others[] = {MANNER_FROM_PAGE, MANNER_REDO_LAST, MANNER_SKIP, MANNER_FINISH,
                                         MANNER_RESTART};
    printer->jammed = false;
    if (sheet && question->offers[0].first_page != sheet) { /* the question is older: ask anew */
        if (one_in(world, 16))                              /* people wait for an answer */
            client_event(world, (struct job_read_event){.type = EVENT_RESTART_REQUESTED});
        return;
    }
    if (sheet) {
        if (printer->out[sheet] > printer->seen[sheet])
            manner = MANNER_SKIP;
    } else if (one_in(world, 4)) {
        manner = others[chance(world, sizeof others / sizeof others[0])];
    }
    const struct manner_offer *offer = offer_of(question, manner);
    if (!offer)
        return;
    if (manner == MANNER_FROM_PAGE)
        page = offer->first_page + chance(world, offer->last_page - offer->first_page + 1);
    if (one_in(world, 40)) {
        tell(world, "person: abandons the job");
        manner = MANNER_ABANDON;
    }
    tell(world, "person: %s %u (sheet %u is uncertain)", manner_name((uint8_t)manner), page, sheet);
    client_event(world, (struct job_read_event){.type = EVENT_MANNER_CHOSEN,
                                                .round = question->round,
                                                .manner = (uint8_t)manner,
                                                .page = page});
}

static bool person_step(struct world *world)
{
    struct client *client = &world->client;
    if (client->full && one_in(world, 8))
        client->full = false;
    if (!client->alive || !client->has_job)
        return false;
    if (!client->full && client->job.error == ERROR_SPOOL_FULL && !client->job.space) {
        client_event(world, (struct job_read_event){.type = EVENT_SPACE_MADE});
        return true;
    }
    if (client->job.state == JOB_READ_ASKED) {
        designate(world);
        return true;
    }
    if (client->job.state == JOB_READ_STOPPED && one_in(world, 4)) {
        tell(world, "person: asks for a restart");
        client_event(world, (struct job_read_event){.type = EVENT_RESTART_REQUESTED});
        return true;
    }
    return false;
}

/* ---- Faults -------------------------------------------------------------------------------------------- */

static void cut(struct world *world)
{
    tell(world, "FAULT: the link is cut");
    world->link.broken = true;
    link_drop(&world->link.to_server);
    link_drop(&world->link.to_client);
}

static void damage_block(struct world *world)
{
    struct block_file *file = &world->client.spool[chance(world, SPOOL_MAX)];
    if (!file->is_whole)
        return;
    tell(world, "FAULT: block %u is damaged in the spool", file->block);
    file->is_damaged = true;
}

static void fault_step(struct world *world)
{
    world->faults_left--;
    switch (chance(world, 10)) {
    case 0:
    case 1:
        cut(world);
        break;
    case 2:
        if (world->client.alive)
            client_crash(world);
        break;
    case 3:
        if (world->server.alive)
            server_crash(world);
        break;
    case 4:
        if (world->client.unit.running)
            unit_crash(world);
        break;
    case 5:
        tell(world, "FAULT: the spool is full");
        world->client.full = true;
        break;
    case 6:
        damage_block(world);
        break;
    default:
        printer_fault(world);
        break;
    }
}

/* ---- The world ----------------------------------------------------------------------------------------- */

static bool is_over(const struct world *world)
{
    return world->server.has_record && world->server.record.state >= JOB_CANCELED &&
           !world->client.has_record && !world->client.has_job && world->client.alive &&
           !world->server.registering;
}

/* The account is honest, and every sheet lies in the tray as often as somebody has asked for it. */
static void check(struct world *world)
{
    struct printer *printer = &world->printer;
    const struct job *job = &world->server.record;
    for (uint32_t sheet = 1; sheet <= world->blocks * world->copies; sheet++) {
        uint8_t state = ledger_get(&job->ledger, sheet).state;
        if (printer->out[sheet] > 1 + printer->allowed[sheet])
            broken(world, "sheet %u has come out %u times", sheet, printer->out[sheet]);
        if (state == PAGE_PRINTED && printer->out[sheet] == 0)
            broken(world, "sheet %u is called printed, and has not come out", sheet);
        if (job->state == JOB_COMPLETED && printer->out[sheet] == 0 && !printer->left_out[sheet] &&
            !printer->finished_early)
            broken(world, "sheet %u is missing", sheet);
        if (job->state == JOB_COMPLETED && state == PAGE_SKIPPED && !printer->left_out[sheet] &&
            !printer->finished_early)
            broken(world, "sheet %u was left out, and nobody said so", sheet);
    }
    for (unsigned i = 0; i < printer->count; i++) {
        const struct printer_job *left = &printer->jobs[i];
        if (!left->is_forgotten && !left->is_given_up && left->state == AT_WAITING && left->has_data)
            broken(world, "the job is over, and the printer still has sheet %u", left->sheet);
    }
}

static void world_start(struct world *world, uint64_t seed)
{
    world->story.random = seed;
    world->copies = 1 + chance(world, 2);
    world->blocks = 1 + chance(world, BLOCKS_MAX);
    world->faults_left = chance(world, 10);
    world->client.alive = world->server.alive = true;
    world->client.policy.on_link_loss = one_in(world, 4) ? MANNER_NONE : MANNER_RESUME;
    world->client.policy.on_device_error = MANNER_NONE;
    client_connected(world);
}

static void world_end(struct world *world)
{
    link_drop(&world->link.to_server);
    link_drop(&world->link.to_client);
    if (world->client.has_job)
        job_read_free(&world->client.job);
    if (world->server.has_job)
        job_free(&world->server.job);
    ledger_free(&world->client.record.ledger);
    ledger_free(&world->client.saved.ledger);
    ledger_free(&world->server.record.ledger);
    ledger_free(&world->server.registered.ledger);
}

static bool run(uint64_t seed, bool verbose, unsigned sabotage, unsigned *steps)
{
    static struct world world;
    static bool (*const parts[])(struct world *) = {client_step,  unit_step,   server_step, link_step,
                                                    printer_step, person_step, client_step, server_step};
    memset(&world, 0, sizeof world);
    world.story.verbose = verbose;
    world.story.sabotage = sabotage;
    world_start(&world, seed);
    while (!world.story.failed && !is_over(&world)) {
        if (++world.story.steps > STEPS_MAX)
            broken(&world, "the job never ends");
        else if (world.faults_left && one_in(&world, 40))
            fault_step(&world);
        else
            parts[chance(&world, sizeof parts / sizeof parts[0])](&world);
    }
    if (!world.story.failed)
        check(&world);
    *steps += world.story.steps;
    world_end(&world);
    return !world.story.failed;
}

int main(int argc, char **argv)
{
    return story_main(argc, argv, SABOTAGES, run);
}
