/* The settings of clientd, from the command line and clientd.conf: the table is settings.def. */
#ifndef DESKLINE_CLIENTD_SETTINGS_H
#define DESKLINE_CLIENTD_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/log.h"
#include "clientd/designation.h"

/* [scanner NAME]: a short name and overrides for one device. Texts are NULL where they are not set. */
struct scanner_settings {
    char *name;
    char *device;
    char *source_flatbed, *source_adf, *source_adf_duplex;
    char *options; /* NAME=VALUE;… */
};

/* [printer NAME]: a short name for one printer, or one that is not found by itself. */
struct printer_settings {
    char *name;
    char *uri;
};

struct settings {
    char *state, *control, *unit_folder;
    int log_level; /* enum log_level */
    int64_t watchdog_ms, printing_watchdog_ms, reconnect_max_ms, spool_limit_bytes, sheets_per_job;
    int manner_on_link_loss, manner_on_device_error; /* index in the words: see settings_policy */
    int uncertain_sheet;
    struct scanner_settings *scanners;
    size_t scanner_count;
    struct printer_settings *printers;
    size_t printer_count;
};

/* What the command line asks for. */
enum settings_wish {
    SETTINGS_RUN,
    SETTINGS_EXIT, /* --help, --version, --check-config: all is said */
};

/* Defaults, then the file, then the options. argv is kept, not copied, and read again by settings_reload. 0
 * with *wish, or -EINVAL with *error (one sentence); *settings is to be freed in any case. */
int settings_load(struct settings *settings, int argc, char **argv, enum settings_wish *wish,
                  struct conf_error *error);
/* Frees what the struct owns. Safe on a zeroed one. */
void settings_free(struct settings *settings);

struct designation_policy settings_policy(const struct settings *settings);
/* The section with that name, NULL for none. */
const struct scanner_settings *settings_scanner(const struct settings *settings, const char *name);
const struct printer_settings *settings_printer(const struct settings *settings, const char *name);
/* The driver's word for a source of read_options, NULL where none is set. */
const char *scanner_settings_source(const struct scanner_settings *scanner, uint8_t source);

#endif
