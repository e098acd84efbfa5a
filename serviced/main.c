/* serviced: the server of a site's scanners, printers and lines. Its life is a list of starts and a mirrored
 * list of stops. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/service.h"
#include "base/worker.h"
#include "serviced/documents/archive.h"
#include "serviced/documents/store.h"
#include "serviced/front/audit.h"
#include "serviced/front/control.h"
#include "serviced/front/enrol.h"
#include "serviced/front/listener.h"
#include "serviced/front/sessions.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/preparation.h"
#include "serviced/jobs/registry.h"
#include "serviced/server.h"
#include "serviced/settings.h"
#include "wire/peer.h"

#define WORKERS    4
#define SWEEP_MS   1000
#define GOODBYE_MS 500
#define WHY_BYTES  512
#define PATH_BYTES 4096

struct daemon {
    struct server server;
    struct settings settings;
    struct settings_source source;
    struct registry_sqlite *database;
    struct control *control;
    struct listener *control_listener, *listener;
    int state_fd;
    int exit_code;
};

void server_fail(struct server *server, const char *why)
{
    struct daemon *daemon = (struct daemon *)server;
    log_error("%s: ending, so that a new start recovers", why);
    daemon->exit_code = 1;
    loop_stop(server->loop);
}

static void database_failed(void *context, const char *why)
{
    log_error("the registry cannot be written: %s", why);
    server_fail(context, "the registry has failed");
}

/* ---- Signals ------------------------------------------------------------------------------------------ */

