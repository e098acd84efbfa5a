#include "config.h"

#include "serviced/jobs/jobs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "serviced/documents/archive.h"
#include "serviced/documents/deliver.h"
#include "serviced/documents/store.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/job_audit.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/preparation.h"
#include "serviced/server.h"
#include "serviced/settings.h"

#define LOOK_MS        1000u
#define FREE_SPACE_MIN (UINT64_C(4) << 20)

struct jobs {
    struct server *server;
    struct job_run **list; /* in the order of their numbers */
    size_t count, room;
    uint64_t last_id;
    struct loop_timer *look; /* for space on the disk, and for what may be forgotten */
    bool is_stopping;
};

/* ---- Finding ------------------------------------------------------------------------------------------ */

struct job_run *jobs_find(const struct jobs *jobs, uint64_t id)
{
    size_t low = 0, high = jobs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (jobs->list[middle]->record.job.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < jobs->count && jobs->list[low]->record.job.id == id ? jobs->list[low] : NULL;
}

struct job_run *jobs_find_for(const struct jobs *jobs, uint64_t id, const struct visitor *visitor)
{
    struct job_run *run = jobs_find(jobs, id);
    return run && (!visitor->client || strcmp(visitor->client, run->record.client) == 0) ? run : NULL;
}

size_t jobs_count(const struct jobs *jobs)
{
    return jobs->count;
}

struct job_run *jobs_at(const struct jobs *jobs, size_t index)
{
    return jobs->list[index];
}

static bool is_of(const struct job_run *run, const char *client)
{
    return !client || strcmp(run->record.client, client) == 0;
}

unsigned jobs_open_count(const struct jobs *jobs, const char *client)
{
    unsigned count = 0;
    for (size_t i = 0; i < jobs->count; i++)
        count += is_of(jobs->list[i], client) && !job_run_is_over(jobs->list[i]);
    return count;
}

uint64_t jobs_bytes(const struct jobs *jobs, const char *client)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < jobs->count; i++)
        if (is_of(jobs->list[i], client))
            bytes += job_pages_bytes(jobs->list[i]) + jobs->list[i]->blocks.bytes;
    return bytes;
}

static void add(struct jobs *jobs, struct job_run *run)
{
    size_t at;
    if (jobs->count == jobs->room) {
        jobs->room = jobs->room ? jobs->room * 2 : 64;
        jobs->list = memory_resize(jobs->list, jobs->room, sizeof(struct job_run *));
    }
    for (at = jobs->count; at > 0 && jobs->list[at - 1]->record.job.id > run->record.job.id; at--)
        jobs->list[at] = jobs->list[at - 1]; /* it took longer to prepare than a later one */
    jobs->list[at] = run;
    jobs->count++;
    if (run->record.job.id > jobs->last_id)
        jobs->last_id = run->record.job.id;
}

/* ---- A new job ---------------------------------------------------------------------------------------- */

uint64_t jobs_reserve(struct jobs *jobs)
{
    return ++jobs->last_id;
}

void jobs_start(struct jobs *jobs, struct visitor *client, const struct visitor *opener,
                struct preparation *preparation)
{
    struct job_run *run = job_run_new(jobs->server, &preparation->record);
    job_blocks_take(run, &preparation->manifest);
    run->client = client;
    add(jobs, run);
    job_audit_opened(run, opener);
    job_run_open(run, preparation->opener, preparation->request);
}

/* ---- Sessions come and go ----------------------------------------------------------------------------- */

bool jobs_agree(const struct jobs *jobs, const char *client, const struct frame_list *in_hand,
                const char **why)
{
    struct record_job_in_hand theirs;
    size_t cursor = 0;
    while (frame_list_next(in_hand, &frame_record_job_in_hand, &cursor, &theirs)) {
        const struct job_run *run = jobs_find(jobs, theirs.job);
        if (run && is_of(run, client) && theirs.function != run->record.job.function) {
            *why = "a job in hand has another function than here";
            return false;
        }
    }
    return true;
}

