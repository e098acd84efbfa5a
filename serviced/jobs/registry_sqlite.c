#include "config.h"

#include "serviced/jobs/registry_sqlite.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/worker.h"

#define RETRY_MS   1000u
#define VALUES_MAX 24

/* What makes each version of the schema from the one before; the first from nothing. */
static const char *const schemas[] = {
    "CREATE TABLE clients (name TEXT PRIMARY KEY, state INTEGER NOT NULL, digest BLOB NOT NULL,"
    " created INTEGER NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE tokens (hash BLOB PRIMARY KEY, client TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT "
    "ROWID;"
    "CREATE TABLE jobs (id INTEGER PRIMARY KEY, client TEXT NOT NULL, state INTEGER NOT NULL,"
    " request BLOB NOT NULL, account BLOB NOT NULL, step INTEGER NOT NULL, page INTEGER NOT NULL,"
    " device_page INTEGER NOT NULL, error INTEGER NOT NULL, error_text TEXT NOT NULL,"
    " interrupted INTEGER NOT NULL, question INTEGER NOT NULL, round INTEGER NOT NULL, manner INTEGER NOT "
    "NULL,"
    " manner_page INTEGER NOT NULL, delivering INTEGER NOT NULL, created INTEGER NOT NULL,"
    " updated INTEGER NOT NULL);"
    "CREATE TABLE pages (job INTEGER NOT NULL, page INTEGER NOT NULL, generation INTEGER NOT NULL,"
    " stored INTEGER NOT NULL, codec INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,"
    " bits INTEGER NOT NULL, components INTEGER NOT NULL, x_dpi INTEGER NOT NULL, y_dpi INTEGER NOT NULL,"
    " rows INTEGER NOT NULL, length INTEGER NOT NULL, digest BLOB NOT NULL, verified INTEGER NOT NULL,"
    " PRIMARY KEY (job, page, generation)) WITHOUT ROWID;"
    "CREATE TABLE documents (id INTEGER PRIMARY KEY, client TEXT NOT NULL, name TEXT NOT NULL,"
    " title TEXT NOT NULL, pages INTEGER NOT NULL, length INTEGER NOT NULL, created INTEGER NOT NULL,"
    " parts INTEGER NOT NULL);",
    "ALTER TABLE jobs ADD COLUMN function INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE jobs ADD COLUMN print_order BLOB NOT NULL DEFAULT x'';",
};
#define SCHEMA_VERSION ((int)(sizeof schemas / sizeof schemas[0]))

static const char *const statements[REGISTRY_STATEMENTS] = {
    [REGISTRY_CLIENT_PUT] = "REPLACE INTO clients VALUES (?,?,?,?,?)",
    [REGISTRY_CLIENT_SEEN] = "UPDATE clients SET seen = ?2 WHERE name = ?1",
    [REGISTRY_TOKEN_PUT] = "REPLACE INTO tokens VALUES (?,?,?)",
    [REGISTRY_TOKEN_DELETE] = "DELETE FROM tokens WHERE hash = ?",
    [REGISTRY_JOB_PUT] = "REPLACE INTO jobs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [REGISTRY_JOB_DELETE] = "DELETE FROM jobs WHERE id = ?",
    [REGISTRY_PAGE_PUT] = "REPLACE INTO pages VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [REGISTRY_PAGE_DELETE] = "DELETE FROM pages WHERE job = ? AND page = ? AND generation = ?",
    [REGISTRY_PAGES_DELETE] = "DELETE FROM pages WHERE job = ?",
    [REGISTRY_DOCUMENT_PUT] = "REPLACE INTO documents VALUES (?,?,?,?,?,?,?,?)",
    [REGISTRY_DOCUMENT_DELETE] = "DELETE FROM documents WHERE id = ?",
};
static const char *const tables[REGISTRY_TABLES] = {
    [REGISTRY_CLIENTS] = "SELECT * FROM clients ORDER BY name",
    [REGISTRY_TOKENS] = "SELECT * FROM tokens ORDER BY hash",
    [REGISTRY_JOBS] = "SELECT * FROM jobs ORDER BY id",
    [REGISTRY_PAGES] = "SELECT * FROM pages ORDER BY job, page, generation",
    [REGISTRY_DOCUMENTS] = "SELECT * FROM documents ORDER BY id",
};

