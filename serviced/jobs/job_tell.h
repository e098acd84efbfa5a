/* Telling of a job: JOB_STATUS to its client and to who watches, at most five times a second, the last state
 * never lost. What a job looks like from outside is made here and nowhere else. */
#ifndef DESKLINE_SERVICED_JOBS_JOB_TELL_H
#define DESKLINE_SERVICED_JOBS_JOB_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>

#include "serviced/jobs/job.h"

struct job_run;
struct visitor;
struct loop_timer;
struct job_watch;

struct job_audience {
    struct loop_timer *pause;    /* behind each telling */
    struct loop_timer *patience; /* an open question may still be answered by the client's policy */
    struct job_watch *watches;
    bool is_pausing;
    bool is_due;       /* there is more to tell after the pause */
    uint64_t asked_ms; /* monotonic */
};

void job_audience_start(struct job_run *run);
void job_audience_end(struct job_run *run);
/* Somebody has something to hear yet. */
bool job_audience_is_waiting(const struct job_run *run);

/* The job has changed: told now, or after a pause. job_tell_now: whatever is due, at once. */
void job_tell(struct job_run *run);
void job_tell_now(struct job_run *run);
/* One JOB_STATUS as the answer to a request. */
void job_tell_visitor(struct job_run *run, struct visitor *visitor, uint32_t request);
/* JOB_STATUS now and on each change; the OUTCOME when the job is over, or waits for the user. */
void job_watch(struct job_run *run, struct visitor *visitor, uint32_t request);

/* What became of the pages of a job that is over. */
void job_tell_end(const struct job_run *run, char text[JOB_TEXT_SIZE]);
/* Parts of what is told, for MANNER_REQUEST. */
void job_tell_offers(const struct job_run *run, struct frame_list_builder *manners);
/* What a person has to do; of a job that is over, what became of its pages. */
void job_tell_action(const struct job_run *run, char text[JOB_TEXT_SIZE]);
/* One sentence: why a request is not possible in the state in which the job is. */
const char *job_tell_why_not(const struct job_run *run);

#endif
