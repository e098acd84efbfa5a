#include "config.h"

#include "serviced/front/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "serviced/front/audit.h"
#include "serviced/front/enrol.h"
#include "serviced/front/session.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/registry.h"
#include "serviced/jobs/service.h"
#include "serviced/server.h"
#include "serviced/settings.h"
#include "wire/peer.h"
#include "wire/tls.h"

struct sessions {
    struct server *server;
    struct session *greeting, *open; /* those that have not said who they are, and those that have */
    size_t count, greeting_count;
};

static void session_close(struct visitor *visitor);

/* ---- The two lists ------------------------------------------------------------------------------------ */

static void list_add(struct session **list, struct session *session)
{
    session->next = *list;
    session->link = list;
    if (*list)
        (*list)->link = &session->next;
    *list = session;
}

static void list_remove(struct session *session)
{
    *session->link = session->next;
    if (session->next)
        session->next->link = session->link;
}

struct sessions *sessions_new(struct server *server)
{
    struct sessions *sessions = memory_new(sizeof *sessions);
    sessions->server = server;
    return sessions;
}

static void say_goodbye(struct session *session)
{
    peer_goodbye(&session->visitor.peer, "the server is being stopped");
    session_close(&session->visitor);
}

void sessions_free(struct sessions **sessions)
{
    struct sessions *old = *sessions;
    if (!old)
        return;
    while (old->greeting)
        say_goodbye(old->greeting);
    while (old->open)
        say_goodbye(old->open);
    free(old);
    *sessions = NULL;
}

size_t sessions_count(const struct sessions *sessions)
{
    return sessions->count;
}

struct session *sessions_find(const struct sessions *sessions, const char *client)
{
    struct session *session = sessions->open;
    while (session && strcmp(session->client, client) != 0)
        session = session->next;
    return session;
}

/* ---- 1. A connection is accepted ---------------------------------------------------------------------- */

static bool is_over_limit(const struct sessions *sessions, const char *host)
{
    const struct settings *settings = sessions->server->settings;
    int64_t from_host = 0;
    for (const struct session *session = sessions->greeting; session; session = session->next)
        from_host += strcmp(session->host, host) == 0;
    return (int64_t)sessions->count >= settings->connections ||
           (int64_t)sessions->greeting_count >= settings->greeting ||
           from_host >= settings->greeting_per_address;
}

static void on_ready(void *context);
static void on_frame(void *context, const struct frame *frame);
static void on_room(void *context);
static void on_closed(void *context, const struct peer_end *end);

void sessions_accept(struct sessions *sessions, int fd, const char *host, const char *address)
{
    static const struct peer_callbacks callbacks = {on_ready, on_frame, on_room, on_closed};
    const struct settings *settings = sessions->server->settings;
    struct peer_options options = {.where = AT_SERVER,
                                   .when = WHEN_NEW,
                                   .greeting_ms = (uint32_t)settings->handshake_ms,
                                   .frame_rate = (uint32_t)settings->frames_per_second,
                                   .label = address};
    struct session *session;
    int result;

    if (is_over_limit(sessions, host)) {
        log_warning("%s: refused: too many connections", address);
        close(fd);
        return;
    }
    session = memory_new(sizeof *session);
    session->sessions = sessions;
    snprintf(session->host, sizeof session->host, "%s", host);
    snprintf(session->address, sizeof session->address, "%s", address);
    result = peer_new(&session->visitor.peer, sessions->server->sweep, fd, enrol_tls(sessions->server->enrol),
                      &options, &callbacks, session);
    if (result < 0) {
        log_warning("%s: refused: %s", address, strerror(-result));
        free(session);
        return;
    }
    session->visitor.server = sessions->server;
    session->visitor.close = session_close;
    visitor_enter(&session->visitor);
    list_add(&sessions->greeting, session);
    sessions->count++;
    sessions->greeting_count++;
}

/* ---- 2. The handshake is over: who it is, says its certificate ---------------------------------------- */

/* Says why, to the other side and to the audit log, and ends the session. */
static void session_refuse(struct session *session, enum error_code code, const char *text)
{
    audit_write(session->visitor.server->audit, "refused", "from=%s client=%s code=%s reason=%s",
                session->address, session->client[0] ? session->client : "-",
                error_find((uint16_t)code)->keyword, text);
    peer_refuse(&session->visitor.peer, code, text);
    session_close(&session->visitor);
}

static void on_ready(void *context)
{
    struct session *session = context;
    const struct tls_session *tls = peer_tls(session->visitor.peer);
    if (tls_peer_is_anonymous(tls))
        return; /* it may enrol */
    if (tls_peer_name(tls, session->client, sizeof session->client) < 0 ||
        tls_peer_digest(tls, session->digest) < 0) {
        session_refuse(session, ERROR_NOT_ENROLLED, "the certificate has no name that could be a client's");
        return;
    }
    peer_set_label(session->visitor.peer, session->client);
}

/* ---- 3. HELLO: checked against the certificate and the registry --------------------------------------- */

static bool check_hello(struct session *session, const struct frame_hello *hello)
{
    const struct registry_client *known;
    if (tls_peer_is_anonymous(peer_tls(session->visitor.peer))) {
        session_refuse(session, ERROR_NOT_ENROLLED, error_find(ERROR_NOT_ENROLLED)->sentence);
        return false;
    }
    if (hello->version_min > FRAME_VERSION_MAX || hello->version_max < FRAME_VERSION_MIN) {
        session_refuse(session, ERROR_VERSION, error_find(ERROR_VERSION)->sentence);
        return false;
    }
    if (!frame_text_is(hello->client, session->client)) {
        session_refuse(session, ERROR_NOT_ALLOWED, "HELLO names another client than the certificate");
        return false;
    }
    known = registry_client_find(session->visitor.server->registry, session->client);
    if (!known || known->state == CLIENT_INVITED) {
        session_refuse(session, ERROR_NOT_ENROLLED, error_find(ERROR_NOT_ENROLLED)->sentence);
        return false;
    }
    if (known->state == CLIENT_REVOKED || memcmp(known->digest, session->digest, sizeof known->digest) != 0) {
        session_refuse(session, ERROR_REVOKED, error_find(ERROR_REVOKED)->sentence);
        return false;
    }
    return true;
}

