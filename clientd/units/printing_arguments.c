#include "config.h"

#include "clientd/units/printing_arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define REACH_S      20u
#define STALL_S      120u
#define SECONDS_MOST 86400ul
#define MILLISECONDS 1000u
/* Waiting for an answer, and for sheets to end, is to leave the printer most of the time. */
#define STALL_PER_WAIT 12u
#define WAIT_LEAST_MS  2000u
#define WAIT_MOST_MS   10000u

enum { OPTION_PRINTER = 256, OPTION_SPOOL, OPTION_REACH, OPTION_STALL, OPTION_LEVEL };

static const struct option long_options[] = {
    {"printer", required_argument, NULL, OPTION_PRINTER},
    {"spool", required_argument, NULL, OPTION_SPOOL},
    {"reach-limit", required_argument, NULL, OPTION_REACH},
    {"stall-limit", required_argument, NULL, OPTION_STALL},
    {"log-level", required_argument, NULL, OPTION_LEVEL},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

static int take_seconds(uint32_t *ms, const char *text)
{
    char *end;
    errno = 0;
    unsigned long seconds = strtoul(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || seconds < 1 || seconds > SECONDS_MOST)
        return -EINVAL;
    *ms = (uint32_t)seconds * MILLISECONDS;
    return 0;
}

/* NAME=URI, or a URI alone: then that is the name. */
static int take_printer(struct printing_arguments *arguments, const char *text)
{
    struct print_list_printer *printer = &arguments->printers[arguments->printer_count];
    const char *scheme = strstr(text, "://"), *equals = strchr(text, '=');
    bool is_named = equals && scheme && equals < scheme;
    if (!scheme || equals == text)
        return -EINVAL;
    printer->uri = is_named ? equals + 1 : text;
    printer->name = is_named ? strndup(text, (size_t)(equals - text)) : strdup(text);
    if (!printer->name)
        return -ENOMEM;
    arguments->printer_count++;
    return 0;
}

static int take_option(struct printing_arguments *arguments, int option)
{
    switch (option) {
    case OPTION_PRINTER:
        return take_printer(arguments, optarg);
    case OPTION_SPOOL:
        arguments->spool = optarg;
        return 0;
    case OPTION_REACH:
        return take_seconds(&arguments->reach_ms, optarg);
    case OPTION_STALL:
        return take_seconds(&arguments->stall_ms, optarg);
    case OPTION_LEVEL:
        return log_level_from_name(optarg, &arguments->level);
    default:
        return -EINVAL;
    }
}

static uint32_t wait_ms(uint32_t stall_ms)
{
    uint32_t wait_ms = stall_ms / STALL_PER_WAIT;
    wait_ms = wait_ms < WAIT_MOST_MS ? wait_ms : WAIT_MOST_MS;
    return wait_ms > WAIT_LEAST_MS ? wait_ms : WAIT_LEAST_MS;
}

int printing_arguments_parse(struct printing_arguments *arguments, int argc, char **argv)
{
    int option, error = 0;
    *arguments =
        (struct printing_arguments){.printers = memory_new((size_t)argc * sizeof *arguments->printers),
                                    .reach_ms = REACH_S * MILLISECONDS,
                                    .stall_ms = STALL_S * MILLISECONDS,
                                    .level = LOG_LEVEL_INFO};
    optind = 1;
    while (!error && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == 'h' || option == 'v') {
            arguments->order = option == 'h' ? PRINTING_HELP : PRINTING_VERSION;
            return 0;
        }
        error = take_option(arguments, option);
    }
    if (error)
        return error;
    arguments->answer_ms = arguments->settle_ms = wait_ms(arguments->stall_ms);
    if (argc - optind != 1)
        return -EINVAL;
    if (strcmp(argv[optind], "list") == 0) {
        arguments->order = PRINTING_LIST;
        return 0;
    }
    arguments->order = PRINTING_PRINT;
    bool is_whole = strcmp(argv[optind], "print") == 0 && arguments->spool && arguments->printer_count == 1;
    return is_whole ? 0 : -EINVAL;
}

void printing_arguments_free(struct printing_arguments *arguments)
{
    for (size_t i = 0; i < arguments->printer_count; i++)
        free((char *)arguments->printers[i].name);
    free(arguments->printers);
    *arguments = (struct printing_arguments){0};
}
