/*
 * JOB_STATUS as clientd gives it: what the server said last, overlaid by what clientd knows better itself
 * (pages read, the link, its own error, the question that waits for an answer). Made in this one place.
 */
#ifndef DESKLINE_CLIENTD_JOB_STATUS_H
#define DESKLINE_CLIENTD_JOB_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>

struct job_run;
struct job_status;

struct job_status *job_status_new(uint64_t job);
void job_status_free(struct job_status **status);

/* JOB_STATUS from the server. */
void job_status_take(struct job_status *status, const struct frame *frame);
/* JOB_CLOSED from the server: text is what it says to people. */
void job_status_close(struct job_status *status, uint8_t state, const char *text);
/* 7, 8 or 9 when the job is over, else 0. */
uint8_t job_status_final(const struct job_status *status);

/* Fills *frame; its views are good until the next call for any job. `run` may be NULL (not in hand). */
void job_status_make(struct job_status *status, const struct job_run *run, bool is_connected,
                     const char *client, uint32_t request, struct frame *frame);

#endif