void jobs_list_known(const struct jobs *jobs, const char *client, const struct frame_list *in_hand,
                     struct frame_list_builder *known)
{
    struct record_job_in_hand theirs;
    size_t cursor = 0;
    while (frame_list_next(in_hand, &frame_record_job_in_hand, &cursor, &theirs)) {
        const struct job_run *run = jobs_find(jobs, theirs.job);
        struct frame_list_builder runs = {0};
        struct record_job_known record = {.job = theirs.job};
        if (run && is_of(run, client)) {
            record.standing = job_run_is_over(run) ? 2 : 1;
            record.round = run->record.job.round;
            ledger_to_account(job_run_registered(run), &runs, &record.account);
        }
        if (frame_list_add(known, &frame_record_job_known, &record) < 0)
            log_error("a job cannot be listed for %s: no memory", client);
        frame_list_builder_free(&runs);
    }
}

static bool is_listed(const struct frame_list *in_hand, uint64_t job)
{
    struct record_job_in_hand theirs;
    size_t cursor = 0;
    while (frame_list_next(in_hand, &frame_record_job_in_hand, &cursor, &theirs))
        if (theirs.job == job)
            return true;
    return false;
}

void jobs_link_up(struct jobs *jobs, struct visitor *client, const struct frame_list *in_hand)
{
    for (size_t i = 0; i < jobs->count; i++) {
        struct job_run *run = jobs->list[i];
        bool listed;
        if (!is_of(run, client->client))
            continue;
        listed = is_listed(in_hand, run->record.job.id);
        run->client = client;
        job_blocks_connection(run);
        if (listed || !job_run_is_over(run))
            job_run_handle(run, &(struct job_event){.type = JOB_EVENT_LINK_UP, .in_hand = listed});
    }
}

void jobs_link_lost(struct jobs *jobs, struct visitor *client)
{
    for (size_t i = 0; i < jobs->count; i++) {
        struct job_run *run = jobs->list[i];
        if (run->client != client)
            continue;
        run->client = NULL;
        job_pages_disconnect(run);
        job_blocks_connection(run);
        job_run_handle(run, &(struct job_event){.type = JOB_EVENT_LINK_LOST});
    }
}

void jobs_have_room(struct jobs *jobs, const struct visitor *client)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->list[i]->client == client)
            job_blocks_go_on(jobs->list[i]);
}

/* ---- Those that are over ------------------------------------------------------------------------------ */

static void forget(struct jobs *jobs, size_t index)
{
    struct job_run *run = jobs->list[index];
    job_pages_remove_all(run);
    job_blocks_remove_all(run);
    job_record_delete(registry_database(jobs->server->registry), run->record.job.id);
    job_run_free(&run);
    memmove(&jobs->list[index], &jobs->list[index + 1], (jobs->count - index - 1) * sizeof(struct job_run *));
    jobs->count--;
}

/* The oldest beyond the number that is kept; nothing that still has something under way. */
void jobs_closed(struct jobs *jobs)
{
    loop_timer_start(jobs->look, 0);
}

static void forget_oldest(struct jobs *jobs)
{
    int64_t over = 0;
    for (size_t i = 0; i < jobs->count; i++)
        over += job_run_is_over(jobs->list[i]);
    for (size_t i = 0; i < jobs->count && over > jobs->server->settings->keep_jobs;) {
        if (job_run_is_over(jobs->list[i]) && job_run_is_idle(jobs->list[i])) {
            forget(jobs, i);
            over--;
        } else {
            i++;
        }
    }
}

/* Pages of canceled jobs, when nobody has asked for them for long enough. */
static void remove_canceled(struct jobs *jobs)
{
    uint64_t now = wall_clock_ms(), keep = (uint64_t)jobs->server->settings->keep_canceled_ms;
    for (size_t i = 0; i < jobs->count; i++) {
        struct job_run *run = jobs->list[i];
        if (run->record.job.state == JOB_CANCELED && run->pages.count && !run->workers_out &&
            now > run->record.updated_ms + keep)
            job_pages_remove_all(run);
    }
}

static void look_for_space(struct jobs *jobs)
{
    uint64_t wanted = (uint64_t)jobs->server->settings->free_space;
    bool has_looked = false;
    for (size_t i = 0; i < jobs->count; i++) {
        if (!jobs->list[i]->record.job.held)
            continue;
        if (wanted < FREE_SPACE_MIN)
            wanted = FREE_SPACE_MIN;
        if (!has_looked && (store_free_bytes(jobs->server->store) < wanted ||
                            archive_free_bytes(jobs->server->archive) < wanted))
            return;
        has_looked = true;
        job_run_handle(jobs->list[i], &(struct job_event){.type = JOB_EVENT_SPACE_MADE});
    }
}

