/* What each request of a control client means: the table is at the end. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "clientd/control_internal.h"
#include "clientd/job_run.h"
#include "clientd/jobs.h"
#include "clientd/link.h"
#include "clientd/relay.h"
#include "clientd/unit_check.h"
#include "clientd/units.h"

/* ---- How the daemon is -------------------------------------------------------------------------------- */

static void add(struct frame_list_builder *list, const char *name, const char *value)
{
    const struct record_attribute attribute = {frame_text_of(name), frame_text_of(value)};
    int error = *value ? frame_list_add(list, &frame_record_attribute, &attribute) : 0;
    if (error)
        log_error("the status leaves %s out: %s", name, strerror(-error));
}

static void on_status(struct control_session *session, const struct frame *frame)
{
    const struct control_reach *reach = &session->control->reach;
    struct frame_list_builder list = {0};
    char jobs[32], bytes[32];
    snprintf(jobs, sizeof jobs, "%zu", jobs_count(reach->jobs));
    snprintf(bytes, sizeof bytes, "%" PRIu64, jobs_bytes(reach->jobs));
    add(&list, "enrolled", *link_client(reach->link) ? "yes" : "no");
    add(&list, "connected", link_peer(reach->link) ? "yes" : "no");
    add(&list, "client", link_client(reach->link));
    add(&list, "server", link_server(reach->link));
    add(&list, "problem", link_problem(reach->link));
    add(&list, "jobs", jobs);
    add(&list, "spool-bytes", bytes);
    control_send(session, &(struct frame){.type = FRAME_STATUS,
                                          .status = {.request = frame->status_request.request,
                                                     .software = frame_text_of("clientd " PACKAGE_VERSION),
                                                     .attributes = frame_list_view(&list)}});
    frame_list_builder_free(&list);
    control_outcome(session, frame->status_request.request, 0, ERROR_NONE, "");
}

static void on_service_list(struct control_session *session, const struct frame *frame)
{
    uint32_t request = frame->service_list_request.request;
    if (!link_peer(session->control->reach.link)) {
        control_outcome(session, request, 4, ERROR_NO_CONNECTION, link_problem(session->control->reach.link));
        return;
    }
    control_send(session,
                 &(struct frame){.type = FRAME_SERVICE_LIST,
                                 .service_list = {request, frame_list_view(&session->control->services)}});
    control_outcome(session, request, 0, ERROR_NONE, "");
}

static void on_enroll(struct control_session *session, const struct frame *frame)
{
    const struct frame_enroll_command *command = &frame->enroll_command;
    const struct control_reach *reach = &session->control->reach;
    if (!control_may_wait(session, command->request))
        return;
    char *token = frame_text_dup(command->token), *server = frame_text_dup(command->server);
    int error = reach->enroll(reach->context, token, server);
    free(token);
    free(server);
    if (!error)
        control_wait_add(session, WAIT_ENROLL, command->request, 0);
    else if (error == -EBUSY)
        control_outcome(session, command->request, 1, ERROR_NOT_POSSIBLE, "another enrolment is under way");
    else if (error == -EINVAL)
        control_outcome(session, command->request, 2, ERROR_BAD_REQUEST,
                        "the server's address has to be HOST:PORT");
    else
        control_outcome(session, command->request, 2, ERROR_TOKEN,
                        "this is no token: give the line that 'servicectl client add NAME' printed, whole");
}

/* ---- Units -------------------------------------------------------------------------------------------- */

static void send_units(struct control_session *session, uint32_t request)
{
    control_send(session, &(struct frame){.type = FRAME_UNIT_LIST,
                                          .unit_list = {request, units_list(session->control->reach.units)}});
    control_outcome(session, request, 0, ERROR_NONE, "");
}

/* Waits for the end of the search for devices; starts one unless it is under way. */
static void wait_for_units(struct control_wait *wait)
{
    if (units_when_found(wait->session->control->reach.units, control_units_found, wait) == 0)
        return;
    control_outcome(wait->session, wait->request, 1, ERROR_LIMIT, "too many wait for the list of devices");
    control_wait_end(wait);
}

