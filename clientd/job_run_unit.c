/* The unit's side of a job: the run of the reading unit, from its start to the event that ends it. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "clientd/execution.h"
#include "clientd/job_run_internal.h"
#include "clientd/settings.h"
#include "clientd/spool.h"
#include "clientd/units.h"
#include "wire/page_transfer.h"

static void on_format(void *context, const struct frame_page_begin *begin);
static void on_growth(void *context, uint32_t page, uint64_t length);
static void on_page(void *context, const struct spool_page *page);
static void on_paused(void *context);
static void on_end(void *context, const struct unit_end *end);

/* ---- 1. Start ----------------------------------------------------------------------------------------- */

static void start_failed(struct job_run *run, uint16_t code, const char *text)
{
    log_warning("job %" PRIu64 ": %s", run->record.job.id, text);
    job_run_event(run, &(struct job_read_event){.type = EVENT_UNIT_FAILED, .code = code, .text = text});
}

/* The device behind the name: as it was found, as the settings say, or the driver's own name. */
static void find_device(struct job_run *run, const struct scanner_settings *scanner)
{
    struct record_unit unit;
    if (units_find(run->around->units, UNIT_KIND_READING, run->record.unit, &unit))
        frame_text_copy(unit.device, run->device, sizeof run->device);
    else
        snprintf(run->device, sizeof run->device, "%s",
                 scanner && scanner->device ? scanner->device : run->record.unit);
}

void job_run_start_unit(struct job_run *run, const struct job_read_action *action)
{
    static const struct execution_callbacks callbacks = {on_format, on_growth, on_page, on_paused, on_end};
    const struct job_surroundings *around = run->around;
    const struct scanner_settings *scanner = settings_scanner(around->settings, run->record.unit);
    uint64_t job = run->record.job.id, user;
    char folder[640], text[JOB_TEXT_SIZE];
    if (run->is_shutting_down)
        return; /* `running` has been saved: it is told at the next start */
    find_device(run, scanner);
    if (!run->device[0]) {
        start_failed(run, ERROR_DEVICE_MISSING, "no scanner was found on this host");
        return;
    }
    user = around->device_user(around->context, run->device, job);
    if (user) {
        snprintf(text, sizeof text, "the scanner is in use by job %" PRIu64, user);
        start_failed(run, ERROR_DEVICE_BUSY, text);
        return;
    }
    snprintf(folder, sizeof folder, "%s/%" PRIu64, around->spool_path, job);
    const struct execution_orders orders = {
        .unit_folder = around->settings->unit_folder,
        .spool_folder = folder,
        .device = run->device,
        .source_name = scanner ? scanner_settings_source(scanner, run->record.options.source) : NULL,
        .options = scanner ? scanner->options : NULL,
        .watchdog_ms = (uint32_t)around->settings->watchdog_ms,
        .job = job,
        .command = {.options = run->record.options,
                    .first_page = action->page,
                    .count = action->count,
                    .generation = action->generation,
                    .expected = run->record.job.expected}};
    int error = execution_start(&run->execution, around->loop, around->sweep, &orders, &callbacks, run);
    if (error) {
        snprintf(text, sizeof text, "the reading unit cannot be started: %s", strerror(-error));
        start_failed(run, ERROR_UNIT_DIED, text);
    }
}

/* ---- 2. Pages ----------------------------------------------------------------------------------------- */

static void on_format(void *context, const struct frame_page_begin *begin)
{
    struct job_run *run = context;
    job_run_event(run, &(struct job_read_event){.type = EVENT_PAGE_BEGUN, .page = begin->page});
    page_transfer_format(run->transfer, begin);
}

static void on_growth(void *context, uint32_t page, uint64_t length)
{
    struct job_run *run = context;
    page_transfer_grown(run->transfer, page, length);
}

static void on_page(void *context, const struct spool_page *page)
{
    struct job_run *run = context;
    job_run_page_is_whole(run, page);
    job_run_event(run, &(struct job_read_event){
                           .type = EVENT_PAGE_READ, .page = page->page, .generation = page->generation});
    if (run->execution && job_run_is_over_limit(run))
        execution_pause(run->execution);
}

bool job_run_is_over_limit(const struct job_run *run)
{
    uint64_t limit = (uint64_t)run->around->settings->spool_limit_bytes;
    return limit && run->around->spool_bytes(run->around->context) > limit;
}

static void on_paused(void *context)
{
    job_run_event(context, &(struct job_read_event){.type = EVENT_UNIT_PAUSED});
}

/* ---- 3. The end --------------------------------------------------------------------------------------- */

static void unit_is_gone(struct job_run *run)
{
    job_run_event(run, &run->unit_event);
    run->around->on_changed(run->around->context, run->record.job.id);
}

/* A unit that said nothing at its end may have left a page behind that is whole, or begun: the spool knows.
 */
static void on_end(void *context, const struct unit_end *end)
{
    struct job_run *run = context;
    bool is_without_word = end->is_without_word; /* `end` goes with the execution */
    snprintf(run->unit_text, sizeof run->unit_text, "%s", end->text);
    run->unit_event =
        (struct job_read_event){.type = end->has_finished ? EVENT_UNIT_FINISHED : EVENT_UNIT_FAILED,
                                .code = end->code,
                                .text = run->unit_text,
                                .page = end->page,
                                .medium_ended = end->medium_ended};
    if (run->is_shutting_down && !end->has_finished)
        run->unit_event.code = ERROR_CLIENT_RESTARTED;
    execution_free(&run->execution);
    page_transfer_broken(run->transfer);
    if (is_without_word)
        job_run_examine(run);
    else
        unit_is_gone(run);
}

static void page_found(void *context, const struct spool_page *page)
{
    struct job_run *run = context;
    job_run_page_is_whole(run, page);
    job_run_event(run, &(struct job_read_event){
                           .type = EVENT_PAGE_READ, .page = page->page, .generation = page->generation});
}

void job_run_unit_examined(struct job_run *run, const struct spool_findings *findings)
{
    struct ledger ledger = {0};
    ledger_copy(&ledger, &run->record.job.ledger);
    uint32_t begun = spool_apply(&ledger, findings, page_found, run);
    ledger_free(&ledger);
    if (begun)
        run->unit_event.page = begun;
    unit_is_gone(run);
}
