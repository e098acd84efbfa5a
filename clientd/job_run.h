/*
 * Carries out what job_read decides, for one job: strictly in order, from a queue. What has to be durable
 * first is saved by a worker, and the actions behind it wait; events go on being handled meanwhile.
 */
#ifndef DESKLINE_CLIENTD_JOB_RUN_H
#define DESKLINE_CLIENTD_JOB_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>

#include "clientd/job_read.h"

struct job_run;
struct link;
struct loop;
struct peer;
struct peer_sweep;
struct settings;
struct units;
struct worker_pool;

/* What all jobs use; nothing of it is owned. */
struct job_surroundings {
    struct loop *loop;
    struct peer_sweep *sweep;
    struct worker_pool *pool;
    struct link *link;
    struct units *units;
    const struct settings *settings;
    struct designation_policy policy;
    int spool_fd;
    char spool_path[512];

    void (*on_changed)(void *context, uint64_t job); /* somebody may watch it */
    void (*on_over)(void *context, uint64_t job);    /* it is forgotten: free it, but not in here */
    /* The printer with that URI is in use no longer. */
    void (*on_printer_free)(void *context, const char *uri);
    /* The other job that has this device in use, 0 for none. */
    uint64_t (*device_user)(void *context, const char *device, uint64_t job);
    /* Bytes that wait in the spool, of all jobs together. */
    uint64_t (*spool_bytes)(void *context);
    void *context;
};

/* A reading job that the server has told of; options.unit is copied. */
struct job_run *job_run_new(struct job_surroundings *around, uint64_t job,
                            const struct record_read_options *options);
/* The same for a printing job; an order without blocks when only its number is known. Copied. */
struct job_run *job_run_new_printing(struct job_surroundings *around, uint64_t job,
                                     const struct record_print_order *order);
/* A job that is in the spool; blocks. NULL when its record is not sound (logged). */
struct job_run *job_run_recover(struct job_surroundings *around, uint64_t job);
/* Its unit is killed; the record stays as it was saved last. Safe on NULL; clears *run. */
void job_run_free(struct job_run **run);

/* For a job that was lost and is restarted: how to read. */
void job_run_set_options(struct job_run *run, const struct record_read_options *options);

/* For a job that was lost and is restarted: what to print. */
void job_run_set_order(struct job_run *run, const struct record_print_order *order);
/* The order of a restart at another printer, before EVENT_RESTART_COMMANDED with is_moved. */
void job_run_set_pending_order(struct job_run *run, const struct record_print_order *order);
/* Before EVENT_MANNER_CHOSEN of that round: where the user wants to go on, "" for where it is. */
void job_run_choose_unit(struct job_run *run, uint32_t round, const char *unit);

/* Something has happened: see job_read.h. -EPERM when a user asked for something that is not possible now. */
int job_run_event(struct job_run *run, const struct job_read_event *event);
/* The session's connection, NULL when there is none: before EVENT_LINK_UP and EVENT_LINK_DOWN. */
void job_run_set_peer(struct job_run *run, struct peer *peer);
/* PAGE_RESUME from the server. */
void job_run_resume_page(struct job_run *run, const struct frame_page_resume *resume);
/* PAGE_BEGIN, PAGE_DATA or PAGE_END from the server. False for a job that takes no blocks: the credit of the
 * data is then the caller's to give back. */
bool job_run_take_block(struct job_run *run, const struct frame *frame);
/* The connection has room for page data again. */
void job_run_room(struct job_run *run);
/* Tells the unit to stop, saves what is known, and says later by on_changed that job_run_is_quiet. */
void job_run_shut_down(struct job_run *run);
bool job_run_is_quiet(const struct job_run *run);

const struct job_read *job_run_job(const struct job_run *run);
/* The account as it may leave this host. What has been printed is known from the journal alone: before it is
 * durable it is not told, or the server would believe what a crash then forgets. A page that was read is in
 * its files. */
const struct ledger *job_run_ledger(const struct job_run *run);
/* When the job was begun here and when it was saved last, in ms since 1970. */
void job_run_times(const struct job_run *run, uint64_t *created_ms, uint64_t *updated_ms);
const char *job_run_unit(const struct job_run *run);
/* Of a printing job, else "". */
const char *job_run_title(const struct job_run *run);
const struct record_read_options *job_run_options(const struct job_run *run);
/* Takes up a job that waits behind another one at the printer with that URI; false when this one does not. */
bool job_run_waits_for_printer(const struct job_run *run, const char *uri);
void job_run_take_printer(struct job_run *run);
/* The device that its unit has in use, NULL for none. */
const char *job_run_device(const struct job_run *run);
/* Bytes of it in the spool. */
uint64_t job_run_bytes(const struct job_run *run);

#endif
