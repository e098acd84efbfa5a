#include "config.h"

#include "ctl/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deskline/words.h>

#include "base/memory.h"
#include "base/text.h"
#include "ctl/terminal.h"

#define NAME_BYTES  256
#define CHUNK_BYTES 0xffe0u /* as much as a frame takes */
#define SILENCE_MS  60000
#define SHOW_MS     200 /* between two looks at how far it is */

struct upload {
    int fd;
    struct stat begin; /* as the file was when it was opened */
    uint64_t length, offset, credit;
    bool has_ended; /* UPLOAD_END is sent */
    EVP_MD_CTX *digest;
    struct invocation *invocation;
    uint64_t begun_ms, shown_ms;
    char name[NAME_BYTES];
    uint8_t chunk[CHUNK_BYTES];
};

/* ---- The file ---- */

static const char *reason_against(const struct stat *file)
{
    if (S_ISDIR(file->st_mode))
        return "it is a folder";
    if (!S_ISREG(file->st_mode))
        return "it is no regular file";
    return file->st_size > 0 ? NULL : "it is empty";
}

static int refuse_file(struct outcome *outcome, const char *path, int error)
{
    char escaped[256];
    text_escape(escaped, sizeof escaped, path, strlen(path));
    bool is_forbidden = error == EACCES || error == EPERM;
    outcome_set(outcome, is_forbidden ? EXIT_REFUSED : EXIT_FAILED,
                is_forbidden      ? ERROR_NOT_ALLOWED
                : error == ENOENT ? ERROR_NOT_FOUND
                                  : ERROR_STORAGE,
                "%s cannot be read: %s", escaped, strerror(error));
    return -1;
}

static int refuse_document(struct outcome *outcome, const char *path, const char *why)
{
    char escaped[256];
    text_escape(escaped, sizeof escaped, path, strlen(path));
    outcome_set(outcome, EXIT_FAILED, ERROR_DOCUMENT, "%s cannot be printed: %s", escaped, why);
    return -1;
}

int upload_new(struct upload **upload, const char *path, struct outcome *outcome)
{
    struct upload *made = memory_new(sizeof *made);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *why;
    *upload = NULL;
    text_escape(made->name, sizeof made->name, name, strlen(name));
    /* Not waiting: opening a pipe would, until somebody writes to it. */
    made->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (made->fd < 0 || fstat(made->fd, &made->begin)) {
        refuse_file(outcome, path, errno);
        goto fail;
    }
    why = reason_against(&made->begin);
    if (why) {
        refuse_document(outcome, path, why);
        goto fail;
    }
    made->length = (uint64_t)made->begin.st_size;
    made->digest = EVP_MD_CTX_new();
    if (!made->digest || !EVP_DigestInit_ex(made->digest, EVP_sha256(), NULL)) {
        outcome_set(outcome, EXIT_FAILED, ERROR_INTERNAL, "SHA-256 is not available");
        goto fail;
    }
    *upload = made;
    return 0;
fail:
    upload_free(&made);
    return -1;
}

void upload_free(struct upload **upload)
{
    if (!*upload)
        return;
    if ((*upload)->fd >= 0)
        close((*upload)->fd);
    EVP_MD_CTX_free((*upload)->digest);
    free(*upload);
    *upload = NULL;
}

const char *upload_name(const struct upload *upload)
{
    return upload->name;
}

/* ---- Its way, in the order of time ---- */

static void show(struct upload *upload)
{
    const struct invocation *invocation = upload->invocation;
    uint64_t now_ms = terminal_now_ms();
    struct text_buffer line;
    if (!invocation->is_terminal || invocation->is_json ||
        (upload->offset < upload->length && now_ms - upload->shown_ms < SHOW_MS))
        return;
    upload->shown_ms = now_ms;
    text_start(&line, 512);
    text_printf(&line, "%.1f of %.1f MB sent", (double)upload->offset / 1e6, (double)upload->length / 1e6);
    if (now_ms > upload->begun_ms + SHOW_MS)
        text_printf(&line, ", %.1f MB/s", (double)upload->offset / 1e3 / (double)(now_ms - upload->begun_ms));
    text_printf(&line, ": %s", upload->name);
    terminal_overwrite(invocation->out, text_of(&line));
    text_free(&line);
}

