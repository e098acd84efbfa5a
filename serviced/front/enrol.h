/*
 * Letting clients in: the site's authority, the server's own certificate, one-time tokens.
 *
 *   servicectl client add NAME  ──► token (shown once; here only its hash is kept)
 *   ENROLL_REQUEST (secret, request) ──► the token is burnt, the key noted ──► ENROLL_REPLY (certificate)
 */
#ifndef DESKLINE_SERVICED_FRONT_ENROL_H
#define DESKLINE_SERVICED_FRONT_ENROL_H

#include <stddef.h>
#include <stdint.h>

#include "serviced/front/visitor.h"

#define ENROL_WHY_BYTES    512
#define ENROL_SECRET_BYTES 16
#define ENROL_TOKEN_BYTES  512
#define ENROL_TTL_MIN_S    10
#define ENROL_TTL_MAX_S    (30u * 24 * 3600)

struct enrol;
struct server;
struct tls_context;

/* Loads the authority and the server's identity from the state folder; makes them on the first start, and the
 * server's anew when it is about to expire. Blocks. 0 or a negative errno with one sentence. */
int enrol_open(struct enrol **enrol, struct server *server, int state_fd, char why[ENROL_WHY_BYTES]);
void enrol_close(struct enrol **enrol);
struct tls_context *enrol_tls(const struct enrol *enrol);
/* Goes into tokens where neither the operator nor a setting names an address. */
void enrol_set_address(struct enrol *enrol, const char *address);

/* A token for a client, new or known (a known one keeps its key until the token is redeemed). `done` runs
 * when its hash is durable. -EINVAL: no such name or address is possible. */
int enrol_invite(struct enrol *enrol, const char *client, const char *address, uint32_t ttl_s,
                 char token[ENROL_TOKEN_BYTES], void (*done)(void *context), void *context);

/* Redeems a token. The answer (ENROLL_REPLY, or REFUSE and the visitor's end) may come later. */
void enrol_redeem(struct enrol *enrol, struct visitor *visitor, const struct frame_enroll_request *request);

/* The text of a token: "dl1." and base64url of address (u16 length first), the authority's digest, the
 * secret. */
int enrol_token_text(char token[ENROL_TOKEN_BYTES], const char *address, const uint8_t authority_digest[32],
                     const uint8_t secret[ENROL_SECRET_BYTES]);

#endif
