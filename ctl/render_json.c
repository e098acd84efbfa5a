#include "config.h"

#include "ctl/render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

json_t *render_json_text(struct frame_text text)
{
    return json_stringn(text.at ? text.at : "", text.length);
}

static json_t *time_or_null(uint64_t wall_ms)
{
    char text[TEXT_TIME_SIZE];
    if (!wall_ms)
        return json_null();
    text_time(wall_ms, text);
    return json_string(text);
}

static json_t *text_or_null(struct frame_text text)
{
    return text.length ? render_json_text(text) : json_null();
}

/* Keywords separated by spaces; "none" says that there is none. */
static json_t *keywords(const char *text, size_t length)
{
    json_t *array = json_array();
    for (size_t start = 0, end; start < length; start = end + 1) {
        for (end = start; end < length && text[end] != ' ';)
            end++;
        if (end > start && !(end - start == 4 && !memcmp(text + start, "none", 4)))
            json_array_append_new(array, json_stringn(text + start, end - start));
    }
    return array;
}

static json_t *pages_in(const struct ledger *ledger, enum page_state state)
{
    json_t *array = json_array();
    for (uint32_t page = 1; page <= ledger->count; page++)
        if (ledger_get(ledger, page).state == state)
            json_array_append_new(array, json_integer(page));
    return array;
}

/* Each count holds what has got further, too: of a job that is completed, all are the same. */
static json_t *pages(const struct ledger *ledger)
{
    uint32_t stored = ledger_count(ledger, PAGE_STORED), printed = ledger_count(ledger, PAGE_PRINTED);
    uint32_t submitted = ledger_count(ledger, PAGE_SUBMITTED) + printed;
    json_t *object = json_object();
    json_object_set_new(object, "total", ledger->total ? json_integer(ledger->total) : json_null());
    json_object_set_new(object, "read", json_integer(ledger_count(ledger, PAGE_READ) + stored));
    json_object_set_new(object, "stored", json_integer(stored));
    json_object_set_new(object, "received", json_integer(ledger_count(ledger, PAGE_RECEIVED) + submitted));
    json_object_set_new(object, "submitted", json_integer(submitted));
    json_object_set_new(object, "printed", json_integer(printed));
    json_object_set_new(object, "uncertain", pages_in(ledger, PAGE_UNCERTAIN));
    json_object_set_new(object, "skipped", pages_in(ledger, PAGE_SKIPPED));
    return object;
}

static json_t *phase(const struct record_phase *record)
{
    json_t *object = json_object();
    json_object_set_new(object, "function", json_string(function_name(record->function)));
    json_object_set_new(object, "step", json_string(phase_name(record->step)));
    json_object_set_new(object, "page", json_integer(record->page));
    json_object_set_new(object, "device_page", json_integer(record->device_page));
    return object;
}

static json_t *error(const struct job_view *view)
{
    if (!view->error_code)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "code", json_string(error_find(view->error_code)->keyword));
    json_object_set_new(object, "text", json_string(job_view_error(view)));
    json_object_set_new(object, "action", json_string(job_view_action(view)));
    return object;
}

/* The names of what is on offer; from-page goes with the range that the user may choose from. */
static void set_manners(json_t *job, const struct job_view *view)
{
    json_t *names = json_array(), *range = json_null();
    for (unsigned i = 0; i < view->offer_count; i++) {
        const struct manner_offer *offer = &view->offers[i];
        json_array_append_new(names, json_string(manner_name((uint8_t)offer->manner)));
        if (offer->manner != MANNER_FROM_PAGE)
            continue;
        json_decref(range);
        range = json_object();
        json_object_set_new(range, "first", json_integer(offer->first_page));
        json_object_set_new(range, "last", json_integer(offer->last_page));
    }
    json_object_set_new(job, "manners", names);
    json_object_set_new(job, "from_page", range);
}

