/* clientd: the daemon of a host with scanners. main is a list of starts, and a mirrored list of stops. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/service.h"
#include "base/worker.h"
#include "clientd/control.h"
#include "clientd/dispatch.h"
#include "clientd/enrolment.h"
#include "clientd/jobs.h"
#include "clientd/link.h"
#include "clientd/settings.h"
#include "clientd/spool.h"
#include "clientd/units.h"
#include "wire/identity.h"
#include "wire/peer.h"

#define WORKERS       2
#define SWEEP_MS      1000
#define SHUT_DOWN_MS  4000
#define GOODBYE_MS    500
#define ADDRESS_BYTES 280

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* What main starts and stops; the parts know each other through their headers, and none of them knows this.
 */
struct clientd {
    int argc;
    char **argv;
    struct settings settings;
    struct loop *loop;
    struct worker_pool *pool;
    struct peer_sweep *sweep;
    int state_fd;
    struct job_surroundings around;
    struct link *link;
    struct units *units;
    struct jobs *jobs;
    struct control *control;
    struct dispatch dispatch;
    struct enrolment *enrolment;
    struct loop_timer *shut_down; /* running: the stop has begun */
    bool is_shutting_down;
};

/* ---- The connection ----------------------------------------------------------------------------------- */

static void on_hello(void *context, struct frame_list_builder *units, struct frame_list_builder *jobs)
{
    struct clientd *clientd = context;
    struct frame_list list = units_list(clientd->units);
    struct record_unit unit;
    size_t cursor = 0;
    while (frame_list_next(&list, &frame_record_unit, &cursor, &unit)) {
        int error = frame_list_add(units, &frame_record_unit, &unit);
        if (error)
            log_error("a scanner cannot be told of: %s", strerror(-error));
    }
    jobs_tell_in_hand(clientd->jobs, jobs);
}

static void on_up(void *context, const struct frame_welcome *welcome)
{
    struct clientd *clientd = context;
    char text[ADDRESS_BYTES + 32];
    snprintf(text, sizeof text, "connected to %s", link_server(clientd->link));
    service_notify_status(text);
    control_set_services(clientd->control, &welcome->services);
    jobs_link_up(clientd->jobs, &welcome->jobs);
}

static void on_frame(void *context, const struct frame *frame)
{
    struct clientd *clientd = context;
    dispatch_frame(&clientd->dispatch, frame);
}

static void on_room(void *context)
{
    struct clientd *clientd = context;
    jobs_room(clientd->jobs);
}

static void on_down(void *context)
{
    struct clientd *clientd = context;
    service_notify_status("no connection to the server");
    jobs_link_down(clientd->jobs);
    control_link_down(clientd->control);
}

static void on_units_changed(void *context)
{
    struct clientd *clientd = context;
    if (link_peer(clientd->link))
        dispatch_send_units(&clientd->dispatch, 0);
}

static void on_job_changed(void *context, uint64_t job)
{
    struct clientd *clientd = context;
    if (clientd->control)
        control_job_changed(clientd->control, job);
}

/* ---- Enrolment ---------------------------------------------------------------------------------------- */

static void on_enrolled(void *context, struct identity *identity, const char *address, uint16_t code,
                        const char *text)
{
    struct clientd *clientd = context;
    if (identity && link_set_server(clientd->link, identity, address) < 0)
        code = ERROR_INTERNAL;
    if (code == ERROR_NONE)
        log_notice("this host is now enrolled as %s at %s", link_client(clientd->link), address);
    else
        log_warning("the enrolment failed: %s", text);
    control_enrolled(clientd->control, code, text);
    identity_free(&identity);
    enrolment_free(&clientd->enrolment);
}

static int enroll(void *context, const char *token, const char *server)
{
    struct clientd *clientd = context;
    if (clientd->enrolment)
        return -EBUSY;
    return enrolment_start(&clientd->enrolment, clientd->loop, clientd->sweep, clientd->pool,
                           clientd->state_fd, token, server, on_enrolled, clientd);
}

static void connect_if_enrolled(struct clientd *clientd)
{
    struct identity *identity = NULL;
    char address[ADDRESS_BYTES];
    int error = enrolment_load(clientd->state_fd, &identity, address, sizeof address);
    if (!error)
        link_set_server(clientd->link, identity, address);
    else if (error == -ENOENT)
        log_notice(
            "this host is not enrolled yet: run 'servicectl client add NAME' at the server and 'clientctl "
            "enroll TOKEN' here");
    identity_free(&identity);
}

/* ---- Signals ------------------------------------------------------------------------------------------ */

static void stop_now(void *context)
{
    struct clientd *clientd = context;
    loop_stop(clientd->loop);
}

/* In order: the units stop, what they did is saved, and then the loop ends; but not later than the limit. */
static void on_stop_signal(void *context, int signal_number)
{
    struct clientd *clientd = context;
    if (clientd->is_shutting_down)
        return;
    clientd->is_shutting_down = true;
    log_notice("stopping (signal %d)", signal_number);
    service_notify_stopping();
    loop_timer_start(clientd->shut_down, SHUT_DOWN_MS);
    jobs_shut_down(clientd->jobs, stop_now, clientd);
}

