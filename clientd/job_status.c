#include "config.h"

#include "clientd/job_status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deskline/phase.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "clientd/job_run.h"

struct job_status {
    uint64_t job;
    uint8_t *bytes; /* the server's last JOB_STATUS, encoded; NULL for none */
    uint8_t final;
    char closed_text[512];
    uint64_t created_ms;
    struct frame_list_builder runs, manners; /* of the frame that was made last */
    char reasons[256];
};

struct job_status *job_status_new(uint64_t job)
{
    struct job_status *status = memory_new(sizeof *status);
    status->job = job;
    status->created_ms = wall_clock_ms();
    return status;
}

void job_status_take(struct job_status *status, const struct frame *frame)
{
    size_t size = frame_encoded_size(frame);
    uint8_t *bytes = malloc(size);
    if (!bytes || frame_encode(frame, bytes, size) < 0) {
        log_error("job %" PRIu64 ": the server's status cannot be kept", status->job);
        free(bytes);
        return;
    }
    free(status->bytes);
    status->bytes = bytes;
    if (frame->job_status.state >= JOB_CANCELED)
        status->final = frame->job_status.state;
}

void job_status_close(struct job_status *status, uint8_t state, const char *text)
{
    status->final = state;
    snprintf(status->closed_text, sizeof status->closed_text, "%s", text);
}

uint8_t job_status_final(const struct job_status *status)
{
    return status->final;
}

static void take_from_server(struct job_status *status, struct frame *frame)
{
    struct frame_header header;
    const char *why;
    if (!status->bytes)
        return;
    frame_header_decode(status->bytes, &header);
    if (frame_decode(&header, status->bytes + FRAME_HEADER_BYTES, frame, &why))
        log_error("job %" PRIu64 ": the status that was kept cannot be read: %s", status->job, why);
}

/* Why it does not go on, while it does not. */
static void overlay_error(struct job_status *status, const struct job_read *job, struct frame_job_status *to)
{
    const struct error_info *error = error_find(job->error);
    to->state = JOB_STOPPED;
    snprintf(status->reasons, sizeof status->reasons, "%s job-restartable", error->keyword);
    to->reasons = frame_text_of(status->reasons);
    to->error_code = job->error;
    to->error_text = frame_text_of(job->text);
    to->action = frame_text_of(error->action);
}

static void overlay_question(struct job_status *status, const struct job_read *job,
                             struct frame_job_status *to)
{
    to->round = 0;
    to->manners = (struct frame_list){0};
    if (job->state != JOB_READ_ASKED)
        return;
    for (unsigned i = 0; i < job->question.offer_count; i++) {
        const struct manner_offer *offer = &job->question.offers[i];
        const struct record_manner record = {(uint8_t)offer->manner, offer->first_page, offer->last_page};
        frame_list_add(&status->manners, &frame_record_manner, &record);
    }
    to->round = job->question.round;
    to->manners = frame_list_view(&status->manners);
}

static void overlay(struct job_status *status, const struct job_run *run, bool is_connected,
                    struct frame_job_status *to)
{
    const struct job_read *job = job_run_job(run);
    struct phase phase = phase_of(FUNCTION_READING, &job->ledger);
    ledger_to_account(&job->ledger, &status->runs, &to->account);
    to->phase = phase_to_record(&phase); /* of the ledger beside it: the server's may be older */
    if (job->error != ERROR_NONE && job->state != JOB_READ_FLOWING)
        overlay_error(status, job, to);
    else if (to->state < JOB_PENDING || to->state == JOB_STOPPED)
        to->state = JOB_PROCESSING;
    if (to->state == JOB_PROCESSING && job->error == ERROR_NONE) {
        to->error_code = ERROR_NONE;
        to->error_text = to->action = to->reasons = frame_text_of("");
    }
    overlay_question(status, job, to);
    to->unit = frame_text_of(job_run_unit(run));
    if (!is_connected)
        to->bytes = job_run_bytes(run) > to->bytes ? job_run_bytes(run) : to->bytes;
}

void job_status_make(struct job_status *status, const struct job_run *run, bool is_connected,
                     const char *client, uint32_t request, struct frame *frame)
{
    frame_list_builder_free(&status->runs);
    frame_list_builder_free(&status->manners);
    memset(frame, 0, sizeof *frame);
    frame->type = FRAME_JOB_STATUS;
    frame->job_status.state = JOB_PENDING;
    frame->job_status.service = frame_text_of("archive");
    frame->job_status.created_ms = frame->job_status.updated_ms = status->created_ms;
    if (run)
        job_run_times(run, &frame->job_status.created_ms, &frame->job_status.updated_ms);
    take_from_server(status, frame);
    frame->job = status->job;
    frame->job_status.request = request;
    frame->job_status.client = frame_text_of(client);
    frame->job_status.link = is_connected;
    if (status->final) {
        frame->job_status.state = status->final;
        frame->job_status.round = 0;
        frame->job_status.manners = (struct frame_list){0};
        if (status->closed_text[0])
            frame->job_status.action = frame_text_of(status->closed_text);
    } else if (run) {
        overlay(status, run, is_connected, &frame->job_status);
    }
}

void job_status_free(struct job_status **status)
{
    struct job_status *old = *status;
    *status = NULL;
    if (!old)
        return;
    frame_list_builder_free(&old->runs);
    frame_list_builder_free(&old->manners);
    free(old->bytes);
    free(old);
}
