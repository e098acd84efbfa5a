#include "config.h"

#include "serviced/jobs/job_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Frames as values: the request and the ledger are kept in the form in which they travel ----------- */

static int encode(const struct frame *frame, uint8_t **bytes, size_t *length)
{
    size_t room = frame_encoded_size(frame);
    ssize_t written;
    *bytes = malloc(room);
    if (!*bytes)
        return -ENOMEM;
    written = frame_encode(frame, *bytes, room);
    if (written < 0) {
        free(*bytes);
        *bytes = NULL;
        return (int)written;
    }
    *length = (size_t)written;
    return 0;
}

static int decode(enum frame_type type, const uint8_t *bytes, size_t length, struct frame *frame)
{
    struct frame_header header;
    const char *why;
    if (length < FRAME_HEADER_BYTES)
        return -EBADMSG;
    frame_header_decode(bytes, &header);
    if (header.type != type || header.length != length - FRAME_HEADER_BYTES)
        return -EBADMSG;
    return frame_decode(&header, bytes + FRAME_HEADER_BYTES, frame, &why);
}

/* ---- A job -------------------------------------------------------------------------------------------- */

int job_record_start(struct job_record *record, uint64_t id, const char *client,
                     const struct frame_service_request *request, uint64_t now_ms)
{
    struct frame frame = {.type = FRAME_SERVICE_REQUEST, .service_request = *request};
    size_t length = 0;
    int result;
    *record = (struct job_record){.created_ms = now_ms, .updated_ms = now_ms};
    result = encode(&frame, &record->request_bytes, &length);
    if (result < 0)
        return result;
    job_init(&record->job, id);
    snprintf(record->client, sizeof record->client, "%s", client);
    result = decode(FRAME_SERVICE_REQUEST, record->request_bytes, length, &frame);
    record->request = frame.service_request;
    return result;
}

void job_record_free(struct job_record *record)
{
    job_free(&record->job);
    free(record->request_bytes);
    record->request_bytes = NULL;
}

static size_t request_length(const struct job_record *record)
{
    struct frame_header header;
    frame_header_decode(record->request_bytes, &header);
    return FRAME_HEADER_BYTES + header.length;
}

int job_record_put(struct registry_sqlite *database, const struct job_record *record, registry_done done,
                   void *context)
{
    const struct job *job = &record->job;
    struct frame_list_builder runs = {0};
    struct frame frame = {
        .type = FRAME_READING_STATUS, .job = job->id, .reading_status = {.round = job->round}};
    struct registry_change *change;
    uint8_t *account = NULL;
    size_t length = 0;
    int result;

    ledger_to_account(&job->ledger, &runs, &frame.reading_status.account);
    result = encode(&frame, &account, &length);
    frame_list_builder_free(&runs);
    if (result < 0)
        return result;
    change = registry_change_new(REGISTRY_JOB_PUT);
    registry_change_number(change, job->id);
    registry_change_text(change, record->client);
    registry_change_number(change, job->state);
    registry_change_bytes(change, record->request_bytes, request_length(record));
    registry_change_bytes(change, account, length);
    registry_change_number(change, job->phase.step);
    registry_change_number(change, job->phase.page);
    registry_change_number(change, job->phase.device_page);
    registry_change_number(change, job->error);
    registry_change_text(change, job->text);
    const uint64_t numbers[] = {job->interrupted, job->question,   job->round,         (uint64_t)job->manner,
                                job->manner_page, job->delivering, record->created_ms, record->updated_ms};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        registry_change_number(change, numbers[i]);
    registry_sqlite_put(database, change, done, context);
    free(account);
    return 0;
}

static uint32_t row_u32(const struct registry_row *row, int column)
{
    return (uint32_t)registry_row_number(row, column);
}

static int load_frames(struct job_record *record, const struct registry_row *row)
{
    struct frame frame;
    const char *why;
    size_t length;
    const void *bytes = registry_row_bytes(row, 3, &length);
    int result;
    record->request_bytes = malloc(length + 1);
    if (!record->request_bytes)
        return -ENOMEM;
    memcpy(record->request_bytes, bytes ? bytes : "", length);
    result = decode(FRAME_SERVICE_REQUEST, record->request_bytes, length, &frame);
    if (result < 0)
        return result;
    record->request = frame.service_request;
    bytes = registry_row_bytes(row, 4, &length);
    result = decode(FRAME_READING_STATUS, bytes, length, &frame);
    return result < 0 ? result
                      : ledger_from_account(&record->job.ledger, FUNCTION_READING,
                                            &frame.reading_status.account, &why);
}

