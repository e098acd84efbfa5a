/*
 * A scanner behind a callback record: the page loop (read_job) knows this file and nothing of SANE.
 *
 *   open ─► apply ─► ( start ─► parameters ─► read … read ) … ─► cancel ─► close
 *
 * One image is what stands between start and the end of its data; a three-pass device needs three of them for
 * a page. All calls block, except `cancel`, which may also come from a signal handler while another call
 * runs.
 */
#ifndef DESKLINE_CLIENTD_UNITS_SCANNER_H
#define DESKLINE_CLIENTD_UNITS_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>

/* Numbers of read_options.source and read_options.mode. */
enum scanner_source {
    SCANNER_DEFAULT_SOURCE = 0,
    SCANNER_FLATBED = 1,
    SCANNER_ADF = 2,
    SCANNER_ADF_DUPLEX = 3
};
enum scanner_mode { SCANNER_DEFAULT_MODE = 0, SCANNER_LINEART = 1, SCANNER_GRAY = 2, SCANNER_COLOR = 3 };

enum scanner_status {
    SCANNER_GOOD = 0,
    SCANNER_END,   /* read: the image is over */
    SCANNER_EMPTY, /* start, read: there is no sheet in the feeder */
    SCANNER_FAILED /* the reason is in struct scanner_error */
};

struct scanner_error {
    uint16_t code;  /* of errors.def */
    bool unmoved;   /* from start: it failed before any paper could have been moved */
    char text[512]; /* UTF-8, one line: what the device said and in which call */
};

struct scanner_request {
    const struct record_read_options *options;
    const char *source_name; /* the driver's word for the source, NULL: found by its meaning */
    char *const *extra;      /* OPTION=VALUE each, in the driver's words */
    size_t extra_count;
};

/* How the device stands after the options were applied. */
struct scanner_setup {
    bool feeder;           /* sheets move by themselves; else one page per run lies on the glass */
    uint32_t x_dpi, y_dpi; /* 0 where the device does not say */
};

enum scanner_plane {
    SCANNER_PLANE_GRAY,
    SCANNER_PLANE_RGB,
    SCANNER_PLANE_RED,
    SCANNER_PLANE_GREEN,
    SCANNER_PLANE_BLUE
};

struct scanner_frame {
    enum scanner_plane plane;
    bool last; /* of the page: false for the first two images of a three-pass page */
    uint32_t bytes_per_line, width_px;
    uint32_t lines; /* 0: not known before the end */
    uint32_t depth; /* bits per sample */
};

struct scanner;

/* Texts and lists that are handed in stay the caller's. Whatever returns SCANNER_FAILED fills *error. */
struct scanner_ops {
    enum scanner_status (*open)(struct scanner *scanner, const char *device, struct scanner_error *error);
    /* Adds records of type attribute: what the open device can do. Returns 0, -EINVAL or -ENOMEM. */
    int (*capabilities)(struct scanner *scanner, struct frame_list_builder *list);
    enum scanner_status (*apply)(struct scanner *scanner, const struct scanner_request *request,
                                 struct scanner_setup *setup, struct scanner_error *error);
    enum scanner_status (*start)(struct scanner *scanner, struct scanner_error *error);
    /* Before start: what the options promise. After it: what the image is. */
    enum scanner_status (*parameters)(struct scanner *scanner, struct scanner_frame *frame,
                                      struct scanner_error *error);
    /* Up to `room` bytes; SCANNER_GOOD with *length 0 means that there are none yet. */
    enum scanner_status (*read)(struct scanner *scanner, uint8_t *bytes, size_t room, size_t *length,
                                struct scanner_error *error);
    /* Ends the scan and lets the sheets go. Async-signal-safe. */
    void (*cancel)(struct scanner *scanner);
    /* Safe on a device that is not open. */
    void (*close)(struct scanner *scanner);
};

/* The first member of every implementation's struct. */
struct scanner {
    const struct scanner_ops *ops;
};

#endif
