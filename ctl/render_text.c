#include "config.h"

#include "ctl/render.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static const char *const unit_kinds[] = {[1] = "reading", [2] = "printing", [3] = "line"};
static const char *const unit_states[] = {[3] = "idle", [4] = "processing", [5] = "stopped"};
static const char *const client_states[] = {
    [1] = "invited", [2] = "enrolled", [3] = "connected", [4] = "revoked"};

static const char *word_of(const char *const *words, size_t count, uint8_t number)
{
    return number < count && words[number] ? words[number] : "unknown";
}
#define WORD_OF(words, number) word_of(words, sizeof(words) / sizeof *(words), number)

const char *render_unit_kind(uint8_t kind)
{
    return WORD_OF(unit_kinds, kind);
}

const char *render_unit_state(uint8_t state)
{
    return WORD_OF(unit_states, state);
}

const char *render_client_state(uint8_t state)
{
    return WORD_OF(client_states, state);
}

static void put_escaped(FILE *out, const char *text, size_t length)
{
    size_t size = 4 * length + 1;
    char *escaped = memory_resize(NULL, size, 1);
    text_escape(escaped, size, text, length);
    fputs(escaped, out);
    free(escaped);
}

void render_text_escaped(FILE *out, const char *text)
{
    put_escaped(out, text, strlen(text));
}

static void put_text(FILE *out, struct frame_text text)
{
    if (text.length)
        put_escaped(out, text.at, text.length);
}

static void line(FILE *out, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(out, "%-12s ", label);
    render_text_escaped(out, text);
    fputc('\n', out);
}

static void line_time(FILE *out, const char *label, uint64_t wall_ms)
{
    char text[TEXT_TIME_SIZE];
    if (!wall_ms)
        return;
    text_time(wall_ms, text);
    line(out, label, text);
}

static void line_pages(FILE *out, const char *label, const struct job_view *view, enum page_state state)
{
    char runs[JOB_VIEW_RUNS_BYTES];
    job_view_runs(view, state, runs);
    line(out, label, runs);
}

static void lines_reading(FILE *out, const struct job_view *view)
{
    line_pages(out, "stored", view, PAGE_STORED);
    line_pages(out, "read", view, PAGE_READ);
}

static void lines_printing(FILE *out, const struct job_view *view)
{
    line_pages(out, "printed", view, PAGE_PRINTED);
    line_pages(out, "submitted", view, PAGE_SUBMITTED);
    line_pages(out, "received", view, PAGE_RECEIVED);
}

void render_text_job(FILE *out, const struct job_view *view)
{
    bool is_printing = job_view_is_printing(view);
    fprintf(out, "%-12s %llu\n", "job", (unsigned long long)view->job);
    line(out, "title", view->title);
    line(out, "client", view->client);
    line(out, is_printing ? "printer" : "scanner", view->unit);
    line(out, "service", view->service);
    line(out, "connected", view->is_linked ? "yes" : "no");
    line(out, "state", job_state_name(view->state));
    if (strcmp(view->reasons, "none") != 0)
        line(out, "reasons", view->reasons);
    fprintf(out, "%-12s %s %s, %s %u\n", "phase", function_name(view->phase.function),
            phase_name(view->phase.step), job_view_noun(view), view->phase.page);
    if (view->ledger.total)
        fprintf(out, "%-12s %u\n", is_printing ? "sheets" : "pages", view->ledger.total);
    (is_printing ? lines_printing : lines_reading)(out, view);
    line_pages(out, "uncertain", view, PAGE_UNCERTAIN);
    line_pages(out, "skipped", view, PAGE_SKIPPED);
    if (view->error_code) {
        line(out, "error", job_view_error(view));
        line(out, "to do", job_view_action(view));
    }
    for (unsigned i = 0; i < view->offer_count; i++)
        line(out, i ? "" : "manners", manner_name((uint8_t)view->offers[i].manner));
    if (view->document)
        fprintf(out, "%-12s %llu\n", "document", (unsigned long long)view->document);
    line_time(out, "created", view->created_ms);
    line_time(out, "updated", view->updated_ms);
}

void render_text_end(FILE *out, const struct job_view *view)
{
    unsigned stored = ledger_count(&view->ledger, PAGE_STORED);
    unsigned printed = ledger_count(&view->ledger, PAGE_PRINTED);
    unsigned skipped = ledger_count(&view->ledger, PAGE_SKIPPED);
    unsigned uncertain = ledger_count(&view->ledger, PAGE_UNCERTAIN);
    fprintf(out, "job %llu is %s", (unsigned long long)view->job, job_state_name(view->state));
    if (view->document)
        fprintf(out, ": document %llu with %u page%s", (unsigned long long)view->document, stored,
                stored == 1 ? "" : "s");
    else if (job_view_is_printing(view)) {
        fprintf(out, ": %u of %u sheet%s printed", printed, view->ledger.total,
                view->ledger.total == 1 ? "" : "s");
        if (uncertain)
            fprintf(out, ", %u uncertain", uncertain);
    } else if (view->error_code) {
        fputs(": ", out);
        render_text_escaped(out, job_view_error(view));
    }
    if (skipped)
        fprintf(out, ", %u left out", skipped);
    fputc('\n', out);
    /* What became of its pages; of sheets it has been said. */
    if (!view->document && !job_view_is_printing(view) && view->action && *view->action) {
        render_text_escaped(out, view->action);
        fputc('\n', out);
    }
}

static void put_attributes(FILE *out, const struct frame_list *list, const char *indent)
{
    struct record_attribute attribute;
    size_t cursor = 0;
    while (frame_list_next(list, &frame_record_attribute, &cursor, &attribute)) {
        int pad = attribute.name.length < 14 ? (int)(15 - attribute.name.length) : 1;
        fputs(indent, out);
        put_text(out, attribute.name);
        fprintf(out, "%*s", pad, "");
        put_text(out, attribute.value);
        fputc('\n', out);
    }
}

void render_text_unit(FILE *out, const struct record_unit *unit)
{
    put_text(out, unit->name);
    fputs(": ", out);
    put_text(out, unit->model);
    fprintf(out, ", %s, %s", render_unit_kind(unit->kind), render_unit_state(unit->state));
    if (unit->reasons.length && !frame_text_is(unit->reasons, "none")) {
        fputs(" (", out);
        put_text(out, unit->reasons);
        fputc(')', out);
    }
    fputs("\n    device         ", out);
    put_text(out, unit->device);
    fputc('\n', out);
    put_attributes(out, &unit->capabilities, "    ");
}

void render_text_status(FILE *out, const struct frame_status *status)
{
    fprintf(out, "%-14s ", "software");
    put_text(out, status->software);
    fputc('\n', out);
    put_attributes(out, &status->attributes, "");
}
