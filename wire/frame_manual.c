/* Prints the frame chapter of doc/protocol.md: the tables of the protocol, as Markdown. */
#include <deskline/frame.h>
#include <deskline/ledger.h>
#include <deskline/words.h>

#include <inttypes.h>
#include <stdio.h>

static const struct frame_record_info *const records[] = {
#define RECORD(name, doc) &frame_record_##name,
#include <deskline/frames.def>
};

static const char *const kinds[] = {
    [FIELD_U8] = "U8",       [FIELD_U16] = "U16", [FIELD_U32] = "U32",
    [FIELD_U64] = "U64",     [FIELD_I32] = "I32", [FIELD_TEXT] = "TEXT",
    [FIELD_BYTES] = "BYTES", [FIELD_SUB] = "SUB", [FIELD_LIST] = "LIST",
};

static void print_kind(const struct frame_field_info *field)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_BYTES:
        printf("%s, at most %" PRIu32, kinds[field->kind], field->most);
        break;
    case FIELD_SUB:
        printf("SUB of `%s`", field->record->name);
        break;
    case FIELD_LIST:
        printf("LIST of `%s`, at most %" PRIu32, field->record->name, field->most);
        break;
    default:
        printf("%s", kinds[field->kind]);
        break;
    }
}

static void print_fields(const struct frame_record_info *type)
{
    printf("| field | kind | meaning |\n| --- | --- | --- |\n");
    for (const struct frame_field_info *field = type->fields; field->name; field++) {
        printf("| `%s` | ", field->name);
        print_kind(field);
        printf(" | %s |\n", field->doc);
    }
    printf("\n");
}

static void print_where(unsigned where)
{
    static const char *const places[] = {
        "server", "client", "unit", "daemon (from a unit)", "daemon (from a command)", "command"};
    const char *comma = "";
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++)
        if (where & 1u << i) {
            printf("%s%s", comma, places[i]);
            comma = ", ";
        }
}

static void print_frame(const struct frame_info *frame)
{
    static const char *const jobs[] = {
        [NO_JOB] = "0", [OF_JOB] = "the job's number", [ANY_JOB] = "a job's number or 0"};
    static const char *const times[] = {[WHEN_NEW] = "before the greeting is over",
                                        [WHEN_OPEN] = "after the greeting",
                                        [WHEN_NEW | WHEN_OPEN] = "at any time"};
    printf("#### %s (0x%04x)\n\n%s.\n\nArrives at: ", frame->name, (unsigned)frame->type, frame->doc);
    print_where(frame->where);
    printf("; %s. Job in the header: %s. Payload: at most %" PRIu32 " bytes.\n\n", times[frame->when],
           jobs[frame->job], frame->cap);
    print_fields(&frame->body);
}

static void print_words(void)
{
    static const char *const classes[] = {"link", "device", "request"};
    printf("### Errors\n\n| code | keyword | class | what happened | what to do |\n| --- | --- | --- | --- | "
           "--- |\n");
#define ERROR(NAME, number, keyword, class, sentence, action)                                                \
    printf("| %d | `%s` | %s | %s | %s |\n", number, keyword, classes[ERROR_CLASS_##class], sentence, action);
#include <deskline/errors.def>
#undef ERROR
    printf("\n### Phases\n\n| step | word | function | meaning |\n| --- | --- | --- | --- |\n");
#define PHASE(NAME, number, word, function, text)                                                            \
    printf("| %d | `%s` | %s | %s |\n", number, word, function_name(FUNCTION_##function), text);
#include <deskline/phases.def>
#undef PHASE
    printf("\n### Manners of restarting\n\n| manner | word | meaning |\n| --- | --- | --- |\n");
#define MANNER(NAME, number, word, text) printf("| %d | `%s` | %s |\n", number, word, text);
#include <deskline/manners.def>
#undef MANNER
    printf("\n### Page states\n\n| state | word |\n| --- | --- |\n");
    for (uint8_t state = PAGE_UNREAD; state < PAGE_STATES; state++)
        printf("| %d | `%s` |\n", state, page_state_name(state));
    printf("\n### Job states\n\n| state | word |\n| --- | --- |\n");
    for (uint8_t state = JOB_PENDING; state <= JOB_COMPLETED; state++)
        printf("| %d | `%s` |\n", state, job_state_name(state));
}

int main(void)
{
    size_t count;
    const struct frame_info *frames = frame_table(&count);
    printf("### Frames\n\n");
    for (size_t i = 0; i < count; i++)
        print_frame(&frames[i]);
    printf("### Records\n\n");
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        printf("#### `%s`\n\n%s.\n\n", records[i]->name, records[i]->doc);
        print_fields(records[i]);
    }
    print_words();
    return ferror(stdout) ? 1 : 0;
}
