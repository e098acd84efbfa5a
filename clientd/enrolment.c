/* The steps of an enrolment, in order of time. */
#include "config.h"

#include "clientd/enrolment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deskline/frame.h>
#include <deskline/words.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/worker.h"
#include "clientd/connector.h"
#include "clientd/token.h"
#include "wire/identity.h"
#include "wire/peer.h"
#include "wire/tls.h"

#define IDENTITY_FILES "client"
#define ADDRESS_FILE   "server"
#define GREETING_MS    15000u

/* The durable part: outlives an enrolment that was given up. */
struct keeping {
    struct enrolment *enrolment; /* NULL: nobody waits for it any more */
    struct identity *identity;
    char address[TOKEN_ADDRESS_MAX + 1];
    int state_fd;
    char why[IDENTITY_WHY_BYTES];
};

struct enrolment {
    struct peer_sweep *sweep;
    struct worker_strand *strand;
    int state_fd;
    struct token token;
    struct tls_context *tls;
    struct connector *connector;
    struct peer *peer;
    struct identity *identity;
    struct keeping *keeping;
    enrolment_done done;
    void *context;
};

static void on_connected(void *context, int fd, const char *why);
static void on_ready(void *context);
static void on_frame(void *context, const struct frame *frame);
static int keep(void *context);
static void kept(void *context, int result);
static void on_closed(void *context, const struct peer_end *end);

int enrolment_load(int state_fd, struct identity **identity, char *address, unsigned address_size)
{
    char why[IDENTITY_WHY_BYTES], *bytes = NULL;
    size_t length;
    int error = identity_load(identity, state_fd, IDENTITY_FILES, why);
    if (error) {
        if (error != -ENOENT)
            log_error("the identity of this host cannot be read: %s", why);
        return error;
    }
    error = blob_read(state_fd, ADDRESS_FILE, TOKEN_ADDRESS_MAX, &bytes, &length);
    if (error) {
        log_error("the server's address cannot be read: %s", strerror(-error));
        identity_free(identity);
        return error == -ENOENT ? -EBADMSG : error;
    }
    snprintf(address, address_size, "%s", bytes);
    address[strcspn(address, "\r\n")] = 0;
    free(bytes);
    return 0;
}

static void fail(struct enrolment *enrolment, uint16_t code, const char *text)
{
    char copy[512];
    snprintf(copy, sizeof copy, "%s", text);
    enrolment->done(enrolment->context, NULL, NULL, code, copy);
}

/* ---- 1. The token is read, and the server is called --------------------------------------------------- */

int enrolment_start(struct enrolment **enrolment, struct loop *loop, struct peer_sweep *sweep,
                    struct worker_pool *pool, int state_fd, const char *token, const char *server,
                    enrolment_done done, void *context)
{
    struct enrolment *made = memory_new(sizeof *made);
    char why[TLS_WHY_BYTES];
    made->sweep = sweep;
    made->strand = worker_strand_new(pool);
    made->state_fd = state_fd;
    made->done = done;
    made->context = context;
    int error = token_parse(&made->token, token);
    if (!error && *server)
        snprintf(made->token.address, sizeof made->token.address, "%s", server);
    if (!error)
        error = tls_context_new_enrolling(&made->tls, made->token.digest, why);
    if (!error)
        error = connector_start(&made->connector, loop, pool, made->token.address, on_connected, made);
    if (error) {
        enrolment_free(&made);
        return error;
    }
    *enrolment = made;
    return 0;
}

static void on_connected(void *context, int fd, const char *why)
{
    static const struct peer_callbacks callbacks = {
        .on_ready = on_ready, .on_frame = on_frame, .on_closed = on_closed};
    const struct peer_options options = {.where = AT_CLIENT,
                                         .when = WHEN_NEW,
                                         .is_tls_client = true,
                                         .greeting_ms = GREETING_MS,
                                         .label = "server (enrolment)"};
    struct enrolment *enrolment = context;
    if (fd < 0) {
        fail(enrolment, ERROR_NO_CONNECTION, why);
        return;
    }
    int error =
        peer_new(&enrolment->peer, enrolment->sweep, fd, enrolment->tls, &options, &callbacks, enrolment);
    if (error)
        fail(enrolment, ERROR_NO_CONNECTION, strerror(-error));
}

