/* The stack of paper, and the person who looks after it and answers. */
#include "tests/sim/sim.h"

#include <string.h>

bool paper_take_sheet(struct paper *paper, unsigned *sheet)
{
    if (paper->feeder_count == 0)
        return false;
    *sheet = paper->feeder[0];
    memmove(paper->feeder, paper->feeder + 1, --paper->feeder_count * sizeof *paper->feeder);
    paper->in_path = *sheet;
    return true;
}

/* The sheet that page `page` shows at the client or the server, 0 when nobody has it. */
static unsigned sheet_of_page(struct world *world, uint32_t page)
{
    struct ledger_page known = ledger_get(&world->client.job.ledger, page);
    struct page_file *file = files_find(&world->client.spool, page, known.generation);
    if (file && file->whole)
        return file->sheet;
    known = ledger_get(&world->server.job.ledger, page);
    file = files_find(&world->server.files, page, known.generation);
    return file ? file->sheet : 0;
}

/* Puts the stack together so that the device gets the sheet of `first_page` first: every sheet from that one
 * on, in order, without those that were left out unless `all`. A person finds it by looking at the last page
 * that is to stay. */
void paper_put_back(struct world *world, uint32_t first_page, bool all)
{
    struct paper *paper = &world->paper;
    unsigned last = 0;
    for (uint32_t page = 1; page < first_page; page++) {
        unsigned sheet = sheet_of_page(world, page);
        if (sheet > last)
            last = sheet;
    }
    paper->feeder_count = 0;
    for (unsigned sheet = last + 1; sheet <= paper->sheets; sheet++)
        if (all || !paper->left_out[sheet])
            paper->feeder[paper->feeder_count++] = sheet;
    paper->in_path = 0;
    paper->jammed = false;
}

/* The server has taken an answer. */
void paper_designated(struct paper *paper, enum manner manner)
{
    if (manner == MANNER_SKIP)
        paper->left_out[paper->set_aside] = true;
    if (manner == MANNER_FINISH)
        paper->finished_early = true;
    if (manner == MANNER_RESTART)
        memset(paper->left_out, 0, sizeof paper->left_out), paper->finished_early = false;
    if (manner == MANNER_FROM_PAGE || manner == MANNER_REDO_LAST || manner == MANNER_RESTART)
        for (unsigned sheet = 1; sheet <= paper->sheets; sheet++)
            paper->allowed[sheet] = paper->reads[sheet] + 1;
}

static void designate(struct world *world)
{
    struct job_read *job = &world->client.job;
    struct designation_question *question = &job->question;
    struct paper *paper = &world->paper;
    struct manner_offer offer = question->offers[0];
    uint32_t page = 0;
    if (one_in(world, 3))
        offer = question->offers[chance(world, question->offer_count)];
    if (offer.manner == MANNER_ABANDON || (offer.manner == MANNER_FINISH && !one_in(world, 3)))
        offer = question->offers[0];
    uint32_t first = offer.first_page;
    if (offer.manner == MANNER_FROM_PAGE)
        first = page = offer.first_page + chance(world, offer.last_page - offer.first_page + 1);

    /* Hands first, then the answer. The device may be at work when only the link was lost. */
    if (job->unit == UNIT_IDLE) {
        bool nothing_else = paper->feeder_count == 0;
        switch (offer.manner) {
        case MANNER_SKIP:
            paper_put_back(world, first, offer.manner == MANNER_RESTART);
            if (paper->feeder_count) {
                paper->set_aside = paper->feeder[0];
                memmove(paper->feeder, paper->feeder + 1, --paper->feeder_count * sizeof *paper->feeder);
            }
            break;
        case MANNER_FINISH:
            break;
        case MANNER_RESUME:
            if (nothing_else && paper->in_path && one_in(world, 3)) { /* forgets the sheet that he took out */
                paper->in_path = 0;
                paper->jammed = false;
                break;
            }
            paper_put_back(world, first, offer.manner == MANNER_RESTART);
            break;
        default:
            paper_put_back(world, first, offer.manner == MANNER_RESTART);
            break;
        }
    } else if (offer.manner != MANNER_RESUME) {
        return; /* he waits for the device, and then sees */
    }
    tell(world, "person: %s, page %u", manner_name((uint8_t)offer.manner), page);
    client_event(world, (struct job_read_event){.type = EVENT_MANNER_CHOSEN,
                                                .round = question->round,
                                                .manner = (uint8_t)offer.manner,
                                                .page = page});
}

bool person_step(struct world *world)
{
    struct client *client = &world->client;
    if (!client->alive || !client->has_job)
        return false;
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
