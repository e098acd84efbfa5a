/* documents, delete, fetch, export. */
#include "config.h"

#include "ctl/invocation.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <deskline/words.h>

#include "ctl/document_file.h"
#include "ctl/render.h"

#define CREDIT_BYTES       (1u << 20)
#define CREDIT_BATCH_BYTES (1u << 18)

struct document_list {
    json_t *json;
    struct render_table *table;
};

static void on_list(void *context, const struct frame *frame)
{
    const struct document_list *list = context;
    struct record_document document;
    size_t cursor = 0;
    if (frame->type != FRAME_DOCUMENT_LIST)
        return;
    while (frame_list_next(&frame->document_list.documents, &frame_record_document, &cursor, &document)) {
        if (list->json)
            json_array_append_new(list->json, render_json_document(&document));
        else
            render_table_document(list->table, &document);
    }
}

int command_documents(struct invocation *invocation)
{
    struct document_list list = {.json = invocation->is_json ? json_array() : NULL,
                                 .table = render_table_new(RENDER_DOCUMENT_HEADINGS)};
    struct frame request = {.type = FRAME_DOCUMENT_LIST_REQUEST};
    int exit_code = invocation_call(invocation, &request, on_list, &list);
    if (!exit_code && list.json)
        exit_code = render_json_print(invocation->out, json_incref(list.json)) ? EXIT_FAILED : EXIT_DONE;
    else if (!exit_code)
        render_table_print(invocation->out, &list.table, "there is no document");
    json_decref(list.json);
    render_table_free(&list.table);
    return exit_code;
}

int command_delete(struct invocation *invocation)
{
    struct frame request = {.type = FRAME_DOCUMENT_DELETE_REQUEST};
    char done[64];
    snprintf(done, sizeof done, "document %llu is deleted", (unsigned long long)invocation->arguments.id);
    request.document_delete_request.document = invocation->arguments.id;
    return invocation_do(invocation, &request, done);
}

/* A document on its way: one part after the other. */
struct fetching {
    struct invocation *invocation;
    uint64_t document;
    unsigned part, parts;       /* parts 0: the document is not known */
    struct document_file *file; /* NULL: to standard output */
    EVP_MD_CTX *digest;
    uint64_t length;
    uint32_t ungranted;
    bool has_ended;
    char name[DOCUMENT_NAME_BYTES];
};

__attribute__((format(printf, 3, 4))) static void give_up(struct fetching *fetching, uint16_t code,
                                                          const char *format, ...)
{
    struct outcome outcome = {.exit_code = EXIT_FAILED, .code = code};
    va_list values;
    va_start(values, format);
    vsnprintf(outcome.text, sizeof outcome.text, format, values);
    va_end(values);
    connection_fail(fetching->invocation->connection, &outcome);
}

static void on_parts(void *context, const struct frame *frame)
{
    struct fetching *fetching = context;
    struct record_document document;
    size_t cursor = 0;
    if (frame->type != FRAME_DOCUMENT_LIST)
        return;
    while (frame_list_next(&frame->document_list.documents, &frame_record_document, &cursor, &document))
        if (document.document == fetching->document)
            fetching->parts = document.parts ? document.parts : 1;
}

static void take_data(struct fetching *fetching, const struct frame_document_data *data)
{
    struct frame credit = {.type = FRAME_DOCUMENT_CREDIT};
    int error = 0;
    if (data->offset != fetching->length) {
        give_up(fetching, ERROR_PROTOCOL, "bytes of the document are missing");
        return;
    }
    if (fetching->file)
        error = document_file_write(fetching->file, data->bytes.at, data->bytes.length);
    else if (fwrite(data->bytes.at, 1, data->bytes.length, fetching->invocation->out) != data->bytes.length)
        error = -errno;
    if (error) {
        give_up(fetching, ERROR_STORAGE, "the document cannot be written: %s", strerror(-error));
        return;
    }
    EVP_DigestUpdate(fetching->digest, data->bytes.at, data->bytes.length);
    fetching->length += data->bytes.length;
    fetching->ungranted += data->bytes.length;
    if (fetching->ungranted < CREDIT_BATCH_BYTES)
        return;
    credit.document_credit.bytes = fetching->ungranted;
    fetching->ungranted = 0;
    connection_send(fetching->invocation->connection, &credit);
}

static void take_end(struct fetching *fetching, const struct frame_document_end *end)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!EVP_DigestFinal_ex(fetching->digest, digest, &length) || end->length != fetching->length ||
        end->digest.length != length || memcmp(end->digest.at, digest, length) != 0) {
        give_up(fetching, ERROR_PROTOCOL, "the document has arrived damaged");
        return;
    }
    char *name = frame_text_dup(end->name);
    document_name(name, fetching->document, fetching->name);
    free(name);
    fetching->has_ended = true;
}

