/*
 * The service 'print': a document that was uploaded, or one of the archive, is taken apart into the blocks of
 * its sheets, and then printed at a client. The steps of the preparation stand in time order.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/page_range.h"
#include "base/worker.h"
#include "serviced/documents/archive.h"
#include "serviced/documents/split.h"
#include "serviced/documents/store.h"
#include "serviced/front/sessions.h"
#include "serviced/front/upload.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/preparation.h"
#include "serviced/jobs/service.h"
#include "serviced/jobs/unit_choice.h"
#include "serviced/server.h"
#include "serviced/settings.h"

#define SPLITS_AT_ONCE 2u
#define COPIES_MAX     9999u
#define PATH_BYTES     4096

/* What is under way for one preparation. */
struct printing {
    struct preparation *preparation; /* NULL: it was abandoned */
    unsigned out;                    /* callbacks that will bring this address back */
    struct worker_strand *strand;
    struct upload *upload; /* that is printed; NULL: a document of the archive */
    char file[PATH_BYTES], folder[PATH_BYTES];
    char printer[UNIT_NAME_BYTES], title[257];
    bool is_ready; /* to be taken apart */
    struct split *split;
    struct manifest manifest;
    int folder_fd; /* of the store, not ours */
    uint64_t job;
};

static void choose_printer(struct printing *printing, bool may_ask);
static void find_document(struct printing *printing);
static void start_waiting(struct server *server);
static void split_document(struct printing *printing);
static void save_manifest(struct printing *printing);
static void open_job(struct printing *printing);

/* ---- 0. The request ----------------------------------------------------------------------------------- */

static int check_pages(struct frame_text pages, const char **why)
{
    static const char sentence[] = "pages are chosen as in 1-3,5,8-: in ascending order, each of them once";
    char text[1025];
    struct page_ranges *ranges = memory_new(sizeof *ranges);
    int result;
    frame_text_copy(pages, text, sizeof text);
    result = page_ranges_parse(ranges, text, NULL, 0);
    free(ranges);
    if (result < 0)
        *why = sentence;
    return result;
}

static int check(const struct frame_service_request *request, const char **why)
{
    const struct record_print_options *print = &request->print;
    *why = NULL;
    if (request->source && request->upload)
        *why = "either a document of the archive is printed or one that was uploaded, not both";
    else if (!request->source && !request->upload)
        *why = "there is no document named that could be printed";
    else if (print->copies > COPIES_MAX)
        *why = "at most 9999 copies can be printed";
    else if (print->sides > 3)
        *why = "the sides have to be one, long or short";
    else if (print->color > 2)
        *why = "the colors have to be monochrome or color";
    else if (print->orientation != 0 && print->orientation != 3 && print->orientation != 4)
        *why = "the orientation has to be portrait or landscape";
    else if (print->scaling > 2)
        *why = "the scaling has to be fit or none";
    return *why ? -EINVAL : check_pages(print->pages, why);
}

/* ---- Beginning and end -------------------------------------------------------------------------------- */

static void free_if_done(struct printing *printing)
{
    if (printing->preparation || printing->out)
        return;
    worker_strand_free(&printing->strand);
    manifest_free(&printing->manifest);
    free(printing);
}

/* The preparation goes its own way; what is under way comes back to nothing. */
static void let_go(struct printing *printing)
{
    struct server *server = printing->preparation->server;
    printing->preparation->work = NULL;
    printing->preparation = NULL;
    split_free(&printing->split);
    upload_free(&printing->upload);
    free_if_done(printing);
    start_waiting(server);
}

static void refuse(struct printing *printing, uint8_t exit_code, enum error_code code, const char *text)
{
    struct preparation *preparation = printing->preparation;
    char sentence[512];
    snprintf(sentence, sizeof sentence, "%s", text);
    let_go(printing);
    preparation_refuse(preparation, (struct answer){exit_code, code, sentence});
}

