#include "config.h"

#include "clientd/job_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define VERSION_LINE "deskline-job 1 "

/* ---- Printing ----------------------------------------------------------------------------------------- */

static void print_text(struct text_buffer *to, const char *word, const char *text)
{
    char clean[JOB_TEXT_SIZE];
    text_escape(clean, sizeof clean, text, strlen(text));
    text_printf(to, "%s %s\n", word, clean);
}

static void print_runs(struct text_buffer *to, const struct ledger *ledger)
{
    for (uint32_t page = 1, first = 1; page <= ledger->count; page++) {
        struct ledger_page here = ledger_get(ledger, page), next = ledger_get(ledger, page + 1);
        if (page < ledger->count && here.state == next.state && here.generation == next.generation)
            continue;
        text_printf(to, "run %" PRIu32 " %" PRIu32 " %u %" PRIu32 "\n", first, page - first + 1, here.state,
                    here.generation);
        first = page + 1;
    }
}

char *job_record_print(const struct job_record *record, size_t *length)
{
    struct text_buffer to;
    text_start(&to, JOB_RECORD_MAX);
    text_printf(&to, VERSION_LINE "%" PRIu64 "\n", record->job.id);
#define NUMBER(word, member, least, most) text_printf(&to, "%s %" PRId64 "\n", word, (int64_t)record->member);
#include "clientd/job_record.def"
#undef NUMBER
    print_text(&to, "unit", record->unit);
    print_text(&to, "text", record->job.text);
    print_runs(&to, &record->job.ledger);
    text_append(&to, "end\n");
    *length = to.length;
    if (!to.cut)
        return to.text;
    text_free(&to);
    return NULL;
}

/* ---- Parsing ------------------------------------------------------------------------------------------ */

static bool parse_number(const char *text, int64_t least, int64_t most, int64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return !errno && end != text && !*end && *value >= least && *value <= most;
}

static int parse_run(struct ledger *ledger, const char *text)
{
    uint32_t first, count, state, generation;
    int end = 0;
    if (sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32 "%n", &first, &count, &state, &generation,
               &end) != 4 ||
        text[end] || !page_state_fits(state, FUNCTION_READING) || first != ledger->count + 1 || count < 1 ||
        count > LEDGER_MAX_PAGES)
        return -EBADMSG;
    for (uint32_t i = 0; i < count; i++)
        if (ledger_set(ledger, first + i, (enum page_state)state, generation) < 0)
            return -EBADMSG;
    return 0;
}

static int parse_line(struct job_record *record, const char *word, const char *rest)
{
    int64_t value;
#define NUMBER(name, member, least, most)                                                                    \
    if (strcmp(word, name) == 0) {                                                                           \
        if (!parse_number(rest, least, most, &value))                                                        \
            return -EBADMSG;                                                                                 \
        record->member = (__typeof__(record->member))value;                                                  \
        return 0;                                                                                            \
    }
#include "clientd/job_record.def"
#undef NUMBER
    if (strcmp(word, "run") == 0)
        return parse_run(&record->job.ledger, rest);
    if (strcmp(word, "unit") == 0)
        snprintf(record->unit, sizeof record->unit, "%s", rest);
    else if (strcmp(word, "text") == 0)
        snprintf(record->job.text, sizeof record->job.text, "%s", rest);
    return 0; /* a word of a later version */
}

int job_record_parse(struct job_record *record, uint64_t id, char *text)
{
    char *rest = text, head[48];
    bool ended = false;
    memset(record, 0, sizeof *record);
    record->job.id = id;
    snprintf(head, sizeof head, VERSION_LINE "%" PRIu64, id);
    char *line = strsep(&rest, "\n");
    if (!line || strcmp(line, head) != 0)
        return -EBADMSG;
    while (!ended && (line = strsep(&rest, "\n"))) {
        char *word = strsep(&line, " ");
        ended = strcmp(word, "end") == 0;
        if (!ended && parse_line(record, word, line ? line : "") < 0)
            return -EBADMSG;
    }
    return ended ? 0 : -EBADMSG;
}
