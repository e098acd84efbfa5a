/*
 * The spool's side of a job: what a worker does for it, one task after the other. A task has all that it
 * needs in itself, so that it may end later than the job.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/worker.h"
#include "clientd/block_receive.h"
#include "clientd/job_run_internal.h"
#include "clientd/link.h"
#include "clientd/settings.h"
#include "clientd/spool.h"
#include "wire/page_transfer.h"

#define AGAIN_MS          1000u
#define SPACE_LEAST_BYTES (4u << 20)

struct job_task {
    struct job_run *run; /* NULL: nobody waits for it any more */
    uint64_t job;
    int folder_fd, spool_fd;
    struct job_record record;       /* save: what is saved; drop: its ledger */
    struct job_read_action action;  /* drop */
    struct spool_findings findings; /* examine */
    uint64_t space_bytes;           /* look for space */
    void (*done)(struct job_run *run, struct job_task *task, int result);
};

static struct job_task *task_new(struct job_run *run, void (*done)(struct job_run *, struct job_task *, int))
{
    struct job_task *task = memory_new(sizeof *task);
    task->run = run;
    task->job = run->record.job.id;
    task->folder_fd = run->folder_fd;
    task->spool_fd = run->around->spool_fd;
    task->done = done;
    return task;
}

static void task_free(struct job_task *task)
{
    ledger_free(&task->record.job.ledger);
    spool_findings_free(&task->findings);
    free(task);
}

static void task_done(void *context, int result)
{
    struct job_task *task = context;
    if (task->run)
        task->done(task->run, task, result);
    task_free(task);
}

void job_run_give_up_if_broken(uint64_t job, int error)
{
    if (error != -EIO)
        return;
    log_error("job %" PRIu64
              ": the disk of the spool reported an error: clientd ends, and recovers at its next start",
              job);
    _exit(EXIT_FAILURE);
}

/* ---- The folder --------------------------------------------------------------------------------------- */

static int make_folder(void *context)
{
    struct job_task *task = context;
    return spool_job_open(task->spool_fd, task->job);
}

static void again(void *context)
{
    struct job_run *run = context;
    run->is_waiting = false;
    if (run->folder_fd < 0)
        job_run_make_folder(run);
    else
        job_run_save(run);
}

static void try_again(struct job_run *run, struct job_task *task, int error)
{
    job_run_give_up_if_broken(task->job, error);
    log_warning("job %" PRIu64 " cannot be saved in the spool, trying again: %s", task->job,
                strerror(-error));
    if (!run->retry)
        run->retry = loop_timer_new(run->around->loop, again, run);
    run->is_waiting = true;
    loop_timer_start(run->retry, AGAIN_MS);
}

static void folder_made(struct job_run *run, struct job_task *task, int result)
{
    run->task = NULL;
    if (result >= 0) {
        run->folder_fd = result;
        result = page_transfer_set_folder(run->transfer, run->folder_fd);
    }
    if (result < 0)
        try_again(run, task, result);
    else
        job_run_carry_out(run);
}

void job_run_make_folder(struct job_run *run)
{
    run->task = task_new(run, folder_made);
    worker_submit(run->strand, make_folder, task_done, run->task);
}

/* ---- The record --------------------------------------------------------------------------------------- */

static int save(void *context)
{
    struct job_task *task = context;
    return spool_save(task->folder_fd, &task->record);
}

static void saved(struct job_run *run, struct job_task *task, int result)
{
    run->task = NULL;
    if (result < 0) {
        try_again(run, task, result);
        return;
    }
    ledger_copy(&run->saved, &task->record.job.ledger);
    job_run_note_blocks(run);
    job_run_carry_out(run);
    run->around->on_changed(run->around->context, task->job);
}

/* A snapshot of now, not of when it was decided. */
void job_run_save(struct job_run *run)
{
    struct job_task *task = task_new(run, saved);
    run->record.updated_ms = (int64_t)wall_clock_ms();
    task->record = run->record;
    task->record.job.ledger = task->record.job.spooled = (struct ledger){0};
    task->record.job.pending.ledger = (struct ledger){0};
    ledger_copy(&task->record.job.ledger, &run->record.job.ledger);
    run->task = task;
    worker_submit(run->strand, save, task_done, task);
}

/* ---- Pages that go ------------------------------------------------------------------------------------ */

static bool is_dropped(void *context, uint32_t page, uint32_t generation)
{
    const struct job_task *task = context;
    struct ledger_page known = ledger_get(&task->record.job.ledger, page);
    switch (task->action.type) {
    case ACTION_DROP_PAGE:
        return page == task->action.page && generation <= task->action.generation;
    case ACTION_DROP_FROM:
        return page >= task->action.page && generation < task->action.generation;
    default:
        return known.state == PAGE_STORED && generation <= known.generation;
    }
}

