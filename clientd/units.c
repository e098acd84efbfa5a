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
#define UNITS_MAX       64 /* of HELLO and UNIT_LIST */
#define KINDS           2

struct waiter {
    void (*found)(void *context);
    void *context;
};

/* What one program has found, and its run while it looks. */
struct search {
    struct units *units;
    enum unit_kind kind;
    struct frame_list_builder list; /* as it was found last, with our names */
    struct child *child;
    struct peer *peer;
};

struct units {
    struct loop *loop;
    struct peer_sweep *sweep;
    const struct settings *settings;
    void (*on_changed)(void *context);
    void *context;
    struct search searches[KINDS];
    struct frame_list_builder list; /* of all */
    struct waiter waiters[WAITERS_MAX];
    unsigned waiter_count;
    struct loop_timer *over; /* the search has ended: said from the loop */
};

static const struct {
    const char *program, *name;
    const char *option; /* before the device of each section of the settings */
} kinds[] = {
    [UNIT_KIND_READING] = {"reading_unit", "scanner", "--device"},
    [UNIT_KIND_PRINTING] = {"printing_unit", "printer", "--printer"},
};

static void on_frame(void *context, const struct frame *frame);
static void on_closed(void *context, const struct peer_end *end);
static void on_exit_of_unit(void *context, int wait_status);
static void on_stall(void *context);
static void search_over(void *context);

const char *unit_kind_name(enum unit_kind kind)
{
    return kinds[kind].name;
}

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
    for (unsigned i = 0; i < KINDS; i++)
        units->searches[i] = (struct search){.units = units, .kind = (enum unit_kind)(i + 1)};
    units_refresh(units);
    return units;
}

void units_set_settings(struct units *units, const struct settings *settings)
{
    units->settings = settings;
}

/* ---- The sections of the settings --------------------------------------------------------------------- */

static size_t section_count(const struct search *search)
{
    const struct settings *settings = search->units->settings;
    return search->kind == UNIT_KIND_READING ? settings->scanner_count : settings->printer_count;
}

static char *section_name(const struct search *search, size_t i)
{
    const struct settings *settings = search->units->settings;
    return search->kind == UNIT_KIND_READING ? settings->scanners[i].name : settings->printers[i].name;
}

/* A section that names no device means the one that is called so. */
static char *section_device(const struct search *search, size_t i)
{
    const struct settings *settings = search->units->settings;
    char *device =
        search->kind == UNIT_KIND_READING ? settings->scanners[i].device : settings->printers[i].uri;
    return device ? device : section_name(search, i);
}

/* ---- 1. The search starts ----------------------------------------------------------------------------- */

/* The printing unit tells printers by the names of the settings; a section without an address is a queue. */
static void add_section(const struct search *search, size_t i, char **arguments, size_t *count)
{
    const struct settings *settings = search->units->settings;
    char *value = NULL;
    if (search->kind == UNIT_KIND_READING) {
        value = memory_text(section_device(search, i));
    } else if (settings->printers[i].uri) {
        size_t size = strlen(settings->printers[i].name) + strlen(settings->printers[i].uri) + 2;
        value = memory_new(size);
        snprintf(value, size, "%s=%s", settings->printers[i].name, settings->printers[i].uri);
    }
    if (!value)
        return;
    arguments[(*count)++] = memory_text(kinds[search->kind].option);
    arguments[(*count)++] = value;
}

/* Ends with NULL; freed by arguments_free. */
static char **arguments_new(const struct search *search)
{
    char **arguments = memory_new((3 + 2 * section_count(search)) * sizeof *arguments);
    size_t count = 0;
    arguments[count++] = memory_text(kinds[search->kind].program);
    arguments[count++] = memory_text("list");
    for (size_t i = 0; i < section_count(search); i++)
        add_section(search, i, arguments, &count);
    return arguments;
}

static void arguments_free(char **arguments)
{
    for (size_t i = 0; arguments[i]; i++)
        free(arguments[i]);
    free(arguments);
}

static int start(struct search *search)
{
    static const struct child_callbacks child_callbacks = {on_exit_of_unit};
    static const struct peer_callbacks peer_callbacks = {.on_frame = on_frame, .on_closed = on_closed};
    struct units *units = search->units;
    const struct peer_options options = {
        .where = AT_DAEMON, .when = WHEN_OPEN, .label = kinds[search->kind].program};
    char program[512], **arguments = arguments_new(search);
    int fd;
    snprintf(program, sizeof program, "%s/%s", units->settings->unit_folder, kinds[search->kind].program);
    int error = child_start(&search->child, units->loop, program, arguments, &child_callbacks, search, &fd);
    arguments_free(arguments);
    if (!error)
        error = peer_new(&search->peer, units->sweep, fd, NULL, &options, &peer_callbacks, search);
    if (error)
        log_error("looking for %ss: %s: %s", kinds[search->kind].name, program, strerror(-error));
    else
        child_watch(search->child, SEARCH_LIMIT_MS, on_stall);
    return error;
}

void units_refresh(struct units *units)
{
    if (units_is_looking(units))
        return;
    for (unsigned i = 0; i < KINDS; i++)
        if (start(&units->searches[i])) {
            child_free(&units->searches[i].child);
            loop_timer_start(units->over, 0);
        }
}

static bool is_looking(const struct search *search)
{
    return search->child || search->peer;
}

bool units_is_looking(const struct units *units)
{
    return is_looking(&units->searches[0]) || is_looking(&units->searches[1]);
}

/* ---- 2. The list comes -------------------------------------------------------------------------------- */

