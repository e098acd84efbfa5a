#include "config.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "clientd/control_internal.h"
#include "clientd/link.h"
#include "clientd/relay.h"
#include "wire/peer.h"

#define SESSIONS_MAX 64
#define BACKLOG      64
#define PAUSE_MS     500

static void on_accept(evutil_socket_t fd, short what, void *context);
static void accept_again(void *context);
static void on_frame(void *context, const struct frame *frame);
static void on_closed(void *context, const struct peer_end *end);
static void on_answer(void *context, void *asker, const struct frame *frame);

/* ---- The socket --------------------------------------------------------------------------------------- */

/* Whether somebody answers on it. */
static bool is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool alive =
        fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return alive;
}

static int listen_on(struct control *control, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    if (is_alive(&address))
        return -EADDRINUSE;
    if (lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode))
        return -EEXIST;
    if (unlink(path) < 0 && errno != ENOENT)
        return -errno;
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->fd < 0)
        return -errno;
    mode_t mask = umask(0117);
    int error = bind(control->fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
    umask(mask);
    if (error)
        return error;
    snprintf(control->path, sizeof control->path, "%s", path);
    return listen(control->fd, BACKLOG) < 0 ? -errno : 0;
}

int control_new(struct control **control, const char *path, const struct control_reach *reach)
{
    struct control *made = memory_new(sizeof *made);
    made->reach = *reach;
    made->fd = -1;
    made->tell = loop_timer_new(reach->loop, control_tell, made);
    made->limit = loop_timer_new(reach->loop, control_limit, made);
    made->pause = loop_timer_new(reach->loop, accept_again, made);
    made->relay = relay_new(reach->link, on_answer, made);
    int error = listen_on(made, path);
    if (!error) {
        made->accepting = event_new(loop_base(reach->loop), made->fd, EV_READ | EV_PERSIST, on_accept, made);
        error = made->accepting && event_add(made->accepting, NULL) == 0 ? 0 : -ENOMEM;
    }
    if (error) {
        control_free(&made);
        return error;
    }
    *control = made;
    return 0;
}

/* ---- Sessions ----------------------------------------------------------------------------------------- */

/* The command that waits stays there: looking at it again at once would find no descriptor either. */
static void pause_accepting(struct control *control)
{
    log_error("no command can be served for a moment: %s", strerror(errno));
    event_del(control->accepting);
    loop_timer_start(control->pause, PAUSE_MS);
}

static void accept_again(void *context)
{
    struct control *control = context;
    event_add(control->accepting, NULL);
}

static void on_accept(evutil_socket_t listening, short what, void *context)
{
    static const struct peer_callbacks callbacks = {.on_frame = on_frame, .on_closed = on_closed};
    const struct peer_options options = {.where = AT_CONTROL, .when = WHEN_OPEN, .label = "control"};
    struct control *control = context;
    unsigned count = 0;
    (void)what;
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
        pause_accepting(control);
    if (fd < 0)
        return;
    for (const struct control_session *at = control->sessions; at; at = at->next)
        count++;
    if (count >= SESSIONS_MAX) {
        log_warning("more than %u commands at once: one is refused", SESSIONS_MAX);
        close(fd);
        return;
    }
    struct control_session *session = memory_new(sizeof *session);
    session->control = control;
    int error = peer_new(&session->peer, control->reach.sweep, fd, NULL, &options, &callbacks, session);
    if (error) {
        log_error("a command cannot be served: %s", strerror(-error));
        free(session);
        return;
    }
    session->next = control->sessions;
    control->sessions = session;
}

static void session_free(struct control_session **at)
{
    struct control_session *old = *at;
    *at = old->next;
    relay_forget(old->control->relay, old);
    while (old->waits)
        control_wait_end(old->waits);
    peer_free(&old->peer);
    free(old);
}

static void on_frame(void *context, const struct frame *frame)
{
    control_take(context, frame);
}

static void on_closed(void *context, const struct peer_end *end)
{
    struct control_session *session = context, **at = &session->control->sessions;
    log_debug("a command is gone: %s", end->text);
    while (*at != session)
        at = &(*at)->next;
    session_free(at);
}

/* A command that does not read its answers is given up by the peer: on_closed comes. */
void control_send(struct control_session *session, const struct frame *frame)
{
    int error = peer_send(session->peer, frame);
    if (error && error != -ENOTCONN)
        log_warning("%s cannot be sent to a command: %s", frame_name((uint16_t)frame->type),
                    strerror(-error));
}

void control_outcome(struct control_session *session, uint32_t request, uint8_t exit_code,
                     enum error_code code, const char *text)
{
    control_send(session, &(struct frame){.type = FRAME_OUTCOME,
                                          .outcome = {.request = request,
                                                      .exit_code = exit_code,
                                                      .code = (uint16_t)code,
                                                      .text = frame_text_of(text)}});
}

/* ---- From the daemon ---------------------------------------------------------------------------------- */

static void on_answer(void *context, void *asker, const struct frame *frame)
{
    (void)context;
    control_send(asker, frame);
}

void control_answer(struct control *control, const struct frame *frame)
{
    if (!relay_take(control->relay, frame) && !control_refused(control, frame))
        log_debug("%s from the server answers nothing", frame_name((uint16_t)frame->type));
}

void control_set_services(struct control *control, const struct frame_list *services)
{
    struct record_service service;
    size_t cursor = 0;
    frame_list_builder_free(&control->services);
    while (frame_list_next(services, &frame_record_service, &cursor, &service)) {
        int error = frame_list_add(&control->services, &frame_record_service, &service);
        if (error)
            log_error("a service is left out of the list: %s", strerror(-error));
    }
}

void control_link_down(struct control *control)
{
    relay_link_down(control->relay);
    for (struct control_session *session = control->sessions; session; session = session->next)
        for (struct control_wait *wait = session->waits, *next; wait; wait = next) {
            next = wait->next;
            if (wait->kind == WAIT_RESTART || wait->kind == WAIT_MANNER) {
                control_outcome(session, wait->request, 4, ERROR_NO_CONNECTION,
                                link_problem(control->reach.link));
                control_wait_end(wait);
            }
        }
}

void control_free(struct control **control)
{
    struct control *old = *control;
    *control = NULL;
    if (!old)
        return;
    while (old->sessions) {
        peer_goodbye(&old->sessions->peer, "clientd stops");
        session_free(&old->sessions);
    }
    if (old->accepting)
        event_free(old->accepting);
    if (old->fd >= 0)
        close(old->fd);
    if (old->path[0])
        unlink(old->path);
    loop_timer_free(&old->pause);
    loop_timer_free(&old->tell);
    loop_timer_free(&old->limit);
    relay_free(&old->relay);
    frame_list_builder_free(&old->services);
    free(old);
}
