/* The stories of reading jobs: see story.h for the options. */
#include "tests/sim/sim.h"

#include <string.h>

#define STEPS_MAX 60000u

/* ---- Files -------------------------------------------------------------------------------------------- */

struct page_file *files_find(struct page_files *files, uint32_t page, uint32_t generation)
{
    for (unsigned i = 0; i < files->count; i++)
        if (files->files[i].page == page && files->files[i].generation == generation)
            return &files->files[i];
    return NULL;
}

void files_put(struct world *world, struct page_files *files, struct page_file file)
{
    struct page_file *there = files_find(files, file.page, file.generation);
    if (there)
        *there = file;
    else if (files->count < FILES_MAX)
        files->files[files->count++] = file;
    else
        broken(world, "files pile up");
}

void files_drop(struct page_files *files, uint32_t page, uint32_t generation)
{
    struct page_file *file = files_find(files, page, generation);
    if (file)
        *file = files->files[--files->count];
}

/* ---- The connection ----------------------------------------------------------------------------------- */

/* What a peer may say twice without breaking the order of bytes on the wire. */
static bool may_come_twice(enum message_type type)
{
    return type != MESSAGE_HELLO && type != MESSAGE_WELCOME && type != MESSAGE_PAGE_BEGIN &&
           type != MESSAGE_PAGE_DATA && type != MESSAGE_PAGE_END && type != MESSAGE_PAGE_RESUME;
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

void link_drop(struct queue *queue)
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

bool link_step(struct world *world)
{
    struct link *link = &world->link;
    struct message message;
    bool both_alive = world->client.alive && world->server.alive;
    if (link->to_server.count && world->server.alive && chance(world, 2)) {
        message = take(&link->to_server);
        server_message(world, &message);
    } else if (link->to_client.count && world->client.alive && link->client_up) {
        message = take(&link->to_client);
        client_message(world, &message);
    } else if (link->client_up && (link->broken || !world->server.alive || !link->server_up) &&
               !link->to_server.count) {
        link->client_up = false; /* the heartbeat has failed */
        link_drop(&link->to_client);
        client_event(world, (struct job_read_event){.type = EVENT_LINK_DOWN});
        return true;
    } else if (link->server_up && (link->broken || !link->client_up) && !link->to_server.count &&
               one_in(world, 2)) {
        link->server_up = false;
        page_receive_disconnect(&world->server.receive);
        server_event(world, (struct job_event){.type = JOB_EVENT_LINK_LOST});
        return true;
    } else if (!link->client_up && both_alive && one_in(world, 3)) {
        tell(world, "link: a new connection");
        link->broken = false;
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

/* ---- Faults ------------------------------------------------------------------------------------------- */

static void cut(struct world *world)
{
    tell(world, "FAULT: the link is cut");
    world->link.broken = true;
    link_drop(&world->link.to_server);
    link_drop(&world->link.to_client);
}

static void fail_unit(struct world *world)
{
    static const uint16_t codes[] = {ERROR_MEDIA_JAM, ERROR_DEVICE_IO, ERROR_UNIT_DIED, ERROR_UNIT_STALLED,
                                     ERROR_DEVICE_MISSING};
    struct unit *unit = &world->client.unit;
    uint16_t code = codes[chance(world, 5)];
    if (!world->client.alive || !unit->running || !unit->in_page || unit->stopping)
        return;
    tell(world, "FAULT: %s", error_find(code)->keyword);
    world->paper.jammed = code == ERROR_MEDIA_JAM;
    unit->paused = false;
    unit_end(world, code, code != ERROR_MEDIA_JAM && one_in(world, 2));
}

/* A page that was read is damaged on the client's disk. */
static void damage_page(struct world *world)
{
    struct client *client = &world->client;
    if (!client->alive || !client->has_job || !client->spool.count)
        return;
    struct page_file *file = &client->spool.files[chance(world, client->spool.count)];
    /* It is noticed when the server has refused it: it is neither stored nor on its way. */
    if (!file->whole || ledger_get(&client->job.ledger, file->page).state != PAGE_READ ||
        world->link.client_up || world->link.to_server.count ||
        files_find(&world->server.files, file->page, file->generation) ||
        files_find(&world->server.syncing, file->page, file->generation))
        return;
    tell(world, "FAULT: page %u is damaged in the spool", file->page);
    world->paper.allowed[file->sheet]++;
    world->paper.lost[file->sheet] = true;
    struct job_read_event event = {.type = EVENT_PAGE_DAMAGED, .page = file->page};
    client_event(world, event);
}

void fault_step(struct world *world)
{
    world->faults_left--;
    switch (chance(world, 9)) {
    case 8:
        damage_page(world);
        break;
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
    case 5:
        fail_unit(world);
        break;
    case 6:
        tell(world, "FAULT: the server's disk is full");
        world->server.full = true;
        break;
    case 7:
        tell(world, "FAULT: the client's disk is full");
        world->client.full = true;
        break;
    }
}

/* Somebody makes room after a while. */
static bool space_step(struct world *world)
{
    if (world->server.full && one_in(world, 4)) {
        world->server.full = false;
        tell(world, "there is room on the server's disk");
    } else if (world->client.full && one_in(world, 4)) {
        world->client.full = false;
        tell(world, "there is room on the client's disk");
    } else if (world->server.alive && world->server.has_job && world->server.job.held &&
               !world->server.full) {
        server_event(world, (struct job_event){.type = JOB_EVENT_SPACE_MADE});
    } else if (world->client.alive && world->client.has_job && world->client.unit.paused &&
               !world->client.full && !world->client.job.space) {
        client_event(world, (struct job_read_event){.type = EVENT_SPACE_MADE});
    } else {
        return false;
    }
    return true;
}

/* ---- The world ---------------------------------------------------------------------------------------- */

bool world_is_over(const struct world *world)
{
    return world->server.has_record && world->server.record.state >= JOB_CANCELED &&
           !world->client.has_record && !world->client.has_job && world->client.alive &&
           !world->server.registering;
}

void world_check(struct world *world)
{
    struct paper *paper = &world->paper;
    bool seen[SHEETS_MAX + 1] = {false};
    unsigned last = 0;
    for (unsigned sheet = 1; sheet <= paper->sheets; sheet++)
        if (paper->reads[sheet] > paper->allowed[sheet])
            broken(world, "sheet %u was read %u times, and no manner asked for it", sheet,
                   paper->reads[sheet]);
    if (world->server.record.state != JOB_COMPLETED) {
        broken(world, "the job ended as %s", job_state_name(world->server.record.state));
        return;
    }
    for (unsigned i = 0; i < world->server.document_pages; i++) {
        unsigned sheet = world->server.document[i];
        if (sheet <= last)
            broken(world, "sheet %u stands behind sheet %u in the document", sheet, last);
        seen[sheet] = true;
        last = sheet;
    }
    for (unsigned sheet = 1; sheet <= paper->sheets; sheet++)
        if (!seen[sheet] && !paper->left_out[sheet] &&
            !(paper->finished_early && (sheet > last || paper->lost[sheet])))
            broken(world, "sheet %u is missing in the document", sheet);
}

static void world_start(struct world *world, uint64_t seed)
{
    world->story.random = seed;
    world->paper.sheets = 1 + chance(world, SHEETS_MAX);
    for (unsigned sheet = 1; sheet <= world->paper.sheets; sheet++) {
        world->paper.feeder[world->paper.feeder_count++] = sheet;
        world->paper.allowed[sheet] = 1;
    }
    world->faults_left = chance(world, 10);
    world->client.alive = world->server.alive = true;
    world->client.policy.on_link_loss = one_in(world, 4) ? MANNER_NONE : MANNER_RESUME;
    client_connected(world);
    world->link.server_up = false;
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
    page_send_free(&world->client.send);
}

static bool run(uint64_t seed, bool verbose, unsigned sabotage, unsigned *steps)
{
    static struct world world;
    static bool (*const parts[])(struct world *) = {client_step, unit_step,  server_step, link_step,
                                                    person_step, space_step, client_step, server_step};
    memset(&world, 0, sizeof world);
    world.story.verbose = verbose;
    world.story.sabotage = sabotage;
    world_start(&world, seed);
    while (!world.story.failed && !world_is_over(&world)) {
        if (++world.story.steps > STEPS_MAX)
            broken(&world, "the job never ends");
        else if (world.faults_left && one_in(&world, 40))
            fault_step(&world);
        else
            parts[chance(&world, sizeof parts / sizeof parts[0])](&world);
    }
    if (!world.story.failed)
        world_check(&world);
    *steps += world.story.steps;
    world_end(&world);
    return !world.story.failed;
}

int main(int argc, char **argv)
{
    return story_main(argc, argv, SABOTAGES, run);
}
