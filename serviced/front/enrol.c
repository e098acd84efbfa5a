#include "config.h"

#include "serviced/front/enrol.h"

#include <errno.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "serviced/front/audit.h"
#include "serviced/jobs/registry.h"
#include "serviced/server.h"
#include "serviced/settings.h"
#include "wire/bytes.h"
#include "wire/identity.h"
#include "wire/peer.h"
#include "wire/tls.h"

#define SERVER_DAYS    3650u
#define RENEW_SECONDS  (INT64_C(30) * 24 * 3600)
#define ADDRESS_BYTES  256
#define AUTHORITY_NAME "Deskline site authority"
#define SERVER_NAME    "Deskline server"

struct enrol {
    struct server *server;
    struct identity *authority, *identity;
    struct tls_context *tls;
    uint8_t *authority_der;
    size_t authority_length;
    uint8_t authority_digest[IDENTITY_DIGEST_BYTES];
    char address[ADDRESS_BYTES];
};

/* ---- Keys and certificates ---------------------------------------------------------------------------- */

static int open_authority(struct enrol *enrol, int state_fd, char why[IDENTITY_WHY_BYTES])
{
    int result = identity_load(&enrol->authority, state_fd, "authority", why);
    if (result != -ENOENT)
        return result;
    log_notice("first start: making the site's authority and the server's key");
    result = identity_new_authority(&enrol->authority, AUTHORITY_NAME, why);
    return result == 0 ? identity_store(enrol->authority, state_fd, "authority", why) : result;
}

static int open_identity(struct enrol *enrol, int state_fd, char why[IDENTITY_WHY_BYTES])
{
    uint8_t issuer[IDENTITY_DIGEST_BYTES];
    int result = identity_load(&enrol->identity, state_fd, "server", why);
    bool is_ours = result == 0 && identity_authority_digest(enrol->identity, issuer) == 0 &&
                   memcmp(issuer, enrol->authority_digest, sizeof issuer) == 0;
    if (is_ours && identity_seconds_left(enrol->identity) > RENEW_SECONDS)
        return 0;
    if (result < 0 && result != -ENOENT)
        return result;
    identity_free(&enrol->identity);
    result = identity_new_server(&enrol->identity, enrol->authority, SERVER_NAME, SERVER_DAYS, why);
    return result == 0 ? identity_store(enrol->identity, state_fd, "server", why) : result;
}

int enrol_open(struct enrol **enrol, struct server *server, int state_fd, char why[ENROL_WHY_BYTES])
{
    struct enrol *made = memory_new(sizeof *made);
    char reason[IDENTITY_WHY_BYTES] = "";
    int result;

    made->server = server;
    result = open_authority(made, state_fd, reason);
    if (result == 0)
        result = identity_authority_digest(made->authority, made->authority_digest);
    if (result == 0)
        result = identity_authority_der(made->authority, &made->authority_der, &made->authority_length);
    if (result == 0)
        result = open_identity(made, state_fd, reason);
    if (result == 0)
        result = tls_context_new_server(&made->tls, made->identity, reason);
    if (result < 0) {
        snprintf(why, ENROL_WHY_BYTES, "the server's keys in the state folder cannot be used: %s",
                 reason[0] ? reason : strerror(-result));
        enrol_close(&made);
    }
    *enrol = made;
    return result;
}

void enrol_close(struct enrol **enrol)
{
    struct enrol *old = *enrol;
    if (!old)
        return;
    tls_context_free(&old->tls);
    identity_free(&old->identity);
    identity_free(&old->authority);
    free(old->authority_der);
    free(old);
    *enrol = NULL;
}

struct tls_context *enrol_tls(const struct enrol *enrol)
{
    return enrol->tls;
}

void enrol_set_address(struct enrol *enrol, const char *address)
{
    snprintf(enrol->address, sizeof enrol->address, "%s", address);
}

/* ---- 1. An operator invites a client ------------------------------------------------------------------ */

static void append_base64url(char *text, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t at = 0; at < length; at += 3) {
        size_t left = length - at;
        uint32_t group = (uint32_t)bytes[at] << 16 | (left > 1 ? (uint32_t)bytes[at + 1] << 8 : 0) |
                         (left > 2 ? bytes[at + 2] : 0);
        for (unsigned i = 0; i < (left > 2 ? 4u : left + 1); i++)
            *text++ = digits[group >> (18 - 6 * i) & 63];
    }
    *text = '\0';
}