struct value {
    enum { VALUE_NUMBER, VALUE_TEXT, VALUE_BYTES } kind;
    int64_t number;
    void *bytes;
    size_t length;
};

struct registry_change {
    enum registry_statement statement;
    unsigned count;
    struct value values[VALUES_MAX];
    void (*done)(void *context);
    void *context;
    struct registry_change *next;
};

struct change_list {
    struct registry_change *first, **end;
};

struct registry_sqlite {
    sqlite3 *handle;
    sqlite3_stmt *prepared[REGISTRY_STATEMENTS];
    struct worker_pool *writer; /* one thread */
    struct worker_strand *strand;
    struct loop_timer *retry;
    struct change_list waiting;    /* to be committed next */
    struct change_list committing; /* with the writer */
    bool is_busy, is_full, is_closing;
    char why[REGISTRY_WHY_BYTES]; /* of the last commit that failed */
    void (*on_fatal)(void *context, const char *why);
    void *context;
};

/* ---- Changes ------------------------------------------------------------------------------------------ */

struct registry_change *registry_change_new(enum registry_statement statement)
{
    struct registry_change *change = memory_new(sizeof *change);
    change->statement = statement;
    return change;
}

static struct value *add_value(struct registry_change *change)
{
    assert(change->count < VALUES_MAX); /* no statement has as many */
    return &change->values[change->count++];
}

void registry_change_number(struct registry_change *change, uint64_t number)
{
    *add_value(change) = (struct value){.kind = VALUE_NUMBER, .number = (int64_t)number};
}

static void add_bytes(struct registry_change *change, int kind, const void *bytes, size_t length)
{
    struct value *value = add_value(change);
    value->kind = kind == VALUE_TEXT ? VALUE_TEXT : VALUE_BYTES;
    value->length = length;
    value->bytes = memory_new(length + 1);
    if (length)
        memcpy(value->bytes, bytes, length);
}

void registry_change_text(struct registry_change *change, const char *text)
{
    add_bytes(change, VALUE_TEXT, text, strlen(text));
}

void registry_change_bytes(struct registry_change *change, const void *bytes, size_t length)
{
    add_bytes(change, VALUE_BYTES, bytes, length);
}

