/* Following a job to its end, through every stop at which somebody can be asked. */
#ifndef DESKLINE_CTL_JOB_FOLLOW_H
#define DESKLINE_CTL_JOB_FOLLOW_H

#include "ctl/invocation.h"
#include "ctl/job_view.h"
#include "ctl/prompt.h"

/* Shows how the job gets on until it is over (exit code 0 or 1), or has stopped and nobody is there to ask
 * (3). After Ctrl-C the job goes on without us: EXIT_INTERRUPTED. */
int job_follow(struct invocation *invocation, uint64_t job);
/* The same for a job whose state is known to the user already: what it says is not said again. */
int job_follow_from(struct invocation *invocation, const struct job_view *known);

/* The job's status as of now. Prints what fails; returns the exit code. */
int job_fetch(struct invocation *invocation, uint64_t job, struct job_view *view);
/* Lets the server ask how the job is to go on, unless it does already: afterwards the view holds the
 * question. */
int job_question(struct invocation *invocation, struct job_view *view);
/* Answers the question. */
int job_answer(struct invocation *invocation, const struct job_view *view,
               const struct prompt_answer *answer);
/* Asks at the terminal. EXIT_DONE with *answer; EXIT_WAITS when the user left it open, and was told how to go
 * on. */
int job_ask(struct invocation *invocation, const struct job_view *view, struct prompt_answer *answer);
/* A line that somebody types. EXIT_DONE, or EXIT_WAITS after Ctrl-C, the end of the input, or an error. */
int job_read_line(struct invocation *invocation, char *line, size_t size);
/* Prints the job as JSON, or how it ended as text. */
int job_print_end(struct invocation *invocation, const struct job_view *view);

#endif
