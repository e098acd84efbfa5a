/*
 * The execution of a READ_COMMAND, in order of time:
 *
 *   1. the command arrives
 *   2. the device is opened, told the options, and asked what pages it is going to give
 *   3. page by page, until the medium ends, the count is reached or something interferes
 *   4. the daemon is told how it ended, and the device is let go
 */
#include "config.h"

#include "clientd/units/read_job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <deskline/frame.h>
#include <deskline/ledger.h>
#include <deskline/words.h>

#include "base/log.h"
#include "clientd/units/device_calls.h"
#include "clientd/units/page_rows.h"
#include "clientd/units/page_spool.h"
#include "clientd/units/read_page.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_signals.h"

struct read_job {
    const struct read_job_orders *orders;
    struct frame_read_command command;
    struct page_source source; /* scanner, link and spool among others */
    uint32_t page;             /* the one that is next, or is being read */
};

/* Whether there is a next step. */
enum step { STEP_NEXT, STEP_OVER };

static int receive_command(struct read_job *job);
static enum step open_device(struct read_job *job);
static enum step apply_options(struct read_job *job);
static enum step check_promise(struct read_job *job);
static void read_pages(struct read_job *job);
static enum step page_is_whole(struct read_job *job);
static void no_more_sheets(struct read_job *job);

/* ---- What the daemon is told -------------------------------------------------------------------------- */

static enum step tell(struct read_job *job, struct frame *frame)
{
    if (unit_link_send(job->source.link, frame))
        unit_signals_stop(); /* the daemon is gone */
    return STEP_OVER;
}

/* Nobody waits for the story of a unit that was asked to stop. */
static enum step notice(struct read_job *job, uint16_t code, uint32_t interrupted, const char *text)
{
    if (unit_signals_stopped())
        return STEP_OVER;
    log_warning("page %u: %s: %s", job->page, error_find(code)->keyword, text);
    return tell(job, &(struct frame){.type = FRAME_ERROR_NOTICE,
                                     .error_notice = {.code = code,
                                                      .text = frame_text_of(text),
                                                      .phase = {.function = FUNCTION_READING,
                                                                .step = PHASE_READ_READING,
                                                                .page = job->page,
                                                                .device_page = job->page},
                                                      .interrupted = interrupted}});
}

static enum step finished(struct read_job *job, uint32_t last_page, uint8_t medium_ended)
{
    device_cancel(job->source.scanner);
    if (unit_signals_stopped())
        return STEP_OVER;
    return tell(job,
                &(struct frame){.type = FRAME_FUNCTION_FINISHED,
                                .function_finished = {.last_page = last_page, .medium_ended = medium_ended}});
}

/* The spool is full: the device waits, and nothing is lost. */
static int wait_for_space(void *context)
{
    struct read_job *job = context;
    const struct frame *frame;
    notice(job, ERROR_SPOOL_FULL, 0, "no space is left for the page in the spool");
    int error = unit_link_receive(job->source.link, &frame);
    if (!error && frame->type != FRAME_CONTINUE_COMMAND) {
        log_error("from the daemon: %s while the unit waits for space", frame_name((uint16_t)frame->type));
        error = -EPROTO;
    }
    if (error)
        unit_signals_stop();
    return error;
}

/* ---- The steps ---------------------------------------------------------------------------------------- */

static void execute(struct read_job *job)
{
    if (open_device(job) == STEP_NEXT) {
        if (apply_options(job) == STEP_NEXT && check_promise(job) == STEP_NEXT)
            read_pages(job);
        device_cancel(job->source.scanner);
        device_close(job->source.scanner);
    }
}

int read_job_run(const struct read_job_orders *orders, struct scanner *scanner, struct unit_link *link)
{
    struct read_job job = {.orders = orders, .source = {.scanner = scanner, .link = link}};
    int error = receive_command(&job);
    if (error == -EINTR || error == -EPIPE)
        return 0;
    if (error)
        return error;
    job.page = job.command.first_page;
    error = page_spool_open(&job.source.spool, orders->spool, wait_for_space, &job);
    if (error)
        notice(&job, error == -ENOMEM ? ERROR_DEVICE_MEMORY : ERROR_STORAGE, 0, strerror(-error));
    else if (job.page < 1 || job.page > LEDGER_MAX_PAGES)
        notice(&job, ERROR_BAD_REQUEST, 0, "the first page has an impossible number");
    else
        execute(&job);
    page_spool_free(&job.source.spool);
    return 0;
}

