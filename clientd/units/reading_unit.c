/*
 * reading_unit: the program in which libsane and its drivers run, one process per scan and per look for
 * devices. clientd starts it with a socketpair on descriptor 3 and ends it with SIGTERM; standard error is
 * its log.
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
#include "clientd/units/list.h"
#include "clientd/units/read_job.h"
#include "clientd/units/scanner_sane.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_signals.h"

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct arguments {
    bool list;
    bool local_only;
    const char *spool, *source_name;
    char **devices; /* point into argv, as the options do */
    size_t device_count;
    char **options;
    size_t option_count;
    enum log_level level;
};

static const char usage[] = "Usage: reading_unit list [--local-only] [--device NAME]...\n"
                            "       reading_unit read --spool DIR --device NAME [--source-name TEXT]\n"
                            "                    [--option OPTION=VALUE]...\n"
                            "Options for both: --log-level LEVEL, --help, --version\n"
                            "A part of clientd, which starts it with a socket on descriptor 3.\n";

enum { OPTION_LOCAL_ONLY = 256, OPTION_DEVICE, OPTION_SPOOL, OPTION_SOURCE, OPTION_OPTION, OPTION_LEVEL };

static const struct option long_options[] = {
    {"local-only", no_argument, NULL, OPTION_LOCAL_ONLY},
    {"device", required_argument, NULL, OPTION_DEVICE},
    {"spool", required_argument, NULL, OPTION_SPOOL},
    {"source-name", required_argument, NULL, OPTION_SOURCE},
    {"option", required_argument, NULL, OPTION_OPTION},
    {"log-level", required_argument, NULL, OPTION_LEVEL},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

static int take_argument(struct arguments *arguments, int option)
{
    switch (option) {
    case OPTION_LOCAL_ONLY:
        arguments->local_only = true;
        return 0;
    case OPTION_DEVICE:
        arguments->devices[arguments->device_count++] = optarg;
        return 0;
    case OPTION_SPOOL:
        arguments->spool = optarg;
        return 0;
    case OPTION_SOURCE:
        arguments->source_name = optarg;
        return 0;
    case OPTION_OPTION:
        arguments->options[arguments->option_count++] = optarg;
        return 0;
    case OPTION_LEVEL:
        return log_level_from_name(optarg, &arguments->level);
    default:
        return -EINVAL;
    }
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == 'h')
            return fputs(usage, stdout) < 0 ? EXIT_FAILED : EXIT_DONE;
        if (option == 'v')
            return puts("reading_unit " PACKAGE_VERSION) < 0 ? EXIT_FAILED : EXIT_DONE;
        if (take_argument(arguments, option) < 0)
            goto wrong;
    }
    if (argc - optind != 1)
        goto wrong;
    arguments->list = strcmp(argv[optind], "list") == 0;
    bool read = strcmp(argv[optind], "read") == 0 && arguments->spool && arguments->device_count == 1;
    if (arguments->list || read)
        return -1;
wrong:
    fputs(usage, stderr);
    return EXIT_USAGE;
}

static int run(const struct arguments *arguments, struct unit_link *link)
{
    struct scanner_error why = {0};
    struct scanner *scanner = scanner_sane_new(&why);
    if (!scanner) {
        log_error("%s", why.text);
        return EXIT_FAILED;
    }
    unit_signals_install();
    int error;
    if (arguments->list) {
        error = list_send(scanner, link, arguments->local_only, arguments->devices, arguments->device_count);
    } else {
        const struct read_job_orders orders = {.device = arguments->devices[0],
                                               .spool = arguments->spool,
                                               .source_name = arguments->source_name,
                                               .extra = arguments->options,
                                               .extra_count = arguments->option_count};
        error = read_job_run(&orders, scanner, link);
    }
    unit_signals_limit(UNIT_CLOSE_LIMIT_S);
    scanner_sane_free(&scanner);
    return error && error != -EINTR && error != -EPIPE ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.devices = memory_new((size_t)argc * sizeof(char *)),
                                  .options = memory_new((size_t)argc * sizeof(char *)),
                                  .level = LOG_LEVEL_INFO};
    struct unit_link *link = NULL;
    int code = parse(argc, argv, &arguments);
    if (code >= 0)
        goto done;
    log_start("reading_unit", arguments.level);
    child_be_unit();
    unit_signals_install();
    int error = unit_link_new(&link, CHILD_SOCKET_FD);
    if (error)
        log_error("descriptor %d is no socket to a daemon: %s", CHILD_SOCKET_FD, strerror(-error));
    code = error ? EXIT_FAILED : run(&arguments, link);
done:
    unit_link_free(&link);
    free(arguments.devices);
    free(arguments.options);
    return code;
}
