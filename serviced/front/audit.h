/* The audit log, STATE/audit.log: who was let in, refused, enrolled or revoked, and what was asked for. One
 * line per event: RFC 3339 time, event, details as NAME=VALUE with everything from outside escaped. */
#ifndef DESKLINE_SERVICED_FRONT_AUDIT_H
#define DESKLINE_SERVICED_FRONT_AUDIT_H

struct audit;
struct worker_pool;

/* 0 or a negative errno. The folder's handle is used during the call only. */
int audit_open(struct audit **audit, struct worker_pool *workers, int state_fd);
/* Writes the line from a worker; `event` is one word. A line that cannot be written is said in the log. */
void audit_write(struct audit *audit, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Lines under way still arrive, when the workers are freed afterwards. */
void audit_close(struct audit **audit);

#endif
