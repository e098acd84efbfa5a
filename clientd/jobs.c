#include "config.h"

#include "clientd/jobs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "clientd/job_status.h"
#include "clientd/link.h"
#include "clientd/spool.h"

#define OVER_KEPT 64
#define JOBS_MAX  1024 /* in hand: as many as HELLO can tell of */

/* One job that is known here, in a list with the newest first. */
struct job_entry {
    uint64_t job;
    struct job_run *run; /* NULL: not in hand */
    struct job_status *status;
    bool is_over; /* its run is to be freed */
    struct job_entry *next;
};

struct jobs {
    struct job_surroundings *around;
    void (*on_changed)(void *context, uint64_t job);
    void *context;
    struct job_entry *first;
    struct loop_timer *sweep;     /* frees what is over, from the loop */
    bool has_said_full;           /* too many jobs: logged once */
    void (*quiet)(void *context); /* while it shuts down */
    void *quiet_context;
};

/* ---- Entries ------------------------------------------------------------------------------------------ */

static struct job_entry *find(const struct jobs *jobs, uint64_t job)
{
    struct job_entry *entry = jobs->first;
    while (entry && entry->job != job)
        entry = entry->next;
    return entry;
}

static void entry_free(struct job_entry **entry)
{
    struct job_entry *old = *entry;
    *entry = old->next;
    job_run_free(&old->run);
    job_status_free(&old->status);
    free(old);
}

static bool is_in_hand(const struct job_entry *entry)
{
    return entry->run && !entry->is_over && job_run_job(entry->run)->state != JOB_READ_CLOSED;
}

/* Of those that are not in hand only the newest are kept. */
static void forget_oldest(struct jobs *jobs)
{
    unsigned kept = 0;
    for (struct job_entry **at = &jobs->first; *at;) {
        if (!(*at)->run && ++kept > OVER_KEPT)
            entry_free(at);
        else
            at = &(*at)->next;
    }
}

static struct job_entry *find_or_add(struct jobs *jobs, uint64_t job)
{
    struct job_entry *entry = find(jobs, job);
    if (entry)
        return entry;
    entry = memory_new(sizeof *entry);
    entry->job = job;
    entry->status = job_status_new(job);
    entry->next = jobs->first;
    jobs->first = entry;
    return entry;
}

/* ---- What the jobs say -------------------------------------------------------------------------------- */

static void check_quiet(struct jobs *jobs)
{
    if (!jobs->quiet)
        return;
    for (struct job_entry *entry = jobs->first; entry; entry = entry->next)
        if (entry->run && !job_run_is_quiet(entry->run))
            return;
    void (*quiet)(void *) = jobs->quiet;
    jobs->quiet = NULL;
    quiet(jobs->quiet_context);
}

static void on_changed(void *context, uint64_t job)
{
    struct jobs *jobs = context;
    jobs->on_changed(jobs->context, job);
    if (jobs->quiet)
        loop_timer_start(jobs->sweep, 0);
}

static void on_over(void *context, uint64_t job)
{
    struct jobs *jobs = context;
    struct job_entry *entry = find(jobs, job);
    entry->is_over = true;
    loop_timer_start(jobs->sweep, 0);
}

static void sweep(void *context)
{
    struct jobs *jobs = context;
    for (struct job_entry *entry = jobs->first; entry; entry = entry->next)
        if (entry->is_over) {
            job_run_free(&entry->run);
            entry->is_over = false;
            log_notice("job %" PRIu64 " is over", entry->job);
            jobs->on_changed(jobs->context, entry->job);
        }
    forget_oldest(jobs);
    check_quiet(jobs);
}

static uint64_t device_user(void *context, const char *device, uint64_t job)
{
    const struct jobs *jobs = context;
    for (const struct job_entry *entry = jobs->first; entry; entry = entry->next) {
        const char *used = entry->run && entry->job != job ? job_run_device(entry->run) : NULL;
        if (used && strcmp(used, device) == 0)
            return entry->job;
    }
    return 0;
}

/* The next one is the oldest that waits. */
static void on_printer_free(void *context, const char *uri)
{
    const struct jobs *jobs = context;
    struct job_entry *next = NULL;
    for (struct job_entry *entry = jobs->first; entry; entry = entry->next)
        if (entry->run && job_run_waits_for_printer(entry->run, uri))
            next = entry;
    if (next && !device_user(context, uri, next->job))
        job_run_take_printer(next->run);
}