static void abandon(struct preparation *preparation)
{
    let_go(preparation->work);
}

/* Whether the callback finds somebody who waits for it. */
static bool is_back(struct printing *printing)
{
    printing->out--;
    if (printing->preparation)
        return true;
    free_if_done(printing);
    return false;
}

static void prepare(struct preparation *preparation)
{
    struct printing *printing = memory_new(sizeof *printing);
    printing->preparation = preparation;
    printing->strand = worker_strand_new(preparation->server->workers);
    printing->job = preparation->record.job.id;
    printing->folder_fd = store_folder(preparation->server->store);
    preparation->work = printing;
    choose_printer(printing, true);
}

/* ---- 1. The printer; when it is not known, the client looks for it ------------------------------------ */

static void units_told(void *context, const struct session *session)
{
    struct printing *printing = context;
    if (!is_back(printing))
        return;
    if (session)
        choose_printer(printing, false);
    else
        refuse(printing, 4, ERROR_NO_CONNECTION, "the client is not connected any more");
}

static void choose_printer(struct printing *printing, bool may_ask)
{
    struct preparation *preparation = printing->preparation;
    struct session *session = sessions_find(preparation->server->sessions, preparation->record.client);
    struct frame_list units = session ? session_units(session) : (struct frame_list){0};
    char why[512];
    int result = unit_choose_printer(&units, preparation->record.request.print.unit, printing->printer, why,
                                     sizeof why);
    if (result == 0) {
        find_document(printing);
    } else if (result == -ENOENT && may_ask && session) {
        printing->out++;
        if (!session_ask_units(session, units_told, printing))
            units_told(printing, session); /* too many ask: what is known counts */
    } else {
        refuse(printing, result == -ENOENT ? 1 : 2, result == -ENOENT ? ERROR_NOT_FOUND : ERROR_BAD_REQUEST,
               why);
    }
}

/* ---- 2. The document ---------------------------------------------------------------------------------- */

static bool find_upload(struct printing *printing)
{
    struct preparation *preparation = printing->preparation;
    char name[STORE_NAME_BYTES];
    printing->upload = upload_take(preparation_opener(preparation), preparation->record.request.upload);
    if (!printing->upload) {
        refuse(printing, 1, ERROR_NOT_FOUND,
               "there is no document that was uploaded whole under that number");
        return false;
    }
    upload_file_name(printing->upload, name, sizeof name);
    snprintf(printing->file, sizeof printing->file, "%s/uploads/%s", preparation->server->settings->state,
             name);
    snprintf(printing->title, sizeof printing->title, "%s", upload_title(printing->upload));
    return true;
}

/* A client prints its own documents; an operator those of every client. */
static bool find_in_archive(struct printing *printing)
{
    struct preparation *preparation = printing->preparation;
    struct server *server = preparation->server;
    const struct visitor *opener = preparation_opener(preparation);
    const struct registry_document *document =
        registry_document_find(server->registry, preparation->record.request.source);
    if (!document || (opener->client && strcmp(opener->client, document->client) != 0)) {
        refuse(printing, 1, ERROR_NOT_FOUND, "there is no such document");
        return false;
    }
    if (document->parts > 1) {
        refuse(printing, 5, ERROR_DOCUMENT,
               "the document consists of several files: fetch them, and print each of them");
        return false;
    }
    snprintf(printing->file, sizeof printing->file, "%s/%s", server->settings->archive, document->name);
    snprintf(printing->title, sizeof printing->title, "%s", document->title);
    return true;
}

static void find_document(struct printing *printing)
{
    const struct frame_service_request *request = &printing->preparation->record.request;
    struct server *server = printing->preparation->server;
    bool is_found = request->upload ? find_upload(printing) : find_in_archive(printing);
    if (!is_found)
        return;
    if (request->document.title.length)
        frame_text_copy(request->document.title, printing->title, sizeof printing->title);
    printing->is_ready = true;
    start_waiting(server);
}