/* The file is not what was announced: the connection ends, and with it what the server has of it. */
static void give_up(struct upload *upload, uint16_t code, const char *why)
{
    struct outcome outcome;
    outcome_set(&outcome, EXIT_FAILED, code, "%s cannot be printed: %s", upload->name, why);
    connection_fail(upload->invocation->connection, &outcome);
}

static int send_chunk(struct upload *upload)
{
    uint64_t length = upload->length - upload->offset;
    struct frame data = {.type = FRAME_UPLOAD_DATA};
    length = length < upload->credit ? length : upload->credit;
    length = length < CHUNK_BYTES ? length : CHUNK_BYTES;

    ssize_t count = pread(upload->fd, upload->chunk, (size_t)length, (off_t)upload->offset);
    if (count < 0 && errno == EINTR)
        return 0;
    if (count <= 0) {
        give_up(upload, count ? ERROR_STORAGE : ERROR_DOCUMENT,
                count ? strerror(errno) : "it has become shorter while it was sent");
        return -1;
    }
    EVP_DigestUpdate(upload->digest, upload->chunk, (size_t)count);
    data.upload_data.offset = upload->offset;
    data.upload_data.bytes.at = upload->chunk;
    data.upload_data.bytes.length = (uint32_t)count;
    upload->offset += (uint64_t)count;
    upload->credit -= (uint64_t)count;
    return connection_send(upload->invocation->connection, &data);
}

/* What was written to while it was read is neither the old nor the new document. */
static bool has_changed(const struct upload *upload)
{
    struct stat now;
    return fstat(upload->fd, &now) || now.st_size != upload->begin.st_size ||
           now.st_mtim.tv_sec != upload->begin.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != upload->begin.st_mtim.tv_nsec;
}

static void send_end(struct upload *upload)
{
    struct frame end = {.type = FRAME_UPLOAD_END};
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (has_changed(upload)) {
        give_up(upload, ERROR_DOCUMENT, "it has changed while it was sent");
        return;
    }
    EVP_DigestFinal_ex(upload->digest, digest, &length);
    end.upload_end.digest.at = digest;
    end.upload_end.digest.length = length;
    upload->has_ended = true;
    connection_send(upload->invocation->connection, &end);
}

static void on_credit(void *context, const struct frame *frame)
{
    struct upload *upload = context;
    if (frame->type != FRAME_UPLOAD_CREDIT || upload->has_ended)
        return;
    upload->credit += frame->upload_credit.bytes;
    while (upload->credit && upload->offset < upload->length) {
        if (send_chunk(upload))
            return;
        show(upload);
    }
    if (upload->offset == upload->length)
        send_end(upload);
}

int upload_send(struct upload *upload, struct invocation *invocation, uint32_t *number)
{
    struct frame begin = {.type = FRAME_UPLOAD_BEGIN};
    struct outcome outcome;
    upload->invocation = invocation;
    upload->begun_ms = upload->shown_ms = terminal_now_ms();
    begin.upload_begin.length = upload->length;
    begin.upload_begin.name = frame_text_of(upload->name);

    connection_call_within(invocation->connection, &begin, SILENCE_MS, on_credit, upload, &outcome);
    if (invocation->is_terminal && !invocation->is_json)
        terminal_overwrite(invocation->out, "");
    if (outcome.exit_code != EXIT_DONE)
        return invocation_fail(invocation, &outcome);
    if (!upload->has_ended)
        return invocation_refuse(invocation, EXIT_FAILED, ERROR_PROTOCOL, "%s took only a part of %s",
                                 program_daemon(invocation->program), upload->name);
    *number = begin.upload_begin.request;
    return EXIT_DONE;
}
