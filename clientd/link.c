/* The steps of a connection, in order of time. */
#include "config.h"

#include "clientd/link.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <deskline/words.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "clientd/connector.h"
#include "wire/identity.h"
#include "wire/peer.h"
#include "wire/tls.h"

#define BACK_OFF_FIRST_MS 200u
#define SUPERSEDED_MS     30000u
#define GREETING_MS       15000u
#define ADDRESS_BYTES     280
/* Bytes of blocks that may be on their way: enough for a link of 100 Mbit/s and 300 ms. */
#define CREDIT_BYTES (4u << 20)

struct link {
    struct loop *loop;
    struct peer_sweep *sweep;
    struct worker_pool *pool;
    struct link_callbacks callbacks;
    void *context;
    struct tls_context *tls;
    struct connector *connector;
    struct peer *peer;
    struct loop_timer *timer; /* until the next attempt */
    struct loop_timer *drop;  /* the session is given up from the loop, never inside of link_send */
    uint32_t back_off_ms, reconnect_max_ms;
    uint32_t before_ms; /* the back-off as it was when the session opened */
    bool is_open;
    uint16_t refusal; /* why the session is given up: a code of errors.def, NONE when it is too slow */
    char refusal_text[128];
    char client[IDENTITY_NAME_BYTES];
    char address[ADDRESS_BYTES];
    char problem[512];
};

static void connect_now(void *context);
static void on_connected(void *context, int fd, const char *why);
static void on_ready(void *context);
static void on_frame(void *context, const struct frame *frame);
static void on_welcome(struct link *link, const struct frame_welcome *welcome);
static void on_room(void *context);
static void on_closed(void *context, const struct peer_end *end);

/* ---- When to try again --------------------------------------------------------------------------------- */

/* Half of the time and a random part of the other half, so that many clients do not come back at once. */
static uint32_t jittered(uint32_t limit_ms)
{
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)wall_clock_ms();
    return limit_ms / 2 + random % (limit_ms / 2 + 1);
}

/* The back-off is at least `back_off_ms` from now on, before its random part; the wait at least `least_ms`
 * with it. */
static void try_again_after(struct link *link, uint32_t back_off_ms, uint32_t least_ms, const char *problem)
{
    uint32_t wait_ms;
    if (strcmp(problem, link->problem) != 0)
        log_warning("%s", problem);
    snprintf(link->problem, sizeof link->problem, "%s", problem);
    if (link->back_off_ms < back_off_ms)
        link->back_off_ms = back_off_ms;
    wait_ms = jittered(link->back_off_ms);
    loop_timer_start(link->timer, wait_ms < least_ms ? least_ms : wait_ms);
    link->back_off_ms = link->back_off_ms * 2;
    if (link->back_off_ms > link->reconnect_max_ms)
        link->back_off_ms = link->reconnect_max_ms;
}

static void try_again(struct link *link, uint32_t back_off_ms, const char *problem)
{
    try_again_after(link, back_off_ms, 0, problem);
}

/* ---- 1. Connect ---------------------------------------------------------------------------------------- */

static void connect_now(void *context)
{
    struct link *link = context;
    if (connector_start(&link->connector, link->loop, link->pool, link->address, on_connected, link) < 0) {
        char text[ADDRESS_BYTES + 64];
        snprintf(text, sizeof text, "the server's address %s is not HOST:PORT", link->address);
        try_again(link, link->reconnect_max_ms, text);
    }
}

static void on_connected(void *context, int fd, const char *why)
{
    static const struct peer_callbacks callbacks = {on_ready, on_frame, on_room, on_closed};
    struct link *link = context;
    char label[ADDRESS_BYTES + 8];
    int error;
    if (fd < 0) {
        char copy[256];
        snprintf(copy, sizeof copy, "%s", why);
        connector_free(&link->connector);
        try_again(link, 0, copy);
        return;
    }
    connector_free(&link->connector);
    snprintf(label, sizeof label, "server %s", link->address);
    const struct peer_options options = {.where = AT_CLIENT,
                                         .when = WHEN_NEW,
                                         .is_tls_client = true,
                                         .greeting_ms = GREETING_MS,
                                         .label = label};
    error = peer_new(&link->peer, link->sweep, fd, link->tls, &options, &callbacks, link);
    if (error)
        try_again(link, 0, strerror(-error));
}

