#include "config.h"

#include "serviced/jobs/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct registry {
    struct registry_sqlite *database;
    struct registry_client *clients;
    struct registry_token *tokens;
    struct registry_document *documents, **documents_end;
};

static void document_free(struct registry_document *document)
{
    free(document->client);
    free(document->name);
    free(document->title);
    free(document);
}

/* ---- Rows --------------------------------------------------------------------------------------------- */

static void put_client(struct registry *registry, const struct registry_client *client, registry_done done,
                       void *context)
{
    struct registry_change *change = registry_change_new(REGISTRY_CLIENT_PUT);
    registry_change_text(change, client->name);
    registry_change_number(change, client->state);
    registry_change_bytes(change, client->digest, sizeof client->digest);
    registry_change_number(change, client->created_ms);
    registry_change_number(change, client->seen_ms);
    registry_sqlite_put(registry->database, change, done, context);
}

static int take_digest(const struct registry_row *row, int column, uint8_t digest[REGISTRY_DIGEST_BYTES])
{
    size_t length;
    const void *bytes = registry_row_bytes(row, column, &length);
    if (length != REGISTRY_DIGEST_BYTES)
        return -EBADMSG;
    memcpy(digest, bytes, REGISTRY_DIGEST_BYTES);
    return 0;
}

static int load_client(void *context, const struct registry_row *row)
{
    struct registry *registry = context;
    struct registry_client *client = memory_new(sizeof *client);
    snprintf(client->name, sizeof client->name, "%s", registry_row_text(row, 0));
    client->state = (uint8_t)registry_row_number(row, 1);
    client->created_ms = (uint64_t)registry_row_number(row, 3);
    client->seen_ms = (uint64_t)registry_row_number(row, 4);
    client->next = registry->clients;
    registry->clients = client;
    return take_digest(row, 2, client->digest);
}

static int load_token(void *context, const struct registry_row *row)
{
    struct registry *registry = context;
    struct registry_token *token = memory_new(sizeof *token);
    snprintf(token->client, sizeof token->client, "%s", registry_row_text(row, 1));
    token->expires_ms = (uint64_t)registry_row_number(row, 2);
    token->next = registry->tokens;
    registry->tokens = token;
    return take_digest(row, 0, token->hash);
}

static void add_document(struct registry *registry, const struct registry_document *document)
{
    struct registry_document *copy = memory_new(sizeof *copy);
    *copy = *document;
    copy->client = memory_text(document->client);
    copy->name = memory_text(document->name);
    copy->title = memory_text(document->title);
    copy->next = NULL;
    *registry->documents_end = copy;
    registry->documents_end = &copy->next;
}

static int load_document(void *context, const struct registry_row *row)
{
    add_document(context, &(struct registry_document){
                              .id = (uint64_t)registry_row_number(row, 0),
                              .client = (char *)registry_row_text(row, 1),
                              .name = (char *)registry_row_text(row, 2),
                              .title = (char *)registry_row_text(row, 3),
                              .pages = (uint32_t)registry_row_number(row, 4),
                              .length_bytes = (uint64_t)registry_row_number(row, 5),
                              .created_ms = (uint64_t)registry_row_number(row, 6),
                              .parts = (uint32_t)registry_row_number(row, 7),
                          });
    return 0;
}

int registry_new(struct registry **registry, struct registry_sqlite *database)
{
    struct registry *made = memory_new(sizeof *made);
    int result;
    made->database = database;
    made->documents_end = &made->documents;
    result = registry_sqlite_each(database, REGISTRY_CLIENTS, load_client, made);
    if (result == 0)
        result = registry_sqlite_each(database, REGISTRY_TOKENS, load_token, made);
    if (result == 0)
        result = registry_sqlite_each(database, REGISTRY_DOCUMENTS, load_document, made);
    if (result < 0)
        registry_free(&made);
    *registry = made;
    return result;
}

void registry_free(struct registry **registry)
{
    struct registry *old = *registry;
    if (!old)
        return;
    while (old->clients) {
        struct registry_client *client = old->clients;
        old->clients = client->next;
        free(client);
    }
    while (old->tokens) {
        struct registry_token *token = old->tokens;
        old->tokens = token->next;
        free(token);
    }
    while (old->documents) {
        struct registry_document *document = old->documents;
        old->documents = document->next;
        document_free(document);
    }
    free(old);
    *registry = NULL;
}

struct registry_sqlite *registry_database(struct registry *registry)
{
    return registry->database;
}

/* ---- Clients and tokens ------------------------------------------------------------------------------- */

