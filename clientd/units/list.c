#include "config.h"

#include "clientd/units/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sane/sane.h>

#include <deskline/words.h>

#include "base/log.h"
#include "clientd/units/device_calls.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_list.h"
#include "clientd/units/unit_signals.h"

struct listing {
    struct scanner *scanner;
    struct frame_list_builder units;
};

/* A device that cannot be opened is listed with the reason: a user looks for it. */
static int add_device(struct listing *listing, const char *name, const char *model)
{
    struct scanner_error error = {0};
    struct frame_list_builder capabilities = {0};
    struct unit_entry unit = {.name = name,
                              .device = name,
                              .model = model,
                              .reasons = "none",
                              .kind = UNIT_READING,
                              .state = UNIT_STATE_IDLE,
                              .capabilities = &capabilities};
    int result = 0;
    if (device_open(listing->scanner, name, &error) == SCANNER_GOOD) {
        result = listing->scanner->ops->capabilities(listing->scanner, &capabilities);
    } else if (!unit_signals_stopped()) {
        log_notice("the device %s cannot be opened: %s", name, error.text);
        unit.state = UNIT_STATE_STOPPED;
        unit.reasons = error_find(error.code)->keyword;
    }
    device_close(listing->scanner);
    if (!result)
        result = unit_list_add(&listing->units, &unit);
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
    return unit_list_send(&listing.units, link, error);
}
