/* What the audit log says of a job: who has opened it for what, and what came out of it. */
#ifndef DESKLINE_SERVICED_JOBS_JOB_AUDIT_H
#define DESKLINE_SERVICED_JOBS_JOB_AUDIT_H

struct job_run;
struct visitor;

/* `opener` NULL: it has gone since it asked. */
void job_audit_opened(const struct job_run *run, const struct visitor *opener);
/* The job is over. */
void job_audit_closed(const struct job_run *run);

#endif
