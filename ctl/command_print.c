/* print: files of this host, and documents of the archive. */
#include "config.h"

#include "ctl/invocation.h"

#include <string.h>

#include <deskline/words.h>

#include "base/text.h"
#include "ctl/service.h"
#include "ctl/upload.h"
#include "ctl/values.h"

#define LEFT_BYTES 300 /* of documents that are named */

/* What is asked for: the same for every document. */
struct printing {
    struct invocation *invocation;
    struct frame_text client;
    struct record_print_options options;
    char media[VALUE_MEDIA_BYTES];
    const char *const *documents;
    unsigned count;
};

/* Digits alone are a number of the archive, whatever files there are. */
static bool is_number(const char *document)
{
    return !document[strspn(document, "0123456789")];
}

static void take_options(struct printing *printing)
{
    static const uint8_t colors[] = {0, 0, 2, 1}, orientations[] = {0, 3, 4};
    const struct arguments *arguments = &printing->invocation->arguments;
    printing->options = (struct record_print_options){
        .unit = frame_text_of(arguments->text[OPTION_printer]),
        .copies = (uint32_t)arguments->number[OPTION_copies],
        .sides = (uint8_t)arguments->number[OPTION_sides],
        .color = colors[arguments->number[OPTION_color]],
        .orientation = orientations[arguments->number[OPTION_orientation]],
        .scaling = arguments->given[OPTION_fit]          ? 1
                   : arguments->given[OPTION_no_scaling] ? 2
                                                         : 0,
        .pages = frame_text_of(arguments->text[OPTION_ranges]),
    };
    /* The parser has seen to it that it is one. */
    if (arguments->given[OPTION_media] && value_media(arguments->text[OPTION_media], printing->media))
        printing->options.media = frame_text_of(printing->media);
}

/* CLIENT or CLIENT/PRINTER. */
static int take_target(struct printing *printing)
{
    const struct invocation *invocation = printing->invocation;
    const char *target = invocation->arguments.words[0], *slash = strchr(target, '/');
    printing->client = frame_text_of(target);
    if (!slash)
        return EXIT_DONE;
    if (slash == target || !slash[1])
        return invocation_refuse(invocation, EXIT_USAGE, ERROR_BAD_REQUEST,
                                 "'%s' does not fit CLIENT[/PRINTER]", target);
    if (invocation->arguments.given[OPTION_printer])
        return invocation_refuse(invocation, EXIT_USAGE, ERROR_BAD_REQUEST,
                                 "the printer is named twice: behind the client, and with --printer");
    printing->client.length = (uint32_t)(slash - target);
    printing->options.unit = frame_text_of(slash + 1);
    return EXIT_DONE;
}

/* Nothing is printed when one of several documents cannot be: that is found out before the first one. */
static int check_documents(const struct printing *printing)
{
    for (unsigned i = 0; i < printing->count; i++) {
        const char *document = printing->documents[i];
        struct outcome outcome;
        struct upload *upload;
        uint64_t number;
        if (is_number(document)) {
            if (value_id(document, &number))
                continue;
            return invocation_refuse(printing->invocation, EXIT_USAGE, ERROR_BAD_REQUEST,
                                     "'%s' is no number of a document; a file of that name is ./%s", document,
                                     document);
        }
        if (upload_new(&upload, document, &outcome))
            return invocation_fail(printing->invocation, &outcome);
        upload_free(&upload);
    }
    return EXIT_DONE;
}

static int start(const struct printing *printing, uint64_t source, uint32_t upload, const char *name)
{
    const struct arguments *arguments = &printing->invocation->arguments;
    struct frame request = {.type = FRAME_SERVICE_REQUEST};
    char meanwhile[300];
    request.service_request.service = frame_text_of("print");
    request.service_request.client = printing->client;
    request.service_request.print = printing->options;
    request.service_request.source = source;
    request.service_request.upload = upload;
    /* A document of the archive has a title of its own. */
    request.service_request.document.title = arguments->given[OPTION_job_title]
                                                 ? frame_text_of(arguments->text[OPTION_job_title])
                                                 : frame_text_of(source ? "" : name);
    snprintf(meanwhile, sizeof meanwhile, "being prepared: %s", name);
    return service_start(printing->invocation, &request, meanwhile);
}

static int print_file(const struct printing *printing, const char *path)
{
    struct outcome outcome;
    struct upload *upload;
    uint32_t number = 0;
    if (upload_new(&upload, path, &outcome))
        return invocation_fail(printing->invocation, &outcome);
    int exit_code = upload_send(upload, printing->invocation, &number);
    if (!exit_code)
        exit_code = start(printing, 0, number, upload_name(upload));
    upload_free(&upload);
    return exit_code;
}

static int print_document(const struct printing *printing, const char *document)
{
    uint64_t number;
    if (is_number(document) && value_id(document, &number))
        return start(printing, number, 0, document);
    return print_file(printing, document);
}

/* After a job that has not been printed, those behind it are not begun. */
static void say_left(const struct printing *printing, unsigned next, int exit_code)
{
    struct text_buffer left;
    if (next == printing->count)
        return;
    text_start(&left, 2 * LEFT_BYTES);
    for (unsigned i = next; i < printing->count; i++) {
        char escaped[256];
        size_t length =
            text_escape(escaped, sizeof escaped, printing->documents[i], strlen(printing->documents[i]));
        if (left.length + length > LEFT_BYTES && i > next) {
            text_printf(&left, " and %u more", printing->count - i);
            break;
        }
        text_printf(&left, "%s%s", i > next ? ", " : "", escaped);
    }
    invocation_refuse(printing->invocation, (enum exit_code)exit_code, ERROR_NOT_POSSIBLE, "not begun: %s",
                      text_of(&left));
    text_free(&left);
}

int command_print(struct invocation *invocation)
{
    unsigned first = invocation->program == SERVICECTL ? 1 : 0;
    struct printing printing = {.invocation = invocation,
                                .documents = invocation->arguments.words + first,
                                .count = invocation->arguments.word_count - first};
    int exit_code = EXIT_DONE;
    take_options(&printing);
    if (invocation->arguments.given[OPTION_fit] && invocation->arguments.given[OPTION_no_scaling])
        return invocation_refuse(invocation, EXIT_USAGE, ERROR_BAD_REQUEST,
                                 "--fit and --no-scaling contradict each other");
    if (invocation->program == SERVICECTL)
        exit_code = take_target(&printing);
    if (!exit_code)
        exit_code = check_documents(&printing);
    for (unsigned i = 0; i < printing.count && !exit_code; i++) {
        exit_code = print_document(&printing, printing.documents[i]);
        if (exit_code)
            say_left(&printing, i + 1, exit_code);
    }
    return exit_code;
}
