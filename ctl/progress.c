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

void progress_line(struct progress *progress, const struct job_view *view, uint64_t now_ms,
                   struct text_buffer *line)
{
    uint32_t stored = ledger_count(&view->ledger, PAGE_STORED);
    uint32_t waiting = ledger_count(&view->ledger, PAGE_READ);
    measure_rate(progress, view, now_ms);

    text_printf(line, "job %llu: ", (unsigned long long)view->job);
    if (job_view_is_over(view) || view->phase.step == PHASE_READ_DELIVERING)
        text_printf(line, "%s", job_view_is_over(view) ? job_state_name(view->state) : "delivering");
    else
        text_printf(line, "page %u", view->phase.device_page ? view->phase.device_page : view->phase.page);
    text_printf(line, ", %u", stored);
    if (view->ledger.total)
        text_printf(line, " of %u", view->ledger.total);
    text_append(line, " stored");
    if (waiting)
        text_printf(line, ", %u on the way", waiting);
    if (progress->has_rate)
        text_printf(line, ", %.1f MB/s", progress->rate / 1e6);
    text_append(line, view->is_linked ? ", connected" : ", not connected");
}

static const char *word_of(uint8_t state)
{
    switch (state) {
    case PAGE_STORED:
        return "stored";
    case PAGE_SKIPPED:
        return "left out";
    case PAGE_UNCERTAIN:
        return "uncertain: it may have gone through the feeder without being read";
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
        const char *word = word_of(now.state);
        if (word && (now.state != before.state || now.generation != before.generation))
            text_printf(lines, "page %u %s\n", page, word);
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
