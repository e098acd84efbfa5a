/*
 * A job that runs: the shell around the pure machine of job.h. Events go in through job_run_handle; the
 * actions that come out stand in a queue and are carried out strictly in order. REGISTER makes the queue wait
 * until the registry says that it is durable; events are handled meanwhile, and their actions queue up
 * behind.
 *
 *   job_run.c     the queue, and what each action does
 *   job_frames.c  the frames to the client
 *   job_pages.c   the pages that arrive
 *   job_blocks.c  the blocks that are sent
 *   job_tell.c    who watches, and what a job looks like
 */
#ifndef DESKLINE_SERVICED_JOBS_JOB_RUN_H
#define DESKLINE_SERVICED_JOBS_JOB_RUN_H

#include "serviced/jobs/job_blocks.h"
#include "serviced/jobs/job_pages.h"
#include "serviced/jobs/job_record.h"
#include "serviced/jobs/job_tell.h"

struct server;
struct service;
struct visitor;
struct delivery;
struct loop_timer;
struct worker_strand;
struct todo;

struct job_run {
    struct server *server;
    struct job_record record;
    struct ledger registering,
        registered; /* what is durable of the record's ledger, and what is about to be */
    const struct service *service;
    struct visitor *client; /* its session; NULL while there is none */
    struct job_pages pages;
    struct job_blocks blocks;
    struct job_audience audience;
    struct worker_strand *delivering;
    struct delivery *delivery;
    bool wants_delivery; /* as soon as all pages are verified */
    /* Who asked for the job: answered when the command goes out */
    uint64_t opener;
    uint32_t opener_request;
    /* The queue */
    struct todo *first, **end;
    unsigned todo_count;
    bool is_waiting; /* for the registry */
    bool is_working;
    struct loop_timer *again; /* to register, when the record could not be made */
    unsigned workers_out;     /* requests with workers, whose callbacks bring this job's address back */
};

/* Takes the record. */
struct job_run *job_run_new(struct server *server, struct job_record *record);
/* When job_run_is_idle, or when no callback can come any more. Safe on NULL. */
void job_run_free(struct job_run **run);
/* Nothing under way points to it. */
bool job_run_is_idle(const struct job_run *run);

/* The job begins, or goes on after a restart of the server. */
void job_run_open(struct job_run *run, uint64_t opener, uint32_t request);
void job_run_recover(struct job_run *run);
void job_run_handle(struct job_run *run, const struct job_event *event);
/* The same, and the visitor's request is answered: when all actions are done, or at once when it is refused.
 */
void job_run_request(struct job_run *run, const struct job_event *event, struct visitor *visitor,
                     uint32_t request);

/* JOB_EVENT_MANNER_NOTICED, and where it is taken, the job goes on at that printer (NULL: at its own). */
void job_run_request_manner(struct job_run *run, const struct job_event *event, const char *printer,
                            struct visitor *visitor, uint32_t request);

/* So much waits for the registry that nothing more is taken from the client. */
bool job_run_is_full(const struct job_run *run);

/* Around each request to a worker that has the job as its context. `back`: false when the server is being
 * stopped and nothing is to be done any more. */
void job_run_worker_is_out(struct job_run *run);
bool job_run_worker_is_back(struct job_run *run);
/* PAGE_STORED once more, as soon as it is registered. */
void job_run_say_stored(struct job_run *run, uint32_t page, uint32_t generation);
/* A page was verified. */
void job_run_deliver_if_wanted(struct job_run *run);

/* What may be told to the client as stored: never more than is registered. */
static inline const struct ledger *job_run_registered(const struct job_run *run)
{
    return &run->registered;
}

static inline bool job_run_is_over(const struct job_run *run)
{
    return run->record.job.step == JOB_CLOSED_STEP;
}

/* Frames to the client, if it is connected (job_frames.c). */
void job_frames_command(struct job_run *run);
void job_frames_stored(struct job_run *run, uint32_t page, uint32_t generation);
void job_frames_suspend(struct job_run *run);
void job_frames_question(struct job_run *run);
void job_frames_restart(struct job_run *run);
void job_frames_closed(struct job_run *run);
void job_frames_resume(struct job_run *run, uint32_t page, uint32_t generation, uint64_t offset);

#endif
