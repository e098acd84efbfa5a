/* The functions that the engine calls and that would reach a disk, a socket or a thread. */
#include "tests/fuzz/session_world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/worker.h"
#include "serviced/documents/archive.h"
#include "serviced/documents/deliver.h"
#include "serviced/documents/store.h"
#include "serviced/front/audit.h"
#include "serviced/front/document_stream.h"
#include "serviced/front/sessions.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/registry.h"
#include "serviced/jobs/registry_sqlite.h"
#include "serviced/jobs/service.h"
#include "wire/peer.h"

struct world world;

/* ---- What is under way --------------------------------------------------------------------------------- */

struct world_pending {
    store_done done;
    void (*call)(void *context);
    void *context;
    struct store_part *part; /* grows by `length` when it has gone well */
    size_t length;
    int result;
    struct world_pending *next;
};

struct store_part {
    uint64_t length;
    unsigned users; /* callbacks that will look at it, and its owner */
    bool has_failed;
};

static void part_release(struct store_part *part)
{
    if (part && --part->users == 0)
        free(part);
}

static void later(struct world_pending pending)
{
    struct world_pending *copy = memory_new(sizeof *copy);
    *copy = pending;
    if (pending.done) {
        copy->result = world.next_result;
        world.next_result = 0;
    }
    if (copy->part)
        copy->part->users++;
    *world.end = copy;
    world.end = &copy->next;
}

void world_later(void (*call)(void *context), void *context)
{
    later((struct world_pending){.call = call, .context = context});
}

bool world_come_back(void)
{
    struct world_pending *pending = world.first;
    if (!pending)
        return false;
    world.first = pending->next;
    if (!world.first)
        world.end = &world.first;
    if (pending->part && pending->part->has_failed && pending->result == 0)
        pending->result = -EIO;
    if (pending->part && pending->result < 0)
        pending->part->has_failed = true;
    else if (pending->part)
        pending->part->length += pending->length;
    if (pending->call)
        pending->call(pending->context);
    if (pending->done)
        pending->done(pending->context, pending->result);
    part_release(pending->part);
    free(pending);
    return true;
}

/* ---- The store ----------------------------------------------------------------------------------------- */

struct store_job {
    uint64_t job;
};

uint64_t store_free_bytes(const struct store *store)
{
    (void)store;
    return world.free_bytes;
}

int store_each(struct store *store, store_visit visit, void *context)
{
    (void)store, (void)visit, (void)context;
    return 0;
}

struct store_job *store_job_new(struct store *store, uint64_t job)
{
    struct store_job *made = memory_new(sizeof *made);
    (void)store;
    made->job = job;
    return made;
}

void store_job_free(struct store_job **job)
{
    free(*job);
    *job = NULL;
}

void store_job_remove(struct store_job *job, store_done done, void *context)
{
    must(job != NULL);
    if (done)
        later((struct world_pending){.done = done, .context = context});
}

struct store_part *store_part_new(struct store_job *job, uint32_t page, uint32_t generation)
{
    struct store_part *part = memory_new(sizeof *part);
    must(job && page >= 1);
    (void)generation;
    part->users = 1;
    return part;
}

struct store_part *store_part_reopen(struct store_job *job, uint32_t page, uint32_t generation,
                                     uint64_t length)
{
    struct store_part *part = store_part_new(job, page, generation);
    part->length = length;
    return part;
}

int store_part_append(struct store_part *part, const void *bytes, size_t length, store_done done,
                      void *context)
{
    uint8_t sum = 0;
    must(part != NULL);
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + ((const uint8_t *)bytes)[i]);
    later((struct world_pending){.done = done, .context = context, .part = part, .length = length});
    return 0;
}

uint64_t store_part_length(const struct store_part *part)
{
    return part->length;
}

void store_part_retry(struct store_part *part)
{
    part->has_failed = false;
}

void store_part_finish(struct store_part **part, const uint8_t digest[STORE_DIGEST_BYTES], store_done done,
                       void *context)
{
    must(*part && digest);
    later((struct world_pending){.done = done, .context = context, .part = *part});
    store_part_leave(part);
}

void store_part_drop(struct store_part **part)
{
    store_part_leave(part);
}

void store_part_leave(struct store_part **part)
{
    part_release(*part);
    *part = NULL;
}

