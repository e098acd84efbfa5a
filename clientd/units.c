#include "config.h"

#include "clientd/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "clientd/settings.h"
#include "wire/peer.h"

#define SEARCH_LIMIT_MS 20000u
#define STOP_GRACE_MS   1000u
#define WAITERS_MAX     64

struct waiter {
    void (*found)(void *context);
    void *context;
};

struct units {
    struct loop *loop;
    struct peer_sweep *sweep;
    const struct settings *settings;
    void (*on_changed)(void *context);
    void *context;
    struct frame_list_builder list; /* as it was found last, with our names */
    struct child *child;            /* the search that is under way */
    struct peer *peer;
    struct waiter waiters[WAITERS_MAX];
    unsigned waiter_count;
    struct loop_timer *over; /* the search has ended: said from the loop */
};

static void on_frame(void *context, const struct frame *frame);
static void on_closed(void *context, const struct peer_end *end);
static void on_exit_of_unit(void *context, int wait_status);
static void on_stall(void *context);
static void search_over(void *context);

struct units *units_new(struct loop *loop, struct peer_sweep *sweep, const struct settings *settings,
                        void (*on_changed)(void *context), void *context)
{
    struct units *units = memory_new(sizeof *units);
    units->loop = loop;
    units->sweep = sweep;
    units->settings = settings;
    units->on_changed = on_changed;
    units->context = context;
    units->over = loop_timer_new(loop, search_over, units);
    units_refresh(units);
    return units;
}

void units_set_settings(struct units *units, const struct settings *settings)
{
    units->settings = settings;
}

/* ---- 1. The search starts ----------------------------------------------------------------------------- */

static const char *device_of(const struct scanner_settings *scanner)
{
    return scanner->device ? scanner->device : scanner->name;
}

static int start(struct units *units)
{
    static const struct child_callbacks child_callbacks = {on_exit_of_unit};
    static const struct peer_callbacks peer_callbacks = {.on_frame = on_frame, .on_closed = on_closed};
    const struct peer_options options = {.where = AT_DAEMON, .when = WHEN_OPEN, .label = "reading_unit list"};
    const struct settings *settings = units->settings;
    char program[512], **arguments = memory_new((3 + 2 * settings->scanner_count) * sizeof *arguments);
    static char name[] = "reading_unit", list[] = "list", device[] = "--device";
    size_t count = 0;
    int fd;
    snprintf(program, sizeof program, "%s/reading_unit", settings->unit_folder);
    arguments[count++] = name;
    arguments[count++] = list;
    for (size_t i = 0; i < settings->scanner_count; i++) {
        arguments[count++] = device;
        arguments[count++] =
            settings->scanners[i].device ? settings->scanners[i].device : settings->scanners[i].name;
    }
    int error = child_start(&units->child, units->loop, program, arguments, &child_callbacks, units, &fd);
    free(arguments);
    if (!error)
        error = peer_new(&units->peer, units->sweep, fd, NULL, &options, &peer_callbacks, units);
    if (error)
        log_error("looking for scanners: %s: %s", program, strerror(-error));
    else
        child_watch(units->child, SEARCH_LIMIT_MS, on_stall);
    return error;
}

void units_refresh(struct units *units)
{
    if (units_is_looking(units))
        return;
    if (start(units)) {
        child_free(&units->child);
        loop_timer_start(units->over, 0);
    }
}

bool units_is_looking(const struct units *units)
{
    return units->child || units->peer;
}

/* ---- 2. The list comes -------------------------------------------------------------------------------- */

/* The settings' name for a device. A section that names no device means the one that is called so. */
static void rename_unit(const struct settings *settings, struct record_unit *unit)
{
    for (size_t i = 0; i < settings->scanner_count; i++)
        if (frame_text_is(unit->device, device_of(&settings->scanners[i])))
            unit->name = frame_text_of(settings->scanners[i].name);
}

