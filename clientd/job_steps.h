/* What job_read.c (the road to recovery, and the table), job_reading.c and job_printing.c share: nobody else
 * includes it. */
#ifndef DESKLINE_CLIENTD_JOB_STEPS_H
#define DESKLINE_CLIENTD_JOB_STEPS_H

#include "clientd/job_read.h"

typedef void job_step(struct job_read *job, const struct job_read_event *event,
                      struct job_read_actions *actions);

/* What a function's unit does on the road that all functions go. */
struct job_kind {
    /* Starts the unit for what is left to do, tells a running one to go on, or says that nothing is left. */
    void (*go_on)(struct job_read *job, struct job_read_actions *actions);
    /* What the server durably has, or knows, is true. */
    void (*take_over)(struct job_read *job, const struct ledger *server, struct job_read_actions *actions);
    /* Does the pending manner to the ledger. `is_covered`: the device has not failed since the question. */
    void (*apply)(struct job_read *job, bool is_covered, struct job_read_actions *actions);
    /* Whether the device has failed since the question that the pending manner answers. */
    bool (*has_failed_since)(const struct job_read *job);
    /* What needs somebody to look, whatever the error is. */
    struct designation_situation (*situation)(const struct job_read *job);
    /* Whether the job goes on only when there is space in the spool again. */
    bool (*waits_for_space)(const struct job_read *job);
    job_step *unit_finished, *unit_failed;
    /* The unit that had to stop has ended. */
    void (*unit_gone)(struct job_read *job);
    /* The job is over, and no unit runs. */
    void (*leave)(struct job_read *job, struct job_read_actions *actions);
};
extern const struct job_kind job_kind_reading, job_kind_printing;

void job_act(struct job_read_actions *actions, struct job_read_action action);
void job_act_simply(struct job_read_actions *actions, enum job_read_action_type type);
/* Text NULL or empty: the error's own sentence. */
void job_set_error(struct job_read *job, uint16_t code, const char *text);
/* The job stops, and the server hears why. */
void job_stop_with_notice(struct job_read *job, struct job_read_actions *actions);

/* What only one function's events lead to. */
job_step job_page_begun, job_page_read, job_unit_paused, job_page_stored, job_page_damaged;
job_step job_block_received, job_block_failed, job_sheet_created, job_sheet_printed, job_sheet_not_printed,
    job_sheet_uncertain, job_sheet_gone_at_last;

#endif