void store_page_remove(struct store_job *job, uint32_t page, uint32_t generation)
{
    must(job && page >= 1);
    (void)generation;
}

void store_page_verify(struct store_job *job, uint32_t page, uint32_t generation,
                       const struct page_format *format, uint32_t rows, store_done done, void *context)
{
    must(job && page >= 1 && page_format_check(format, NULL) == 0);
    (void)generation, (void)rows;
    later((struct world_pending){.done = done, .context = context});
}

char *archive_part_name(const char *name, uint32_t part, uint32_t parts)
{
    (void)part, (void)parts;
    return memory_text(name);
}

uint64_t archive_free_bytes(const struct archive *archive)
{
    (void)archive;
    return world.free_bytes;
}

/* ---- The registry: keeps nothing, and says later that it is durable ------------------------------------ */

struct registry_sqlite *registry_database(struct registry *registry)
{
    (void)registry;
    return NULL;
}

const struct registry_client *registry_client_find(const struct registry *registry, const char *name)
{
    (void)registry, (void)name;
    return NULL;
}

const struct registry_document *registry_documents(const struct registry *registry)
{
    (void)registry;
    return NULL;
}

const struct registry_document *registry_document_find(const struct registry *registry, uint64_t id)
{
    (void)registry, (void)id;
    return NULL;
}

int registry_sqlite_each(struct registry_sqlite *database, enum registry_table table,
                         int (*visit)(void *context, const struct registry_row *row), void *context)
{
    (void)database, (void)table, (void)visit, (void)context;
    return 0;
}

int64_t registry_row_number(const struct registry_row *row, int column)
{
    (void)row, (void)column;
    return 0;
}

const char *registry_row_text(const struct registry_row *row, int column)
{
    (void)row, (void)column;
    return "";
}

const void *registry_row_bytes(const struct registry_row *row, int column, size_t *length)
{
    (void)row, (void)column;
    *length = 0;
    return "";
}

struct registry_change *registry_change_new(enum registry_statement statement)
{
    (void)statement;
    return NULL;
}

void registry_change_number(struct registry_change *change, uint64_t value)
{
    (void)change, (void)value;
}

void registry_change_text(struct registry_change *change, const char *value)
{
    (void)change;
    must(value && strlen(value) < 4096);
}

void registry_change_bytes(struct registry_change *change, const void *bytes, size_t length)
{
    (void)change;
    must(bytes || !length);
}

void registry_sqlite_put(struct registry_sqlite *database, struct registry_change *change,
                         void (*done)(void *context), void *context)
{
    (void)database, (void)change;
    if (done)
        world_later(done, context);
}

/* ---- Time and threads ---------------------------------------------------------------------------------- */

struct loop_timer {
    void (*handler)(void *context);
    void *context;
    bool is_armed, is_due;
    struct loop_timer *next, **link;
};

struct loop_timer *loop_timer_new(struct loop *loop, void (*handler)(void *context), void *context)
{
    struct loop_timer *timer = memory_new(sizeof *timer);
    (void)loop;
    *timer = (struct loop_timer){
        .handler = handler, .context = context, .next = world.timers, .link = &world.timers};
    if (timer->next)
        timer->next->link = &timer->next;
    world.timers = timer;
    return timer;
}

void loop_timer_start(struct loop_timer *timer, uint32_t delay_ms)
{
    (void)delay_ms;
    timer->is_armed = true;
    timer->is_due = false;
}

void loop_timer_stop(struct loop_timer *timer)
{
    timer->is_armed = false;
}

void loop_timer_free(struct loop_timer **timer)
{
    struct loop_timer *old = *timer;
    if (!old)
        return;
    *old->link = old->next;
    if (old->next)
        old->next->link = old->link;
    free(old);
    *timer = NULL;
}

void world_timers(void)
{
    struct loop_timer *timer;
    world.now_ms += 1000;
    for (timer = world.timers; timer; timer = timer->next)
        timer->is_due = timer->is_armed;
    do { /* from the beginning each time: a handler frees timers, its own as well */
        for (timer = world.timers; timer && !(timer->is_armed && timer->is_due); timer = timer->next)
            continue;
        if (timer) {
            timer->is_armed = timer->is_due = false;
            timer->handler(timer->context);
        }
    } while (timer);
}

uint64_t loop_now_ms(struct loop *loop)
{
    (void)loop;
    return world.now_ms;
}

uint64_t wall_clock_ms(void)
{
    return world.now_ms;
}