json_t *render_json_job(const struct job_view *view)
{
    json_t *job = json_object();
    json_object_set_new(job, "id", json_integer((json_int_t)view->job));
    json_object_set_new(job, "client", json_string(view->client));
    json_object_set_new(job, "service", json_string(view->service));
    json_object_set_new(job, "title", json_string(view->title));
    json_object_set_new(job, "unit", json_string(view->unit));
    json_object_set_new(job, "link", json_boolean(view->is_linked));
    json_object_set_new(job, "state", json_string(job_state_name(view->state)));
    json_object_set_new(job, "state_reasons", keywords(view->reasons, strlen(view->reasons)));
    json_object_set_new(job, "phase", phase(&view->phase));
    json_object_set_new(job, "pages", pages(&view->ledger));
    json_object_set_new(job, "bytes", json_integer((json_int_t)view->bytes));
    json_object_set_new(job, "error", error(view));
    set_manners(job, view);
    json_object_set_new(job, "document",
                        view->document ? json_integer((json_int_t)view->document) : json_null());
    json_object_set_new(job, "created", time_or_null(view->created_ms));
    json_object_set_new(job, "updated", time_or_null(view->updated_ms));
    return job;
}

static void set_attributes(json_t *object, const struct frame_list *list)
{
    struct record_attribute attribute;
    size_t cursor = 0;
    while (frame_list_next(list, &frame_record_attribute, &cursor, &attribute)) {
        char *name = frame_text_dup(attribute.name);
        json_object_set_new(object, name, render_json_text(attribute.value));
        free(name);
    }
}

json_t *render_json_unit(const struct record_unit *unit)
{
    json_t *object = json_object(), *capabilities = json_object();
    set_attributes(capabilities, &unit->capabilities);
    json_object_set_new(object, "name", render_json_text(unit->name));
    json_object_set_new(object, "kind", json_string(render_unit_kind(unit->kind)));
    json_object_set_new(object, "model", render_json_text(unit->model));
    json_object_set_new(object, "device", render_json_text(unit->device));
    json_object_set_new(object, "state", json_string(render_unit_state(unit->state)));
    json_object_set_new(object, "state_reasons", keywords(unit->reasons.at, unit->reasons.length));
    json_object_set_new(object, "capabilities", capabilities);
    return object;
}

json_t *render_json_service(const struct record_service *service)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", render_json_text(service->name));
    json_object_set_new(object, "text", render_json_text(service->text));
    return object;
}

json_t *render_json_document(const struct record_document *document)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", json_integer((json_int_t)document->document));
    json_object_set_new(object, "client", render_json_text(document->client));
    json_object_set_new(object, "name", render_json_text(document->name));
    json_object_set_new(object, "title", render_json_text(document->title));
    json_object_set_new(object, "pages", json_integer(document->pages));
    json_object_set_new(object, "bytes", json_integer((json_int_t)document->length_bytes));
    json_object_set_new(object, "parts", json_integer(document->parts));
    json_object_set_new(object, "created", time_or_null(document->created_ms));
    return object;
}

json_t *render_json_client(const struct record_client *client)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", render_json_text(client->name));
    json_object_set_new(object, "state", json_string(render_client_state(client->state)));
    json_object_set_new(object, "address", text_or_null(client->address));
    json_object_set_new(object, "seen", time_or_null(client->seen_ms));
    return object;
}

json_t *render_json_status(const struct frame_status *status)
{
    json_t *object = json_object();
    json_object_set_new(object, "software", render_json_text(status->software));
    set_attributes(object, &status->attributes);
    return object;
}

json_t *render_json_error(const char *code, const char *text)
{
    json_t *object = json_object(), *body = json_object();
    json_object_set_new(body, "code", json_string(code));
    json_object_set_new(body, "text", json_string(text));
    json_object_set_new(object, "error", body);
    return object;
}

int render_json_print(FILE *out, json_t *value)
{
    int error = value ? json_dumpf(value, out, JSON_COMPACT) : -1;
    json_decref(value);
    if (error || fputc('\n', out) == EOF || fflush(out))
        return -EIO;
    return 0;
}
