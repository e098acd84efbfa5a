#include "config.h"

#include "clientd/units/scanner_sane.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "clientd/units/sane_options.h"
#include "clientd/units/sane_setup.h"

struct scanner_sane {
    struct scanner base;
    SANE_Handle handle; /* NULL while no device is open */
};

static struct scanner_sane *sane_of(struct scanner *scanner)
{
    return (struct scanner_sane *)scanner;
}

static enum scanner_status sane_scanner_open(struct scanner *scanner, const char *device,
                                             struct scanner_error *error)
{
    SANE_Handle handle = NULL;
    SANE_Status status = sane_open(device, &handle);
    if (status != SANE_STATUS_GOOD) {
        char detail[300];
        snprintf(detail, sizeof detail, "opening %s", device);
        return scanner_sane_failed(error, status, SANE_CALL_OPEN, detail);
    }
    sane_of(scanner)->handle = handle;
    return SCANNER_GOOD;
}

static int sane_scanner_capabilities(struct scanner *scanner, struct frame_list_builder *list)
{
    return sane_setup_describe(sane_of(scanner)->handle, list);
}

static enum scanner_status sane_scanner_apply(struct scanner *scanner, const struct scanner_request *request,
                                              struct scanner_setup *setup, struct scanner_error *error)
{
    return sane_setup_apply(sane_of(scanner)->handle, request, setup, error);
}

static enum scanner_status sane_scanner_start(struct scanner *scanner, struct scanner_error *error)
{
    SANE_Status status = sane_start(sane_of(scanner)->handle);
    if (status == SANE_STATUS_NO_DOCS)
        return SCANNER_EMPTY;
    return status == SANE_STATUS_GOOD ? SCANNER_GOOD
                                      : scanner_sane_failed(error, status, SANE_CALL_START, "starting");
}

static bool plane_of(SANE_Frame format, enum scanner_plane *plane)
{
    static const enum scanner_plane planes[] = {[SANE_FRAME_GRAY] = SCANNER_PLANE_GRAY,
                                                [SANE_FRAME_RGB] = SCANNER_PLANE_RGB,
                                                [SANE_FRAME_RED] = SCANNER_PLANE_RED,
                                                [SANE_FRAME_GREEN] = SCANNER_PLANE_GREEN,
                                                [SANE_FRAME_BLUE] = SCANNER_PLANE_BLUE};
    size_t number = (size_t)format;
    if (number >= sizeof planes / sizeof planes[0])
        return false;
    *plane = planes[number];
    return true;
}

static enum scanner_status sane_scanner_parameters(struct scanner *scanner, struct scanner_frame *frame,
                                                   struct scanner_error *error)
{
    SANE_Parameters parameters = {0};
    SANE_Status status = sane_get_parameters(sane_of(scanner)->handle, &parameters);
    if (status != SANE_STATUS_GOOD)
        return scanner_sane_failed(error, status, SANE_CALL_READ, "asking for the size of the image");
    *frame = (struct scanner_frame){.last = parameters.last_frame != SANE_FALSE,
                                    .bytes_per_line = (uint32_t)parameters.bytes_per_line,
                                    .width_px = (uint32_t)parameters.pixels_per_line,
                                    .lines = parameters.lines > 0 ? (uint32_t)parameters.lines : 0,
                                    .depth = (uint32_t)parameters.depth};
    if (!plane_of(parameters.format, &frame->plane))
        return scanner_sane_refused(error,
                                    "the scanner delivers a kind of image that is not understood (frame %d)",
                                    (int)parameters.format);
    if (parameters.bytes_per_line < 1 || parameters.pixels_per_line < 1 || parameters.depth < 1)
        return scanner_sane_failed(error, SANE_STATUS_IO_ERROR, SANE_CALL_READ, "the image has no size");
    return SCANNER_GOOD;
}

static enum scanner_status sane_scanner_read(struct scanner *scanner, uint8_t *bytes, size_t room,
                                             size_t *length, struct scanner_error *error)
{
    SANE_Int most = room > INT_MAX ? INT_MAX : (SANE_Int)room, given = 0;
    SANE_Status status = sane_read(sane_of(scanner)->handle, bytes, most, &given);
    *length = 0;
    switch (status) {
    case SANE_STATUS_GOOD:
        if (given < 0 || given > most)
            return scanner_sane_failed(error, SANE_STATUS_IO_ERROR, SANE_CALL_READ,
                                       "an impossible number of bytes");
        *length = (size_t)given;
        return SCANNER_GOOD;
    case SANE_STATUS_EOF:
        return SCANNER_END;
    case SANE_STATUS_NO_DOCS:
        return SCANNER_EMPTY;
    default:
        return scanner_sane_failed(error, status, SANE_CALL_READ, "reading");
    }
}

static void sane_scanner_cancel(struct scanner *scanner)
{
    SANE_Handle handle = sane_of(scanner)->handle;
    if (handle)
        sane_cancel(handle);
}

static void sane_scanner_close(struct scanner *scanner)
{
    SANE_Handle handle = sane_of(scanner)->handle;
    sane_of(scanner)->handle = NULL;
    if (handle)
        sane_close(handle);
}

static const struct scanner_ops sane_ops = {
    .open = sane_scanner_open,
    .capabilities = sane_scanner_capabilities,
    .apply = sane_scanner_apply,
    .start = sane_scanner_start,
    .parameters = sane_scanner_parameters,
    .read = sane_scanner_read,
    .cancel = sane_scanner_cancel,
    .close = sane_scanner_close,
};

/* No password is ever asked for: nobody sits at a unit. Drivers take theirs from their own files. */
struct scanner *scanner_sane_new(struct scanner_error *error)
{
    SANE_Status status = sane_init(NULL, NULL);
    if (status != SANE_STATUS_GOOD) {
        scanner_sane_failed(error, status, SANE_CALL_OPEN, "starting libsane");
        return NULL;
    }
    struct scanner_sane *made = memory_new(sizeof *made);
    made->base.ops = &sane_ops;
    return &made->base;
}

void scanner_sane_free(struct scanner **scanner)
{
    if (!*scanner)
        return;
    sane_scanner_close(*scanner);
    sane_exit();
    free(*scanner);
    *scanner = NULL;
}
