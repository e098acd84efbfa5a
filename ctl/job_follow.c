#include "config.h"

#include "ctl/job_follow.h"

#include <string.h>

#include "ctl/interrupt.h"
#include "ctl/progress.h"
#include "ctl/render.h"
#include "ctl/terminal.h"

#define LINES_BYTES (1u << 20)
/* What follow_stop answers besides exit codes: the job goes on, follow it. */
#define GOES_ON (-1)

struct follow {
    struct invocation *invocation;
    uint64_t job;
    struct job_view view;
    struct progress progress;
    bool line_is_open; /* the cursor stands behind a progress line */
};

static void show_progress(struct follow *follow)
{
    const struct invocation *invocation = follow->invocation;
    struct text_buffer text;
    if (invocation->is_json)
        return;
    text_start(&text, LINES_BYTES);
    if (invocation->is_terminal) {
        progress_line(&follow->progress, &follow->view, terminal_now_ms(), &text);
        terminal_overwrite(invocation->out, text_of(&text));
        follow->line_is_open = true;
    } else {
        progress_lines(&follow->progress, &follow->view, &text);
        fputs(text_of(&text), invocation->out);
    }
    fflush(invocation->out);
    text_free(&text);
}

static void end_line(struct follow *follow)
{
    if (follow->line_is_open)
        fputc('\n', follow->invocation->out);
    follow->line_is_open = false;
}

static void on_status(void *context, const struct frame *frame)
{
    struct follow *follow = context;
    struct outcome outcome;
    const char *why;
    if (frame->type != FRAME_JOB_STATUS || frame->job != follow->job)
        return;
    if (!job_view_take(&follow->view, frame, &why)) {
        show_progress(follow);
        return;
    }
    outcome_set(&outcome, EXIT_FAILED, ERROR_PROTOCOL, "the status of job %llu makes no sense: %s",
                (unsigned long long)follow->job, why);
    connection_fail(follow->invocation->connection, &outcome);
}

/* Nobody is there to ask: what happened, and how it goes on later. */
static int report_stop(struct follow *follow)
{
    struct invocation *invocation = follow->invocation;
    const char *name = program_name(invocation->program);
    char offers[PROMPT_WHY_BYTES];
    prompt_list(&follow->view, offers, sizeof offers);
    if (invocation->is_json)
        job_print_end(invocation, &follow->view);
    else
        prompt_print_state(invocation->out, &follow->view);
    fflush(invocation->out); /* before what goes to standard error */
    return invocation_refuse(
        invocation, EXIT_WAITS, follow->view.error_code,
        "job %llu has stopped and waits; it goes on with: %s restart %llu --manner %s%s%s%s",
        (unsigned long long)follow->job, name, (unsigned long long)follow->job,
        follow->view.offer_count ? manner_name((uint8_t)follow->view.offers[0].manner) : "MANNER",
        *offers ? " (or " : "", offers, *offers ? ")" : "");
}

static int stop(struct follow *follow)
{
    struct invocation *invocation = follow->invocation;
    struct prompt_answer answer;
    if (!invocation->asks)
        return report_stop(follow);
    int exit_code = job_question(invocation, &follow->view);
    if (!exit_code)
        exit_code = job_ask(invocation, &follow->view, &answer);
    if (exit_code)
        return exit_code;
    /* A refused answer was explained; the job is looked at again, and so is the question. */
    job_answer(invocation, &follow->view, &answer);
    return GOES_ON;
}

static int say_goes_on(struct follow *follow)
{
    const struct invocation *invocation = follow->invocation;
    const char *name = program_name(invocation->program);
    unsigned long long job = follow->job;
    fprintf(invocation->err,
            "%sJob %llu goes on. Look at it with '%s watch %llu'; end it with '%s cancel %llu'.\n",
            follow->line_is_open ? "\n" : "", job, name, job, name, job);
    follow->line_is_open = false;
    return EXIT_INTERRUPTED;
}

/* How one watch ended. */
static int finish(struct follow *follow, const struct outcome *outcome)
{
    struct invocation *invocation = follow->invocation;
    int exit_code = (int)outcome->exit_code;
    if (outcome->exit_code == EXIT_INTERRUPTED)
        return say_goes_on(follow);
    end_line(follow);
    if (outcome->exit_code == EXIT_WAITS && follow->view.job)
        return stop(follow);
    if (!follow->view.job || !job_view_is_over(&follow->view))
        return invocation_fail(invocation, outcome);
    if (job_print_end(invocation, &follow->view) && !exit_code)
        exit_code = EXIT_FAILED;
    /* What was kept of a job that was canceled, for example; how many sheets were printed has been said. */
    bool is_said = !exit_code && job_view_is_printing(&follow->view);
    if (*outcome->text && !invocation->is_json && !is_said) {
        render_text_escaped(invocation->out, outcome->text);
        fputc('\n', invocation->out);
    } else if (exit_code && invocation->is_json) {
        invocation_fail(invocation, outcome);
    }
    return exit_code;
}

int job_follow(struct invocation *invocation, uint64_t job)
{
    struct follow follow = {.invocation = invocation, .job = job};
    struct outcome outcome;
    int exit_code = GOES_ON;
    interrupt_catch();
    while (exit_code == GOES_ON) {
        struct frame request = {.type = FRAME_JOB_LIST_REQUEST, .job = job};
        request.job_list_request.watch = 1;
        connection_call(invocation->connection, &request, on_status, &follow, &outcome);
        exit_code = finish(&follow, &outcome);
    }
    progress_free(&follow.progress);
    job_view_free(&follow.view);
    return exit_code;
}
