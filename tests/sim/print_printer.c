/* The printer, and the printing unit that asks it. */
#include "tests/sim/print_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The printer --------------------------------------------------------------------------------------- */

bool printer_step(struct world *world)
{
    struct printer *printer = &world->printer;
    if (printer->jammed)
        return false;
    for (unsigned i = 0; i < printer->count; i++) {
        struct printer_job *job = &printer->jobs[i];
        if (job->is_forgotten || !job->has_data || job->state != AT_WAITING)
            continue;
        job->state = AT_PRINTED;
        printer->out[job->sheet]++;
        tell(world, "printer: sheet %u comes out", job->sheet);
        return true;
    }
    return false;
}

void printer_designated(struct world *world, enum manner manner, uint32_t page)
{
    struct printer *printer = &world->printer;
    tell(world, "server: manner %s page %u", manner_name((uint8_t)manner), page);
    if (manner == MANNER_SKIP && page <= SHEETS_MAX)
        printer->left_out[page] = true;
    if (manner == MANNER_FINISH)
        printer->finished_early = true;
    if (manner != MANNER_FROM_PAGE && manner != MANNER_REDO_LAST && manner != MANNER_RESTART)
        return;
    for (uint32_t sheet = page; sheet <= world->blocks * world->copies; sheet++) {
        printer->allowed[sheet]++;
        printer->seen[sheet] = printer->out[sheet];
        printer->left_out[sheet] = false;
    }
}

static void forget_job(struct world *world, struct printer_job *job)
{
    job->is_forgotten = true;
    world->printer.unknowable[job->sheet] = true;
}

static struct printer_job *some_job(struct world *world, enum printer_state state)
{
    struct printer *printer = &world->printer;
    unsigned start = printer->count ? chance(world, printer->count) : 0;
    for (unsigned i = 0; i < printer->count; i++) {
        struct printer_job *job = &printer->jobs[(start + i) % printer->count];
        if (!job->is_forgotten && job->state == state)
            return job;
    }
    return NULL;
}

void printer_fault(struct world *world)
{
    struct printer *printer = &world->printer;
    struct printer_job *job;
    switch (chance(world, 4)) {
    case 0:
        tell(world, "FAULT: the printer jams");
        printer->jammed = true;
        break;
    case 1:
        tell(world, "FAULT: the printer is switched off and on");
        printer->jammed = false;
        for (unsigned i = 0; i < printer->count; i++)
            if (!printer->jobs[i].is_forgotten)
                forget_job(world, &printer->jobs[i]);
        break;
    case 2:
        if ((job = some_job(world, AT_PRINTED))) {
            tell(world, "FAULT: the printer drops the history of sheet %u", job->sheet);
            forget_job(world, job);
        }
        break;
    case 3:
        if ((job = some_job(world, AT_WAITING)) && job->has_data) {
            tell(world, "FAULT: somebody cancels sheet %u at the printer", job->sheet);
            job->state = AT_CANCELED;
        }
        break;
    }
}

/* ---- The unit ------------------------------------------------------------------------------------------ */

static void say(struct world *world, struct job_read_event event, unsigned uuid)
{
    struct client *client = &world->client;
    if (client->says_count == FIFO_MAX) {
        broken(world, "the unit talks without end");
        return;
    }
    struct job_ticket *ticket = &client->tickets[client->says_count];
    *ticket = (struct job_ticket){.job = uuid};
    snprintf(ticket->uuid, sizeof ticket->uuid, "%u", uuid);
    client->says[client->says_count++] = event;
}

static void say_sheet(struct world *world, struct unit_item *item, enum job_read_event_type type)
{
    tell(world, "unit: sheet %u: %s", item->sheet, job_read_event_name(type));
    say(world, (struct job_read_event){.type = type, .page = item->sheet}, item->uuid);
    if (type != EVENT_SHEET_CREATED)
        *item = (struct unit_item){0};
}

static void end(struct world *world, uint16_t code, uint32_t page)
{
    struct unit *unit = &world->client.unit;
    tell(world, "unit: ends with %s, sheet %u", error_find(code)->keyword, page);
    *unit = (struct unit){0};
    say(world, (struct job_read_event){.type = EVENT_UNIT_FAILED, .code = code, .page = page}, 0);
}

void unit_start(struct world *world)
{
    world->client.unit = (struct unit){.running = true};
}

void unit_tell(struct world *world, enum item_stage stage, uint32_t sheet)
{
    struct client *client = &world->client;
    const struct print_slot *slot = job_print_slot(&client->job, sheet);
    if (!client->unit.running)
        return;
    for (unsigned i = 0; i < PRINT_SLOTS; i++)
        if (client->unit.items[i].stage == ITEM_FREE) {
            client->unit.items[i] = (struct unit_item){
                .stage = stage, .sheet = sheet, .uuid = slot && slot->has_ticket ? slot->ticket.job : 0};
            return;
        }
    broken(world, "the unit gets a third sheet");
}