/* What cannot change while it runs (state, control) stays as it is. */
static void on_hangup(void *context, int signal_number)
{
    struct clientd *clientd = context;
    struct settings fresh;
    struct conf_error error;
    enum settings_wish wish;
    (void)signal_number;
    if (clientd->is_shutting_down)
        return;
    if (settings_load(&fresh, clientd->argc, clientd->argv, &wish, &error) < 0) {
        log_error("the settings stay as they are: %s", error.text);
        settings_free(&fresh);
        return;
    }
    settings_free(&clientd->settings);
    clientd->settings = fresh;
    clientd->around.policy = settings_policy(&clientd->settings);
    log_set_level((enum log_level)clientd->settings.log_level);
    link_set_reconnect_max(clientd->link, (uint32_t)clientd->settings.reconnect_max_ms);
    units_refresh(clientd->units);
    log_notice("the settings were read again");
}

/* ---- Starts ------------------------------------------------------------------------------------------- */

static int open_state(struct clientd *clientd)
{
    const char *state = clientd->settings.state;
    clientd->state_fd = blob_folder(state);
    if (clientd->state_fd >= 0 && faccessat(clientd->state_fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
        close(clientd->state_fd);
        clientd->state_fd = -errno;
    }
    if (clientd->state_fd < 0) {
        log_error("the state folder %s cannot be used (%s): make it, and give it to the account of clientd",
                  state, strerror(-clientd->state_fd));
        return clientd->state_fd;
    }
    if (flock(clientd->state_fd, LOCK_EX | LOCK_NB) < 0) {
        int error = -errno;
        log_error("the state folder %s is in use: clientd runs already", state);
        return error;
    }
    clientd->around.spool_fd = spool_open(state);
    snprintf(clientd->around.spool_path, sizeof clientd->around.spool_path, "%s/spool", state);
    if (clientd->around.spool_fd < 0)
        log_error("the spool %s cannot be used: %s", clientd->around.spool_path,
                  strerror(-clientd->around.spool_fd));
    return clientd->around.spool_fd < 0 ? clientd->around.spool_fd : 0;
}

static int open_control(struct clientd *clientd)
{
    const char *path = clientd->settings.control;
    const struct control_reach reach = {.loop = clientd->loop,
                                        .sweep = clientd->sweep,
                                        .link = clientd->link,
                                        .jobs = clientd->jobs,
                                        .units = clientd->units,
                                        .enroll = enroll,
                                        .context = clientd};
    int error = control_new(&clientd->control, path, &reach);
    if (error == -EADDRINUSE)
        log_error("another clientd answers on %s: stop it, or choose another socket with --control", path);
    else if (error)
        log_error("the control socket %s cannot be opened (%s): make its folder, and give it to the account "
                  "of clientd",
                  path, strerror(-error));
    return error;
}

static int start(struct clientd *clientd)
{
    static const struct link_callbacks link_callbacks = {on_hello, on_up, on_frame, on_room, on_down};
    struct clientd *c = clientd;
    if (open_state(c) < 0)
        return -1;
    c->loop = loop_new();
    c->pool = worker_pool_new(c->loop, WORKERS);
    c->sweep = peer_sweep_new(c->loop, SWEEP_MS);
    c->shut_down = loop_timer_new(c->loop, stop_now, c);
    c->link =
        link_new(c->loop, c->sweep, c->pool, (uint32_t)c->settings.reconnect_max_ms, &link_callbacks, c);
    c->units = units_new(c->loop, c->sweep, &c->settings, on_units_changed, c);
    c->around.loop = c->loop;
    c->around.sweep = c->sweep;
    c->around.pool = c->pool;
    c->around.link = c->link;
    c->around.units = c->units;
    c->around.settings = &c->settings;
    c->around.policy = settings_policy(&c->settings);
    c->jobs = jobs_new(&c->around, on_job_changed, c);
    if (open_control(c) < 0)
        return -1;
    c->dispatch = (struct dispatch){c->jobs, c->control, c->units, c->link};
    connect_if_enrolled(c);
    loop_on_signal(c->loop, SIGTERM, on_stop_signal, c);
    loop_on_signal(c->loop, SIGINT, on_stop_signal, c);
    loop_on_signal(c->loop, SIGHUP, on_hangup, c);
    return 0;
}

/* In the reverse order; safe on what was not started. */
static void stop(struct clientd *clientd)
{
    enrolment_free(&clientd->enrolment);
    control_free(&clientd->control);
    jobs_free(&clientd->jobs);
    units_free(&clientd->units);
    link_free(&clientd->link);
    worker_pool_free(&clientd->pool);
    loop_timer_free(&clientd->shut_down);
    peer_sweep_drain(clientd->sweep, GOODBYE_MS);
    if (clientd->sweep)
        peer_sweep_free(&clientd->sweep);
    if (clientd->loop)
        loop_free(&clientd->loop);
    if (clientd->around.spool_fd >= 0)
        close(clientd->around.spool_fd);
    if (clientd->state_fd >= 0)
        close(clientd->state_fd);
    settings_free(&clientd->settings);
}

int main(int argc, char **argv)
{
    struct clientd clientd = {.argc = argc, .argv = argv, .state_fd = -1, .around = {.spool_fd = -1}};
    struct conf_error error;
    enum settings_wish wish;
    int code = EXIT_DONE;
    if (settings_load(&clientd.settings, argc, argv, &wish, &error) < 0) {
        fprintf(stderr, "clientd: %s\n", error.text);
        settings_free(&clientd.settings);
        return EXIT_USAGE;
    }
    if (wish == SETTINGS_EXIT) {
        settings_free(&clientd.settings);
        return EXIT_DONE;
    }
    log_start("clientd", (enum log_level)clientd.settings.log_level);
    if (start(&clientd) == 0) {
        service_notify_ready();
        loop_run(clientd.loop);
    } else {
        code = EXIT_FAILED;
    }
    stop(&clientd);
    return code;
}