/* ---- 2. The server is the token's: ask it for a certificate ------------------------------------------- */

static void on_ready(void *context)
{
    struct enrolment *enrolment = context;
    char why[IDENTITY_WHY_BYTES];
    uint8_t *request = NULL;
    size_t length = 0;
    int error = identity_new_request(&enrolment->identity, &request, &length, why);
    if (!error)
        error =
            peer_send(enrolment->peer,
                      &(struct frame){.type = FRAME_ENROLL_REQUEST,
                                      .enroll_request = {.secret = {enrolment->token.secret,
                                                                    (uint32_t)enrolment->token.secret_length},
                                                         .request_der = {request, (uint32_t)length}}});
    free(request);
    if (error)
        fail(enrolment, ERROR_INTERNAL, "a request for a certificate cannot be made");
}

/* ---- 3. The certificate comes: check it, and keep it -------------------------------------------------- */

static void on_frame(void *context, const struct frame *frame)
{
    struct enrolment *enrolment = context;
    const struct frame_enroll_reply *reply = &frame->enroll_reply;
    char why[IDENTITY_WHY_BYTES];
    if (frame->type != FRAME_ENROLL_REPLY || !enrolment->identity || enrolment->keeping) {
        fail(enrolment, ERROR_PROTOCOL, "the server sent something else than a certificate");
        return;
    }
    int error =
        identity_accept(enrolment->identity, reply->certificate_der.at, reply->certificate_der.length,
                        reply->authority_der.at, reply->authority_der.length, enrolment->token.digest, why);
    if (error) {
        fail(enrolment, ERROR_PROTOCOL, why);
        return;
    }
    struct keeping *keeping = memory_new(sizeof *keeping);
    keeping->enrolment = enrolment;
    keeping->identity = enrolment->identity;
    keeping->state_fd = enrolment->state_fd;
    snprintf(keeping->address, sizeof keeping->address, "%s", enrolment->token.address);
    enrolment->identity = NULL;
    enrolment->keeping = keeping;
    peer_goodbye(&enrolment->peer, "enrolled");
    worker_submit(enrolment->strand, keep, kept, keeping);
}

/* The address first: an identity is there when its certificate is. */
static int keep(void *context)
{
    struct keeping *keeping = context;
    int error = blob_replace(keeping->state_fd, ADDRESS_FILE, keeping->address, strlen(keeping->address));
    if (error)
        snprintf(keeping->why, sizeof keeping->why, "the server's address cannot be kept: %s",
                 strerror(-error));
    return error ? error : identity_store(keeping->identity, keeping->state_fd, IDENTITY_FILES, keeping->why);
}

/* ---- 4. Done, or not ---------------------------------------------------------------------------------- */

static void kept(void *context, int result)
{
    struct keeping *keeping = context;
    struct enrolment *enrolment = keeping->enrolment;
    if (enrolment) {
        enrolment->keeping = NULL;
        if (result)
            fail(enrolment, ERROR_STORAGE, keeping->why);
        else
            enrolment->done(enrolment->context, keeping->identity, keeping->address, ERROR_NONE, "");
    }
    if (!enrolment || result)
        identity_free(&keeping->identity);
    free(keeping);
}

static void on_closed(void *context, const struct peer_end *end)
{
    struct enrolment *enrolment = context;
    char text[512];
    snprintf(text, sizeof text, "%s%s",
             end->is_refusal ? "" : "the server ended the connection: ", end->text);
    fail(enrolment, end->is_refusal ? end->code : ERROR_NO_CONNECTION, text);
}

void enrolment_free(struct enrolment **enrolment)
{
    struct enrolment *old = *enrolment;
    *enrolment = NULL;
    if (!old)
        return;
    if (old->keeping)
        old->keeping->enrolment = NULL;
    connector_free(&old->connector);
    peer_free(&old->peer);
    tls_context_free(&old->tls);
    identity_free(&old->identity);
    worker_strand_free(&old->strand);
    free(old);
}