static uint64_t spool_bytes(void *context)
{
    return jobs_bytes(context);
}

/* ---- From outside ------------------------------------------------------------------------------------- */

static void take_up(void *context, uint64_t job)
{
    struct jobs *jobs = context;
    struct job_run *run = job_run_recover(jobs->around, job);
    if (run)
        find_or_add(jobs, job)->run = run;
}

struct jobs *jobs_new(struct job_surroundings *around, void (*changed)(void *context, uint64_t job),
                      void *context)
{
    struct jobs *jobs = memory_new(sizeof *jobs);
    jobs->around = around;
    jobs->on_changed = changed;
    jobs->context = context;
    jobs->sweep = loop_timer_new(around->loop, sweep, jobs);
    around->on_changed = on_changed;
    around->on_over = on_over;
    around->device_user = device_user;
    around->on_printer_free = on_printer_free;
    around->spool_bytes = spool_bytes;
    around->context = jobs;
    int error = spool_each_job(around->spool_fd, take_up, jobs);
    if (error)
        log_error("the spool cannot be read: %s", strerror(-error));
    return jobs;
}

struct job_run *jobs_find(struct jobs *jobs, uint64_t job)
{
    struct job_entry *entry = find(jobs, job);
    return entry && !entry->is_over ? entry->run : NULL;
}

static bool has_room(struct jobs *jobs)
{
    bool is_full = jobs_count(jobs) >= JOBS_MAX;
    if (is_full && !jobs->has_said_full)
        log_error("the server has given this client %d jobs: no more are taken until some are over",
                  JOBS_MAX);
    jobs->has_said_full = is_full;
    return !is_full;
}

/* The entry in which a job of that function is, or can be put; NULL for none. */
static struct job_entry *entry_for(struct jobs *jobs, uint64_t job, enum job_function function)
{
    struct job_entry *entry = find(jobs, job);
    if (!entry || !entry->run)
        return has_room(jobs) ? find_or_add(jobs, job) : NULL;
    if (job_run_job(entry->run)->function == function)
        return entry;
    log_error("job %" PRIu64 " is one of %s, and is not used for %s", job,
              function_name((uint8_t)job_run_job(entry->run)->function), function_name((uint8_t)function));
    return NULL;
}

static struct job_run *put(struct jobs *jobs, struct job_entry *entry, struct job_run *run)
{
    entry->run = run;
    job_run_set_peer(run, link_peer(jobs->around->link));
    return run;
}

struct job_run *jobs_take(struct jobs *jobs, uint64_t job, const struct record_read_options *options)
{
    struct job_entry *entry = entry_for(jobs, job, FUNCTION_READING);
    if (!entry || entry->run)
        return entry ? entry->run : NULL;
    return put(jobs, entry, job_run_new(jobs->around, job, options));
}

struct job_run *jobs_take_printing(struct jobs *jobs, uint64_t job, const struct record_print_order *order)
{
    struct job_entry *entry = entry_for(jobs, job, FUNCTION_PRINTING);
    if (!entry || entry->run)
        return entry ? entry->run : NULL;
    return put(jobs, entry, job_run_new_printing(jobs->around, job, order));
}

void jobs_note(struct jobs *jobs, uint64_t job)
{
    find_or_add(jobs, job);
    forget_oldest(jobs);
}

void jobs_take_status(struct jobs *jobs, const struct frame *frame)
{
    job_status_take(find_or_add(jobs, frame->job)->status, frame);
    jobs->on_changed(jobs->context, frame->job);
    loop_timer_start(jobs->sweep, 0);
}

void jobs_close(struct jobs *jobs, uint64_t job, uint8_t state, const char *text)
{
    struct job_entry *entry = find_or_add(jobs, job);
    if (is_in_hand(entry) || !job_status_final(entry->status)) /* else it is said once more */
        log_notice("job %" PRIu64 " is closed: %s. %s", job, job_state_name(state), text);
    job_status_close(entry->status, state, text);
    if (entry->run)
        job_run_event(entry->run, &(struct job_read_event){.type = EVENT_CLOSED});
    jobs->on_changed(jobs->context, job);
    loop_timer_start(jobs->sweep, 0); /* jobs that are over are kept in a bounded number */
}

