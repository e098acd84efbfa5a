/* The restart as the user sees it: the job's state, the question, the answer. */
#include "config.h"

#include "ctl/job_follow.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "ctl/interrupt.h"
#include "ctl/render.h"

struct fetching {
    struct invocation *invocation;
    struct job_view *view;
};

static void on_status(void *context, const struct frame *frame)
{
    struct fetching *fetching = context;
    struct outcome outcome;
    const char *why;
    if (frame->type != FRAME_JOB_STATUS || !job_view_take(fetching->view, frame, &why))
        return;
    outcome_set(&outcome, EXIT_FAILED, ERROR_PROTOCOL, "the status of job %llu makes no sense: %s",
                (unsigned long long)frame->job, why);
    connection_fail(fetching->invocation->connection, &outcome);
}

int job_fetch(struct invocation *invocation, uint64_t job, struct job_view *view)
{
    struct fetching fetching = {invocation, view};
    struct frame request = {.type = FRAME_JOB_LIST_REQUEST, .job = job};
    int exit_code = invocation_call(invocation, &request, on_status, &fetching);
    if (!exit_code && view->job != job)
        return invocation_refuse(invocation, EXIT_FAILED, ERROR_PROTOCOL,
                                 "%s did not say anything about job %llu",
                                 program_daemon(invocation->program), (unsigned long long)job);
    return exit_code;
}

int job_question(struct invocation *invocation, struct job_view *view)
{
    struct frame request = {.type = FRAME_RESTART_REQUEST, .job = view->job};
    if (view->round)
        return EXIT_DONE;
    int exit_code = invocation_call(invocation, &request, NULL, NULL);
    if (!exit_code)
        exit_code = job_fetch(invocation, view->job, view);
    if (!exit_code && !view->round)
        return invocation_refuse(invocation, EXIT_FAILED, ERROR_NOT_POSSIBLE,
                                 "job %llu does not wait for a manner of restarting: it is %s",
                                 (unsigned long long)view->job, job_state_name(view->state));
    return exit_code;
}

int job_answer(struct invocation *invocation, const struct job_view *view, const struct prompt_answer *answer)
{
    struct frame notice = {.type = FRAME_MANNER_NOTICE, .job = view->job};
    notice.manner_notice.round = view->round;
    notice.manner_notice.manner = (uint8_t)answer->manner;
    notice.manner_notice.page = answer->page;
    notice.manner_notice.unit = frame_text_of(answer->printer);
    return invocation_call(invocation, &notice, NULL, NULL);
}

int job_read_line(struct invocation *invocation, char *line, size_t size)
{
    fflush(invocation->out);
    /* A terminal gives one line per read: what is typed ahead stays there for the next one. */
    if (interrupt_wait(fileno(invocation->in), POLLIN, -1))
        return EXIT_WAITS;
    ssize_t count = read(fileno(invocation->in), line, size - 1);
    if (count <= 0)
        return EXIT_WAITS;
    line[count] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return EXIT_DONE;
}

static int leave_open(struct invocation *invocation, const struct job_view *view)
{
    fprintf(invocation->out, "\nJob %llu waits. It goes on with: %s restart %llu\n",
            (unsigned long long)view->job, program_name(invocation->program), (unsigned long long)view->job);
    return EXIT_WAITS;
}

int job_ask(struct invocation *invocation, const struct job_view *view, struct prompt_answer *answer)
{
    enum prompt_result result = PROMPT_WRONG;
    char typed[128], why[PROMPT_WHY_BYTES];
    uint32_t first, last;
    interrupt_catch();
    fputc('\n', invocation->out);
    prompt_print_state(invocation->out, view);
    fputc('\n', invocation->out);
    prompt_print_offers(invocation->out, view);
    while (result != PROMPT_TAKEN) {
        bool needs_page = result == PROMPT_NEEDS_PAGE && prompt_range(view, &first, &last);
        if (needs_page)
            fprintf(invocation->out, "From which %s (%u to %u)? ", job_view_noun(view), first, last);
        else
            fputs("Manner [1]: ", invocation->out);
        if (job_read_line(invocation, typed, sizeof typed))
            return leave_open(invocation, view);
        result = needs_page ? prompt_page_of(view, typed, answer, why)
                            : prompt_answer_of(view, typed, answer, why);
        if (result == PROMPT_WRONG) {
            fprintf(invocation->out, "%s\n", why);
            if (needs_page)
                result = PROMPT_NEEDS_PAGE;
        }
    }
    return EXIT_DONE;
}

int job_print_end(struct invocation *invocation, const struct job_view *view)
{
    if (invocation->is_json)
        return render_json_print(invocation->out, render_json_job(view)) ? EXIT_FAILED : EXIT_DONE;
    render_text_end(invocation->out, view);
    return EXIT_DONE;
}
