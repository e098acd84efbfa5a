/* Requests that are answered later: when a job has changed, or the time is up. */
#include "config.h"

#include <stdlib.h>

#include "base/loop.h"
#include "base/memory.h"
#include "clientd/control_internal.h"
#include "clientd/job_run.h"
#include "clientd/jobs.h"
#include "clientd/relay.h"
#include "clientd/units.h"

#define TELL_MS   100u
#define ANSWER_MS 15000u
#define LIMIT_MS  1000u
#define WAITS_MAX 64u /* a command has one at a time */

bool control_may_wait(struct control_session *session, uint32_t request)
{
    unsigned count = 0;
    for (const struct control_wait *wait = session->waits; wait; wait = wait->next)
        count++;
    if (count >= WAITS_MAX)
        control_outcome(session, request, 1, ERROR_LIMIT,
                        "too many requests of this connection wait for an answer");
    return count < WAITS_MAX;
}

struct control_wait *control_wait_add(struct control_session *session, enum wait_kind kind, uint32_t request,
                                      uint64_t job)
{
    struct control *control = session->control;
    struct control_wait *wait = memory_new(sizeof *wait);
    wait->kind = kind;
    wait->session = session;
    wait->request = request;
    wait->job = job;
    wait->next = session->waits;
    session->waits = wait;
    if (kind == WAIT_RESTART || kind == WAIT_MANNER) {
        wait->until_ms = loop_now_ms(control->reach.loop) + ANSWER_MS;
        loop_timer_start(control->limit, LIMIT_MS);
    }
    return wait;
}

void control_wait_end(struct control_wait *wait)
{
    struct control_wait **at = &wait->session->waits;
    while (*at != wait)
        at = &(*at)->next;
    *at = wait->next;
    units_cancel(wait->session->control->reach.units, wait);
    free(wait->frame);
    free(wait);
}

static void finish(struct control_wait *wait, uint8_t exit_code, enum error_code code, const char *text)
{
    control_outcome(wait->session, wait->request, exit_code, code, text);
    control_wait_end(wait);
}

/* Under which the wait's job has asked the server; 0 for a wait that asks nothing. */
static uint32_t number_asked(const struct control_wait *wait)
{
    if (wait->kind == WAIT_RESTART)
        return relay_number_of_job(RELAY_RESTART, wait->job);
    return wait->kind == WAIT_MANNER ? relay_number_of_job(RELAY_MANNER, wait->job) : 0;
}

/* ---- What a change means for each kind ---------------------------------------------------------------- */

static bool is_over(const struct frame_job_status *status)
{
    return status->state >= JOB_CANCELED;
}

static void look_at_watched(struct control_wait *wait, const struct frame *frame)
{
    const struct frame_job_status *status = &frame->job_status;
    control_send(wait->session, frame);
    if (status->state == JOB_COMPLETED)
        finish(wait, 0, ERROR_NONE, "");
    else if (is_over(status))
        finish(wait, 1, (enum error_code)status->error_code, "the job was canceled");
    else if (status->round)
        finish(wait, 3, (enum error_code)status->error_code, "the job waits for a manner of restarting");
}

static void look_at_restart(struct control_wait *wait, const struct frame *frame)
{
    if (is_over(&frame->job_status))
        finish(wait, 1, ERROR_NOT_POSSIBLE, "the job is over");
    else if (frame->job_status.round)
        finish(wait, 0, ERROR_NONE, "");
}

static void look_at_manner(struct control_wait *wait, const struct frame *frame)
{
    const struct job_run *run = jobs_find(wait->session->control->reach.jobs, wait->job);
    if (is_over(&frame->job_status) || !run || job_run_job(run)->round >= wait->round)
        finish(wait, 0, ERROR_NONE, "");
    else if (frame->job_status.round && frame->job_status.round != wait->round)
        finish(wait, 1, ERROR_NOT_POSSIBLE, "something else has happened meanwhile: look at the job again");
}

void control_wait_look(struct control_wait *wait)
{
    struct frame frame;
    if (!jobs_status(wait->session->control->reach.jobs, wait->job, wait->request, &frame))
        finish(wait, 1, ERROR_NOT_FOUND, "the job is not known any more");
    else if (wait->kind == WAIT_WATCH)
        look_at_watched(wait, &frame);
    else if (wait->kind == WAIT_RESTART)
        look_at_restart(wait, &frame);
    else if (wait->kind == WAIT_MANNER)
        look_at_manner(wait, &frame);
}

/* What the server grants is seen in the job: its question comes, or its restart. */
bool control_refused(struct control *control, const struct frame *frame)
{
    const struct frame_outcome *outcome = &frame->outcome;
    bool is_known = false;
    char text[512];
    if (frame->type != FRAME_OUTCOME || !outcome->exit_code)
        return false;
    frame_text_copy(outcome->text, text, sizeof text);
    for (struct control_session *session = control->sessions; session; session = session->next)
        for (struct control_wait *wait = session->waits, *next; wait; wait = next) {
            next = wait->next;
            if (!outcome->request || outcome->request != number_asked(wait))
                continue;
            finish(wait, outcome->exit_code, (enum error_code)outcome->code, text);
            is_known = true;
        }
    return is_known;
}

/* ---- When they are looked at -------------------------------------------------------------------------- */

static void for_each(struct control *control, void (*visit)(struct control_wait *wait))
{
    for (struct control_session *session = control->sessions; session; session = session->next)
        for (struct control_wait *wait = session->waits, *next; wait; wait = next) {
            next = wait->next;
            visit(wait);
        }
}

void control_job_changed(struct control *control, uint64_t job)
{
    uint64_t now_ms = loop_now_ms(control->reach.loop), next_ms = control->told_ms + TELL_MS;
    bool is_wanted = false;
    for (struct control_session *session = control->sessions; session; session = session->next)
        for (struct control_wait *wait = session->waits; wait; wait = wait->next)
            if (wait->job == job && job)
                is_wanted = wait->is_due = true;
    if (!is_wanted || control->is_telling)
        return;
    control->is_telling = true;
    loop_timer_start(control->tell, next_ms > now_ms ? (uint32_t)(next_ms - now_ms) : 0);
}

static void look_if_due(struct control_wait *wait)
{
    if (!wait->is_due)
        return;
    wait->is_due = false;
    control_wait_look(wait);
}

void control_tell(void *context)
{
    struct control *control = context;
    control->is_telling = false;
    control->told_ms = loop_now_ms(control->reach.loop);
    for_each(control, look_if_due);
}

static void end_if_late(struct control_wait *wait)
{
    struct control *control = wait->session->control;
    if (!wait->until_ms)
        return;
    if (loop_now_ms(control->reach.loop) >= wait->until_ms)
        finish(wait, 1, ERROR_NOT_POSSIBLE, "the server did not take it up: look at the job again");
    else
        loop_timer_start(control->limit, LIMIT_MS);
}

void control_limit(void *context)
{
    for_each(context, end_if_late);
}

void control_enrolled(struct control *control, uint16_t code, const char *text)
{
    for (struct control_session *session = control->sessions; session; session = session->next)
        for (struct control_wait *wait = session->waits, *next; wait; wait = next) {
            next = wait->next;
            if (wait->kind == WAIT_ENROLL)
                finish(wait,
                       code == ERROR_NONE            ? 0
                       : code == ERROR_NO_CONNECTION ? 4
                       : code == ERROR_TOKEN         ? 5
                                                     : 1,
                       (enum error_code)code, text);
        }
}