static void on_stop(void *context, int signal_number)
{
    struct daemon *daemon = context;
    log_notice("%s: stopping", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
    loop_stop(daemon->server.loop);
}

/* What was made from the old settings stays as it is: sockets and folders. The rest counts from now on. */
static void on_reload(void *context, int signal_number)
{
    struct daemon *daemon = context;
    struct settings fresh;
    struct conf_error error;
    (void)signal_number;
    if (settings_read(&fresh, &daemon->source, &error) < 0) {
        log_error("the settings stay as they were: %s", error.text);
        return;
    }
    if (strcmp(fresh.listen, daemon->settings.listen) != 0 ||
        strcmp(fresh.state, daemon->settings.state) != 0 ||
        strcmp(fresh.control, daemon->settings.control) != 0 ||
        strcmp(fresh.archive, daemon->settings.archive) != 0)
        log_warning("listen, state, control and archive change with a restart only");
    settings_keep_places(&fresh, &daemon->settings);
    settings_free(&daemon->settings);
    daemon->settings = fresh;
    log_set_level((enum log_level)fresh.log_level);
    log_notice("the settings have been read again");
}

/* ---- The starts, each with a sentence for what can go wrong ------------------------------------------- */

static int start_folders(struct daemon *daemon, char why[WHY_BYTES])
{
    daemon->state_fd = blob_folder(daemon->settings.state);
    if (daemon->state_fd >= 0 && flock(daemon->state_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (daemon->state_fd >= 0) {
        int result = -errno;
        snprintf(why, WHY_BYTES, "the state folder %s is in use: serviced runs already",
                 daemon->settings.state);
        return result;
    }
    snprintf(why, WHY_BYTES, "the state folder %s cannot be used: %s", daemon->settings.state,
             strerror(-daemon->state_fd));
    return daemon->state_fd;
}

static int start_audit(struct daemon *daemon, char why[WHY_BYTES])
{
    int result = audit_open(&daemon->server.audit, daemon->server.workers, daemon->state_fd);
    if (result < 0)
        snprintf(why, WHY_BYTES, "the audit log in %s cannot be written: %s", daemon->settings.state,
                 strerror(-result));
    return result;
}

static int start_registry(struct daemon *daemon, char why[WHY_BYTES])
{
    char path[PATH_BYTES];
    int result;
    snprintf(path, sizeof path, "%s/registry.sqlite", daemon->settings.state);
    result = registry_sqlite_open(&daemon->database, daemon->server.loop, path, database_failed,
                                  &daemon->server, why);
    if (result == 0 && (result = registry_new(&daemon->server.registry, daemon->database)) < 0)
        snprintf(why, WHY_BYTES, "the registry in %s cannot be read: restore it from a copy",
                 daemon->settings.state);
    return result;
}

/* Whoever uploaded it is gone. */
static bool is_never_kept(void *context, const struct store_file *file)
{
    (void)context, (void)file;
    return false;
}

static int start_store(struct daemon *daemon, char why[WHY_BYTES])
{
    struct server *server = &daemon->server;
    int result = store_open(&server->store, server->workers, daemon->state_fd, "pages");
    if (result == 0)
        result = store_open(&server->uploads, server->workers, daemon->state_fd, "uploads");
    if (result == 0)
        result = store_each(server->uploads, is_never_kept, NULL);
    if (result < 0) {
        snprintf(why, WHY_BYTES, "the pages in %s cannot be used: %s", daemon->settings.state,
                 strerror(-result));
        return result;
    }
    result = archive_open(&daemon->server.archive, daemon->server.workers, daemon->settings.archive);
    if (result < 0)
        snprintf(why, WHY_BYTES, "the archive folder %s cannot be used: %s", daemon->settings.archive,
                 strerror(-result));
    return result;
}

static int start_enrol(struct daemon *daemon, char why[WHY_BYTES])
{
    return enrol_open(&daemon->server.enrol, &daemon->server, daemon->state_fd, why);
}

static int start_jobs(struct daemon *daemon, char why[WHY_BYTES])
{
    daemon->server.visitors = visitors_new(daemon->server.loop);
    daemon->server.preparations = preparations_new();
    daemon->server.sessions = sessions_new(&daemon->server);
    daemon->control = control_new(&daemon->server);
    return jobs_open(&daemon->server, why);
}

static void accept_client(void *context, int fd, const char *host, const char *address)
{
    sessions_accept(context, fd, host, address);
}

static int start_listening(struct daemon *daemon, char why[WHY_BYTES])
{
    struct server *server = &daemon->server;
    int result = listener_open_unix(&daemon->control_listener, server->loop, daemon->settings.control,
                                    control_accept, daemon->control, why);
    if (result == 0)
        result = listener_open_tcp(&daemon->listener, server->loop, daemon->settings.listen, accept_client,
                                   server->sessions, why);
    if (result < 0)
        return result;
    enrol_set_address(server->enrol, listener_address(daemon->listener));
    printf("listening on %s\n", listener_address(daemon->listener));
    fflush(stdout);
    return 0;
}

static int start(struct daemon *daemon)
{
    static int (*const starts[])(struct daemon *, char *) = {
        start_folders, start_audit, start_registry, start_store, start_enrol, start_jobs, start_listening,
    };
    struct server *server = &daemon->server;
    char why[WHY_BYTES] = "";

    server->settings = &daemon->settings;
    server->loop = loop_new();
    server->workers = worker_pool_new(server->loop, WORKERS);
    server->sweep = peer_sweep_new(server->loop, SWEEP_MS);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        int result = starts[i](daemon, why);
        if (result < 0) {
            log_error("%s", why[0] ? why : strerror(-result));
            daemon->exit_code = starts[i] == start_listening && result == -EINVAL ? 2 : 1;
            return result;
        }
    }
    loop_on_signal(server->loop, SIGTERM, on_stop, daemon);
    loop_on_signal(server->loop, SIGINT, on_stop, daemon);
    loop_on_signal(server->loop, SIGHUP, on_reload, daemon);
    service_notify_ready();
    return 0;
}

/* ---- The stops: nobody comes in, nobody is there, nothing is under way, nothing is open --------------- */

static void stop(struct daemon *daemon)
{
    struct server *server = &daemon->server;
    service_notify_stopping();
    listener_close(&daemon->listener);
    listener_close(&daemon->control_listener);
    jobs_stop(server->jobs);
    control_free(&daemon->control);
    sessions_free(&server->sessions);
    if (server->store)
        store_stop(server->store);
    if (server->uploads)
        store_stop(server->uploads);
    audit_close(&server->audit);
    worker_pool_free(&server->workers);
    registry_sqlite_close(&daemon->database);
    visitors_free(&server->visitors);
    preparations_free(&server->preparations);
    jobs_close(&server->jobs);
    enrol_close(&server->enrol);
    archive_close(&server->archive);
    store_close(&server->uploads);
    store_close(&server->store);
    registry_free(&server->registry);
    peer_sweep_drain(server->sweep, GOODBYE_MS);
    peer_sweep_free(&server->sweep);
    loop_free(&server->loop);
    if (daemon->state_fd >= 0)
        close(daemon->state_fd);
    settings_free(&daemon->settings);
}

/* One descriptor for each client, and some. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    static struct daemon daemon = {.state_fd = -1};
    struct conf_error error;
    int code = settings_command_line(&daemon.source, argc, argv);
    if (code != SETTINGS_GO)
        return code;
    if (settings_read(&daemon.settings, &daemon.source, &error) < 0) {
        fprintf(stderr, "serviced: %s\n", error.text);
        return 2;
    }
    if (daemon.source.check_only) {
        settings_free(&daemon.settings);
        return 0;
    }
    log_start("serviced", (enum log_level)daemon.settings.log_level);
    raise_descriptors();
    if (start(&daemon) == 0)
        loop_run(daemon.server.loop);
    stop(&daemon);
    return daemon.exit_code;
}
