/* All jobs: finding them, opening new ones, what clients say of them, and what is left of those that are
 * over. */
#ifndef DESKLINE_SERVICED_JOBS_JOBS_H
#define DESKLINE_SERVICED_JOBS_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>

struct jobs;
struct job_run;
struct preparation;
struct server;
struct visitor;

#define JOBS_WHY_BYTES 512

/* Loads the jobs, clears the store of what belongs to none, and lets them go on. Blocks. 0 or a negative
 * errno with one sentence. server->jobs is set before the first job goes on. */
int jobs_open(struct server *server, char why[JOBS_WHY_BYTES]);
/* No job does anything any more: worker's and registry's callbacks are taken and dropped. */
void jobs_stop(struct jobs *jobs);
bool jobs_are_stopping(const struct jobs *jobs);
/* Behind the end of the workers and the registry. */
void jobs_close(struct jobs **jobs);

struct job_run *jobs_find(const struct jobs *jobs, uint64_t id);
/* The one that this visitor may see, or NULL. */
struct job_run *jobs_find_for(const struct jobs *jobs, uint64_t id, const struct visitor *visitor);
size_t jobs_count(const struct jobs *jobs);
struct job_run *jobs_at(const struct jobs *jobs, size_t index);        /* in the order of their numbers */
unsigned jobs_open_count(const struct jobs *jobs, const char *client); /* NULL: of all */
/* Bytes of pages and blocks that a client's jobs hold in the store. */
uint64_t jobs_bytes(const struct jobs *jobs, const char *client);

/* A number that no other job has or will have. */
uint64_t jobs_reserve(struct jobs *jobs);
/* The job that has been prepared, at a client that is connected: takes the record and the manifest. The
 * answer goes to the opener, if it is still there: JOB_OPENED, OUTCOME. */
void jobs_start(struct jobs *jobs, struct visitor *client, const struct visitor *opener,
                struct preparation *preparation);
/* A job has been closed: those that are over long since may go. */
void jobs_closed(struct jobs *jobs);

/* Whether each of our jobs that a client has in hand does there what it does here; else *why. */
bool jobs_agree(const struct jobs *jobs, const char *client, const struct frame_list *in_hand,
                const char **why);
/* What the server knows of the jobs that a client names, for WELCOME. */
void jobs_list_known(const struct jobs *jobs, const char *client, const struct frame_list *in_hand,
                     struct frame_list_builder *known);
/* The client's session is open; it has these jobs in hand. */
void jobs_link_up(struct jobs *jobs, struct visitor *client, const struct frame_list *in_hand);
void jobs_link_lost(struct jobs *jobs, struct visitor *client);
/* The client's connection has room for blocks again. */
void jobs_have_room(struct jobs *jobs, const struct visitor *client);

/* Frames of a session (jobs_frames.c). */
void jobs_on_page_begin(struct visitor *client, const struct frame *frame);
void jobs_on_page_data(struct visitor *client, const struct frame *frame);
void jobs_on_page_end(struct visitor *client, const struct frame *frame);
void jobs_on_page_stored(struct visitor *client, const struct frame *frame);
void jobs_on_page_resume(struct visitor *client, const struct frame *frame);
void jobs_on_reading_status(struct visitor *client, const struct frame *frame);
void jobs_on_print_status(struct visitor *client, const struct frame *frame);
void jobs_on_function_finished(struct visitor *client, const struct frame *frame);
void jobs_on_error_notice(struct visitor *client, const struct frame *frame);

#endif