static void list_clear(struct change_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_free(struct change_list *list)
{
    while (list->first) {
        struct registry_change *change = list->first;
        list->first = change->next;
        for (unsigned i = 0; i < change->count; i++)
            free(change->values[i].bytes);
        free(change);
    }
    list_clear(list);
}

/* ---- The writer's thread: one transaction ------------------------------------------------------------- */

static int fail(struct registry_sqlite *database)
{
    int code = sqlite3_extended_errcode(database->handle);
    snprintf(database->why, sizeof database->why, "%s (%d)", sqlite3_errmsg(database->handle), code);
    if ((code & 0xff) == SQLITE_FULL || sqlite3_system_errno(database->handle) == ENOSPC)
        return -ENOSPC;
    return -EIO;
}

static int run_sql(struct registry_sqlite *database, const char *sql)
{
    return sqlite3_exec(database->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(database);
}

static int apply(struct registry_sqlite *database, const struct registry_change *change)
{
    sqlite3_stmt *statement = database->prepared[change->statement];
    int result = 0;
    for (unsigned i = 0; i < change->count; i++) {
        const struct value *value = &change->values[i];
        int column = (int)i + 1;
        if (value->kind == VALUE_NUMBER)
            sqlite3_bind_int64(statement, column, value->number);
        else if (value->kind == VALUE_TEXT)
            sqlite3_bind_text64(statement, column, value->bytes, value->length, SQLITE_STATIC, SQLITE_UTF8);
        else
            sqlite3_bind_blob64(statement, column, value->bytes, value->length, SQLITE_STATIC);
    }
    if (sqlite3_step(statement) != SQLITE_DONE)
        result = fail(database);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result;
}

static int commit(void *context)
{
    struct registry_sqlite *database = context;
    int result = run_sql(database, "BEGIN IMMEDIATE");
    for (struct registry_change *change = database->committing.first; change && result == 0;
         change = change->next)
        result = apply(database, change);
    if (result == 0)
        result = run_sql(database, "COMMIT");
    if (result < 0 && !sqlite3_get_autocommit(database->handle))
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

/* ---- On the loop -------------------------------------------------------------------------------------- */

static void committed(void *context, int result);

static void commit_next(struct registry_sqlite *database)
{
    if (database->is_busy || !database->committing.first)
        return;
    database->is_busy = true;
    worker_submit(database->strand, commit, committed, database);
}

static void take_waiting(struct registry_sqlite *database)
{
    *database->committing.end = database->waiting.first;
    if (database->waiting.first)
        database->committing.end = database->waiting.end;
    list_clear(&database->waiting);
}

static void committed(void *context, int result)
{
    struct registry_sqlite *database = context;
    database->is_busy = false;
    if (result == -ENOSPC) {
        if (!database->is_full)
            log_error("the registry cannot be written, the disk is full: trying again every second");
        database->is_full = true;
        if (!database->is_closing)
            loop_timer_start(database->retry, RETRY_MS);
        return;
    }
    if (result < 0) {
        database->on_fatal(database->context, database->why);
        return;
    }
    if (database->is_full)
        log_notice("the registry is being written again");
    database->is_full = false;
    struct change_list finished = database->committing;
    list_clear(&database->committing);
    take_waiting(database);
    commit_next(database); /* the writer has work while the callbacks run */
    for (struct registry_change *change = finished.first; change; change = change->next)
        if (change->done)
            change->done(change->context);
    list_free(&finished);
}

static void try_again(void *context)
{
    struct registry_sqlite *database = context;
    take_waiting(database);
    commit_next(database);
}

void registry_sqlite_put(struct registry_sqlite *database, struct registry_change *change,
                         void (*done)(void *context), void *context)
{
    change->done = done;
    change->context = context;
    *database->waiting.end = change;
    database->waiting.end = &change->next;
    if (!database->is_busy && !database->is_full) {
        take_waiting(database);
        commit_next(database);
    }
}

bool registry_sqlite_is_full(const struct registry_sqlite *database)
{
    return database->is_full;
}

/* ---- Reading, at the start ----------------------------------------------------------------------------- */

int64_t registry_row_number(const struct registry_row *row, int column)
{
    return sqlite3_column_int64((sqlite3_stmt *)row, column);
}

const char *registry_row_text(const struct registry_row *row, int column)
{
    const char *text = (const char *)sqlite3_column_text((sqlite3_stmt *)row, column);
    return text ? text : "";
}

const void *registry_row_bytes(const struct registry_row *row, int column, size_t *length)
{
    const void *bytes = sqlite3_column_blob((sqlite3_stmt *)row, column);
    *length = (size_t)sqlite3_column_bytes((sqlite3_stmt *)row, column);
    return bytes;
}

int registry_sqlite_each(struct registry_sqlite *database, enum registry_table table,
                         int (*visit)(void *context, const struct registry_row *row), void *context)
{
    sqlite3_stmt *statement;
    int result = 0, code;
    if (sqlite3_prepare_v2(database->handle, tables[table], -1, &statement, NULL) != SQLITE_OK)
        return fail(database);
    while (result == 0 && (code = sqlite3_step(statement)) != SQLITE_DONE)
        result = code == SQLITE_ROW ? visit(context, (const struct registry_row *)statement) : fail(database);
    sqlite3_finalize(statement);
    return result;
}

/* ---- Opening ------------------------------------------------------------------------------------------ */

static int refuse(char why[REGISTRY_WHY_BYTES], const char *path, const char *text)
{
    snprintf(why, REGISTRY_WHY_BYTES, "the registry %s %s", path, text);
    return -EBADMSG;
}

/* The first column of the first row, as text. */
static int ask(struct registry_sqlite *database, const char *sql, char *answer, size_t size)
{
    sqlite3_stmt *statement = NULL;
    int result = -EIO;
    if (sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        snprintf(answer, size, "%s", registry_row_text((const struct registry_row *)statement, 0));
        result = 0;
    } else {
        result = fail(database);
    }
    sqlite3_finalize(statement);
    return result;
}

static int prepare_schema(struct registry_sqlite *database, const char *path, char why[REGISTRY_WHY_BYTES])
{
    char answer[128], sql[64];
    int version, result = ask(database, "PRAGMA quick_check(1)", answer, sizeof answer);
    if (result == 0 && strcmp(answer, "ok") != 0)
        return refuse(why, path,
                      "is damaged: restore it from a copy, or move it away to begin with an empty one");
    if (result == 0)
        result = ask(database, "PRAGMA user_version", answer, sizeof answer);
    if (result < 0)
        return result;
    version = atoi(answer);
    if (version > SCHEMA_VERSION)
        return refuse(why, path, "was written by a later version of Deskline: install that one");
    if (version < 0)
        return refuse(why, path, "has a version that makes no sense: restore it from a copy");
    if (version == SCHEMA_VERSION)
        return 0;
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", SCHEMA_VERSION);
    result = run_sql(database, "BEGIN IMMEDIATE");
    for (; version < SCHEMA_VERSION && result == 0; version++)
        result = run_sql(database, schemas[version]);
    if (result == 0)
        result = run_sql(database, sql);
    return result == 0 ? run_sql(database, "COMMIT") : result;
}

static int prepare(struct registry_sqlite *database, const char *path, char why[REGISTRY_WHY_BYTES])
{
    int result = run_sql(database, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304;");
    if (result == 0)
        result = prepare_schema(database, path, why);
    for (int i = 0; i < REGISTRY_STATEMENTS && result == 0; i++)
        if (sqlite3_prepare_v2(database->handle, statements[i], -1, &database->prepared[i], NULL) !=
            SQLITE_OK)
            result = fail(database);
    return result;
}

int registry_sqlite_open(struct registry_sqlite **database, struct loop *loop, const char *path,
                         void (*on_fatal)(void *context, const char *why), void *context,
                         char why[REGISTRY_WHY_BYTES])
{
    struct registry_sqlite *made = memory_new(sizeof *made);
    int result, flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    *database = NULL;
    why[0] = '\0';
    made->on_fatal = on_fatal;
    made->context = context;
    list_clear(&made->waiting);
    list_clear(&made->committing);
    result = sqlite3_open_v2(path, &made->handle, flags, NULL) == SQLITE_OK ? 0 : fail(made);
    if (result == 0)
        result = prepare(made, path, why);
    if (result < 0) {
        int code = sqlite3_errcode(made->handle);
        if (!why[0] && (code == SQLITE_CORRUPT || code == SQLITE_NOTADB))
            result = refuse(why, path,
                            "is damaged: restore it from a copy, or move it away to begin with an empty one");
        else if (!why[0] && code == SQLITE_BUSY)
            snprintf(why, REGISTRY_WHY_BYTES, "the registry %s is in use: another serviced runs on it", path);
        else if (!why[0])
            snprintf(why, REGISTRY_WHY_BYTES, "the registry %s cannot be opened: %.300s", path, made->why);
        registry_sqlite_close(&made);
        return result;
    }
    made->writer = worker_pool_new(loop, 1);
    made->strand = worker_strand_new(made->writer);
    made->retry = loop_timer_new(loop, try_again, made);
    *database = made;
    return 0;
}

void registry_sqlite_close(struct registry_sqlite **database)
{
    struct registry_sqlite *closing = *database;
    if (!closing)
        return;
    closing->is_closing = true;
    worker_pool_free(&closing->writer);
    worker_strand_free(&closing->strand);
    loop_timer_free(&closing->retry);
    list_free(&closing->committing);
    list_free(&closing->waiting);
    for (int i = 0; i < REGISTRY_STATEMENTS; i++)
        sqlite3_finalize(closing->prepared[i]);
    sqlite3_close(closing->handle);
    free(closing);
    *database = NULL;
}