static void on_document(void *context, const struct frame *frame)
{
    struct fetching *fetching = context;
    if (fetching->has_ended)
        return;
    if (frame->type == FRAME_DOCUMENT_DATA)
        take_data(fetching, &frame->document_data);
    else if (frame->type == FRAME_DOCUMENT_END)
        take_end(fetching, &frame->document_end);
}

static int commit(struct fetching *fetching, const char *path)
{
    const struct invocation *invocation = fetching->invocation;
    int error = document_file_commit(fetching->file, fetching->part, fetching->parts, fetching->name);
    if (!error)
        return EXIT_DONE;
    return invocation_refuse(invocation, EXIT_FAILED, ERROR_STORAGE, "%s cannot be written: %s%s",
                             fetching->name, strerror(-error), path ? "" : "; name another file with -o");
}

static int fetch_part(struct fetching *fetching, const char *path, bool to_output)
{
    struct invocation *invocation = fetching->invocation;
    struct frame request = {.type = FRAME_DOCUMENT_REQUEST};
    char why[256];
    request.document_request.document = fetching->document;
    request.document_request.part = fetching->part;
    request.document_request.credit_bytes = CREDIT_BYTES;
    fetching->length = fetching->ungranted = 0;
    fetching->has_ended = false;
    if (!to_output && document_file_new(&fetching->file, path, why, sizeof why))
        return invocation_refuse(invocation, EXIT_FAILED, ERROR_STORAGE, "%s", why);

    int exit_code = EXIT_FAILED;
    if (!EVP_DigestInit_ex(fetching->digest, EVP_sha256(), NULL))
        invocation_refuse(invocation, EXIT_FAILED, ERROR_INTERNAL, "SHA-256 is not available");
    else
        exit_code = invocation_call(invocation, &request, on_document, fetching);
    if (!exit_code && !fetching->has_ended)
        exit_code = invocation_refuse(invocation, EXIT_FAILED, ERROR_PROTOCOL, "the document has no end");
    if (!exit_code && fetching->file)
        exit_code = commit(fetching, path);
    document_file_free(&fetching->file);
    return exit_code;
}

static int report(struct fetching *fetching, json_t *files)
{
    const struct invocation *invocation = fetching->invocation;
    if (!invocation->is_json)
        return EXIT_DONE;
    json_t *object = json_object();
    json_object_set_new(object, "id", json_integer((json_int_t)fetching->document));
    json_object_set(object, "files", files);
    return render_json_print(invocation->out, object) ? EXIT_FAILED : EXIT_DONE;
}

static int fetch_parts(struct fetching *fetching, const char *path, bool to_output)
{
    const struct invocation *invocation = fetching->invocation;
    json_t *files = json_array();
    int exit_code = EXIT_DONE;
    for (fetching->part = 1; !exit_code && fetching->part <= fetching->parts; fetching->part++) {
        exit_code = fetch_part(fetching, path, to_output);
        if (exit_code || to_output)
            continue;
        json_array_append_new(files, json_string(fetching->name));
        if (!invocation->is_json)
            fprintf(invocation->out, "%s\n", fetching->name);
    }
    if (!exit_code && !to_output)
        exit_code = report(fetching, files);
    json_decref(files);
    return exit_code;
}

int command_fetch(struct invocation *invocation)
{
    const char *path = invocation->arguments.text[OPTION_output];
    bool to_output = path && !strcmp(path, "-");
    struct fetching fetching = {.invocation = invocation, .document = invocation->arguments.id};
    struct frame request = {.type = FRAME_DOCUMENT_LIST_REQUEST};

    int exit_code = invocation_call(invocation, &request, on_parts, &fetching);
    if (exit_code)
        return exit_code;
    if (!fetching.parts)
        return invocation_refuse(invocation, EXIT_FAILED, ERROR_NOT_FOUND, "there is no document %llu",
                                 (unsigned long long)fetching.document);
    if (to_output && fetching.parts > 1)
        return invocation_refuse(invocation, EXIT_USAGE, ERROR_BAD_REQUEST,
                                 "document %llu consists of %u files, they do not fit one output",
                                 (unsigned long long)fetching.document, fetching.parts);
    fetching.digest = EVP_MD_CTX_new();
    exit_code = fetching.digest ? fetch_parts(&fetching, path, to_output)
                                : invocation_refuse(invocation, EXIT_FAILED, ERROR_INTERNAL, "out of memory");
    EVP_MD_CTX_free(fetching.digest);
    return exit_code;
}

int command_export(struct invocation *invocation)
{
    return command_fetch(invocation);
}