static void on_unit_list(struct control_session *session, const struct frame *frame)
{
    const struct frame_unit_list_request *asked = &frame->unit_list_request;
    if (!control_may_wait(session, asked->request))
        return;
    if (asked->refresh || units_is_looking(session->control->reach.units))
        wait_for_units(control_wait_add(session, WAIT_UNITS, asked->request, 0));
    else
        send_units(session, asked->request);
}

/* ---- A service is started: the unit is found, asked whether it can, and the server told --------------- */

/* What a service needs on this host. */
struct wish {
    enum unit_kind kind;
    struct frame_text *unit; /* its name as it was asked for, in the request */
};

static struct wish wish_of(struct frame_service_request *request)
{
    if (frame_text_is(request->service, "print"))
        return (struct wish){UNIT_KIND_PRINTING, &request->print.unit};
    return (struct wish){UNIT_KIND_READING, &request->read.unit};
}

static void refuse_choice(struct control_session *session, uint32_t request, enum unit_kind kind)
{
    const char *what = unit_kind_name(kind);
    char names[256], text[512];
    units_names(session->control->reach.units, kind, names, sizeof names);
    snprintf(text, sizeof text, "this host has several %ss; say which one with --%s: %s", what, what, names);
    control_outcome(session, request, 2, ERROR_BAD_REQUEST, text);
}

static int check(const struct record_unit *unit, const struct frame_service_request *request,
                 enum unit_kind kind, char *text, size_t size)
{
    return kind == UNIT_KIND_PRINTING ? unit_check_printer(unit, &request->print, text, size)
                                      : unit_check(unit, &request->read, text, size);
}

/* False when no unit has that name. */
static bool start_service(struct control_session *session, const struct frame *frame)
{
    const struct control *control = session->control;
    struct frame copy = *frame;
    struct wish wish = wish_of(&copy.service_request);
    struct record_unit unit;
    char name[129], text[512];
    frame_text_copy(*wish.unit, name, sizeof name);
    if (!units_find(control->reach.units, wish.kind, name, &unit))
        return false;
    if (!name[0] && units_count(control->reach.units, wish.kind) > 1) {
        refuse_choice(session, frame->service_request.request, wish.kind);
        return true;
    }
    if (check(&unit, &frame->service_request, wish.kind, text, sizeof text) < 0) {
        control_outcome(session, frame->service_request.request, 1, ERROR_OPTION_UNSUPPORTED, text);
        return true;
    }
    *wish.unit = unit.name;
    copy.service_request.client = frame_text_of("");
    relay_ask(control->relay, session, &copy);
    return true;
}

static void refuse_unit(struct control_session *session, struct frame *frame)
{
    char names[256], text[512];
    struct wish wish = wish_of(&frame->service_request);
    const char *what = unit_kind_name(wish.kind);
    units_names(session->control->reach.units, wish.kind, names, sizeof names);
    if (!names[0])
        snprintf(text, sizeof text,
                 "no %s was found: plug it in, switch it on, and see 'clientctl units --refresh'", what);
    else
        snprintf(text, sizeof text, "there is no %s %.*s; known are: %s", what, (int)wish.unit->length,
                 wish.unit->at, names);
    control_outcome(session, frame->service_request.request, 1, ERROR_NOT_FOUND, text);
}

static void on_service_request(struct control_session *session, const struct frame *frame)
{
    if (!link_peer(session->control->reach.link)) {
        control_outcome(session, frame->service_request.request, 4, ERROR_NO_CONNECTION,
                        link_problem(session->control->reach.link));
        return;
    }
    if (start_service(session, frame) || !control_may_wait(session, frame->service_request.request))
        return;
    /* Perhaps it has been plugged in since. */
    struct control_wait *wait = control_wait_add(session, WAIT_SERVICE, frame->service_request.request, 0);
    size_t size = frame_encoded_size(frame);
    wait->frame = memory_new(size);
    if (frame_encode(frame, wait->frame, size) < 0)
        control_wait_end(wait);
    else
        wait_for_units(wait);
}

