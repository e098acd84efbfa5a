/* What completion asks the daemon for: numbers and names, one a line. Errors are nobody's business here. */
#include "config.h"

#include "ctl/invocation.h"

#include <stdlib.h>

#include <deskline/words.h>

#include "ctl/render.h"

/* Of a unit, as frames say it. */
enum { UNIT_READING = 1, UNIT_PRINTING = 2 };

struct completing {
    FILE *out;
    enum completion completion;
};

static void put_name(FILE *out, struct frame_text text)
{
    char *name = frame_text_dup(text);
    render_text_escaped(out, name);
    fputc('\n', out);
    free(name);
}

static void on_frame(void *context, const struct frame *frame)
{
    const struct completing *completing = context;
    struct record_document document;
    struct record_client client;
    struct record_unit unit;
    size_t cursor = 0;
    if (frame->type == FRAME_JOB_STATUS) {
        if (completing->completion != COMPLETE_WAITING || frame->job_status.state == JOB_STOPPED)
            fprintf(completing->out, "%llu\n", (unsigned long long)frame->job);
    } else if (frame->type == FRAME_DOCUMENT_LIST) {
        while (frame_list_next(&frame->document_list.documents, &frame_record_document, &cursor, &document))
            fprintf(completing->out, "%llu\n", (unsigned long long)document.document);
    } else if (frame->type == FRAME_CLIENT_LIST) {
        while (frame_list_next(&frame->client_list.clients, &frame_record_client, &cursor, &client))
            put_name(completing->out, client.name);
    } else if (frame->type == FRAME_UNIT_LIST) {
        while (frame_list_next(&frame->unit_list.units, &frame_record_unit, &cursor, &unit))
            if (unit.kind == (completing->completion == COMPLETE_PRINTERS ? UNIT_PRINTING : UNIT_READING))
                put_name(completing->out, unit.name);
    }
}

int command_complete(struct invocation *invocation, enum completion completion)
{
    struct completing completing = {invocation->out, completion};
    struct frame request = {0};
    switch (completion) {
    case COMPLETE_JOBS:
    case COMPLETE_WAITING:
        request.type = FRAME_JOB_LIST_REQUEST;
        request.job_list_request.all = completion == COMPLETE_JOBS;
        break;
    case COMPLETE_DOCUMENTS:
        request.type = FRAME_DOCUMENT_LIST_REQUEST;
        break;
    case COMPLETE_CLIENTS:
        request.type = FRAME_CLIENT_LIST_REQUEST;
        break;
    case COMPLETE_SCANNERS:
    case COMPLETE_PRINTERS:
        request.type = FRAME_UNIT_LIST_REQUEST;
        request.unit_list_request.client = frame_text_of(invocation->arguments.words[0]);
        break;
    case COMPLETE_NOTHING:
    case COMPLETE_FILES:
        return EXIT_USAGE;
    }
    return invocation_call(invocation, &request, on_frame, &completing);
}