static void look(void *context)
{
    struct jobs *jobs = context;
    look_for_space(jobs);
    remove_canceled(jobs);
    forget_oldest(jobs);
    loop_timer_start(jobs->look, LOOK_MS);
}

/* ---- Start and stop ----------------------------------------------------------------------------------- */

static int load_job(void *context, const struct registry_row *row)
{
    struct jobs *jobs = context;
    struct job_record record;
    int result = job_record_load(&record, row);
    if (result < 0) {
        log_error("the registered job %" PRId64 " makes no sense", registry_row_number(row, 0));
        return result;
    }
    if (record.job.state == JOB_CANCELED || record.job.state == JOB_ABORTED ||
        record.job.state == JOB_COMPLETED)
        record.job.step = JOB_CLOSED_STEP;
    add(jobs, job_run_new(jobs->server, &record));
    return 0;
}

static int load_page(void *context, const struct registry_row *row)
{
    struct jobs *jobs = context;
    struct job_page page;
    uint64_t id;
    int result = job_page_load(&page, &id, row);
    struct job_run *run = result == 0 ? jobs_find(jobs, id) : NULL;
    if (run)
        job_pages_recover_row(run, &page);
    return result;
}

static bool load_file(void *context, const struct store_file *file)
{
    struct jobs *jobs = context;
    struct job_run *run = jobs_find(jobs, file->job);
    if (!run || run->record.job.state == JOB_COMPLETED)
        return false;
    if (file->kind == STORE_BLOCK || file->kind == STORE_MANIFEST)
        return job_blocks_recover_file(run, file->kind == STORE_BLOCK ? file->page : 0, file->length);
    return job_pages_recover_file(run, file->page, file->generation, file->kind == STORE_PART, file->length);
}

int jobs_open(struct server *server, char why[JOBS_WHY_BYTES])
{
    struct jobs *jobs = memory_new(sizeof *jobs);
    const struct registry_document *document = registry_documents(server->registry);
    struct registry_sqlite *database = registry_database(server->registry);
    int result;

    server->jobs = jobs;
    jobs->server = server;
    jobs->look = loop_timer_new(server->loop, look, jobs);
    for (; document; document = document->next)
        if (document->id > jobs->last_id)
            jobs->last_id = document->id;
    result = registry_sqlite_each(database, REGISTRY_JOBS, load_job, jobs);
    if (result == 0)
        result = registry_sqlite_each(database, REGISTRY_PAGES, load_page, jobs);
    if (result < 0)
        snprintf(why, JOBS_WHY_BYTES, "the registry's jobs cannot be read: restore the registry from a copy");
    if (result == 0 && (result = store_each(server->store, load_file, jobs)) < 0)
        snprintf(why, JOBS_WHY_BYTES, "the pages in the state folder cannot be read: %s", strerror(-result));
    for (size_t i = 0; i < jobs->count && result == 0; i++) {
        job_pages_recover_end(jobs->list[i]);
        job_blocks_recover_end(jobs->list[i]);
        job_run_recover(jobs->list[i]);
        job_pages_recover_ledger(jobs->list[i]);
    }
    loop_timer_start(jobs->look, LOOK_MS);
    return result;
}

void jobs_stop(struct jobs *jobs)
{
    if (!jobs)
        return;
    jobs->is_stopping = true;
    for (size_t i = 0; i < jobs->count; i++) {
        deliver_cancel(jobs->list[i]->delivery);
        store_part_leave(&jobs->list[i]->pages.part);
        job_blocks_stop(jobs->list[i]);
    }
}

bool jobs_are_stopping(const struct jobs *jobs)
{
    return jobs->is_stopping;
}

void jobs_close(struct jobs **jobs)
{
    struct jobs *old = *jobs;
    if (!old)
        return;
    loop_timer_free(&old->look);
    for (size_t i = 0; i < old->count; i++)
        job_run_free(&old->list[i]);
    free(old->list);
    free(old);
    *jobs = NULL;
}
