#include "config.h"

#include "tests/rig/printer_job.h"

#include <cups/cups.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_number(const char *text, int *number)
{
    char *end;
    long value;

    errno = 0;
    value = text == NULL ? 0 : strtol(text, &end, 10);
    if (text == NULL || errno != 0 || end == text || *end != '\0' || value < 1 || value > 1000000000)
        return -EINVAL;
    *number = (int)value;
    return 0;
}

/* Copies a value that stands in one word of the log; the title, at the end of its line, may have spaces. */
static void keep(char *to, size_t room, const char *value, bool spaces)
{
    size_t length = 0;

    if (value == NULL || value[0] == '\0')
        value = "-";
    for (; *value != '\0' && length + 1 < room; value++)
        if (*value > ' ' || *value < 0 || (spaces && *value == ' '))
            to[length++] = *value;
    to[length] = '\0';
}

static void keep_options(struct printer_job *job, const char *sides, const char *media, const char *color)
{
    keep(job->sides, sizeof job->sides, sides, false);
    keep(job->media, sizeof job->media, media, false);
    keep(job->color, sizeof job->color, color, false);
    job->two_sided = strncmp(job->sides, "two-sided", 9) == 0;
}

int printer_job_from_backend(int argc, char **argv, struct printer_job *job)
{
    cups_option_t *options = NULL;
    int count;

    *job = (struct printer_job){.copies = 1};
    if (argc < 6 || argc > 7 || parse_number(argv[1], &job->id) != 0 ||
        parse_number(argv[4], &job->copies) != 0)
        return -EINVAL;
    keep(job->user, sizeof job->user, argv[2], false);
    keep(job->title, sizeof job->title, argv[3], true);
    count = cupsParseOptions(argv[5], 0, &options);
    keep_options(job, cupsGetOption("sides", count, options), cupsGetOption("media", count, options),
                 cupsGetOption("print-color-mode", count, options));
    cupsFreeOptions(count, options);
    if (argc == 7)
        snprintf(job->document, sizeof job->document, "%s", argv[6]);
    else
        job->copies = 1; /* filters have made the copies */
    return 0;
}

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value != NULL ? value : getenv(otherwise);
}

int printer_job_from_environment(const char *file, struct printer_job *job)
{
    const char *ranges = getenv("IPP_PAGE_RANGES");

    *job = (struct printer_job){.driverless = true, .copies = 1};
    if (parse_number(getenv("IPP_JOB_ID"), &job->id) != 0)
        return -EINVAL;
    if (getenv("IPP_COPIES") != NULL && parse_number(getenv("IPP_COPIES"), &job->copies) != 0)
        return -EINVAL;
    keep(job->user, sizeof job->user, getenv("IPP_JOB_ORIGINATING_USER_NAME"), false);
    keep(job->title, sizeof job->title, getenv("IPP_JOB_NAME"), true);
    keep_options(job, setting("IPP_SIDES", "IPP_SIDES_DEFAULT"), setting("IPP_MEDIA", "IPP_MEDIA_COL"),
                 setting("IPP_PRINT_COLOR_MODE", "IPP_PRINT_COLOR_MODE_DEFAULT"));
    if (ranges != NULL)
        keep(job->ranges, sizeof job->ranges, ranges, false);
    snprintf(job->document, sizeof job->document, "%s", file);
    return 0;
}
