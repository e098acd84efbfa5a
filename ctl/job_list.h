/* Jobs, one or all of them. */
#ifndef DESKLINE_CTL_JOB_LIST_H
#define DESKLINE_CTL_JOB_LIST_H

#include "ctl/invocation.h"

/* Prints everything about the job. */
int job_show(struct invocation *invocation, uint64_t job);
/* The one job that waits to be restarted; of several, the one that the user chooses. EXIT_USAGE, with the
 * jobs named, where nobody can be asked. */
int job_find_waiting(struct invocation *invocation, uint64_t *job);

#endif
