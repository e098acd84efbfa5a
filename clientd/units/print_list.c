#include "config.h"

#include "clientd/units/print_list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cups/cups.h>

#include <deskline/words.h>

#include "base/log.h"
#include "clientd/units/ipp_client.h"
#include "clientd/units/ipp_look.h"
#include "clientd/units/print_sheets.h"
#include "clientd/units/printer_state.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_list.h"
#include "clientd/units/unit_signals.h"

#define VALUE_SIZE 1025  /* of an attribute */
#define NAME_SIZE  129   /* of a unit */
#define LIST_MS    14000 /* for all together: the daemon waits a little longer */
#define ASK_MS     250   /* for each at least */

struct listing {
    const struct print_list_printer *printers;
    size_t count, left; /* left: those that have not been asked, and the spooler */
    int64_t until_ms;
    struct frame_list_builder units;
};

/* What is told of a printer, and where it stands in IPP. */
static const struct {
    const char *name, *attribute;
} capabilities[] = {
    {"sides", "sides-supported"},
    {"colors", "print-color-mode-supported"},
    {"media", "media-supported"},
    {"media-ready", "media-ready"},
    {"media-default", "media-default"},
    {"resolutions", "printer-resolution-supported"},
    {"orientations", "orientation-requested-supported"},
    {"scalings", "print-scaling-supported"},
    {"formats", "document-format-supported"},
    {"copies", "copies-supported"},
};
#define CAPABILITIES (sizeof capabilities / sizeof capabilities[0])

static int describe(ipp_t *printer, struct frame_list_builder *list)
{
    char value[VALUE_SIZE];
    int error = 0;
    for (size_t i = 0; i < CAPABILITIES && !error; i++) {
        ipp_look_words(printer, capabilities[i].attribute, ',', value, sizeof value);
        error = unit_list_capability(list, capabilities[i].name, value);
    }
    if (!error)
        error = unit_list_capability(list, "kind", ipp_look_is_queue(printer) ? "queue" : "printer");
    return error;
}

static int add_printer(struct listing *listing, const char *name, const char *uri, ipp_t *printer)
{
    char model[NAME_SIZE];
    struct printer_look look;
    struct frame_list_builder list = {0};
    ipp_look_printer(printer, &look);
    ipp_look_text(printer, "printer-make-and-model", model, sizeof model);
    int error = describe(printer, &list);
    if (!error)
        error = unit_list_add(&listing->units,
                              &(struct unit_entry){.name = name,
                                                   .device = uri,
                                                   .model = model,
                                                   .reasons = look.reasons[0] ? look.reasons : "none",
                                                   .kind = UNIT_PRINTING,
                                                   .state = look.state ? look.state : UNIT_STATE_IDLE,
                                                   .capabilities = &list});
    frame_list_builder_free(&list);
    return error;
}

static int add_missing(struct listing *listing, const char *name, const char *uri,
                       const struct printer_error *why)
{
    struct frame_list_builder none = {0};
    log_notice("the printer %s cannot be asked: %s", name, why->text);
    return unit_list_add(&listing->units, &(struct unit_entry){.name = name,
                                                               .device = uri,
                                                               .model = "",
                                                               .reasons = error_find(why->code)->keyword,
                                                               .kind = UNIT_PRINTING,
                                                               .state = UNIT_STATE_STOPPED,
                                                               .capabilities = &none});
}

/* Printers that are switched off take their time, and must not take it from those that are there: each may
 * spend an equal share of what is left. */
static void limit(struct listing *listing, struct ipp_client *client)
{
    int64_t share_ms = (listing->until_ms - print_sheets_now()) / (int64_t)listing->left--;
    ipp_client_set_limit(client, share_ms > ASK_MS ? (uint32_t)share_ms : ASK_MS);
}

/* ---- Printers of the settings ------------------------------------------------------------------------- */

static int add_configured(struct listing *listing, const struct print_list_printer *printer)
{
    struct printer_error why = {0};
    struct ipp_client *client = ipp_client_new(printer->uri, &why);
    ipp_t *answer = NULL;
    if (client) {
        limit(listing, client);
        answer = ipp_client_do(client, ipp_client_request(client, IPP_OP_GET_PRINTER_ATTRIBUTES), NULL, NULL,
                               &why);
    }
    int error = 0;
    if (answer)
        error = add_printer(listing, printer->name, printer->uri, answer);
    else if (!unit_signals_stopped())
        error = add_missing(listing, printer->name, printer->uri, &why);
    ippDelete(answer);
    ipp_client_free(&client);
    return error;
}

/* ---- Queues ------------------------------------------------------------------------------------------- */

static bool is_configured(const struct listing *listing, const char *name, const char *uri)
{
    for (size_t i = 0; i < listing->count; i++)
        if (strcmp(listing->printers[i].uri, uri) == 0 || strcmp(listing->printers[i].name, name) == 0)
            return true;
    return false;
}

static int add_queue(void *context, ipp_t *queue)
{
    struct listing *listing = context;
    char name[NAME_SIZE], uri[PRINTER_URI_SIZE];
    ipp_look_text(queue, "printer-name", name, sizeof name);
    if (!name[0] || !ipp_client_local_uri(name, uri, sizeof uri) || is_configured(listing, name, uri))
        return 0;
    return add_printer(listing, name, uri, queue);
}

static int add_spooler(struct listing *listing)
{
    struct printer_error why = {0};
    struct ipp_client *client = ipp_client_new_local();
    ipp_t *request = ippNewRequest(IPP_OP_CUPS_GET_PRINTERS);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, cupsUser());
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", NULL, "all");
    ipp_status_t status;
    limit(listing, client);
    ipp_t *answer = ipp_client_do(client, request, NULL, &status, &why);
    int error = answer ? ipp_look_groups(answer, IPP_TAG_PRINTER, add_queue, listing) : 0;
    if (!answer && status != IPP_STATUS_ERROR_NOT_FOUND)
        log_info("no queues of this host: %s", why.text);
    ippDelete(answer);
    ipp_client_free(&client);
    return error;
}

int print_list_send(struct unit_link *link, const struct print_list_printer *printers, size_t count)
{
    struct listing listing = {
        .printers = printers, .count = count, .left = count + 1, .until_ms = print_sheets_now() + LIST_MS};
    int error = 0;
    for (size_t i = 0; i < count && !error && !unit_signals_stopped(); i++)
        error = add_configured(&listing, &printers[i]);
    if (!error && !unit_signals_stopped())
        error = add_spooler(&listing);
    if (!error && unit_signals_stopped())
        error = -EINTR;
    return unit_list_send(&listing.units, link, error);
}
