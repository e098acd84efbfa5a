#include "config.h"

#include "clientd/units/device_calls.h"

#include <stddef.h>

#include "clientd/units/unit_signals.h"

static void cancel_scan(void *context)
{
    struct scanner *scanner = context;
    scanner->ops->cancel(scanner);
}

/* Behind every call. */
static enum scanner_status came_back(enum scanner_status status)
{
    unit_signals_leave();
    return unit_signals_stopped() ? SCANNER_FAILED : status;
}

enum scanner_status device_open(struct scanner *scanner, const char *name, struct scanner_error *error)
{
    if (!unit_signals_enter())
        return SCANNER_FAILED;
    enum scanner_status status = scanner->ops->open(scanner, name, error);
    unit_signals_install();
    if (status == SCANNER_GOOD) {
        scanner->ops->cancel(scanner);
        unit_signals_guard(cancel_scan, scanner);
    }
    return came_back(status);
}

enum scanner_status device_apply(struct scanner *scanner, const struct scanner_request *request,
                                 struct scanner_setup *setup, struct scanner_error *error)
{
    if (!unit_signals_enter())
        return SCANNER_FAILED;
    return came_back(scanner->ops->apply(scanner, request, setup, error));
}

enum scanner_status device_start(struct scanner *scanner, struct scanner_error *error)
{
    if (!unit_signals_enter())
        return SCANNER_FAILED;
    enum scanner_status status = scanner->ops->start(scanner, error);
    unit_signals_install();
    return came_back(status);
}

enum scanner_status device_parameters(struct scanner *scanner, struct scanner_frame *frame,
                                      struct scanner_error *error)
{
    if (!unit_signals_enter())
        return SCANNER_FAILED;
    return came_back(scanner->ops->parameters(scanner, frame, error));
}

enum scanner_status device_read(struct scanner *scanner, uint8_t *bytes, size_t room, size_t *length,
                                struct scanner_error *error)
{
    *length = 0;
    if (!unit_signals_enter())
        return SCANNER_FAILED;
    return came_back(scanner->ops->read(scanner, bytes, room, length, error));
}

void device_cancel(struct scanner *scanner)
{
    unit_signals_limit(UNIT_CLOSE_LIMIT_S);
    scanner->ops->cancel(scanner);
    unit_signals_limit(0);
}

void device_close(struct scanner *scanner)
{
    unit_signals_guard(NULL, NULL);
    unit_signals_limit(UNIT_CLOSE_LIMIT_S);
    scanner->ops->close(scanner);
    unit_signals_limit(0);
}