int enrol_token_text(char token[ENROL_TOKEN_BYTES], const char *address, const uint8_t authority_digest[32],
                     const uint8_t secret[ENROL_SECRET_BYTES])
{
    uint8_t bytes[2 + ADDRESS_BYTES + IDENTITY_DIGEST_BYTES + ENROL_SECRET_BYTES];
    size_t length = strlen(address);
    if (length == 0 || length >= ADDRESS_BYTES)
        return -EINVAL;
    bytes_put(bytes, 2, length);
    memcpy(bytes + 2, address, length);
    memcpy(bytes + 2 + length, authority_digest, IDENTITY_DIGEST_BYTES);
    memcpy(bytes + 2 + length + IDENTITY_DIGEST_BYTES, secret, ENROL_SECRET_BYTES);
    memcpy(token, "dl1.", 4);
    append_base64url(token + 4, bytes, 2 + length + IDENTITY_DIGEST_BYTES + ENROL_SECRET_BYTES);
    return 0;
}

int enrol_invite(struct enrol *enrol, const char *client, const char *address, uint32_t ttl_s,
                 char token[ENROL_TOKEN_BYTES], void (*done)(void *context), void *context)
{
    uint8_t secret[ENROL_SECRET_BYTES], hash[SHA256_DIGEST_LENGTH];
    uint64_t now_ms = wall_clock_ms();
    const char *public_address = enrol->server->settings->public_address;

    if (!registry_name_is_valid(client) || ttl_s < ENROL_TTL_MIN_S || ttl_s > ENROL_TTL_MAX_S)
        return -EINVAL;
    if (!*address)
        address = public_address && *public_address ? public_address : enrol->address;
    if (RAND_bytes(secret, sizeof secret) != 1)
        return -EIO;
    if (enrol_token_text(token, address, enrol->authority_digest, secret) < 0)
        return -EINVAL;
    SHA256(secret, sizeof secret, hash);
    registry_expire(enrol->server->registry, now_ms);
    registry_invite(enrol->server->registry, client, hash, now_ms, now_ms + (uint64_t)ttl_s * 1000, done,
                    context);
    return 0;
}

/* ---- 2. The client redeems its token ------------------------------------------------------------------ */

struct redemption {
    struct enrol *enrol;
    uint64_t visitor;
    char client[REGISTRY_NAME_BYTES];
    struct identity_client_certificate certificate;
};

static void refuse(struct enrol *enrol, struct visitor *visitor, enum error_code code, const char *text)
{
    audit_write(enrol->server->audit, "enrolment-refused", "from=%s reason=%s", peer_label(visitor->peer),
                text);
    peer_refuse(&visitor->peer, code, text);
    visitor->close(visitor);
}

/* 3. The token is burnt and the key noted, durably: the certificate goes out. */
static void registered(void *context)
{
    struct redemption *redemption = context;
    struct enrol *enrol = redemption->enrol;
    struct visitor *visitor = visitor_find(enrol->server, redemption->visitor);
    const struct identity_client_certificate *certificate = &redemption->certificate;

    audit_write(enrol->server->audit, "enrolled", "client=%s", redemption->client);
    if (visitor) {
        visitor_send(
            visitor,
            &(struct frame){.type = FRAME_ENROLL_REPLY,
                            .enroll_reply = {
                                .client = frame_text_of(redemption->client),
                                .certificate_der = {certificate->der, (uint32_t)certificate->length},
                                .authority_der = {enrol->authority_der, (uint32_t)enrol->authority_length}}});
        peer_goodbye(&visitor->peer, "enrolled");
        visitor->close(visitor);
    }
    free(redemption->certificate.der);
    free(redemption);
}

void enrol_redeem(struct enrol *enrol, struct visitor *visitor, const struct frame_enroll_request *request)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    char why[IDENTITY_WHY_BYTES];
    const struct registry_token *token;
    struct redemption *redemption;

    SHA256(request->secret.at, request->secret.length, hash);
    token = registry_token_find(enrol->server->registry, hash, wall_clock_ms());
    if (!token) {
        refuse(enrol, visitor, ERROR_TOKEN, error_find(ERROR_TOKEN)->sentence);
        return;
    }
    redemption = memory_new(sizeof *redemption);
    redemption->enrol = enrol;
    redemption->visitor = visitor->id;
    snprintf(redemption->client, sizeof redemption->client, "%s", token->client);
    if (identity_certify_client(enrol->authority, request->request_der.at, request->request_der.length,
                                token->client, (unsigned)enrol->server->settings->certificate_days,
                                &redemption->certificate, why) < 0) {
        free(redemption);
        refuse(enrol, visitor, ERROR_BAD_REQUEST, why);
        return;
    }
    registry_enrol(enrol->server->registry, token, redemption->certificate.digest, registered, redemption);
}
