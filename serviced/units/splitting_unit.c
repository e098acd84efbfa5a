/*
 * splitting_unit: the program that takes a document apart for printing, one short-lived process per document,
 * since documents are hostile and so many libraries look at them. serviced starts it with a socketpair on
 * descriptor 3 and watches it; standard error is its log. It bounds its own memory, time and files.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/child.h"
#include "base/log.h"
#include "serviced/units/report.h"
#include "serviced/units/sheets.h"

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define MEMORY_LIMIT_BYTES (UINT64_C(1) << 30)
#define BLOCK_LIMIT_BYTES  (UINT64_C(1) << 30) /* of one file */
#define CPU_LIMIT_S        1800

#if defined __SANITIZE_ADDRESS__
#define HAS_SHADOW_MEMORY 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define HAS_SHADOW_MEMORY 1
#endif
#endif

static const char usage[] =
    "Usage: splitting_unit --output-folder DIR [OPTION]... FILE\n"
    "  --pages RANGES          as in 1-3,5,8- (all)\n"
    "  --sides one|long|short  long and short: two pages to a sheet (one)\n"
    "  --media SIZE            a4, letter, … or a name of PWG 5101.1 (a4)\n"
    "  --orientation auto|portrait|landscape  (auto)\n"
    "  --fit                   scale the pages of a PDF to the paper, too\n"
    "  --page-limit N          refuse documents of more pages (20000)\n"
    "  --byte-limit N          refuse documents whose blocks take more bytes (4294967296)\n"
    "  --log-level LEVEL, --help, --version\n"
    "A part of serviced, which starts it with a socket on descriptor 3.\n";

enum {
    OPTION_FOLDER = 256,
    OPTION_PAGES,
    OPTION_SIDES,
    OPTION_MEDIA,
    OPTION_ORIENTATION,
    OPTION_FIT,
    OPTION_PAGE_LIMIT,
    OPTION_BYTE_LIMIT,
    OPTION_LEVEL
};

static const struct option long_options[] = {
    {"output-folder", required_argument, NULL, OPTION_FOLDER},
    {"pages", required_argument, NULL, OPTION_PAGES},
    {"sides", required_argument, NULL, OPTION_SIDES},
    {"media", required_argument, NULL, OPTION_MEDIA},
    {"orientation", required_argument, NULL, OPTION_ORIENTATION},
    {"fit", no_argument, NULL, OPTION_FIT},
    {"page-limit", required_argument, NULL, OPTION_PAGE_LIMIT},
    {"byte-limit", required_argument, NULL, OPTION_BYTE_LIMIT},
    {"log-level", required_argument, NULL, OPTION_LEVEL},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

struct arguments {
    struct splitting_orders orders;
    const char *pages, *media;
    enum log_level level;
};

/* The place of the word in the list, or -1. */
static int find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

static int take_limit(const char *text, uint64_t most, uint64_t *limit)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || value == 0 || value > most)
        return -EINVAL;
    *limit = value;
    return 0;
}

static int take_argument(struct arguments *arguments, int option)
{
    static const char *const sides[] = {"one", "long", "short", NULL};
    static const char *const turns[] = {
        [TURN_AUTO] = "auto", [TURN_PORTRAIT] = "portrait", [TURN_LANDSCAPE] = "landscape", NULL};
    struct splitting_orders *orders = &arguments->orders;
    uint64_t limit = orders->page_limit;
    int word = 0, error = 0;
    switch (option) {
    case OPTION_FOLDER:
        orders->output_folder = optarg;
        break;
    case OPTION_PAGES:
        arguments->pages = optarg;
        break;
    case OPTION_SIDES:
        word = find_word(sides, optarg);
        orders->two_sided = word > 0;
        break;
    case OPTION_MEDIA:
        arguments->media = optarg;
        break;
    case OPTION_ORIENTATION:
        word = find_word(turns, optarg);
        orders->turn = (enum turn)word;
        break;
    case OPTION_FIT:
        orders->fit = true;
        break;
    case OPTION_PAGE_LIMIT:
        error = take_limit(optarg, 999999, &limit);
        orders->page_limit = (uint32_t)limit;
        break;
    case OPTION_BYTE_LIMIT:
        error = take_limit(optarg, UINT64_MAX, &orders->byte_limit);
        break;
    case OPTION_LEVEL:
        error = log_level_from_name(optarg, &arguments->level);
        break;
    default:
        error = -EINVAL;
    }
    return word < 0 ? -EINVAL : error;
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == 'h')
            return fputs(usage, stdout) < 0 ? EXIT_FAILED : EXIT_DONE;
        if (option == 'v')
            return puts("splitting_unit " PACKAGE_VERSION) < 0 ? EXIT_FAILED : EXIT_DONE;
        if (take_argument(arguments, option) < 0)
            goto wrong;
    }
    if (argc - optind == 1 && arguments->orders.output_folder) {
        arguments->orders.file = argv[optind];
        return -1;
    }
wrong:
    fputs(usage, stderr);
    return EXIT_USAGE;
}

/* What a person has asked for, and may have got wrong. */
static int check_wishes(struct arguments *arguments, struct refusal *refusal)
{
    char text[200];
    if (page_ranges_parse(&arguments->orders.ranges, arguments->pages, text, sizeof text))
        return refuse(refusal, ERROR_BAD_REQUEST, "%s", text);
    if (paper_find(&arguments->orders.paper, arguments->media) == 0)
        return 0;
    paper_names(text, sizeof text);
    return refuse(refusal, ERROR_BAD_REQUEST,
                  "there is no paper '%s'; known are %s, and sizes such as custom_210x297mm",
                  arguments->media, text);
}

static int set_limit(__rlimit_resource_t resource, uint64_t most)
{
    const struct rlimit limit = {(rlim_t)most, (rlim_t)most};
    return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static int limit_self(void)
{
    int error = set_limit(RLIMIT_CPU, CPU_LIMIT_S);
#ifndef HAS_SHADOW_MEMORY
    if (!error)
        error = set_limit(RLIMIT_AS, MEMORY_LIMIT_BYTES);
#endif
    if (!error)
        error = set_limit(RLIMIT_FSIZE, BLOCK_LIMIT_BYTES);
    if (!error)
        error = set_limit(RLIMIT_CORE, 0);
    if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        error = -errno;
    signal(SIGXFSZ, SIG_IGN); /* EFBIG says it */
    return error;
}

static int run(struct arguments *arguments)
{
    struct refusal refusal = {.code = ERROR_NONE};
    int error = check_wishes(arguments, &refusal);
    if (!error)
        error = sheets_make(&arguments->orders, &refusal);
    if (error == -ECANCELED || !error)
        error = report(
            &(struct frame){.type = FRAME_SPLIT_RESULT,
                            .split_result = {.code = refusal.code, .text = frame_text_of(refusal.text)}});
    return error ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {
        .media = "a4",
        .level = LOG_LEVEL_INFO,
        .orders = {.page_limit = 20000, .byte_limit = UINT64_C(1) << 32},
    };
    int code = parse(argc, argv, &arguments);
    if (code >= 0)
        return code;
    log_start("splitting_unit", arguments.level);
    child_be_unit();
    int error = limit_self();
    if (error) {
        log_error("the limits of this process cannot be set: %s", strerror(-error));
        return EXIT_FAILED;
    }
    return run(&arguments);
}
