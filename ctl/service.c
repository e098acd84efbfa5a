#include "config.h"

#include "ctl/service.h"

#include "ctl/job_follow.h"
#include "ctl/job_list.h"
#include "ctl/terminal.h"

static void on_opened(void *context, const struct frame *frame)
{
    uint64_t *job = context;
    if (frame->type == FRAME_JOB_OPENED)
        *job = frame->job;
}

int service_start(struct invocation *invocation, struct frame *request, const char *meanwhile)
{
    bool shows = meanwhile && invocation->is_terminal && !invocation->is_json;
    struct outcome outcome;
    uint64_t job = 0;
    if (shows)
        terminal_overwrite(invocation->out, meanwhile);
    connection_call(invocation->connection, request, on_opened, &job, &outcome);
    if (shows)
        terminal_overwrite(invocation->out, "");
    if (outcome.exit_code != EXIT_DONE)
        return invocation_fail(invocation, &outcome);
    if (!job)
        return invocation_refuse(invocation, EXIT_FAILED, ERROR_PROTOCOL, "%s opened no job",
                                 program_daemon(invocation->program));
    if (!invocation->is_json)
        fprintf(invocation->out, "job %llu\n", (unsigned long long)job);
    if (!invocation->arguments.given[OPTION_no_wait])
        return job_follow(invocation, job);
    return invocation->is_json ? job_show(invocation, job) : EXIT_DONE;
}