static int drop(void *context)
{
    struct job_task *task = context;
    int error = spool_drop(task->folder_fd, is_dropped, task);
    if (error)
        log_error("job %" PRIu64 ": pages cannot be removed from the spool: %s", task->job, strerror(-error));
    return error;
}

void job_run_drop(struct job_run *run, const struct job_read_action *action)
{
    if (run->blocks)
        block_receive_removed(run->blocks, action->page, action->generation);
    struct job_task *task = task_new(run, NULL);
    task->run = NULL; /* nobody waits for it */
    task->action = *action;
    ledger_copy(&task->record.job.ledger, &run->record.job.ledger);
    worker_submit(run->strand, drop, task_done, task);
}

static int forget(void *context)
{
    struct job_task *task = context;
    int error = spool_forget(task->spool_fd, task->job);
    if (error)
        log_error("job %" PRIu64 " cannot be removed from the spool: %s", task->job, strerror(-error));
    return error;
}

static void forgotten(struct job_run *run, struct job_task *task, int result)
{
    (void)result;
    run->task = NULL;
    run->is_waiting = true; /* nothing may come behind */
    run->around->on_over(run->around->context, task->job);
}

void job_run_forget(struct job_run *run)
{
    if (run->blocks)
        block_receive_close(run->blocks);
    run->task = task_new(run, forgotten);
    worker_submit(run->strand, forget, task_done, run->task);
}

/* ---- What a unit left behind -------------------------------------------------------------------------- */

static int examine(void *context)
{
    struct job_task *task = context;
    return spool_examine(task->folder_fd, task->job, task->record.job.round, &task->findings);
}

static void examined(struct job_run *run, struct job_task *task, int result)
{
    run->examination = NULL;
    if (result)
        log_error("job %" PRIu64 ": the spool cannot be read: %s", task->job, strerror(-result));
    job_run_unit_examined(run, &task->findings);
}

void job_run_examine(struct job_run *run)
{
    run->examination = task_new(run, examined);
    run->examination->record.job.round = run->record.job.round;
    worker_submit(run->strand, examine, task_done, run->examination);
}

/* ---- Space for a unit that is paused, or for blocks --------------------------------------------------- */

static bool waits_for_space(const struct job_read *job)
{
    if (job->space || job->state == JOB_READ_CLOSED)
        return false;
    return job->function == FUNCTION_PRINTING ? job->error == ERROR_SPOOL_FULL : job->unit == UNIT_PAUSED;
}

/* Connected, pages that were read go by themselves. */
static bool is_below_limit(const struct job_run *run)
{
    return (run->record.job.function == FUNCTION_READING && link_peer(run->around->link)) ||
           !job_run_is_over_limit(run);
}

static int look_for_space(void *context)
{
    struct job_task *task = context;
    struct statvfs status;
    if (fstatvfs(task->folder_fd, &status) < 0)
        return -errno;
    task->space_bytes = (uint64_t)status.f_bavail * status.f_frsize;
    return 0;
}

static void space_known(struct job_run *run, struct job_task *task, int result)
{
    run->space_task = NULL;
    if (!result && task->space_bytes >= SPACE_LEAST_BYTES && waits_for_space(&run->record.job) &&
        is_below_limit(run))
        job_run_event(run, &(struct job_read_event){.type = EVENT_SPACE_MADE});
    job_run_watch_space(run);
}

void job_run_look_for_space(void *context)
{
    struct job_run *run = context;
    if (run->space_task || run->folder_fd < 0)
        return;
    run->space_task = task_new(run, space_known);
    worker_submit(run->strand, look_for_space, task_done, run->space_task);
}

void job_run_watch_space(struct job_run *run)
{
    if (waits_for_space(&run->record.job) && !run->space_task)
        loop_timer_start(run->space, AGAIN_MS);
}

/* ---- The end ------------------------------------------------------------------------------------------ */

static int close_folder(void *context)
{
    struct job_task *task = context;
    close(task->folder_fd);
    return 0;
}

void job_run_leave_spool(struct job_run *run)
{
    if (run->task)
        run->task->run = NULL;
    if (run->space_task)
        run->space_task->run = NULL;
    if (run->examination)
        run->examination->run = NULL;
    if (run->folder_fd < 0)
        return;
    struct job_task *task = task_new(run, NULL);
    task->run = NULL;
    worker_submit(run->strand, close_folder, task_done, task);
}
