/* How a job gets on: what is said of each JOB_STATUS that arrives. Pure; the caller prints and brings the
 * clock. */
#ifndef DESKLINE_CTL_PROGRESS_H
#define DESKLINE_CTL_PROGRESS_H

#include <stdint.h>

#include "base/text.h"
#include "ctl/job_view.h"

/* What was said already. Zeroed to start with; progress_free at the end. */
struct progress {
    bool has_begun, was_linked;
    struct ledger seen;
    uint64_t rate_ms, rate_bytes; /* since when, and what had arrived by then */
    double rate;                  /* bytes per second */
    bool has_rate;                /* a first period is over */
    uint32_t rate_sheets;         /* of a printing job, by then */
};

/* As if this had been said. */
void progress_known(struct progress *progress, const struct job_view *view);
/* One line for a terminal, to be written over the one before: page or sheet, how many, rate, connection. */
void progress_line(struct progress *progress, const struct job_view *view, uint64_t now_ms,
                   struct text_buffer *line);
/* One line, each with its newline, per page that something has happened to since the last call ("page 3
 * stored", "sheet 3 printed"), and when the connection goes or comes back. */
void progress_lines(struct progress *progress, const struct job_view *view, struct text_buffer *lines);
void progress_free(struct progress *progress);

#endif