void unit_release(struct world *world, uint32_t sheet)
{
    struct client *client = &world->client;
    for (unsigned i = 0; i < PRINT_SLOTS; i++) {
        struct unit_item *item = &client->unit.items[i];
        if (item->sheet != sheet || item->stage != ITEM_CREATED)
            continue;
        uint32_t block = (sheet - 1) % world->blocks + 1;
        struct block_file *file =
            block_find(client, block, ledger_get(&client->job.spooled, block).generation);
        if (!file || !file->is_whole)
            broken(world, "sheet %u is printed without its block", sheet);
        item->stage = ITEM_SENT;
        world->printer.jobs[item->uuid].has_data = true;
    }
}

static void create(struct world *world, struct unit_item *item)
{
    struct client *client = &world->client;
    struct printer *printer = &world->printer;
    uint32_t block = (item->sheet - 1) % world->blocks + 1;
    struct block_file *file = block_find(client, block, ledger_get(&client->job.spooled, block).generation);
    if (!file || file->is_damaged) {
        end(world, ERROR_BLOCK_LOST, item->sheet);
        return;
    }
    if (printer->count == PRINTER_MAX) {
        broken(world, "the printer gets jobs without end");
        return;
    }
    printer->jobs[printer->count] = (struct printer_job){.sheet = item->sheet};
    item->uuid = printer->count++;
    item->stage = ITEM_CREATED;
    say_sheet(world, item, EVENT_SHEET_CREATED);
    if (world->story.sabotage == SABOTAGE_RELEASE_EARLY)
        unit_release(world, item->sheet);
}

/* What has become of it at the printer; false: nothing yet. */
static bool resolve(struct world *world, struct unit_item *item, bool cancel)
{
    struct unit *unit = &world->client.unit;
    struct printer_job *job = &world->printer.jobs[item->uuid];
    bool is_unwanted = cancel || item->stage == ITEM_UNWANTED;
    uint32_t sheet = item->sheet;
    if (job->is_forgotten) {
        bool is_not = world->story.sabotage == SABOTAGE_MISSING_IS_NOT || !job->has_data;
        say_sheet(world, item, is_not ? EVENT_SHEET_NOT_PRINTED : EVENT_SHEET_UNCERTAIN);
        unit->failing = is_not ? ERROR_PRINT_CANCELED : ERROR_PRINT_UNCERTAIN, unit->failing_page = sheet;
    } else if (job->state == AT_PRINTED) {
        say_sheet(world, item, EVENT_SHEET_PRINTED);
    } else if (job->state == AT_CANCELED || is_unwanted || (item->stage == ITEM_ADOPTED && !job->has_data)) {
        if (job->state == AT_CANCELED && !is_unwanted)
            unit->failing = ERROR_PRINT_CANCELED, unit->failing_page = sheet;
        job->state = AT_CANCELED;
        say_sheet(world, item, EVENT_SHEET_NOT_PRINTED);
    } else {
        return false;
    }
    return true;
}

/* It cancels what it has, waits a while for each, and ends. */
static void fail(struct world *world, uint16_t code)
{
    struct unit *unit = &world->client.unit;
    uint32_t page = 0;
    for (unsigned i = 0; i < PRINT_SLOTS; i++) {
        struct unit_item *item = &unit->items[i];
        if (item->stage == ITEM_FREE)
            continue;
        if (!page || item->sheet < page)
            page = item->sheet;
        if (item->stage == ITEM_TOLD)
            continue;
        if (one_in(world, 5)) /* it could not find out in time */
            world->printer.jobs[item->uuid].is_given_up = true;
        else
            resolve(world, item, true);
    }
    end(world, code, page);
}

void unit_crash(struct world *world)
{
    tell(world, "FAULT: the unit dies");
    end(world, ERROR_PRINTER_DIED, 0);
}

bool unit_step(struct world *world)
{
    struct unit *unit = &world->client.unit;
    struct unit_item *item = &unit->items[chance(world, PRINT_SLOTS)];
    bool is_empty = !unit->items[0].stage && !unit->items[1].stage;
    if (!unit->running)
        return false;
    if (item->stage == ITEM_TOLD) /* in order */
        for (unsigned i = 0; i < PRINT_SLOTS; i++)
            if (unit->items[i].stage == ITEM_TOLD && unit->items[i].sheet < item->sheet)
                item = &unit->items[i];
    if (unit->stopping)
        fail(world, ERROR_PRINTER_DIED);
    else if (world->printer.jammed)
        fail(world, ERROR_PRINTER_JAM);
    else if (unit->failing && (is_empty || one_in(world, 8)))
        fail(world, unit->failing);
    else if (unit->draining && is_empty) {
        *unit = (struct unit){0};
        say(world, (struct job_read_event){.type = EVENT_UNIT_FINISHED}, 0);
    } else if (item->stage == ITEM_TOLD && !unit->failing)
        create(world, item);
    else if (item->stage >= ITEM_SENT)
        return resolve(world, item, false);
    else
        return false;
    return true;
}
