/* jobs, show, cancel. */
#include "config.h"

#include "ctl/invocation.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "ctl/interrupt.h"
#include "ctl/job_follow.h"
#include "ctl/job_list.h"
#include "ctl/render.h"
#include "ctl/values.h"

struct job_list {
    struct invocation *invocation;
    struct job_view *views;
    size_t count, room;
};

static void on_status(void *context, const struct frame *frame)
{
    struct job_list *list = context;
    struct job_view view = {0};
    const char *why;
    if (frame->type != FRAME_JOB_STATUS)
        return;
    if (job_view_take(&view, frame, &why)) {
        struct outcome outcome;
        outcome_set(&outcome, EXIT_FAILED, ERROR_PROTOCOL, "the status of job %llu makes no sense: %s",
                    (unsigned long long)frame->job, why);
        connection_fail(list->invocation->connection, &outcome);
        return;
    }
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->views = memory_resize(list->views, list->room, sizeof *list->views);
    }
    list->views[list->count++] = view;
}

static void list_free(struct job_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        job_view_free(&list->views[i]);
    free(list->views);
    *list = (struct job_list){.invocation = list->invocation};
}

static int list_fetch(struct job_list *list, bool all)
{
    struct frame request = {.type = FRAME_JOB_LIST_REQUEST};
    request.job_list_request.all = all;
    return invocation_call(list->invocation, &request, on_status, list);
}

static void print_table(FILE *out, const struct job_list *list, const char *empty)
{
    struct render_table *table = render_table_new(RENDER_JOB_HEADINGS);
    for (size_t i = 0; i < list->count; i++)
        render_table_job(table, &list->views[i]);
    render_table_print(out, &table, empty);
}

int command_jobs(struct invocation *invocation)
{
    struct job_list list = {.invocation = invocation};
    int exit_code = list_fetch(&list, invocation->arguments.given[OPTION_all]);
    if (!exit_code && invocation->is_json) {
        json_t *array = json_array();
        for (size_t i = 0; i < list.count; i++)
            json_array_append_new(array, render_json_job(&list.views[i]));
        exit_code = render_json_print(invocation->out, array) ? EXIT_FAILED : EXIT_DONE;
    } else if (!exit_code) {
        print_table(invocation->out, &list, "there is no job");
    }
    list_free(&list);
    return exit_code;
}

int job_show(struct invocation *invocation, uint64_t job)
{
    struct job_view view = {0};
    int exit_code = job_fetch(invocation, job, &view);
    if (!exit_code && invocation->is_json)
        exit_code = render_json_print(invocation->out, render_json_job(&view)) ? EXIT_FAILED : EXIT_DONE;
    else if (!exit_code)
        render_text_job(invocation->out, &view);
    job_view_free(&view);
    return exit_code;
}

int command_show(struct invocation *invocation)
{
    return job_show(invocation, invocation->arguments.id);
}

int command_cancel(struct invocation *invocation)
{
    struct frame request = {.type = FRAME_CANCEL_REQUEST, .job = invocation->arguments.id};
    char done[64];
    snprintf(done, sizeof done, "job %llu is canceled", (unsigned long long)invocation->arguments.id);
    return invocation_do(invocation, &request, done);
}

/* Keeps the jobs that wait: those with an open question, or, where none has one, those that have stopped. */
static void keep_waiting(struct job_list *list)
{
    bool has_question = false;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        has_question |= list->views[i].round != 0;
    for (size_t i = 0; i < list->count; i++) {
        struct job_view *view = &list->views[i];
        if (has_question ? view->round != 0 : view->state == JOB_STOPPED)
            list->views[kept++] = *view;
        else
            job_view_free(view);
    }
    list->count = kept;
}

static int choose(struct invocation *invocation, const struct job_list *list, uint64_t *job)
{
    char typed[32];
    interrupt_catch();
    print_table(invocation->out, list, "");
    for (;;) {
        fputs("Which job? ", invocation->out);
        int exit_code = job_read_line(invocation, typed, sizeof typed);
        if (exit_code) {
            fputc('\n', invocation->out);
            return exit_code;
        }
        if (value_id(typed, job))
            for (size_t i = 0; i < list->count; i++)
                if (list->views[i].job == *job)
                    return EXIT_DONE;
        fputs("the number of one of these jobs, please\n", invocation->out);
    }
}

static int refuse_several(struct invocation *invocation, const struct job_list *list)
{
    struct text_buffer numbers;
    text_start(&numbers, 256);
    for (size_t i = 0; i < list->count; i++)
        text_printf(&numbers, "%s%llu", i ? ", " : "", (unsigned long long)list->views[i].job);
    int exit_code = invocation_refuse(invocation, EXIT_USAGE, ERROR_BAD_REQUEST,
                                      "several jobs wait, name one of them: %s", text_of(&numbers));
    text_free(&numbers);
    return exit_code;
}

int job_find_waiting(struct invocation *invocation, uint64_t *job)
{
    struct job_list list = {.invocation = invocation};
    int exit_code = list_fetch(&list, false);
    if (!exit_code) {
        keep_waiting(&list);
        if (list.count == 0)
            exit_code = invocation_refuse(invocation, EXIT_FAILED, ERROR_NOT_FOUND, "no job waits");
        else if (list.count == 1)
            *job = list.views[0].job;
        else
            exit_code = invocation->asks ? choose(invocation, &list, job) : refuse_several(invocation, &list);
    }
    list_free(&list);
    return exit_code;
}
