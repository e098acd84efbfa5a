/* The jobs of this host: those in hand, and the last status of those that are over. */
#ifndef DESKLINE_CLIENTD_JOBS_H
#define DESKLINE_CLIENTD_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>

#include "clientd/job_run.h"

struct jobs;

/* `on_changed` as in struct job_surroundings, whose other callbacks are filled in here. Takes up what is in
 * the spool; blocks. The surroundings are kept, and outlive the jobs. */
struct jobs *jobs_new(struct job_surroundings *around, void (*on_changed)(void *context, uint64_t job),
                      void *context);
void jobs_free(struct jobs **jobs);

/* NULL when it is not in hand. */
struct job_run *jobs_find(struct jobs *jobs, uint64_t job);
/* The job, made when it is not in hand. NULL when as many are in hand as HELLO can tell of. */
struct job_run *jobs_take(struct jobs *jobs, uint64_t job, const struct record_read_options *options);
/* The server has opened it: it is known from now on, also before it has a command. */
void jobs_note(struct jobs *jobs, uint64_t job);

/* From the server: JOB_STATUS, and JOB_CLOSED. */
void jobs_take_status(struct jobs *jobs, const struct frame *frame);
void jobs_close(struct jobs *jobs, uint64_t job, uint8_t state, const char *text);

/* Whether there is a status of it, and what it is; the views are good until the next call for that job. */
bool jobs_status(struct jobs *jobs, uint64_t job, uint32_t request, struct frame *frame);
/* Calls visit for each job with a status that is not over. */
void jobs_each(struct jobs *jobs, void (*visit)(void *context, uint64_t job), void *context);
/* The session: HELLO's list, WELCOME's answers, its end, its room. */
void jobs_tell_in_hand(struct jobs *jobs, struct frame_list_builder *list);
void jobs_link_up(struct jobs *jobs, const struct frame_list *known);
void jobs_link_down(struct jobs *jobs);
void jobs_room(struct jobs *jobs);

/* Jobs in hand, and bytes in the spool. */
size_t jobs_count(const struct jobs *jobs);
uint64_t jobs_bytes(const struct jobs *jobs);

/* Units stop, records are saved; `quiet` is called when all is done. */
void jobs_shut_down(struct jobs *jobs, void (*quiet)(void *context), void *context);

#endif