/* ---- 3. Its turn: a folder for the blocks ------------------------------------------------------------- */

static int make_folder(void *context)
{
    const struct printing *printing = context;
    char name[STORE_NAME_BYTES];
    store_job_name(name, printing->job);
    int fd = blob_subfolder(printing->folder_fd, name);
    if (fd < 0)
        return fd;
    return close(fd) < 0 ? -errno : 0;
}

static void refuse_storage(struct printing *printing, int result)
{
    log_error("job %" PRIu64 ": its blocks cannot be kept: %s", printing->job, strerror(-result));
    if (result == -ENOSPC || result == -EDQUOT)
        refuse(printing, 1, ERROR_SPOOL_FULL, "the server's disk is full");
    else
        refuse(printing, 1, ERROR_STORAGE, "the server cannot keep the sheets of the document");
}

static void folder_made(void *context, int result)
{
    struct printing *printing = context;
    if (!is_back(printing))
        return;
    if (result < 0)
        refuse_storage(printing, result);
    else
        split_document(printing);
}

/* Documents are taken apart by the order of their requests, a few at a time: it takes memory and time. */
static void start_waiting(struct server *server)
{
    unsigned running = 0;
    for (struct preparation *each = preparations_first(server); each; each = each->next) {
        struct printing *printing = each->service == &service_print ? each->work : NULL;
        if (printing && !printing->is_ready && printing->folder[0])
            running++;
    }
    for (struct preparation *each = preparations_first(server); each && running < SPLITS_AT_ONCE;
         each = each->next) {
        struct printing *printing = each->service == &service_print ? each->work : NULL;
        if (!printing || !printing->is_ready)
            continue;
        printing->is_ready = false;
        snprintf(printing->folder, sizeof printing->folder, "%s/pages/%" PRIu64, server->settings->state,
                 printing->job);
        printing->out++;
        worker_submit(printing->strand, make_folder, folder_made, printing);
        running++;
    }
}

/* ---- 4. It is taken apart ----------------------------------------------------------------------------- */

static uint32_t copies_of(const struct printing *printing)
{
    uint32_t copies = printing->preparation->record.request.print.copies;
    return copies ? copies : 1;
}

static void on_document(void *context, const struct split_document *document)
{
    struct printing *printing = context;
    uint64_t most = (uint64_t)printing->preparation->server->settings->sheets;
    char text[256];
    if (printing->title[0] == '\0')
        snprintf(printing->title, sizeof printing->title, "%.256s", document->title);
    if ((uint64_t)document->sheets * copies_of(printing) <= most)
        return;
    snprintf(text, sizeof text,
             "the job would have %" PRIu64 " sheets; the server takes %" PRIu64 ": see sheets",
             (uint64_t)document->sheets * copies_of(printing), most);
    refuse(printing, 5, ERROR_LIMIT, text);
}

static void on_block(void *context, const struct split_block *block)
{
    struct printing *printing = context;
    struct manifest_block kept = {.length = block->length, .front = block->front, .back = block->back};
    int result;
    memcpy(kept.digest, block->digest, sizeof kept.digest);
    result = manifest_add(&printing->manifest, &kept);
    if (result < 0)
        refuse(printing, 5, ERROR_LIMIT, "the document has more sheets than a job can have");
}

/* What is wrong with the document is the document's; what is wrong with the request is wrong usage. */
static uint8_t exit_code_of(uint16_t code)
{
    switch (code) {
    case ERROR_BAD_REQUEST:
        return 2;
    case ERROR_INTERNAL:
    case ERROR_STORAGE:
    case ERROR_SPOOL_FULL:
        return 1;
    default:
        return 5;
    }
}

static void on_end(void *context, const struct split_end *end)
{
    struct printing *printing = context;
    if (end->code == ERROR_NONE)
        save_manifest(printing);
    else
        refuse(printing, exit_code_of(end->code), (enum error_code)end->code, end->text);
}