/* ---- 2. HELLO: who we are and what we have ------------------------------------------------------------- */

static void on_ready(void *context)
{
    struct link *link = context;
    struct frame_list_builder units = {0}, jobs = {0};
    link->callbacks.on_hello(link->context, &units, &jobs);
    struct frame hello = {.type = FRAME_HELLO,
                          .hello = {.version_min = FRAME_VERSION_MIN,
                                    .version_max = FRAME_VERSION_MAX,
                                    .client = frame_text_of(link->client),
                                    .software = frame_text_of("clientd " PACKAGE_VERSION),
                                    .units = frame_list_view(&units),
                                    .jobs = frame_list_view(&jobs),
                                    .credit_bytes = CREDIT_BYTES}};
    peer_expect(link->peer, CREDIT_BYTES);
    int error = peer_send(link->peer, &hello);
    if (error)
        log_error("HELLO cannot be sent: %s", strerror(-error));
    frame_list_builder_free(&units);
    frame_list_builder_free(&jobs);
}

/* ---- 3. WELCOME: the session is open ------------------------------------------------------------------- */

static void on_welcome(struct link *link, const struct frame_welcome *welcome)
{
    if (welcome->version < FRAME_VERSION_MIN || welcome->version > FRAME_VERSION_MAX) {
        peer_refuse(&link->peer, ERROR_VERSION, "this version was not offered");
        return;
    }
    link->is_open = true;
    link->before_ms = link->back_off_ms;
    link->back_off_ms = BACK_OFF_FIRST_MS;
    link->problem[0] = 0;
    peer_set_state(link->peer, WHEN_OPEN);
    peer_credit_given(link->peer, welcome->credit_bytes);
    if (welcome->heartbeat_s)
        peer_start_heartbeat(link->peer, welcome->heartbeat_s * 1000u);
    log_notice("connected to the server %s as %s", link->address, link->client);
    link->callbacks.on_up(link->context, welcome);
}

static void on_frame(void *context, const struct frame *frame)
{
    struct link *link = context;
    if (frame->type == FRAME_WELCOME)
        on_welcome(link, &frame->welcome);
    else if (link->is_open)
        link->callbacks.on_frame(link->context, frame);
    else
        peer_refuse(&link->peer, ERROR_PROTOCOL, "WELCOME has to come first");
    if (!link->peer && !link->is_open)
        try_again(link, 0, "the server broke the protocol before its greeting");
}

static void on_room(void *context)
{
    struct link *link = context;
    if (link->is_open)
        link->callbacks.on_room(link->context);
}

/* ---- 4. The end, and again ----------------------------------------------------------------------------- */

static void session_is_over(struct link *link)
{
    bool was_open = link->is_open;
    link->is_open = false;
    link->refusal = ERROR_NONE;
    loop_timer_stop(link->drop);
    if (was_open)
        link->callbacks.on_down(link->context);
}

static void on_closed(void *context, const struct peer_end *end)
{
    struct link *link = context;
    uint32_t back_off_ms = 0, least_ms = 0;
    char problem[512];
    if (end->is_refusal) {
        const struct error_info *error = error_find(end->code);
        /* A crowd that was refused has to come back at random moments; a client that is there twice is alone,
         * and the other one counts on its time. */
        if (end->code == ERROR_SUPERSEDED)
            least_ms = SUPERSEDED_MS;
        else
            back_off_ms = link->reconnect_max_ms;
        snprintf(problem, sizeof problem, "the server refused the connection (%s): %s%s%s", error->keyword,
                 end->text, error->action[0] ? ". " : "", error->action);
    } else {
        if (end->code == ERROR_PROTOCOL) /* its WELCOME does not make it a server: wait longer and longer */
            back_off_ms = link->before_ms;
        snprintf(problem, sizeof problem, "the connection to the server ended: %s", end->text);
    }
    peer_free(&link->peer);
    session_is_over(link);
    try_again_after(link, back_off_ms, least_ms, problem);
}

