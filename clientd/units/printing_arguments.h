/* The command line of printing_unit. */
#ifndef DESKLINE_CLIENTD_UNITS_PRINTING_ARGUMENTS_H
#define DESKLINE_CLIENTD_UNITS_PRINTING_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "clientd/units/print_list.h"

enum printing_order { PRINTING_LIST, PRINTING_PRINT, PRINTING_HELP, PRINTING_VERSION };

struct printing_arguments {
    enum printing_order order;
    const char *spool; /* points into argv, as the URIs do */
    struct print_list_printer *printers;
    size_t printer_count;
    uint32_t reach_ms, stall_ms, answer_ms, settle_ms;
    enum log_level level;
};

/* 0, or -EINVAL for what makes no sense (getopt has then said why, where it knows). To be freed in any case.
 */
int printing_arguments_parse(struct printing_arguments *arguments, int argc, char **argv);
void printing_arguments_free(struct printing_arguments *arguments);

#endif
