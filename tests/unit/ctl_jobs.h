/* JOB_STATUS frames for the tests of ctl/. */
#ifndef DESKLINE_TESTS_CTL_JOBS_H
#define DESKLINE_TESTS_CTL_JOBS_H

#include <deskline/frame.h>
#include <deskline/ledger.h>
#include <deskline/phase.h>

/* A frame and what its lists live in. */
struct ctl_job {
    struct frame frame;
    struct frame_list_builder runs, manners;
};

/* Job 7 on kontor: `states` has one character per page: '.' unread, 'r' read, 's' stored, '?' uncertain, '-'
 * skipped. When `error` is not 0 it has stopped, and the manners are those on offer. */
void ctl_job_make(struct ctl_job *job, const char *states, uint32_t total, uint16_t error, uint32_t round);
/* The same for a job that prints at laser: '.' held, 'c' received, 'b' submitted, 'p' printed, '?' uncertain,
 * '-' skipped. */
void ctl_job_make_printing(struct ctl_job *job, const char *states, uint32_t total, uint16_t error,
                           uint32_t round);
void ctl_job_free(struct ctl_job *job);

#endif