void server_fail(struct server *server, const char *why)
{
    must(server == &world.server && why);
    world.has_failed = true;
}

/* ---- The log, documents, other sessions: none ---------------------------------------------------------- */

void log_write(enum log_level level, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    (void)level;
    va_start(arguments, format);
    must(vsnprintf(line, sizeof line, format, arguments) >= 0); /* every text has its end */
    va_end(arguments);
}

void audit_write(struct audit *audit, const char *event, const char *format, ...)
{
    (void)audit, (void)event, (void)format;
}

void deliver_cancel(struct delivery *delivery)
{
    must(!delivery);
}

struct session *sessions_find(const struct sessions *sessions, const char *client)
{
    (void)sessions, (void)client;
    return world.session;
}

void document_stream_start(struct visitor *visitor, const struct frame_document_request *request)
{
    visitor_done(visitor, request->request);
}

void document_stream_credit(struct visitor *visitor, const struct frame_document_credit *credit)
{
    (void)visitor, (void)credit;
}

void document_streams_room(struct visitor *visitor)
{
    (void)visitor;
}

void document_streams_end(struct visitor *visitor)
{
    (void)visitor;
}

static int check_nothing(const struct frame_service_request *request, const char **why)
{
    *why = "one page at least";
    return request->read.pages ? 0 : -EINVAL;
}

/* The end of it comes as an event, when the fuzzer says so. */
static void deliver_later(struct job_run *run)
{
    must(run->record.job.step == JOB_DELIVERING_STEP && job_pages_verifying(run) == 0);
}

const struct service service_archive = {"archive", "nothing is kept", FUNCTION_READING, check_nothing, NULL,
                                        NULL,      deliver_later};

/* ---- The connection ------------------------------------------------------------------------------------ */

struct peer {
    uint64_t granted;
};

struct peer *world_peer_new(void)
{
    world.peers++;
    return memory_new(sizeof(struct peer));
}

void world_peer_free(struct peer **peer)
{
    world.peers -= *peer != NULL;
    free(*peer);
    *peer = NULL;
}

/* A page is told as stored when the registry has it, and not before. */
static void check_stored(const struct frame *frame)
{
    struct job_run *run = jobs_find(world.server.jobs, frame->job);
    struct ledger_page known;
    must(run != NULL);
    known = ledger_get(job_run_registered(run), frame->page_stored.page);
    must(known.state == PAGE_STORED ? known.generation >= frame->page_stored.generation
                                    : known.generation > frame->page_stored.generation);
}

/* What the server says, a client can read. */
int peer_send(struct peer *peer, const struct frame *frame)
{
    struct frame_header header;
    struct frame again;
    size_t size = frame_encoded_size(frame);
    uint8_t *bytes = malloc(size);
    const char *why;
    must(peer && bytes);
    must(frame_encode(frame, bytes, size) == (ssize_t)size);
    frame_header_decode(bytes, &header);
    must(frame_header_check(&header, AT_CLIENT, WHEN_OPEN, &why) == 0);
    must(frame_decode(&header, bytes + FRAME_HEADER_BYTES, &again, &why) == 0);
    if (frame->type == FRAME_PAGE_STORED)
        check_stored(frame);
    free(bytes);
    return 0;
}

void peer_grant(struct peer *peer, uint32_t bytes)
{
    must(peer != NULL);
    peer->granted += bytes;
}

/* What fits into the queue and the credit changes with the clock. */
size_t peer_page_room(struct peer *peer)
{
    must(peer != NULL);
    return world.now_ms / 1000 % 3 * 20;
}

int peer_send_page(struct peer *peer, struct peer_block **block, uint64_t job, uint32_t page, uint64_t offset,
                   uint32_t length)
{
    const struct job_run *run = jobs_find(world.server.jobs, job);
    must(peer && *block && run && run->client && run->client->peer == peer);
    if (length > peer_page_room(peer))
        return -EAGAIN;
    must(length && offset + length <= manifest_find(&run->blocks.manifest, page)->length);
    peer_block_free(block);
    return 0;
}

const char *peer_label(const struct peer *peer)
{
    must(peer != NULL);
    return "client fuzz";
}

void peer_refuse(struct peer **peer, enum error_code code, const char *text)
{
    must(error_find((uint16_t)code)->code == code && text);
    world_peer_free(peer);
}
