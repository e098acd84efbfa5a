#include "config.h"

#include "serviced/documents/split.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deskline/frame.h>

#include "base/child.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "wire/peer.h"

#define STOP_GRACE_MS 1000u /* from TERM to KILL */
#define DRAIN_MS      1000u /* frames that are still in the socket of an ended process */
#define ARGUMENTS_MAX 24

struct split {
    struct child *child; /* NULL when it has ended */
    struct peer *peer;   /* NULL when the socket has ended */
    struct loop_timer *drain;
    struct split_callbacks callbacks;
    void *context;
    uint32_t watchdog_ms;
    uint32_t sheets, blocks; /* announced; so far */
    uint64_t bytes_left;     /* that the blocks to come may have */
    bool has_document;
    bool has_word; /* `end` is what the unit said, or what was decided about it */
    struct split_end end;
    char exit_text[128];
};

static void on_frame(void *context, const struct frame *frame);
static void on_stall(void *context);
static void on_exit_of_unit(void *context, int wait_status);
static void on_closed(void *context, const struct peer_end *end);
static void on_drained(void *context);

/* ---- Starting ----------------------------------------------------------------------------------------- */

struct arguments {
    char program[512], page_limit[16], byte_limit[24];
    char *list[ARGUMENTS_MAX];
    unsigned count;
};

static void add(struct arguments *arguments, const char *option, const char *value)
{
    if (value && !*value)
        return;
    /* execve's argv is not const, but nobody writes to it. */
    arguments->list[arguments->count++] = (char *)(uintptr_t)option;
    if (value)
        arguments->list[arguments->count++] = (char *)(uintptr_t)value;
}

static void arguments_make(struct arguments *arguments, const struct split_order *order)
{
    static const char *const turns[] = {"auto", "portrait", "landscape"};
    memset(arguments, 0, sizeof *arguments);
    snprintf(arguments->program, sizeof arguments->program, "%s/splitting_unit", order->unit_folder);
    snprintf(arguments->page_limit, sizeof arguments->page_limit, "%" PRIu32, order->page_limit);
    snprintf(arguments->byte_limit, sizeof arguments->byte_limit, "%" PRIu64, order->byte_limit);
    add(arguments, "splitting_unit", NULL);
    add(arguments, "--output-folder", order->output_folder);
    add(arguments, "--pages", order->pages ? order->pages : "");
    add(arguments, "--media", order->media ? order->media : "");
    add(arguments, "--sides", order->two_sided ? "long" : "one");
    add(arguments, "--orientation", turns[order->turn]);
    add(arguments, "--page-limit", arguments->page_limit);
    add(arguments, "--byte-limit", arguments->byte_limit);
    if (order->fit)
        add(arguments, "--fit", NULL);
    add(arguments, "--", NULL);
    add(arguments, order->file, NULL);
}

int split_start(struct split **split, struct loop *loop, struct peer_sweep *sweep,
                const struct split_order *order, const struct split_callbacks *callbacks, void *context)
{
    static const struct child_callbacks child_callbacks = {on_exit_of_unit};
    static const struct peer_callbacks peer_callbacks = {.on_frame = on_frame, .on_closed = on_closed};
    const struct peer_options options = {.where = AT_DAEMON, .when = WHEN_OPEN, .label = "splitting_unit"};
    struct split *made = memory_new(sizeof *made);
    struct arguments arguments;
    int fd = -1;
    made->callbacks = *callbacks;
    made->context = context;
    made->watchdog_ms = order->watchdog_ms;
    made->bytes_left = order->byte_limit;
    made->drain = loop_timer_new(loop, on_drained, made);
    arguments_make(&arguments, order);
    int error =
        child_start(&made->child, loop, arguments.program, arguments.list, &child_callbacks, made, &fd);
    if (error)
        log_error("%s cannot be started: %s", arguments.program, strerror(-error));
    else
        error = peer_new(&made->peer, sweep, fd, NULL, &options, &peer_callbacks, made);
    if (error) {
        split_free(&made);
        return error;
    }
    child_watch(made->child, made->watchdog_ms, on_stall);
    *split = made;
    return 0;
}

/* ---- While it runs ------------------------------------------------------------------------------------ */

/* The last word about it; only the first one counts. */
static void take_word(struct split *split, uint16_t code, const char *text)
{
    if (split->has_word)
        return;
    split->has_word = true;
    split->end.code = code;
    snprintf(split->end.text, sizeof split->end.text, "%s", text);
}