int job_record_load(struct job_record *record, const struct registry_row *row)
{
    struct job *job = &record->job;
    int result;
    *record = (struct job_record){0};
    job_init(job, (uint64_t)registry_row_number(row, 0));
    snprintf(record->client, sizeof record->client, "%s", registry_row_text(row, 1));
    job->state = (uint8_t)registry_row_number(row, 2);
    job->phase = (struct phase){FUNCTION_READING, (uint8_t)row_u32(row, 5), row_u32(row, 6), row_u32(row, 7)};
    job->error = (uint16_t)row_u32(row, 8);
    snprintf(job->text, sizeof job->text, "%s", registry_row_text(row, 9));
    job->interrupted = row_u32(row, 10);
    job->question = row_u32(row, 11);
    job->round = row_u32(row, 12);
    job->manner = (enum manner)row_u32(row, 13);
    job->manner_page = row_u32(row, 14);
    job->delivering = row_u32(row, 15) != 0;
    record->created_ms = (uint64_t)registry_row_number(row, 16);
    record->updated_ms = (uint64_t)registry_row_number(row, 17);
    result = load_frames(record, row);
    if (result < 0)
        job_record_free(record);
    return result;
}

void job_record_delete(struct registry_sqlite *database, uint64_t id)
{
    static const enum registry_statement both[] = {REGISTRY_PAGES_DELETE, REGISTRY_JOB_DELETE};
    for (unsigned i = 0; i < 2; i++) {
        struct registry_change *change = registry_change_new(both[i]);
        registry_change_number(change, id);
        registry_sqlite_put(database, change, NULL, NULL);
    }
}

/* ---- A page ------------------------------------------------------------------------------------------- */

void job_page_put(struct registry_sqlite *database, uint64_t job, const struct job_page *page)
{
    const struct page_format *format = &page->format;
    struct registry_change *change = registry_change_new(REGISTRY_PAGE_PUT);
    const uint64_t numbers[] = {job,
                                page->page,
                                page->generation,
                                page->is_stored,
                                format->codec,
                                format->width_px,
                                format->height_px,
                                format->bits,
                                format->components,
                                format->x_dpi,
                                format->y_dpi,
                                page->rows,
                                page->length};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        registry_change_number(change, numbers[i]);
    registry_change_bytes(change, page->digest, sizeof page->digest);
    registry_change_number(change, page->is_verified);
    registry_sqlite_put(database, change, NULL, NULL);
}

void job_page_delete(struct registry_sqlite *database, uint64_t job, uint32_t page, uint32_t generation)
{
    struct registry_change *change = registry_change_new(REGISTRY_PAGE_DELETE);
    registry_change_number(change, job);
    registry_change_number(change, page);
    registry_change_number(change, generation);
    registry_sqlite_put(database, change, NULL, NULL);
}

int job_page_load(struct job_page *page, uint64_t *job, const struct registry_row *row)
{
    size_t length;
    const void *digest = registry_row_bytes(row, 13, &length);
    if (length != REGISTRY_DIGEST_BYTES)
        return -EBADMSG;
    *job = (uint64_t)registry_row_number(row, 0);
    *page = (struct job_page){
        .page = row_u32(row, 1),
        .generation = row_u32(row, 2),
        .is_stored = row_u32(row, 3) != 0,
        .format = {.codec = (enum page_codec)row_u32(row, 4),
                   .width_px = row_u32(row, 5),
                   .height_px = row_u32(row, 6),
                   .bits = (uint8_t)row_u32(row, 7),
                   .components = (uint8_t)row_u32(row, 8),
                   .x_dpi = row_u32(row, 9),
                   .y_dpi = row_u32(row, 10)},
        .rows = row_u32(row, 11),
        .length = (uint64_t)registry_row_number(row, 12),
        .is_verified = row_u32(row, 14) != 0,
    };
    memcpy(page->digest, digest, length);
    return 0;
}
