/* watch, restart: jobs that are there already. */
#include "config.h"

#include "ctl/invocation.h"

#include "ctl/job_follow.h"
#include "ctl/job_list.h"

int command_watch(struct invocation *invocation)
{
    return job_follow(invocation, invocation->arguments.id);
}

/* --printer is for a job that prints. */
static int check_printer(struct invocation *invocation, const struct job_view *view)
{
    if (!invocation->arguments.given[OPTION_other_printer] || job_view_is_printing(view))
        return EXIT_DONE;
    return invocation_refuse(invocation, EXIT_USAGE, ERROR_BAD_REQUEST,
                             "job %llu does not print: --printer is not for it",
                             (unsigned long long)view->job);
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
            manner_text(view->phase.function, (uint8_t)answer->manner));
    return EXIT_DONE;
}

int command_restart(struct invocation *invocation)
{
    bool has_manner = invocation->arguments.given[OPTION_manner];
    uint64_t job = invocation->arguments.id;
    struct job_view view = {0};
    struct prompt_answer answer = {.manner = MANNER_NONE};

    int exit_code = job ? EXIT_DONE : job_find_waiting(invocation, &job);
    if (!exit_code)
        exit_code = job_fetch(invocation, job, &view);
    if (!exit_code)
        exit_code = check_printer(invocation, &view);
    /* The offers may be known without asking the server for a question that nobody would answer. */
    if (!exit_code && (has_manner || invocation->asks || !view.offer_count))
        exit_code = job_question(invocation, &view);
    if (!exit_code && !has_manner && !invocation->asks)
        exit_code = refuse_without_manner(invocation, &view);
    if (!exit_code)
        exit_code = designate(invocation, &view, &answer);
    answer.printer = invocation->arguments.text[OPTION_other_printer];
    if (!exit_code)
        exit_code = job_answer(invocation, &view, &answer);
    if (!exit_code)
        exit_code = go_on(invocation, &view, &answer);
    job_view_free(&view);
    return exit_code;
}
