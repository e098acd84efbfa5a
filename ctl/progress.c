#include "ctl/progress.h"

/* The rate is that of at least so long a time, so that the number does not jump. */
#define RATE_PERIOD_MS 1000

static void measure_rate(struct progress *progress, const struct job_view *view, uint64_t now_ms)
{
    if (!progress->rate_ms || view->bytes < progress->rate_bytes || now_ms < progress->rate_ms) {
        progress->rate_ms = now_ms;
        progress->rate_bytes = view->bytes;
        return;
    }
    uint64_t elapsed_ms = now_ms - progress->rate_ms;
    if (elapsed_ms < RATE_PERIOD_MS)
        return;
    progress->rate = (double)(view->bytes - progress->rate_bytes) * 1000 / (double)elapsed_ms;
    progress->has_rate = true;
    progress->rate_ms = now_ms;
    progress->rate_bytes = view->bytes;
}

static void put_reading(struct progress *progress, const struct job_view *view, uint64_t now_ms,
                        struct text_buffer *line)
{
    uint32_t waiting = ledger_count(&view->ledger, PAGE_READ);
    measure_rate(progress, view, now_ms);
    text_printf(line, ", %u", ledger_count(&view->ledger, PAGE_STORED));
    if (view->ledger.total)
        text_printf(line, " of %u", view->ledger.total);
    text_append(line, " stored");
    if (waiting)
        text_printf(line, ", %u on the way", waiting);
    if (progress->has_rate)
        text_printf(line, ", %.1f MB/s", progress->rate / 1e6);
}

/* Sheets come seldom: their rate is that of the whole time that was watched. */
static void put_printing(struct progress *progress, const struct job_view *view, uint64_t now_ms,
                         struct text_buffer *line)
{
    uint32_t printed = ledger_count(&view->ledger, PAGE_PRINTED);
    uint32_t submitted = ledger_count(&view->ledger, PAGE_SUBMITTED);
    if (!progress->rate_ms || printed < progress->rate_sheets || now_ms < progress->rate_ms) {
        progress->rate_ms = now_ms;
        progress->rate_sheets = printed;
    }
    uint64_t elapsed_ms = now_ms - progress->rate_ms;
    text_printf(line, ", %u of %u printed", printed, view->ledger.total);
    if (submitted)
        text_printf(line, ", %u at the printer", submitted);
    if (printed > progress->rate_sheets + 1 && elapsed_ms >= RATE_PERIOD_MS)
        text_printf(line, ", %.1f sheets/min",
                    (double)(printed - progress->rate_sheets) * 60000 / (double)elapsed_ms);
}

void progress_line(struct progress *progress, const struct job_view *view, uint64_t now_ms,
                   struct text_buffer *line)
{
    bool is_printing = job_view_is_printing(view);
    uint32_t next = view->phase.device_page && !is_printing ? view->phase.device_page : view->phase.page;
    text_printf(line, "job %llu: ", (unsigned long long)view->job);
    if (job_view_is_over(view))
        text_append(line, job_state_name(view->state));
    else if (view->phase.step == PHASE_READ_DELIVERING)
        text_append(line, "delivering");
    else if (view->phase.step == PHASE_PRINT_FINISHED)
        text_append(line, "finished");
    else
        text_printf(line, "%s %u", job_view_noun(view), next);
    (is_printing ? put_printing : put_reading)(progress, view, now_ms, line);
    text_append(line, view->is_linked ? ", connected" : ", not connected");
}

static const char *word_of(const struct job_view *view, uint8_t state)
{
    switch (state) {
    case PAGE_STORED:
        return "stored";
    case PAGE_PRINTED:
        return "printed";
    case PAGE_SKIPPED:
        return "left out";
    case PAGE_UNCERTAIN:
        return job_view_is_printing(view)
                   ? "uncertain: nobody can know whether it has been printed"
                   : "uncertain: it may have gone through the feeder without being read";
    default:
        return NULL;
    }
}

void progress_known(struct progress *progress, const struct job_view *view)
{
    progress->has_begun = true;
    progress->was_linked = view->is_linked;
    ledger_copy(&progress->seen, &view->ledger);
}

void progress_lines(struct progress *progress, const struct job_view *view, struct text_buffer *lines)
{
    for (uint32_t page = 1; page <= view->ledger.count; page++) {
        struct ledger_page now = ledger_get(&view->ledger, page);
        struct ledger_page before = ledger_get(&progress->seen, page);
        const char *word = word_of(view, now.state);
        if (word && (now.state != before.state || now.generation != before.generation))
            text_printf(lines, "%s %u %s\n", job_view_noun(view), page, word);
    }
    if (progress->has_begun && progress->was_linked != view->is_linked)
        text_append(lines, view->is_linked ? "connected again\n"
                                           : "the connection is lost; the job goes on when it is back\n");
    progress_known(progress, view);
}

void progress_free(struct progress *progress)
{
    ledger_free(&progress->seen);
    *progress = (struct progress){0};
}