/* ---- 4. An older session of the client is closed, before this one may act ----------------------------- */

void sessions_drop(struct sessions *sessions, const char *client, enum error_code code)
{
    struct session *session = sessions_find(sessions, client);
    if (!session)
        return;
    session_refuse(session, code, error_find((uint16_t)code)->sentence);
}

/* ---- 5. WELCOME --------------------------------------------------------------------------------------- */

static bool send_welcome(struct session *session, const struct frame_hello *hello)
{
    const struct settings *settings = session->visitor.server->settings;
    struct frame_list_builder services = {0}, known = {0};
    struct frame frame = {.type = FRAME_WELCOME,
                          .welcome = {.version = FRAME_VERSION_MAX < hello->version_max ? FRAME_VERSION_MAX
                                                                                        : hello->version_max,
                                      .software = frame_text_of("serviced " PACKAGE_VERSION),
                                      .credit_bytes = (uint32_t)settings->credit,
                                      .heartbeat_s = (uint16_t)(settings->heartbeat_ms / 1000),
                                      .page_limit_bytes = (uint64_t)settings->page_bytes}};
    bool sent;

    service_list(&services);
    jobs_list_known(session->visitor.server->jobs, session->client, &hello->jobs, &known);
    frame.welcome.services = frame_list_view(&services);
    frame.welcome.jobs = frame_list_view(&known);
    sent = visitor_send(&session->visitor, &frame);
    frame_list_builder_free(&services);
    frame_list_builder_free(&known);
    return sent;
}

static void session_open(struct session *session, const struct frame_hello *hello)
{
    struct sessions *sessions = session->sessions;
    struct server *server = sessions->server;
    char software[65], label[128];
    const char *why;

    if (!jobs_agree(server->jobs, session->client, &hello->jobs, &why)) {
        session_refuse(session, ERROR_PROTOCOL, why);
        return;
    }

    if (!send_welcome(session, hello)) {
        session_refuse(session, ERROR_INTERNAL, "the answer to HELLO cannot be sent");
        return;
    }
    peer_set_state(session->visitor.peer, WHEN_OPEN);
    peer_credit_given(session->visitor.peer, hello->credit_bytes);
    peer_expect(session->visitor.peer, (uint32_t)server->settings->credit);
    peer_start_heartbeat(session->visitor.peer, (uint32_t)server->settings->heartbeat_ms);
    snprintf(label, sizeof label, "client %s", session->client);
    peer_set_label(session->visitor.peer, label);
    session->visitor.client = session->client;
    list_remove(session);
    sessions->greeting_count--;
    list_add(&sessions->open, session);
    session->is_open = true;
    session_keep_units(session, &hello->units);
    frame_text_copy(hello->software, software, sizeof software);
    audit_write(server->audit, "connected", "client=%s from=%s software=%s", session->client,
                session->address, software);
    registry_client_seen(server->registry, session->client, wall_clock_ms());
    jobs_link_up(server->jobs, &session->visitor, &hello->jobs);
}

static void on_greeting(struct session *session, const struct frame *frame)
{
    if (frame->type == FRAME_HELLO) {
        if (!check_hello(session, &frame->hello))
            return;
        sessions_drop(session->sessions, session->client, ERROR_SUPERSEDED);
        session_open(session, &frame->hello);
    } else if (frame->type == FRAME_ENROLL_REQUEST && !session->is_enrolling &&
               tls_peer_is_anonymous(peer_tls(session->visitor.peer))) {
        session->is_enrolling = true;
        enrol_redeem(session->visitor.server->enrol, &session->visitor, &frame->enroll_request);
    } else {
        session_refuse(session, ERROR_PROTOCOL, "the first frame has to be HELLO");
    }
}

/* ---- 6. Open ------------------------------------------------------------------------------------------ */

static void on_frame(void *context, const struct frame *frame)
{
    struct session *session = context;
    if (session->is_open)
        session_frame(session, frame);
    else
        on_greeting(session, frame);
}

static void on_room(void *context)
{
    struct session *session = context;
    visitor_has_room(&session->visitor);
}

/* ---- 7. The end --------------------------------------------------------------------------------------- */

static void on_closed(void *context, const struct peer_end *end)
{
    struct session *session = context;
    if (session->is_open)
        audit_write(session->visitor.server->audit, "disconnected", "client=%s from=%s reason=%s",
                    session->client, session->address, end->text);
    else
        log_notice("%s: closed before it said who it is: %s", session->address, end->text);
    session_close(&session->visitor);
}

static void session_close(struct visitor *visitor)
{
    struct session *session = (struct session *)visitor;
    struct server *server = visitor->server;

    list_remove(session); /* from here on nobody finds it */
    session->sessions->count--;
    if (!session->is_open)
        session->sessions->greeting_count--;
    visitor_leave(visitor);
    if (session->is_open) {
        registry_client_seen(server->registry, session->client, wall_clock_ms());
        jobs_link_lost(server->jobs, visitor);
    }
    session_forget_units(session);
    peer_free(&visitor->peer);
    free(session);
}
