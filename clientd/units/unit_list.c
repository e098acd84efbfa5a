#include "config.h"

#include "clientd/units/unit_list.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "clientd/units/unit_link.h"

/* Drivers' words, cut to a field's size and made fit for a frame. */
static struct frame_text clean(const char *text, char *copy, size_t size)
{
    text_escape(copy, size, text, strlen(text));
    return frame_text_of(copy);
}

int unit_list_add(struct frame_list_builder *units, const struct unit_entry *entry)
{
    char name[129], device[257], model[129], reasons[257];
    if (units->count == UNIT_LIST_MAX || strlen(entry->name) >= sizeof name ||
        strlen(entry->device) >= sizeof device) {
        log_warning("the device %s is left out: its name is too long, or there are too many devices",
                    entry->name);
        return 0;
    }
    const struct record_unit unit = {.name = clean(entry->name, name, sizeof name),
                                     .device = clean(entry->device, device, sizeof device),
                                     .model = clean(entry->model, model, sizeof model),
                                     .reasons = clean(entry->reasons, reasons, sizeof reasons),
                                     .kind = entry->kind,
                                     .state = entry->state,
                                     .capabilities = frame_list_view(entry->capabilities)};
    return frame_list_add(units, &frame_record_unit, &unit);
}

int unit_list_send(struct frame_list_builder *units, struct unit_link *link, int error)
{
    if (!error)
        error = unit_link_send(
            link, &(struct frame){.type = FRAME_UNIT_LIST, .unit_list = {.units = frame_list_view(units)}});
    else if (error != -EINTR)
        log_error("the list of devices cannot be made: %s", strerror(-error));
    frame_list_builder_free(units);
    return error;
}

int unit_list_capability(struct frame_list_builder *capabilities, const char *name, const char *value)
{
    if (!value[0])
        return 0;
    const struct record_attribute attribute = {frame_text_of(name), frame_text_of(value)};
    return frame_list_add(capabilities, &frame_record_attribute, &attribute);
}
