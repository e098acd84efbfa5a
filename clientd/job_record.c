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

/* ---- The order ---------------------------------------------------------------------------------------- */

void job_order_keep(struct job_order *kept, const struct record_print_order *order)
{
    const struct record_print_options *options = &order->options;
    *kept = (struct job_order){.sides = options->sides,
                               .color = options->color,
                               .orientation = options->orientation,
                               .scaling = options->scaling};
    frame_text_copy(options->unit, kept->unit, sizeof kept->unit);
    frame_text_copy(options->media, kept->media, sizeof kept->media);
    frame_text_copy(options->pages, kept->pages, sizeof kept->pages);
    frame_text_copy(order->title, kept->title, sizeof kept->title);
}

struct record_print_order job_order_view(const struct job_order *kept, const struct job_read *job)
{
    return (struct record_print_order){.options = {.unit = frame_text_of(kept->unit),
                                                   .copies = job->copies,
                                                   .sides = kept->sides,
                                                   .color = kept->color,
                                                   .media = frame_text_of(kept->media),
                                                   .orientation = kept->orientation,
                                                   .scaling = kept->scaling,
                                                   .pages = frame_text_of(kept->pages)},
                                       .blocks = job->blocks,
                                       .copies = job->copies,
                                       .title = frame_text_of(kept->title)};
}

/* ---- Printing ----------------------------------------------------------------------------------------- */

static void print_text(struct text_buffer *to, const char *word, const char *text)
{
    char clean[JOB_PAGES_SIZE];
    text_escape(clean, sizeof clean, text, strlen(text));
    text_printf(to, "%s %s\n", word, clean);
}

static void print_slots(struct text_buffer *to, const struct job_read *job)
{
    for (unsigned i = 0; i < PRINT_SLOTS; i++) {
        const struct print_slot *slot = &job->slots[i];
        if (!slot->sheet || !slot->has_ticket)
            continue;
        text_printf(to, "slot %" PRIu32 " %" PRIu32 "\n", slot->sheet, slot->ticket.job);
        print_text(to, "slot-uuid", slot->ticket.uuid);
        print_text(to, "slot-printer", slot->ticket.printer);
    }
}

static void print_order(struct text_buffer *to, const struct job_record *record)
{
    print_text(to, "media", record->order.media);
    print_text(to, "range", record->order.pages);
    print_text(to, "title", record->order.title);
    print_text(to, "device", record->device);
    print_slots(to, &record->job);
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
    bool is_printing = record->job.function == FUNCTION_PRINTING;
    print_text(&to, "unit", is_printing ? record->order.unit : record->unit);
    print_text(&to, "text", record->job.text);
    if (is_printing)
        print_order(&to, record);
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

static int parse_run(struct ledger *ledger, enum job_function function, const char *text)
{
    uint32_t first, count, state, generation;
    int end = 0;
    if (sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32 "%n", &first, &count, &state, &generation,
               &end) != 4 ||
        text[end] || !page_state_fits(state, function) || first != ledger->count + 1 || count < 1 ||
        count > LEDGER_MAX_PAGES)
        return -EBADMSG;
    for (uint32_t i = 0; i < count; i++)
        if (ledger_set(ledger, first + i, (enum page_state)state, generation) < 0)
            return -EBADMSG;
    return 0;
}

static int parse_slot(struct job_read *job, const char *text)
{
    struct print_slot *slot = job->slots;
    int end = 0;
    while (slot < job->slots + PRINT_SLOTS && slot->sheet)
        slot++;
    if (slot == job->slots + PRINT_SLOTS ||
        sscanf(text, "%" SCNu32 " %" SCNu32 "%n", &slot->sheet, &slot->ticket.job, &end) != 2 || text[end] ||
        slot->sheet < 1 || slot->sheet > LEDGER_MAX_PAGES)
        return -EBADMSG;
    slot->has_ticket = true;
    return 0;
}

/* The one that was begun last. */
static struct print_slot *last_slot(struct job_read *job)
{
    unsigned last = PRINT_SLOTS - 1;
    while (last > 0 && !job->slots[last].sheet)
        last--;
    return &job->slots[last];
}

static int parse_line(struct job_record *record, const char *word, const char *rest)
{
    struct job_ticket *ticket = &last_slot(&record->job)->ticket;
    const struct {
        const char *word;
        char *text;
        size_t size;
    } texts[] = {
        {"unit", record->unit, sizeof record->unit},
        {"text", record->job.text, sizeof record->job.text},
        {"media", record->order.media, sizeof record->order.media},
        {"range", record->order.pages, sizeof record->order.pages},
        {"title", record->order.title, sizeof record->order.title},
        {"device", record->device, sizeof record->device},
        {"slot-uuid", ticket->uuid, sizeof ticket->uuid},
        {"slot-printer", ticket->printer, sizeof ticket->printer},
    };
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
        return parse_run(&record->job.ledger, record->job.function, rest);
    if (strcmp(word, "slot") == 0)
        return parse_slot(&record->job, rest);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(word, texts[i].word) == 0)
            snprintf(texts[i].text, texts[i].size, "%s", rest);
    return 0; /* a word of a later version */
}

/* What does not go together is no record of ours. */
static bool is_sound(const struct job_record *record)
{
    const struct job_read *job = &record->job;
    if (job->function != FUNCTION_PRINTING)
        return true;
    if ((uint64_t)job->blocks * job->copies != job->ledger.total)
        return false;
    for (unsigned i = 0; i < PRINT_SLOTS; i++)
        if (job->slots[i].sheet > job->ledger.total)
            return false;
    return true;
}

int job_record_parse(struct job_record *record, uint64_t id, char *text)
{
    char *rest = text, head[48];
    bool ended = false;
    memset(record, 0, sizeof *record);
    record->job.id = id;
    record->job.function = FUNCTION_READING; /* where it is not said */
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
    memcpy(record->order.unit, record->unit, sizeof record->order.unit);
    return ended && is_sound(record) ? 0 : -EBADMSG;
}
