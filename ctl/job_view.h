/* What a JOB_STATUS says, kept: frames are gone when their callback returns. */
#ifndef DESKLINE_CTL_JOB_VIEW_H
#define DESKLINE_CTL_JOB_VIEW_H

#include <stdbool.h>

#include <deskline/frame.h>
#include <deskline/ledger.h>
#include <deskline/phase.h>

#define JOB_VIEW_OFFERS_MAX 16

/* Zeroed is an empty one. Texts are as they came: escape them before a terminal sees them. */
struct job_view {
    uint64_t job; /* 0: nothing was taken yet */
    char *client, *service, *title, *reasons, *error_text, *action, *unit;
    uint8_t state; /* enum job_state */
    bool is_linked;
    uint16_t error_code;
    uint32_t round; /* of the question that waits for an answer, 0 for none */
    struct record_phase phase;
    struct ledger ledger;
    struct manner_offer offers[JOB_VIEW_OFFERS_MAX]; /* the default first */
    unsigned offer_count;
    uint64_t document, created_ms, updated_ms, bytes;
};

/* Replaces what the view holds. -EBADMSG with *why for a ledger that contradicts itself; the view is
 * unchanged. */
int job_view_take(struct job_view *view, const struct frame *status, const char **why);
void job_view_free(struct job_view *view);

/* Completed, canceled or aborted. */
bool job_view_is_over(const struct job_view *view);
bool job_view_is_printing(const struct job_view *view);
/* What its ledger counts: "page", or "sheet" of a job that prints. */
const char *job_view_noun(const struct job_view *view);
/* The sentence about its error: what the job says, or what errors.def says of the code. */
const char *job_view_error(const struct job_view *view);
const char *job_view_action(const struct job_view *view);

#define JOB_VIEW_RUNS_BYTES 256
/* "1-3, 5": the pages in that state; cut with "…" where there are too many runs. Empty for none. */
void job_view_runs(const struct job_view *view, enum page_state state, char text[JOB_VIEW_RUNS_BYTES]);

#endif
