#include "config.h"

#include "clientd/units/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sane/sane.h>

#include <deskline/frame.h>
#include <deskline/words.h>

#include "base/log.h"
#include "base/text.h"
#include "clientd/units/device_calls.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_signals.h"

#define UNITS_MAX     64 /* of UNIT_LIST */
#define UNIT_READING  1
#define STATE_IDLE    3
#define STATE_STOPPED 5

struct listing {
    struct scanner *scanner;
    struct frame_list_builder units;
};

/* Drivers' words, cut to a field's size and made fit for a frame. */
static struct frame_text clean(const char *text, char *copy, size_t size)
{
    text_escape(copy, size, text, strlen(text));
    return frame_text_of(copy);
}

/* A device that cannot be opened is listed with the reason: a user looks for it. One whose name does not fit
 * into the frame cannot be named in a command either. */
static int add_device(struct listing *listing, const char *name, const char *model)
{
    char name_copy[129], model_copy[129], reasons[64] = "none";
    struct scanner_error error = {0};
    struct frame_list_builder capabilities = {0};
    struct record_unit unit = {.kind = UNIT_READING, .state = STATE_IDLE};
    int result = 0;
    if (listing->units.count == UNITS_MAX || strlen(name) >= sizeof name_copy) {
        log_warning("the device %s is left out: its name is too long, or there are too many devices", name);
        return 0;
    }
    if (device_open(listing->scanner, name, &error) == SCANNER_GOOD) {
        result = listing->scanner->ops->capabilities(listing->scanner, &capabilities);
    } else if (!unit_signals_stopped()) {
        log_notice("the device %s cannot be opened: %s", name, error.text);
        unit.state = STATE_STOPPED;
        snprintf(reasons, sizeof reasons, "%s", error_find(error.code)->keyword);
    }
    device_close(listing->scanner);
    unit.name = unit.device = clean(name, name_copy, sizeof name_copy);
    unit.model = clean(model, model_copy, sizeof model_copy);
    unit.reasons = frame_text_of(reasons);
    unit.capabilities = frame_list_view(&capabilities);
    if (!result)
        result = frame_list_add(&listing->units, &frame_record_unit, &unit);
    frame_list_builder_free(&capabilities);
    return result;
}

static bool is_among(const SANE_Device *const *found, const char *name)
{
    for (; found && *found; found++)
        if (strcmp((*found)->name, name) == 0)
            return true;
    return false;
}

/* The drivers' list lives until sane_get_devices is called again. */
static int add_found(struct listing *listing, const SANE_Device *const *found)
{
    int error = 0;
    for (; found && *found && !error && !unit_signals_stopped(); found++) {
        char model[256];
        snprintf(model, sizeof model, "%s %s", (*found)->vendor, (*found)->model);
        error = add_device(listing, (*found)->name, model);
    }
    return error;
}

int list_send(struct scanner *scanner, struct unit_link *link, bool local_only, char *const *devices,
              size_t device_count)
{
    struct listing listing = {.scanner = scanner};
    const SANE_Device **found = NULL;
    SANE_Status status = sane_get_devices(&found, local_only ? SANE_TRUE : SANE_FALSE);
    unit_signals_install();
    if (status != SANE_STATUS_GOOD) {
        log_error("looking for devices: %s", sane_strstatus(status));
        found = NULL;
    }
    int error = add_found(&listing, found);
    for (size_t i = 0; i < device_count && !error && !unit_signals_stopped(); i++)
        if (!is_among(found, devices[i]))
            error = add_device(&listing, devices[i], "");
    if (!error && unit_signals_stopped())
        error = -EINTR;
    if (!error)
        error =
            unit_link_send(link, &(struct frame){.type = FRAME_UNIT_LIST,
                                                 .unit_list = {.units = frame_list_view(&listing.units)}});
    else if (error != -EINTR)
        log_error("the list of devices cannot be made: %s", strerror(-error));
    frame_list_builder_free(&listing.units);
    return error;
}