static void rename_unit(const struct search *search, struct record_unit *unit)
{
    for (size_t i = 0; i < section_count(search); i++)
        if (frame_text_is(unit->device, section_device(search, i)))
            unit->name = frame_text_of(section_name(search, i));
}

static bool is_known(const struct frame_list_builder *list, const char *name)
{
    const struct frame_list view = frame_list_view(list);
    struct record_unit unit;
    size_t cursor = 0;
    while (frame_list_next(&view, &frame_record_unit, &cursor, &unit))
        if (frame_text_is(unit.name, name))
            return true;
    return false;
}

/* Of two that are called the same, the second one gets a number. */
static void add_unit(struct search *search, struct frame_list_builder *list, struct record_unit *unit)
{
    char name[129], plain[125];
    frame_text_copy(unit->name, name, sizeof name);
    frame_text_copy(unit->name, plain, sizeof plain);
    for (unsigned number = 2; is_known(list, name) && number <= UNITS_MAX; number++)
        snprintf(name, sizeof name, "%s-%u", plain, number);
    unit->name = frame_text_of(name);
    unit->kind = (uint8_t)search->kind;
    int error = frame_list_add(list, &frame_record_unit, unit);
    if (error)
        log_error("a %s is left out of the list: %s", kinds[search->kind].name, strerror(-error));
}

/* All in one list: scanners, then printers. */
static void merge(struct units *units)
{
    struct frame_list_builder all = {0};
    for (unsigned i = 0; i < KINDS; i++) {
        const struct frame_list list = frame_list_view(&units->searches[i].list);
        struct record_unit unit;
        size_t cursor = 0;
        while (all.count < UNITS_MAX && frame_list_next(&list, &frame_record_unit, &cursor, &unit))
            if (frame_list_add(&all, &frame_record_unit, &unit) < 0)
                break;
    }
    frame_list_builder_free(&units->list);
    units->list = all;
}

static void on_frame(void *context, const struct frame *frame)
{
    struct search *search = context;
    struct units *units = search->units;
    struct frame_list_builder list = {0};
    struct record_unit unit;
    size_t cursor = 0;
    if (frame->type != FRAME_UNIT_LIST)
        return;
    while (frame_list_next(&frame->unit_list.units, &frame_record_unit, &cursor, &unit)) {
        rename_unit(search, &unit);
        add_unit(search, &list, &unit);
    }
    bool is_same = list.length == search->list.length &&
                   (list.length == 0 || memcmp(list.bytes, search->list.bytes, list.length) == 0);
    frame_list_builder_free(&search->list);
    search->list = list;
    log_info("%u %s%s found", list.count, kinds[search->kind].name, list.count == 1 ? "" : "s");
    merge(units);
    if (!is_same)
        units->on_changed(units->context);
}

/* ---- 3. The search is over ---------------------------------------------------------------------------- */

static void on_stall(void *context)
{
    struct search *search = context;
    log_error("looking for %ss took longer than %u seconds: a driver hangs", kinds[search->kind].name,
              SEARCH_LIMIT_MS / 1000u);
    child_stop(search->child, STOP_GRACE_MS);
}

static void finish_if_over(struct units *units)
{
    if (!units_is_looking(units))
        loop_timer_start(units->over, 0);
}

static void on_exit_of_unit(void *context, int wait_status)
{
    struct search *search = context;
    char text[128];
    child_describe_exit(wait_status, text, sizeof text);
    if (wait_status)
        log_error("looking for %ss: the %s %s", kinds[search->kind].name, kinds[search->kind].program, text);
    child_free(&search->child);
    finish_if_over(search->units);
}

static void on_closed(void *context, const struct peer_end *end)
{
    struct search *search = context;
    (void)end;
    peer_free(&search->peer);
    finish_if_over(search->units);
}

/* One by one: a waiter may cancel the ones behind it, or wait for the next search. */
static void search_over(void *context)
{
    struct units *units = context;
    if (units_is_looking(units)) /* one has failed at once, the other one still looks */
        return;
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

static bool next(const struct frame_list *list, enum unit_kind kind, size_t *cursor, struct record_unit *unit)
{
    while (frame_list_next(list, &frame_record_unit, cursor, unit))
        if (unit->kind == kind)
            return true;
    return false;
}

unsigned units_count(const struct units *units, enum unit_kind kind)
{
    struct frame_list list = units_list(units);
    struct record_unit unit;
    size_t cursor = 0;
    unsigned count = 0;
    while (next(&list, kind, &cursor, &unit))
        count++;
    return count;
}

bool units_find(const struct units *units, enum unit_kind kind, const char *name, struct record_unit *unit)
{
    struct frame_list list = units_list(units);
    size_t cursor = 0;
    while (next(&list, kind, &cursor, unit))
        if (!*name || frame_text_is(unit->name, name) || frame_text_is(unit->device, name))
            return true;
    return false;
}

void units_names(const struct units *units, enum unit_kind kind, char *text, size_t size)
{
    struct frame_list list = units_list(units);
    struct record_unit unit;
    size_t cursor = 0, length = 0;
    text[0] = 0;
    while (next(&list, kind, &cursor, &unit) && length < size)
        length += (size_t)snprintf(text + length, size - length, "%s%.*s", length ? ", " : "",
                                   (int)unit.name.length, unit.name.at);
}

void units_free(struct units **units)
{
    struct units *old = *units;
    *units = NULL;
    if (!old)
        return;
    for (unsigned i = 0; i < KINDS; i++) {
        child_free(&old->searches[i].child);
        peer_free(&old->searches[i].peer);
        frame_list_builder_free(&old->searches[i].list);
    }
    loop_timer_free(&old->over);
    frame_list_builder_free(&old->list);
    free(old);
}