static uint64_t bytes_allowed(const struct printing *printing)
{
    const struct server *server = printing->preparation->server;
    uint64_t quota = (uint64_t)server->settings->bytes, most = (uint64_t)server->settings->print_bytes;
    uint64_t held = jobs_bytes(server->jobs, printing->preparation->record.client);
    uint64_t left = held < quota ? quota - held : 0;
    return left < most ? left : most;
}

static void split_document(struct printing *printing)
{
    static const struct split_callbacks callbacks = {on_document, on_block, on_end};
    const struct record_print_options *print = &printing->preparation->record.request.print;
    struct server *server = printing->preparation->server;
    char pages[1025], media[65];
    struct split_order order = {
        .unit_folder = server->settings->unit_folder,
        .file = printing->file,
        .output_folder = printing->folder,
        .pages = pages,
        .media = media,
        .turn = print->orientation == 3   ? SPLIT_PORTRAIT
                : print->orientation == 4 ? SPLIT_LANDSCAPE
                                          : SPLIT_AUTO,
        .two_sided = print->sides > 1,
        .fit = print->scaling == 1,
        .page_limit = (uint32_t)server->settings->print_pages,
        .byte_limit = bytes_allowed(printing),
        .watchdog_ms = (uint32_t)server->settings->split_watchdog_ms,
    };
    frame_text_copy(print->pages, pages, sizeof pages);
    frame_text_copy(print->media, media, sizeof media);
    if (order.byte_limit == 0)
        refuse(printing, 5, ERROR_LIMIT, "the client's open jobs hold as many bytes as the server allows");
    else if (split_start(&printing->split, server->loop, server->sweep, &order, &callbacks, printing) < 0)
        refuse(printing, 1, ERROR_INTERNAL, "the program that takes documents apart cannot be started");
}

/* ---- 5. The blocks are there: their manifest is made durable ------------------------------------------ */

static int write_manifest(void *context)
{
    const struct printing *printing = context;
    return manifest_save(&printing->manifest, printing->folder_fd, printing->job);
}

static void manifest_written(void *context, int result)
{
    struct printing *printing = context;
    if (!is_back(printing))
        return;
    if (result < 0)
        refuse_storage(printing, result);
    else
        open_job(printing);
}

static void save_manifest(struct printing *printing)
{
    split_free(&printing->split);
    upload_free(&printing->upload);
    printing->out++;
    worker_submit(printing->strand, write_manifest, manifest_written, printing);
}

/* ---- 6. The job opens --------------------------------------------------------------------------------- */

static void open_job(struct printing *printing)
{
    struct preparation *preparation = printing->preparation;
    struct record_print_order order = {.options = preparation->record.request.print,
                                       .blocks = printing->manifest.count,
                                       .copies = copies_of(printing),
                                       .title = frame_text_of(printing->title)};
    int result;
    order.options.unit = frame_text_of(printing->printer);
    order.options.copies = order.copies;
    job_free(&preparation->record.job);
    job_init_printing(&preparation->record.job, printing->job, order.blocks, order.copies);
    result = job_record_set_order(&preparation->record, &order);
    if (result < 0) {
        refuse(printing, 1, ERROR_INTERNAL, "the job cannot be kept");
        return;
    }
    preparation->manifest = printing->manifest;
    printing->manifest = (struct manifest){0};
    let_go(printing);
    preparation_open(preparation);
}

/* ---- 7. Every sheet is printed, or left out ----------------------------------------------------------- */

static void deliver(struct job_run *run)
{
    job_run_handle(run, &(struct job_event){.type = JOB_EVENT_DELIVERED});
}

const struct service service_print = {
    "print",
    "Prints documents: PDF, JPEG, PNG, TIFF and plain text, from the archive or from a file.",
    FUNCTION_PRINTING,
    check,
    prepare,
    abandon,
    deliver,
};
