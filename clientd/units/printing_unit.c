/*
 * printing_unit: the program in which libcups runs, one process per printing job and per look for printers.
 * clientd starts it with a socketpair on descriptor 3 and ends it with SIGTERM; standard error is its log.
 *
 *   printing_unit list [--printer NAME=URI]...
 *       sends one UNIT_LIST: the printers that are named, then the queues of this host's spooler that are not
 *       among them (by name or URI), and ends. unit.device is the URI that `print` takes.
 *   printing_unit print --spool DIR --printer URI [--reach-limit SECONDS] [--stall-limit SECONDS]
 *       takes PRINT_COMMAND, at once behind it one ADOPT_SHEET for each sheet of an earlier run, then
 *       PRINT_SHEET, RELEASE_SHEET … and NO_MORE_SHEETS. DIR is the spool folder of the job; a block lies in
 *       it as a page (clientd/spool_names.h). Ends behind FUNCTION_FINISHED or ERROR_NOTICE.
 *       SECONDS: so long a printer may be out of reach (20), or at a sheet without any change (120); the
 * shorter the latter is, the shorter it is waited for answers, too, and for canceled sheets to end.
 *
 * The spooler of this host is the one that CUPS_SERVER or its client.conf name.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/log.h"
#include "base/memory.h"
#include "clientd/units/ipp_deadline.h"
#include "clientd/units/print_job.h"
#include "clientd/units/print_list.h"
#include "clientd/units/printer_ipp.h"
#include "clientd/units/printing_arguments.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_signals.h"

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char usage[] = "Usage: printing_unit list [--printer NAME=URI]...\n"
                            "       printing_unit print --spool DIR --printer URI\n"
                            "                     [--reach-limit SECONDS] [--stall-limit SECONDS]\n"
                            "Options for both: --log-level LEVEL, --help, --version\n"
                            "A part of clientd, which starts it with a socket on descriptor 3.\n";

static int run(const struct printing_arguments *arguments, struct unit_link *link)
{
    int error;
    unit_signals_install();
    unit_signals_guard(ipp_deadline_hurry, NULL);
    if (arguments->order == PRINTING_LIST) {
        error = print_list_send(link, arguments->printers, arguments->printer_count);
    } else {
        struct printer *printer = printer_ipp_new(arguments->answer_ms);
        const struct print_job_orders orders = {.uri = arguments->printers[0].uri,
                                                .spool = arguments->spool,
                                                .reach_ms = arguments->reach_ms,
                                                .stall_ms = arguments->stall_ms,
                                                .settle_ms = arguments->settle_ms};
        error = print_job_run(&orders, printer, link);
        printer_ipp_free(&printer);
    }
    return error && error != -EINTR && error != -EPIPE ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct printing_arguments arguments;
    struct unit_link *link = NULL;
    int code = EXIT_DONE;
    int error = printing_arguments_parse(&arguments, argc, argv);
    if (error || arguments.order == PRINTING_HELP) {
        fputs(usage, error ? stderr : stdout);
        code = error ? EXIT_USAGE : EXIT_DONE;
    } else if (arguments.order == PRINTING_VERSION) {
        code = puts("printing_unit " PACKAGE_VERSION) < 0 ? EXIT_FAILED : EXIT_DONE;
    } else {
        log_start("printing_unit", arguments.level);
        child_be_unit();
        error = unit_link_new(&link, CHILD_SOCKET_FD);
        if (error)
            log_error("descriptor %d is no socket to a daemon: %s", CHILD_SOCKET_FD, strerror(-error));
        code = error ? EXIT_FAILED : run(&arguments, link);
    }
    unit_link_free(&link);
    printing_arguments_free(&arguments);
    return code;
}
