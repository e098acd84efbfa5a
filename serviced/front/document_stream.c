#include "config.h"

#include "serviced/front/document_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/memory.h"
#include "base/worker.h"
#include "serviced/documents/archive.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/registry.h"
#include "serviced/server.h"
#include "wire/peer.h"

struct document_stream {
    struct visitor *visitor; /* NULL: gone */
    struct worker_strand *strand;
    uint32_t request;
    uint64_t credit, offset;
    char *name;
    /* The worker's, while it is busy */
    int folder_fd, fd;
    EVP_MD_CTX *digest;
    struct peer_block *block;
    uint32_t room;          /* bytes that may be read into the block */
    ssize_t length;         /* bytes that were, 0 at the end of the file */
    bool is_busy, is_ready; /* a worker has it; a part waits in the block */
    struct document_stream *next;
};

static void stream_free(struct document_stream *stream)
{
    worker_strand_free(&stream->strand);
    if (stream->fd >= 0)
        close(stream->fd);
    EVP_MD_CTX_free(stream->digest);
    peer_block_free(&stream->block);
    free(stream->name);
    free(stream);
}

/* Out of the visitor's list, and freed when no worker has it. */
static void stream_end(struct document_stream *stream)
{
    if (stream->visitor) {
        struct document_stream **link = &stream->visitor->streams;
        while (*link != stream)
            link = &(*link)->next;
        *link = stream->next;
        stream->visitor = NULL;
    }
    if (!stream->is_busy)
        stream_free(stream);
}

static void stream_fail(struct document_stream *stream, enum error_code code, const char *text)
{
    visitor_answer(stream->visitor, stream->request, (struct answer){1, code, text});
    stream_end(stream);
}

/* ---- 1. A part is read, by a worker ------------------------------------------------------------------- */

static int read_part(void *context)
{
    struct document_stream *stream = context;
    uint8_t *bytes = peer_block_bytes(stream->block);
    if (stream->fd < 0) {
        stream->fd = blob_open(stream->folder_fd, stream->name, O_RDONLY, 0);
        if (stream->fd < 0)
            return stream->fd;
    }
    stream->length = blob_read_at(stream->fd, bytes, stream->room, stream->offset);
    if (stream->length < 0)
        return (int)stream->length;
    return EVP_DigestUpdate(stream->digest, bytes, (size_t)stream->length) == 1 ? 0 : -ENOMEM;
}

static void part_read(void *context, int result);

static void read_next(struct document_stream *stream)
{
    size_t room;
    if (stream->is_busy || stream->is_ready || !stream->credit)
        return;
    room = peer_document_room(stream->visitor->peer);
    if (!room)
        return; /* document_streams_room follows */
    if (room > stream->credit)
        room = (size_t)stream->credit;
    if (!stream->block)
        stream->block = peer_block_new();
    stream->room = (uint32_t)room;
    stream->is_busy = true;
    worker_submit(stream->strand, read_part, part_read, stream);
}

/* ---- 3. The end --------------------------------------------------------------------------------------- */

static void stream_finish(struct document_stream *stream)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    const char *slash = strrchr(stream->name, '/');
    EVP_DigestFinal_ex(stream->digest, digest, &length);
    visitor_send(stream->visitor,
                 &(struct frame){.type = FRAME_DOCUMENT_END,
                                 .document_end = {.request = stream->request,
                                                  .length = stream->offset,
                                                  .digest = {digest, length},
                                                  .name = frame_text_of(slash ? slash + 1 : stream->name)}});
    visitor_done(stream->visitor, stream->request);
    stream_end(stream);
}

/* ---- 2. It is sent ------------------------------------------------------------------------------------ */

static void send_part(struct document_stream *stream)
{
    if (stream->is_ready) {
        if (peer_send_document(stream->visitor->peer, &stream->block, stream->request, stream->offset,
                               (uint32_t)stream->length) < 0)
            return; /* the room went to somebody else meanwhile: document_streams_room follows */
        stream->is_ready = false;
        stream->offset += (uint64_t)stream->length;
        stream->credit -= (uint64_t)stream->length;
    }
    read_next(stream);
}

static void part_read(void *context, int result)
{
    struct document_stream *stream = context;
    stream->is_busy = false;
    if (!stream->visitor) {
        stream_free(stream);
        return;
    }
    if (result < 0) {
        stream_fail(stream, result == -ENOENT ? ERROR_NOT_FOUND : ERROR_STORAGE,
                    result == -ENOENT ? "the document's file is no longer in the archive" : NULL);
        return;
    }
    if (stream->length == 0) {
        stream_finish(stream);
        return;
    }
    stream->is_ready = true;
    send_part(stream);
}

/* ---- 0. The request ----------------------------------------------------------------------------------- */

void document_stream_start(struct visitor *visitor, const struct frame_document_request *request)
{
    const struct registry_document *document =
        registry_document_find(visitor->server->registry, request->document);
    struct document_stream *stream;
    unsigned count = 0;

    for (stream = visitor->streams; stream; stream = stream->next)
        count++;
    if (!document || (visitor->client && strcmp(visitor->client, document->client) != 0) ||
        request->part < 1 || request->part > document->parts) {
        visitor_answer(visitor, request->request,
                       (struct answer){1, ERROR_NOT_FOUND, "there is no such document"});
        return;
    }
    if (count >= DOCUMENT_STREAMS_MAX) {
        visitor_answer(visitor, request->request, (struct answer){5, ERROR_LIMIT, NULL});
        return;
    }
    stream = memory_new(sizeof *stream);
    stream->visitor = visitor;
    stream->strand = worker_strand_new(visitor->server->workers);
    stream->request = request->request;
    stream->credit = request->credit_bytes;
    stream->name = archive_part_name(document->name, request->part, document->parts);
    stream->folder_fd = archive_folder(visitor->server->archive);
    stream->fd = -1;
    stream->digest = EVP_MD_CTX_new();
    EVP_DigestInit_ex(stream->digest, EVP_sha256(), NULL);
    stream->next = visitor->streams;
    visitor->streams = stream;
    send_part(stream);
}

void document_stream_credit(struct visitor *visitor, const struct frame_document_credit *credit)
{
    struct document_stream *stream = visitor->streams;
    while (stream && stream->request != credit->request)
        stream = stream->next;
    if (!stream)
        return; /* it has ended meanwhile */
    stream->credit += credit->bytes;
    send_part(stream);
}

void document_streams_room(struct visitor *visitor)
{
    struct document_stream *stream = visitor->streams;
    while (stream) {
        struct document_stream *next = stream->next;
        send_part(stream);
        stream = next;
    }
}

void document_streams_end(struct visitor *visitor)
{
    while (visitor->streams)
        stream_end(visitor->streams);
}