bool jobs_status(struct jobs *jobs, uint64_t job, uint32_t request, struct frame *frame)
{
    struct job_entry *entry = find(jobs, job);
    if (entry)
        job_status_make(entry->status, entry->run, link_peer(jobs->around->link) != NULL,
                        link_client(jobs->around->link), request, frame);
    return entry != NULL;
}

void jobs_each(struct jobs *jobs, void (*visit)(void *context, uint64_t job), void *context)
{
    for (struct job_entry *entry = jobs->first, *next; entry; entry = next) {
        next = entry->next;
        if (!job_status_final(entry->status))
            visit(context, entry->job);
    }
}

/* ---- The session -------------------------------------------------------------------------------------- */

void jobs_tell_in_hand(struct jobs *jobs, struct frame_list_builder *list)
{
    for (struct job_entry *entry = jobs->first; entry; entry = entry->next) {
        struct frame_list_builder runs = {0};
        if (!is_in_hand(entry))
            continue;
        const struct job_read *job = job_run_job(entry->run);
        struct record_job_in_hand record = {
            .job = entry->job, .function = (uint8_t)job->function, .round = job->round};
        ledger_to_account(job_run_ledger(entry->run), &runs, &record.account);
        int error = frame_list_add(list, &frame_record_job_in_hand, &record);
        if (error)
            log_error("job %" PRIu64 " cannot be told of: %s", entry->job, strerror(-error));
        frame_list_builder_free(&runs);
    }
}

static void link_up(struct jobs *jobs, struct job_entry *entry, const struct record_job_known *known)
{
    struct job_read_event event = {.type = EVENT_LINK_UP, .standing = (enum job_standing)known->standing};
    struct ledger ledger = {0};
    const char *why;
    if (known->standing > STANDING_CLOSED ||
        ledger_from_account(&ledger, job_run_job(entry->run)->function, &known->account, &why)) {
        log_error("job %" PRIu64 ": the server's account makes no sense", entry->job);
        return;
    }
    if (known->standing == STANDING_OPEN)
        event.ledger = &ledger;
    job_run_set_peer(entry->run, link_peer(jobs->around->link));
    if (known->standing != STANDING_CLOSED) /* else JOB_CLOSED follows */
        job_run_event(entry->run, &event);
    ledger_free(&ledger);
}

void jobs_link_up(struct jobs *jobs, const struct frame_list *known)
{
    struct record_job_known record;
    size_t cursor = 0;
    while (frame_list_next(known, &frame_record_job_known, &cursor, &record)) {
        struct job_entry *entry = find(jobs, record.job);
        if (entry && is_in_hand(entry))
            link_up(jobs, entry, &record);
    }
}

void jobs_link_down(struct jobs *jobs)
{
    for (struct job_entry *entry = jobs->first; entry; entry = entry->next)
        if (entry->run) {
            job_run_set_peer(entry->run, NULL);
            job_run_event(entry->run, &(struct job_read_event){.type = EVENT_LINK_DOWN});
        }
}

void jobs_room(struct jobs *jobs)
{
    for (struct job_entry *entry = jobs->first; entry; entry = entry->next)
        if (entry->run)
            job_run_room(entry->run);
}

size_t jobs_count(const struct jobs *jobs)
{
    size_t count = 0;
    for (const struct job_entry *entry = jobs->first; entry; entry = entry->next)
        count += is_in_hand(entry);
    return count;
}

uint64_t jobs_bytes(const struct jobs *jobs)
{
    uint64_t bytes = 0;
    for (const struct job_entry *entry = jobs->first; entry; entry = entry->next)
        bytes += entry->run ? job_run_bytes(entry->run) : 0;
    return bytes;
}

void jobs_shut_down(struct jobs *jobs, void (*quiet)(void *context), void *context)
{
    jobs->quiet = quiet;
    jobs->quiet_context = context;
    for (struct job_entry *entry = jobs->first; entry; entry = entry->next)
        if (entry->run)
            job_run_shut_down(entry->run);
    loop_timer_start(jobs->sweep, 0);
}

void jobs_free(struct jobs **jobs)
{
    struct jobs *old = *jobs;
    *jobs = NULL;
    if (!old)
        return;
    while (old->first)
        entry_free(&old->first);
    loop_timer_free(&old->sweep);
    free(old);
}
