/*
 * What the server knows, in memory: clients, tokens, documents. Lookups are pure; each change is written to
 * registry_sqlite and counts in memory at once, but nobody is told of it before `done` (may be NULL) has run.
 * Jobs are registered through the same database by job_record.
 */
#ifndef DESKLINE_SERVICED_JOBS_REGISTRY_H
#define DESKLINE_SERVICED_JOBS_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serviced/jobs/registry_sqlite.h"

#define REGISTRY_DIGEST_BYTES 32
#define REGISTRY_NAME_BYTES   65

struct registry;
typedef void (*registry_done)(void *context);

enum client_state { CLIENT_INVITED = 1, CLIENT_ENROLLED = 2, CLIENT_CONNECTED = 3, CLIENT_REVOKED = 4 };

struct registry_client {
    char name[REGISTRY_NAME_BYTES];
    uint8_t state;                         /* never CLIENT_CONNECTED: that is for the session to say */
    uint8_t digest[REGISTRY_DIGEST_BYTES]; /* of its public key */
    uint64_t created_ms, seen_ms;
    struct registry_client *next;
};

struct registry_token {
    uint8_t hash[REGISTRY_DIGEST_BYTES]; /* of its secret */
    char client[REGISTRY_NAME_BYTES];
    uint64_t expires_ms;
    struct registry_token *next;
};

struct registry_document {
    uint64_t id;
    char *client, *name, *title;
    uint32_t pages, parts;
    uint64_t length_bytes, created_ms;
    struct registry_document *next;
};

/* Takes the database's rows in. 0, or a negative errno. The database outlives the registry. */
int registry_new(struct registry **registry, struct registry_sqlite *database);
void registry_free(struct registry **registry);
struct registry_sqlite *registry_database(struct registry *registry);

/* 1–64 letters, digits, '-', '.', '_', beginning with a letter or digit. */
bool registry_name_is_valid(const char *name);
/* NULL: not known. The first of all, then ->next. Good until the next change. */
const struct registry_client *registry_client_find(const struct registry *registry, const char *name);
const struct registry_client *registry_clients(const struct registry *registry);
/* A new invitation: the client is made if it is not known, and the token's hash noted. */
void registry_invite(struct registry *registry, const char *name, const uint8_t hash[REGISTRY_DIGEST_BYTES],
                     uint64_t now_ms, uint64_t expires_ms, registry_done done, void *context);
/* The token with that hash, or NULL when there is none or it has expired. */
const struct registry_token *registry_token_find(const struct registry *registry,
                                                 const uint8_t hash[REGISTRY_DIGEST_BYTES], uint64_t now_ms);
/* Burns the token, and notes the key of the client that it was for: from now on that key is the client's. */
void registry_enrol(struct registry *registry, const struct registry_token *token,
                    const uint8_t digest[REGISTRY_DIGEST_BYTES], registry_done done, void *context);
/* -ENOENT for a client that is not known. Its tokens are burnt, too. */
int registry_revoke(struct registry *registry, const char *name, registry_done done, void *context);
void registry_client_seen(struct registry *registry, const char *name, uint64_t now_ms);
/* Forgets tokens that have expired. */
void registry_expire(struct registry *registry, uint64_t now_ms);

/* The first of all, then ->next. NULL: none. Good until the next change. */
const struct registry_document *registry_documents(const struct registry *registry);
const struct registry_document *registry_document_find(const struct registry *registry, uint64_t id);
/* Copies *document. */
void registry_document_put(struct registry *registry, const struct registry_document *document,
                           registry_done done, void *context);
void registry_document_delete(struct registry *registry, uint64_t id, registry_done done, void *context);

#endif
