/* What scan and print have in common: a service is asked for, and the job that it opens is followed. */
#ifndef DESKLINE_CTL_SERVICE_H
#define DESKLINE_CTL_SERVICE_H

#include "ctl/invocation.h"

/* Sends a SERVICE_REQUEST, prints the number of the job, and follows it unless there is --no-wait.
 * `meanwhile` stands on a terminal until the job is there; NULL: nothing does. Prints what fails; returns the
 * exit code. */
int service_start(struct invocation *invocation, struct frame *request, const char *meanwhile);

#endif