static void on_frame(void *context, const struct frame *frame)
{
    struct units *units = context;
    struct frame_list_builder list = {0};
    struct record_unit unit;
    size_t cursor = 0;
    if (frame->type != FRAME_UNIT_LIST)
        return;
    while (frame_list_next(&frame->unit_list.units, &frame_record_unit, &cursor, &unit)) {
        rename_unit(units->settings, &unit);
        int error = frame_list_add(&list, &frame_record_unit, &unit);
        if (error)
            log_error("a scanner is left out of the list: %s", strerror(-error));
    }
    bool is_same = list.length == units->list.length &&
                   (list.length == 0 || memcmp(list.bytes, units->list.bytes, list.length) == 0);
    frame_list_builder_free(&units->list);
    units->list = list;
    log_info("%u scanner%s found", list.count, list.count == 1 ? "" : "s");
    if (!is_same)
        units->on_changed(units->context);
}

/* ---- 3. The search is over ---------------------------------------------------------------------------- */

static void on_stall(void *context)
{
    struct units *units = context;
    log_error("looking for scanners took longer than %u seconds: a driver hangs", SEARCH_LIMIT_MS / 1000u);
    child_stop(units->child, STOP_GRACE_MS);
}

static void finish_if_over(struct units *units)
{
    if (!units_is_looking(units))
        loop_timer_start(units->over, 0);
}

static void on_exit_of_unit(void *context, int wait_status)
{
    struct units *units = context;
    char text[128];
    child_describe_exit(wait_status, text, sizeof text);
    if (wait_status)
        log_error("looking for scanners: the reading unit %s", text);
    child_free(&units->child);
    finish_if_over(units);
}

static void on_closed(void *context, const struct peer_end *end)
{
    struct units *units = context;
    (void)end;
    peer_free(&units->peer);
    finish_if_over(units);
}

/* One by one: a waiter may cancel the ones behind it, or wait for the next search. */
static void search_over(void *context)
{
    struct units *units = context;
    for (unsigned left = units->waiter_count; left > 0 && units->waiter_count > 0; left--) {
        struct waiter first = units->waiters[0];
        units->waiter_count--;
        memmove(units->waiters, units->waiters + 1, units->waiter_count * sizeof first);
        first.found(first.context);
    }
}

int units_when_found(struct units *units, void (*found)(void *context), void *context)
{
    if (units->waiter_count == WAITERS_MAX)
        return -EBUSY;
    units->waiters[units->waiter_count++] = (struct waiter){found, context};
    units_refresh(units);
    return 0;
}

void units_cancel(struct units *units, void *context)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < units->waiter_count; i++)
        if (units->waiters[i].context != context)
            units->waiters[kept++] = units->waiters[i];
    units->waiter_count = kept;
}

/* ---- What is known ------------------------------------------------------------------------------------ */

struct frame_list units_list(const struct units *units)
{
    return frame_list_view(&units->list);
}

unsigned units_count(const struct units *units)
{
    struct frame_list list = units_list(units);
    struct record_unit unit;
    size_t cursor = 0;
    unsigned count = 0;
    while (frame_list_next(&list, &frame_record_unit, &cursor, &unit))
        count++;
    return count;
}

bool units_find(const struct units *units, const char *name, struct record_unit *unit)
{
    struct frame_list list = units_list(units);
    size_t cursor = 0;
    while (frame_list_next(&list, &frame_record_unit, &cursor, unit))
        if (!*name || frame_text_is(unit->name, name) || frame_text_is(unit->device, name))
            return true;
    return false;
}

void units_names(const struct units *units, char *text, size_t size)
{
    struct frame_list list = units_list(units);
    struct record_unit unit;
    size_t cursor = 0, length = 0;
    text[0] = 0;
    while (frame_list_next(&list, &frame_record_unit, &cursor, &unit) && length < size)
        length += (size_t)snprintf(text + length, size - length, "%s%.*s", length ? ", " : "",
                                   (int)unit.name.length, unit.name.at);
}

void units_free(struct units **units)
{
    struct units *old = *units;
    *units = NULL;
    if (!old)
        return;
    child_free(&old->child);
    peer_free(&old->peer);
    loop_timer_free(&old->over);
    frame_list_builder_free(&old->list);
    free(old);
}