bool registry_name_is_valid(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char inner[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    size_t length = strlen(name);
    return length > 0 && length < REGISTRY_NAME_BYTES && strchr(plain, name[0]) &&
           strspn(name, inner) == length;
}

static struct registry_client *find_client(const struct registry *registry, const char *name)
{
    struct registry_client *client = registry->clients;
    while (client && strcmp(client->name, name) != 0)
        client = client->next;
    return client;
}

const struct registry_client *registry_client_find(const struct registry *registry, const char *name)
{
    return find_client(registry, name);
}

const struct registry_client *registry_clients(const struct registry *registry)
{
    return registry->clients;
}

void registry_invite(struct registry *registry, const char *name, const uint8_t hash[REGISTRY_DIGEST_BYTES],
                     uint64_t now_ms, uint64_t expires_ms, registry_done done, void *context)
{
    struct registry_token *token = memory_new(sizeof *token);
    struct registry_change *change = registry_change_new(REGISTRY_TOKEN_PUT);
    if (!find_client(registry, name)) {
        struct registry_client *client = memory_new(sizeof *client);
        snprintf(client->name, sizeof client->name, "%s", name);
        client->state = CLIENT_INVITED;
        client->created_ms = now_ms;
        client->next = registry->clients;
        registry->clients = client;
        put_client(registry, client, NULL, NULL);
    }
    memcpy(token->hash, hash, REGISTRY_DIGEST_BYTES);
    snprintf(token->client, sizeof token->client, "%s", name);
    token->expires_ms = expires_ms;
    token->next = registry->tokens;
    registry->tokens = token;
    registry_change_bytes(change, hash, REGISTRY_DIGEST_BYTES);
    registry_change_text(change, name);
    registry_change_number(change, expires_ms);
    registry_sqlite_put(registry->database, change, done, context);
}

const struct registry_token *registry_token_find(const struct registry *registry,
                                                 const uint8_t hash[REGISTRY_DIGEST_BYTES], uint64_t now_ms)
{
    const struct registry_token *token = registry->tokens;
    while (token && memcmp(token->hash, hash, REGISTRY_DIGEST_BYTES) != 0)
        token = token->next;
    return token && token->expires_ms > now_ms ? token : NULL;
}

/* Burns every token that `matches`. */
static void burn(struct registry *registry, bool (*matches)(const struct registry_token *, const void *),
                 const void *context)
{
    struct registry_token **link = &registry->tokens;
    while (*link) {
        struct registry_token *token = *link;
        if (!matches(token, context)) {
            link = &token->next;
            continue;
        }
        struct registry_change *change = registry_change_new(REGISTRY_TOKEN_DELETE);
        registry_change_bytes(change, token->hash, sizeof token->hash);
        registry_sqlite_put(registry->database, change, NULL, NULL);
        *link = token->next;
        free(token);
    }
}

static bool is_that_token(const struct registry_token *token, const void *context)
{
    return token == context;
}

static bool is_token_of(const struct registry_token *token, const void *context)
{
    return strcmp(token->client, context) == 0;
}

static bool is_token_before(const struct registry_token *token, const void *context)
{
    return token->expires_ms <= *(const uint64_t *)context;
}

void registry_enrol(struct registry *registry, const struct registry_token *token,
                    const uint8_t digest[REGISTRY_DIGEST_BYTES], registry_done done, void *context)
{
    struct registry_client *client = find_client(registry, token->client);
    burn(registry, is_that_token, token);
    memcpy(client->digest, digest, REGISTRY_DIGEST_BYTES);
    client->state = CLIENT_ENROLLED;
    put_client(registry, client, done, context);
}

int registry_revoke(struct registry *registry, const char *name, registry_done done, void *context)
{
    struct registry_client *client = find_client(registry, name);
    if (!client)
        return -ENOENT;
    burn(registry, is_token_of, name);
    client->state = CLIENT_REVOKED;
    memset(client->digest, 0, sizeof client->digest);
    put_client(registry, client, done, context);
    return 0;
}

void registry_client_seen(struct registry *registry, const char *name, uint64_t now_ms)
{
    struct registry_client *client = find_client(registry, name);
    struct registry_change *change;
    if (!client)
        return;
    client->seen_ms = now_ms;
    change = registry_change_new(REGISTRY_CLIENT_SEEN);
    registry_change_text(change, name);
    registry_change_number(change, now_ms);
    registry_sqlite_put(registry->database, change, NULL, NULL);
}

void registry_expire(struct registry *registry, uint64_t now_ms)
{
    burn(registry, is_token_before, &now_ms);
}

/* ---- Documents ---------------------------------------------------------------------------------------- */

const struct registry_document *registry_documents(const struct registry *registry)
{
    return registry->documents;
}

const struct registry_document *registry_document_find(const struct registry *registry, uint64_t id)
{
    const struct registry_document *document = registry->documents;
    while (document && document->id != id)
        document = document->next;
    return document;
}

/* The document out of the memory; false when it was not there. */
static bool forget_document(struct registry *registry, uint64_t id)
{
    struct registry_document **link = &registry->documents;
    struct registry_document *document;
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    document = *link;
    if (!document)
        return false;
    *link = document->next;
    if (!document->next)
        registry->documents_end = link;
    document_free(document);
    return true;
}

void registry_document_put(struct registry *registry, const struct registry_document *document,
                           registry_done done, void *context)
{
    struct registry_change *change = registry_change_new(REGISTRY_DOCUMENT_PUT);
    forget_document(registry, document->id);
    add_document(registry, document);
    registry_change_number(change, document->id);
    registry_change_text(change, document->client);
    registry_change_text(change, document->name);
    registry_change_text(change, document->title);
    registry_change_number(change, document->pages);
    registry_change_number(change, document->length_bytes);
    registry_change_number(change, document->created_ms);
    registry_change_number(change, document->parts);
    registry_sqlite_put(registry->database, change, done, context);
}

void registry_document_delete(struct registry *registry, uint64_t id, registry_done done, void *context)
{
    struct registry_change *change = registry_change_new(REGISTRY_DOCUMENT_DELETE);
    forget_document(registry, id);
    registry_change_number(change, id);
    registry_sqlite_put(registry->database, change, done, context);
}
