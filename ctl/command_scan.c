/* scan, watch, restart: what follows a job. */
#include "config.h"

#include "ctl/invocation.h"

#include "ctl/job_follow.h"
#include "ctl/job_list.h"
#include "ctl/render.h"
#include "ctl/values.h"

/* As they travel in read_options */
#define MODE_LINEART 1
#define CODEC_JPEG   3

static struct record_read_options read_options(const struct arguments *arguments)
{
    static const uint8_t depths[] = {0, 8, 16}, codecs[] = {1, 1, CODEC_JPEG};
    struct record_read_options read = {
        .unit = frame_text_of(arguments->text[OPTION_scanner]),
        .source = (uint8_t)arguments->number[OPTION_source],
        .mode = (uint8_t)arguments->number[OPTION_mode],
        .depth = depths[arguments->number[OPTION_depth]],
        .resolution = (uint16_t)arguments->number[OPTION_resolution],
        .brightness = (int32_t)arguments->number[OPTION_brightness],
        .contrast = (int32_t)arguments->number[OPTION_contrast],
        .pages = (uint32_t)arguments->number[OPTION_pages],
        .codec = codecs[arguments->number[OPTION_codec]],
    };
    /* The parser has seen to it that it is one. */
    if (arguments->given[OPTION_size])
        value_size(arguments->text[OPTION_size], &read.width_um, &read.height_um);
    return read;
}

/* What was asked for, and is done otherwise. */
static void say_otherwise(const struct invocation *invocation, const struct record_read_options *read)
{
    if (read->mode == MODE_LINEART && read->codec == CODEC_JPEG)
        fprintf(invocation->err,
                "%s: JPEG cannot hold black and white: the pages are kept as CCITT G4, which is exact\n",
                program_name(invocation->program));
}

static void on_opened(void *context, const struct frame *frame)
{
    uint64_t *job = context;
    if (frame->type == FRAME_JOB_OPENED)
        *job = frame->job;
}

int command_scan(struct invocation *invocation)
{
    const struct arguments *arguments = &invocation->arguments;
    struct frame request = {.type = FRAME_SERVICE_REQUEST};
    uint64_t job = 0;
    request.service_request.service = frame_text_of("archive");
    if (invocation->program == SERVICECTL)
        request.service_request.client = frame_text_of(arguments->words[0]);
    request.service_request.read = read_options(arguments);
    say_otherwise(invocation, &request.service_request.read);
    request.service_request.document.kind =
        arguments->given[OPTION_format] ? (uint8_t)arguments->number[OPTION_format] : 1;
    request.service_request.document.title = frame_text_of(arguments->text[OPTION_title]);

    int exit_code = invocation_call(invocation, &request, on_opened, &job);
    if (exit_code)
        return exit_code;
    if (!job)
        return invocation_refuse(invocation, EXIT_FAILED, ERROR_PROTOCOL, "%s opened no job",
                                 program_daemon(invocation->program));
    if (!invocation->is_json)
        fprintf(invocation->out, "job %llu\n", (unsigned long long)job);
    if (!arguments->given[OPTION_no_wait])
        return job_follow(invocation, job);
    return invocation->is_json ? job_show(invocation, job) : EXIT_DONE;
}

int command_watch(struct invocation *invocation)
{
    return job_follow(invocation, invocation->arguments.id);
}

/* The manner: as given, or asked for. EXIT_DONE with *answer. */
static int designate(struct invocation *invocation, const struct job_view *view, struct prompt_answer *answer)
{
    const struct arguments *arguments = &invocation->arguments;
    char why[PROMPT_WHY_BYTES];
    if (!arguments->given[OPTION_manner])
        return job_ask(invocation, view, answer);
    enum manner manner = manner_from_name(arguments->text[OPTION_manner]);
    switch (prompt_choose(view, manner, arguments->manner_page, answer, why)) {
    case PROMPT_TAKEN:
        return EXIT_DONE;
    case PROMPT_NEEDS_PAGE:
        return invocation_refuse(invocation, EXIT_USAGE, ERROR_BAD_REQUEST, "job %llu: %s",
                                 (unsigned long long)view->job, why);
    case PROMPT_WRONG:
        break;
    }
    return invocation_refuse(invocation, EXIT_FAILED, ERROR_NOT_POSSIBLE, "job %llu: %s",
                             (unsigned long long)view->job, why);
}

static int refuse_without_manner(struct invocation *invocation, const struct job_view *view)
{
    char offers[PROMPT_WHY_BYTES];
    prompt_list(view, offers, sizeof offers);
    return invocation_refuse(invocation, EXIT_USAGE, ERROR_BAD_REQUEST,
                             "job %llu: without a terminal --manner has to say how it goes on: %s",
                             (unsigned long long)view->job, offers);
}

static int go_on(struct invocation *invocation, struct job_view *view, const struct prompt_answer *answer)
{
    if (answer->manner == MANNER_ABANDON) {
        int exit_code = job_fetch(invocation, view->job, view);
        return exit_code ? exit_code : job_print_end(invocation, view);
    }
    if (!invocation->arguments.given[OPTION_no_wait])
        return job_follow_from(invocation, view);
    if (invocation->is_json)
        return job_show(invocation, view->job);
    fprintf(invocation->out, "job %llu goes on: %s\n", (unsigned long long)view->job,
            manner_text((uint8_t)answer->manner));
    return EXIT_DONE;
}

int command_restart(struct invocation *invocation)
{
    bool has_manner = invocation->arguments.given[OPTION_manner];
    uint64_t job = invocation->arguments.id;
    struct job_view view = {0};
    struct prompt_answer answer;

    int exit_code = job ? EXIT_DONE : job_find_waiting(invocation, &job);
    if (!exit_code)
        exit_code = job_fetch(invocation, job, &view);
    /* The offers may be known without asking the server for a question that nobody would answer. */
    if (!exit_code && (has_manner || invocation->asks || !view.offer_count))
        exit_code = job_question(invocation, &view);
    if (!exit_code && !has_manner && !invocation->asks)
        exit_code = refuse_without_manner(invocation, &view);
    if (!exit_code)
        exit_code = designate(invocation, &view, &answer);
    if (!exit_code)
        exit_code = job_answer(invocation, &view, &answer);
    if (!exit_code)
        exit_code = go_on(invocation, &view, &answer);
    job_view_free(&view);
    return exit_code;
}
