/* What an open session says: a table, and a function for each frame that is a client's alone. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "serviced/front/requests.h"
#include "serviced/front/session.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/jobs.h"
#include "serviced/server.h"
#include "wire/peer.h"

/* ---- Units -------------------------------------------------------------------------------------------- */

void session_keep_units(struct session *session, const struct frame_list *units)
{
    uint8_t *copy = malloc(units->length + 1);
    if (!copy) {
        log_warning("%s: no memory for its units", peer_label(session->visitor.peer));
        return;
    }
    memcpy(copy, units->length ? units->at : (const uint8_t *)"", units->length);
    free((void *)(uintptr_t)session->units.at);
    session->units = (struct frame_list){copy, units->length, units->count};
}

struct frame_list session_units(const struct session *session)
{
    return session->units;
}

static void answer_units(struct session *session, unsigned index, bool has_come)
{
    session_units_told told = session->unit_questions[index].told;
    session->unit_questions[index].told = NULL;
    told(session->unit_questions[index].context, has_come ? session : NULL);
}

void session_forget_units(struct session *session)
{
    for (unsigned i = 0; i < SESSION_UNIT_QUESTIONS; i++)
        if (session->unit_questions[i].told)
            answer_units(session, i, false);
    free((void *)(uintptr_t)session->units.at);
    session->units = (struct frame_list){0};
}

bool session_ask_units(struct session *session, session_units_told told, void *context)
{
    unsigned index = 0;
    while (index < SESSION_UNIT_QUESTIONS && session->unit_questions[index].told)
        index++;
    if (index == SESSION_UNIT_QUESTIONS)
        return false;
    session->unit_questions[index].told = told;
    session->unit_questions[index].context = context;
    visitor_send(&session->visitor,
                 &(struct frame){.type = FRAME_UNIT_LIST_REQUEST,
                                 .unit_list_request = {.request = index + 1, .refresh = 1}});
    return true;
}

static void on_unit_list(struct visitor *visitor, const struct frame *frame)
{
    struct session *session = (struct session *)visitor;
    uint32_t request = frame->unit_list.request;
    session_keep_units(session, &frame->unit_list.units);
    if (request >= 1 && request <= SESSION_UNIT_QUESTIONS && session->unit_questions[request - 1].told)
        answer_units(session, request - 1, true);
}

/* ---- The table ---------------------------------------------------------------------------------------- */

static const struct dispatch_entry table[] = {
    {FRAME_PAGE_DATA, jobs_on_page_data},       {FRAME_PAGE_BEGIN, jobs_on_page_begin},
    {FRAME_PAGE_END, jobs_on_page_end},         {FRAME_PAGE_STORED, jobs_on_page_stored},
    {FRAME_PAGE_RESUME, jobs_on_page_resume},   {FRAME_READING_STATUS, jobs_on_reading_status},
    {FRAME_PRINT_STATUS, jobs_on_print_status}, {FRAME_FUNCTION_FINISHED, jobs_on_function_finished},
    {FRAME_ERROR_NOTICE, jobs_on_error_notice}, {FRAME_UNIT_LIST, on_unit_list},
};

/* While the disk is full, a client may say more than can wait for it. */
static bool is_too_much(struct visitor *client, const struct frame *frame)
{
    const struct job_run *run = frame->job ? jobs_find_for(client->server->jobs, frame->job, client) : NULL;
    return run && job_run_is_full(run);
}

void session_frame(struct session *session, const struct frame *frame)
{
    if (is_too_much(&session->visitor, frame)) {
        peer_refuse(&session->visitor.peer, ERROR_LIMIT, "more was said of a job than can be registered now");
        session->visitor.close(&session->visitor);
        return;
    }
    if (!dispatch(table, sizeof table / sizeof table[0], &session->visitor, frame) &&
        !request_handle(&session->visitor, frame))
        log_info("%s: %s means nothing here", peer_label(session->visitor.peer),
                 frame_name((uint16_t)frame->type));
}

struct visitor *session_visitor(struct session *session)
{
    return &session->visitor;
}

const char *session_address(const struct session *session)
{
    return session->address;
}