static void drop_session(void *context)
{
    struct link *link = context;
    char problem[256];
    if (!link->is_open)
        return;
    if (link->refusal == ERROR_NONE) {
        peer_goodbye(&link->peer, "the connection is too slow");
        session_is_over(link);
        try_again(link, 0, "the connection to the server was given up: it is too slow");
        return;
    }
    snprintf(problem, sizeof problem, "the connection to the server was given up: %s", link->refusal_text);
    peer_refuse(&link->peer, (enum error_code)link->refusal, link->refusal_text);
    session_is_over(link);
    try_again(link, link->reconnect_max_ms, problem);
}

void link_refuse(struct link *link, uint16_t code, const char *why)
{
    if (!link->is_open || link->refusal != ERROR_NONE)
        return;
    link->refusal = code;
    snprintf(link->refusal_text, sizeof link->refusal_text, "%s", why);
    loop_timer_start(link->drop, 0);
}

/* ---- From outside ------------------------------------------------------------------------------------- */

struct link *link_new(struct loop *loop, struct peer_sweep *sweep, struct worker_pool *pool,
                      uint32_t reconnect_max_ms, const struct link_callbacks *callbacks, void *context)
{
    struct link *link = memory_new(sizeof *link);
    link->loop = loop;
    link->sweep = sweep;
    link->pool = pool;
    link->callbacks = *callbacks;
    link->context = context;
    link->reconnect_max_ms = reconnect_max_ms;
    link->timer = loop_timer_new(loop, connect_now, link);
    link->drop = loop_timer_new(loop, drop_session, link);
    snprintf(link->problem, sizeof link->problem, "%s. %s", error_find(ERROR_NOT_ENROLLED)->sentence,
             error_find(ERROR_NOT_ENROLLED)->action);
    return link;
}

int link_set_server(struct link *link, const struct identity *identity, const char *address)
{
    char why[TLS_WHY_BYTES];
    struct tls_context *tls = NULL;
    int error = tls_context_new_client(&tls, identity, why);
    if (error) {
        log_error("the identity of this host cannot be used: %s", why);
        return error;
    }
    tls_context_free(&link->tls);
    link->tls = tls;
    error = identity_name(identity, link->client);
    if (error)
        return error;
    snprintf(link->address, sizeof link->address, "%s", address);
    link->problem[0] = 0;
    connector_free(&link->connector);
    peer_goodbye(&link->peer, "enrolled anew");
    session_is_over(link);
    link->back_off_ms = BACK_OFF_FIRST_MS;
    loop_timer_start(link->timer, 0);
    return 0;
}

void link_set_reconnect_max(struct link *link, uint32_t reconnect_max_ms)
{
    link->reconnect_max_ms = reconnect_max_ms;
}

struct peer *link_peer(const struct link *link)
{
    return link->is_open ? link->peer : NULL;
}

int link_send(struct link *link, const struct frame *frame)
{
    if (!link->is_open)
        return -ENOTCONN;
    int error = peer_send(link->peer, frame);
    if (!error || error == -ENOTCONN) /* on_closed is about to come */
        return error;
    log_error("%s cannot be sent: %s", frame_name((uint16_t)frame->type), strerror(-error));
    if (error == -ENOBUFS)
        loop_timer_start(link->drop, 0);
    return error == -ENOBUFS ? -ENOTCONN : error;
}

const char *link_server(const struct link *link)
{
    return link->address;
}

const char *link_client(const struct link *link)
{
    return link->client;
}

const char *link_problem(const struct link *link)
{
    return link->is_open ? "" : link->problem;
}

void link_free(struct link **link)
{
    struct link *old = *link;
    *link = NULL;
    if (!old)
        return;
    connector_free(&old->connector);
    peer_goodbye(&old->peer, "clientd stops");
    loop_timer_free(&old->timer);
    loop_timer_free(&old->drop);
    tls_context_free(&old->tls);
    free(old);
}