/* 1. The unit's name inside the options points into the frame: it is for the daemon, and not kept. */
static int receive_command(struct read_job *job)
{
    const struct frame *frame;
    int error = unit_link_receive(job->source.link, &frame);
    if (error)
        return error;
    if (frame->type != FRAME_READ_COMMAND) {
        log_error("from the daemon: %s instead of READ_COMMAND", frame_name((uint16_t)frame->type));
        return -EPROTO;
    }
    job->command = frame->read_command;
    job->command.options.unit = frame_text_of(NULL);
    job->source.job = frame->job;
    job->source.generation = job->command.generation;
    job->source.codec = job->command.options.codec;
    unit_link_set_job(job->source.link, frame->job);
    return 0;
}

/* 2. */
static enum step open_device(struct read_job *job)
{
    struct scanner_error error = {0};
    if (device_open(job->source.scanner, job->orders->device, &error) == SCANNER_GOOD)
        return STEP_NEXT;
    notice(job, error.code, 0, error.text);
    device_close(job->source.scanner);
    return STEP_OVER;
}

static enum step apply_options(struct read_job *job)
{
    struct scanner_error error = {0};
    struct scanner_request request = {.options = &job->command.options,
                                      .source_name = job->orders->source_name,
                                      .extra = job->orders->extra,
                                      .extra_count = job->orders->extra_count};
    if (device_apply(job->source.scanner, &request, &job->source.setup, &error) == SCANNER_GOOD)
        return STEP_NEXT;
    return notice(job, error.code, 0, error.text);
}

/* What cannot become a page is refused before a sheet moves. Some drivers have no answer before the scan
 * starts: then read_page finds out. */
static enum step check_promise(struct read_job *job)
{
    const uint8_t depth = job->command.options.depth;
    struct scanner_frame frame;
    struct scanner_error error = {0};
    struct page_format format;
    const char *why = "";
    char text[128];
    if (device_parameters(job->source.scanner, &frame, &error) != SCANNER_GOOD)
        return unit_signals_stopped() ? STEP_OVER : STEP_NEXT;
    frame.lines = 0; /* an estimate at best */
    if (page_rows_format(&frame, job->source.codec, &job->source.setup, &format, &why))
        return notice(job, ERROR_OPTION_UNSUPPORTED, 0, why);
    if (depth && job->command.options.mode != SCANNER_LINEART && frame.depth != depth) {
        snprintf(text, sizeof text, "the scanner gives %u bits per sample in this mode, not %u", frame.depth,
                 depth);
        return notice(job, ERROR_OPTION_UNSUPPORTED, 0, text);
    }
    return STEP_NEXT;
}

/* 3. */
static void read_pages(struct read_job *job)
{
    enum step step = STEP_NEXT;
    while (step == STEP_NEXT && !unit_signals_stopped()) {
        struct page_failure failure = {0};
        switch (read_page(&job->source, job->page, &failure)) {
        case PAGE_OUTCOME_WHOLE:
            step = page_is_whole(job);
            break;
        case PAGE_OUTCOME_NONE:
            no_more_sheets(job);
            return;
        case PAGE_OUTCOME_FAILED:
            notice(job, failure.code, failure.interrupted ? job->page : 0, failure.text);
            return;
        }
    }
}

static enum step page_is_whole(struct read_job *job)
{
    uint32_t page = job->page, count = job->command.count;
    uint32_t read = page - job->command.first_page + 1;
    if (read == count)
        return finished(job, page, 0);
    if (!job->source.setup.feeder && count == 0)
        return finished(job, page, 1);
    job->page++;
    if (!job->source.setup.feeder)
        return notice(job, ERROR_MEDIA_NEEDED, 0, "the scanner has one page at a time on its glass");
    if (job->page > LEDGER_MAX_PAGES)
        return notice(job, ERROR_LIMIT, 0, "the job has as many pages as a job can have");
    return STEP_NEXT;
}

/* The feeder is empty. Where more pages are known to exist, a sheet may already be through it without having
 * been read: that is never taken for the end. */
static void no_more_sheets(struct read_job *job)
{
    if (!job->source.setup.feeder)
        notice(job, ERROR_MEDIA_NEEDED, 0, "the scanner found nothing on its glass");
    else if (job->page <= job->command.expected)
        notice(job, ERROR_SHEET_UNCERTAIN, job->page, "the feeder is empty, but this page is known to exist");
    else if (job->page == 1)
        notice(job, ERROR_MEDIA_EMPTY, 0, "no sheet was in the feeder");
    else
        finished(job, job->page - 1, 1);
}