void control_units_found(void *context)
{
    struct control_wait *wait = context;
    struct control_session *session = wait->session;
    struct frame_header header;
    struct frame frame;
    const char *why;
    if (wait->kind == WAIT_UNITS) {
        send_units(session, wait->request);
    } else {
        frame_header_decode(wait->frame, &header);
        if (frame_decode(&header, wait->frame + FRAME_HEADER_BYTES, &frame, &why) == 0 &&
            !start_service(session, &frame))
            refuse_unit(session, &frame);
    }
    control_wait_end(wait);
}

/* ---- Jobs --------------------------------------------------------------------------------------------- */

struct listing {
    struct control_session *session;
    uint32_t request;
};

static void send_status(void *context, uint64_t job)
{
    const struct listing *listing = context;
    struct frame frame;
    if (jobs_status(listing->session->control->reach.jobs, job, listing->request, &frame))
        control_send(listing->session, &frame);
}

static void on_job_list(struct control_session *session, const struct frame *frame)
{
    const struct control_reach *reach = &session->control->reach;
    const struct frame_job_list_request *asked = &frame->job_list_request;
    struct listing listing = {session, asked->request};
    struct frame status;
    bool is_known = frame->job && jobs_status(reach->jobs, frame->job, asked->request, &status);
    if (is_known && asked->watch) {
        if (control_may_wait(session, asked->request))
            control_wait_look(control_wait_add(session, WAIT_WATCH, asked->request, frame->job));
        return;
    }
    if (is_known)
        control_send(session, &status);
    else if (frame->job || asked->all) {
        relay_ask(session->control->relay, session, frame);
        return;
    } else {
        jobs_each(reach->jobs, send_status, &listing);
    }
    control_outcome(session, asked->request, 0, ERROR_NONE, "");
}

static void refuse_job(struct control_session *session, uint32_t request, uint64_t job)
{
    char text[128];
    snprintf(text, sizeof text, "there is no job %" PRIu64 " in hand: see 'clientctl jobs'", job);
    control_outcome(session, request, 1, ERROR_NOT_FOUND, text);
}

static void on_restart(struct control_session *session, const struct frame *frame)
{
    const struct control_reach *reach = &session->control->reach;
    uint32_t request = frame->restart_request.request;
    struct job_run *run = jobs_find(reach->jobs, frame->job);
    if (!run)
        refuse_job(session, request, frame->job);
    else if (job_run_job(run)->state == JOB_READ_ASKED)
        control_outcome(session, request, 0, ERROR_NONE, "");
    else if (!link_peer(reach->link))
        control_outcome(session, request, 4, ERROR_NO_CONNECTION, link_problem(reach->link));
    else if (!control_may_wait(session, request))
        return;
    else if (job_run_event(run, &(struct job_read_event){.type = EVENT_RESTART_REQUESTED}) < 0)
        control_outcome(session, request, 1, ERROR_NOT_POSSIBLE,
                        "the job is not stopped: there is nothing to restart");
    else
        control_wait_look(control_wait_add(session, WAIT_RESTART, request, frame->job));
}

/* Where a job is to go on has to be a printer of this host. */
static bool check_unit(struct control_session *session, const struct job_run *run,
                       const struct frame_manner_notice *notice)
{
    struct record_unit unit;
    char name[129], names[256], text[512];
    frame_text_copy(notice->unit, name, sizeof name);
    if (!name[0])
        return true;
    if (job_run_job(run)->function != FUNCTION_PRINTING) {
        control_outcome(session, notice->request, 1, ERROR_NOT_POSSIBLE,
                        "only a job that is printed can go on at another device");
        return false;
    }
    if (units_find(session->control->reach.units, UNIT_KIND_PRINTING, name, &unit))
        return true;
    units_names(session->control->reach.units, UNIT_KIND_PRINTING, names, sizeof names);
    snprintf(text, sizeof text, "there is no printer %s; known are: %s", name, names[0] ? names : "none");
    control_outcome(session, notice->request, 1, ERROR_NOT_FOUND, text);
    return false;
}