/* The unit looks at hostile documents: it may have been taken over, and is not believed. */
static void on_nonsense(struct split *split, const char *what)
{
    log_error("the splitting unit %s", what);
    take_word(split, ERROR_INTERNAL, "the document cannot be taken apart");
    if (split->child)
        child_stop(split->child, STOP_GRACE_MS);
}

static void on_document(struct split *split, const struct frame *frame)
{
    const struct frame_split_document *said = &frame->split_document;
    if (split->has_document || said->sheets == 0 || said->sheets > said->chosen ||
        said->chosen > said->pages) {
        on_nonsense(split, "described a document that cannot be");
        return;
    }
    char *kind = frame_text_dup(said->kind), *title = frame_text_dup(said->title);
    const struct split_document document = {
        .pages = said->pages, .chosen = said->chosen, .sheets = said->sheets, .kind = kind, .title = title};
    split->has_document = true;
    split->sheets = said->sheets;
    split->callbacks.on_document(split->context, &document); /* may free the split */
    free(kind);
    free(title);
}

static void on_block(struct split *split, const struct frame *frame)
{
    const struct frame_split_block *said = &frame->split_block;
    if (said->sheet != split->blocks + 1 || said->sheet > split->sheets || said->front == 0 ||
        said->length == 0 || said->length > split->bytes_left || said->digest.length != SPLIT_DIGEST_BYTES) {
        on_nonsense(split, "told of a block that cannot be");
        return;
    }
    struct split_block block = {
        .sheet = said->sheet, .front = said->front, .back = said->back, .length = said->length};
    snprintf(block.name, sizeof block.name, "%06" PRIu32 ".pdf", said->sheet);
    memcpy(block.digest, said->digest.at, sizeof block.digest);
    split->blocks++;
    split->bytes_left -= said->length;
    split->callbacks.on_block(split->context, &block); /* may free the split */
}

static void on_result(struct split *split, const struct frame *frame)
{
    char text[sizeof split->end.text];
    uint16_t code = frame->split_result.code;
    if (code == ERROR_NONE && (!split->has_document || split->blocks != split->sheets)) {
        on_nonsense(split, "says that it is done, but blocks are missing");
        return;
    }
    frame_text_copy(frame->split_result.text, text, sizeof text);
    take_word(split, code, text);
}

static const struct {
    enum frame_type type;
    void (*handle)(struct split *split, const struct frame *frame);
} handlers[] = {
    {FRAME_SPLIT_DOCUMENT, on_document},
    {FRAME_SPLIT_BLOCK, on_block},
    {FRAME_SPLIT_RESULT, on_result},
};

static void on_frame(void *context, const struct frame *frame)
{
    struct split *split = context;
    if (split->child)
        child_progress(split->child);
    if (split->has_word)
        return;
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].type == frame->type) {
            handlers[i].handle(split, frame);
            return;
        }
    on_nonsense(split, "sent a frame that is not its to send");
}

/* ---- The end ------------------------------------------------------------------------------------------ */

static void finish_if_over(struct split *split)
{
    char text[sizeof split->end.text];
    if (split->child || split->peer)
        return;
    loop_timer_stop(split->drain);
    snprintf(text, sizeof text, "the document makes the program that takes it apart fail (it %s)",
             split->exit_text);
    take_word(split, ERROR_DOCUMENT, text);
    split->callbacks.on_end(split->context, &split->end); /* may free the split */
}

static void on_stall(void *context)
{
    struct split *split = context;
    char text[128];
    snprintf(text, sizeof text, "the document takes too long: no sheet was ready within %" PRIu32 " seconds",
             split->watchdog_ms / 1000);
    take_word(split, ERROR_DOCUMENT, text);
    child_stop(split->child, STOP_GRACE_MS);
}

static void on_exit_of_unit(void *context, int wait_status)
{
    struct split *split = context;
    child_describe_exit(wait_status, split->exit_text, sizeof split->exit_text);
    log_write(wait_status && !split->has_word ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG,
              "the splitting unit has ended: %s", split->exit_text);
    child_free(&split->child);
    if (split->peer)
        loop_timer_start(split->drain, DRAIN_MS);
    finish_if_over(split);
}

static void on_closed(void *context, const struct peer_end *end)
{
    struct split *split = context;
    peer_free(&split->peer);
    if (end->code == ERROR_PROTOCOL)
        on_nonsense(split, "broke the protocol");
    finish_if_over(split);
}

static void on_drained(void *context)
{
    struct split *split = context;
    peer_free(&split->peer);
    finish_if_over(split);
}

void split_free(struct split **split)
{
    struct split *old = *split;
    *split = NULL;
    if (!old)
        return;
    child_free(&old->child);
    peer_free(&old->peer);
    loop_timer_free(&old->drain);
    free(old);
}
