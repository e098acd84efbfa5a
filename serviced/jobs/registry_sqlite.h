/*
 * The registry's rows on disk: SQLite (WAL, synchronous=FULL) in one file. Rows are read once, at the start;
 * afterwards there are only changes, written by one thread of its own. All changes that wait are committed
 * as one transaction, in the order in which they were put, and then their callbacks run on the loop.
 *
 * A full disk is waited out: the changes are tried again every second, and nothing overtakes them. Any other
 * error of the disk is fatal: what was acknowledged is in the file, and a new start recovers from it.
 */
#ifndef DESKLINE_SERVICED_JOBS_REGISTRY_SQLITE_H
#define DESKLINE_SERVICED_JOBS_REGISTRY_SQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct registry_sqlite;

#define REGISTRY_WHY_BYTES 512

/* What can be changed, and the values that each takes in order (see registry_sqlite.c). */
enum registry_statement {
    REGISTRY_CLIENT_PUT,      /* name, state, digest, created, seen */
    REGISTRY_CLIENT_SEEN,     /* name, seen */
    REGISTRY_TOKEN_PUT,       /* hash, client, expires */
    REGISTRY_TOKEN_DELETE,    /* hash */
    REGISTRY_JOB_PUT,         /* id, client, state, request, account, then the numbers of job_record.c */
    REGISTRY_JOB_DELETE,      /* id */
    REGISTRY_PAGE_PUT,        /* job, page, generation, stored, format …: see job_record.c */
    REGISTRY_PAGE_DELETE,     /* job, page, generation */
    REGISTRY_PAGES_DELETE,    /* job */
    REGISTRY_DOCUMENT_PUT,    /* id, client, name, title, pages, length, created, parts */
    REGISTRY_DOCUMENT_DELETE, /* id */
    REGISTRY_STATEMENTS
};

enum registry_table {
    REGISTRY_CLIENTS,
    REGISTRY_TOKENS,
    REGISTRY_JOBS,
    REGISTRY_PAGES,
    REGISTRY_DOCUMENTS,
    REGISTRY_TABLES
};

/* Opens or makes the database, checks it whole, and brings the schema to this version. 0 or a negative errno
 * with one sentence: -EBADMSG for a database that is damaged or from a later version. `on_fatal` is called on
 * the loop when a change cannot be written for another reason than a full disk. */
int registry_sqlite_open(struct registry_sqlite **database, struct loop *loop, const char *path,
                         void (*on_fatal)(void *context, const char *why), void *context,
                         char why[REGISTRY_WHY_BYTES]);
/* Waits until the changes that were put are written and their callbacks have run, unless the disk is full or
 * failed. */
void registry_sqlite_close(struct registry_sqlite **database);

/* A row that is being read; values are good until `visit` returns. */
struct registry_row;
int64_t registry_row_number(const struct registry_row *row, int column);
const char *registry_row_text(const struct registry_row *row, int column);
const void *registry_row_bytes(const struct registry_row *row, int column, size_t *length);
/* Every row of a table in the order of its key. A non-zero return of `visit` ends the walk with it. Before
 * the first change. */
int registry_sqlite_each(struct registry_sqlite *database, enum registry_table table,
                         int (*visit)(void *context, const struct registry_row *row), void *context);

/* A change in the making: its values are copied. */
struct registry_change;
struct registry_change *registry_change_new(enum registry_statement statement);
void registry_change_number(struct registry_change *change, uint64_t value);
void registry_change_text(struct registry_change *change, const char *value);
void registry_change_bytes(struct registry_change *change, const void *bytes, size_t length);
/* Queues the change and takes it. `done` (or NULL) runs on the loop when it is durable. */
void registry_sqlite_put(struct registry_sqlite *database, struct registry_change *change,
                         void (*done)(void *context), void *context);
/* Changes wait for space on the disk. */
bool registry_sqlite_is_full(const struct registry_sqlite *database);

#endif