static void choose_manner(struct control_session *session, struct job_run *run,
                          const struct frame_manner_notice *notice)
{
    const struct job_read_event event = {
        .type = EVENT_MANNER_CHOSEN, .round = notice->round, .manner = notice->manner, .page = notice->page};
    bool is_asked = job_run_job(run)->state == JOB_READ_ASKED; /* else it has been answered, with its unit */
    char unit[129];
    frame_text_copy(notice->unit, unit, sizeof unit);
    if (is_asked)
        job_run_choose_unit(run, notice->round, unit);
    if (job_run_event(run, &event) < 0) {
        if (is_asked) /* a policy may still answer */
            job_run_choose_unit(run, notice->round, "");
        control_outcome(session, notice->request, 1, ERROR_NOT_POSSIBLE,
                        "this manner is not on offer now: see 'clientctl show JOB'");
        return;
    }
    struct control_wait *wait = control_wait_add(session, WAIT_MANNER, notice->request, job_run_job(run)->id);
    wait->round = notice->round;
    control_wait_look(wait);
}

static void on_manner(struct control_session *session, const struct frame *frame)
{
    const struct frame_manner_notice *notice = &frame->manner_notice;
    const struct control_reach *reach = &session->control->reach;
    struct job_run *run = jobs_find(reach->jobs, frame->job);
    if (!run)
        refuse_job(session, notice->request, frame->job);
    else if (!link_peer(reach->link))
        control_outcome(session, notice->request, 4, ERROR_NO_CONNECTION, link_problem(reach->link));
    else if (control_may_wait(session, notice->request) && check_unit(session, run, notice))
        choose_manner(session, run, notice);
}

/* A job that the server does not know is canceled here, and its pages go. */
static void on_cancel(struct control_session *session, const struct frame *frame)
{
    struct jobs *jobs = session->control->reach.jobs;
    struct job_run *run = jobs_find(jobs, frame->job);
    if (run && job_run_job(run)->orphan) {
        jobs_close(jobs, frame->job, JOB_CANCELED,
                   "The server did not know this job; its pages are deleted.");
        control_outcome(session, frame->cancel_request.request, 0, ERROR_NONE, "");
        return;
    }
    relay_ask(session->control->relay, session, frame);
}

/* ---- Passed on ---------------------------------------------------------------------------------------- */

static void on_passed_on(struct control_session *session, const struct frame *frame)
{
    relay_ask(session->control->relay, session, frame);
}

static void on_credit(struct control_session *session, const struct frame *frame)
{
    relay_credit(session->control->relay, session, frame);
}

static void on_upload(struct control_session *session, const struct frame *frame)
{
    relay_upload(session->control->relay, session, frame);
}

static const struct {
    enum frame_type type;
    void (*handle)(struct control_session *session, const struct frame *frame);
} handlers[] = {
    {FRAME_STATUS_REQUEST, on_status},
    {FRAME_SERVICE_LIST_REQUEST, on_service_list},
    {FRAME_UNIT_LIST_REQUEST, on_unit_list},
    {FRAME_ENROLL_COMMAND, on_enroll},
    {FRAME_SERVICE_REQUEST, on_service_request},
    {FRAME_JOB_LIST_REQUEST, on_job_list},
    {FRAME_RESTART_REQUEST, on_restart},
    {FRAME_MANNER_NOTICE, on_manner},
    {FRAME_CANCEL_REQUEST, on_cancel},
    {FRAME_DOCUMENT_LIST_REQUEST, on_passed_on},
    {FRAME_DOCUMENT_REQUEST, on_passed_on},
    {FRAME_DOCUMENT_CREDIT, on_credit},
    {FRAME_UPLOAD_BEGIN, on_upload},
    {FRAME_UPLOAD_DATA, on_upload},
    {FRAME_UPLOAD_END, on_upload},
};

/* A request that is for serviced only ends the connection: whoever sends it is at the wrong socket. */
void control_take(struct control_session *session, const struct frame *frame)
{
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].type == frame->type) {
            handlers[i].handle(session, frame);
            return;
        }
    log_warning("a command sent %s, which is for serviced", frame_name((uint16_t)frame->type));
}
