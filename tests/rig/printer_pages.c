#include "config.h"

#include "tests/rig/printer_pages.h"

#include <cups/raster.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_PAGES 200000

extern char **environ;

enum format { FORMAT_PDF, FORMAT_RASTER, FORMAT_JPEG, FORMAT_PNG, FORMAT_TEXT };

static const struct {
    const char *name;
    const char *magic;
    size_t length;
} formats[] = {
    [FORMAT_PDF] = {"pdf", "%PDF", 4},      [FORMAT_RASTER] = {"pwg", "RaS", 3}, /* and 3SaR, 2SaR */
    [FORMAT_JPEG] = {"jpg", "\377\330", 2}, [FORMAT_PNG] = {"png", "\211PNG", 4},
    [FORMAT_TEXT] = {"txt", "", 0},
};

struct printer_pages {
    const char *path; /* its own copy */
    enum format format;
    unsigned total;
    unsigned *wanted;
    unsigned count;
};

static int find_format(const char *path, enum format *format)
{
    char head[4] = {0};
    FILE *file = fopen(path, "re");
    size_t n;

    if (file == NULL)
        return -errno;
    n = fread(head, 1, sizeof head, file);
    fclose(file);
    if (n == 0)
        return -EINVAL;
    *format = FORMAT_PDF;
    while (memcmp(head, formats[*format].magic, formats[*format].length) != 0)
        (*format)++;
    if (memcmp(head, "3SaR", 4) == 0 || memcmp(head, "2SaR", 4) == 0)
        *format = FORMAT_RASTER;
    return 0;
}

/* Runs qpdf; what it prints goes into `answer`. It says 3 where it has repaired something. */
static int run_qpdf(char **arguments, char *answer, size_t room)
{
    posix_spawn_file_actions_t actions;
    int ends[2], status, error;
    ssize_t n;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    error = -posix_spawnp(&child, "qpdf", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    answer[0] = '\0';
    if (error == 0) {
        n = read(ends[0], answer, room - 1);
        answer[n < 0 ? 0 : n] = '\0';
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
        error = WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3) ? 0 : -EINVAL;
    }
    close(ends[0]);
    return error;
}

static int count_pdf(struct printer_pages *pages)
{
    char answer[64], *arguments[] = {"qpdf", "--show-npages", (char *)pages->path, NULL};
    int error = run_qpdf(arguments, answer, sizeof answer);

    pages->total = (unsigned)strtoul(answer, NULL, 10);
    return error;
}

/* Passes the lines of a page on to `out`, or nowhere. */
static int pass_raster_page(cups_raster_t *in, cups_page_header2_t *header, cups_raster_t *out)
{
    unsigned char *line;
    int error = 0;

    if (header->cupsBytesPerLine == 0 || header->cupsBytesPerLine > 1 << 26)
        return -EINVAL;
    line = malloc(header->cupsBytesPerLine);
    if (line == NULL)
        return -ENOMEM;
    if (out != NULL && !cupsRasterWriteHeader2(out, header))
        error = -EIO;
    for (unsigned y = 0; error == 0 && y < header->cupsHeight; y++) {
        if (cupsRasterReadPixels(in, line, header->cupsBytesPerLine) != header->cupsBytesPerLine)
            error = -EINVAL;
        else if (out != NULL && cupsRasterWritePixels(out, line, header->cupsBytesPerLine) == 0)
            error = -EIO;
    }
    free(line);
    return error;
}

static bool is_wanted(const struct printer_pages *pages, unsigned index, unsigned count, unsigned number)
{
    for (unsigned i = index; i < index + count; i++)
        if (pages->wanted[i] == number)
            return true;
    return false;
}

/* Goes through all pages; those wanted are written to `fd` unless that is -1. *total is how many there were.
 */
static int walk_raster(const struct printer_pages *pages, unsigned index, unsigned count, int fd,
                       unsigned *total)
{
    int error = 0, source = open(pages->path, O_RDONLY | O_CLOEXEC);
    cups_raster_t *in = source < 0 ? NULL : cupsRasterOpen(source, CUPS_RASTER_READ);
    cups_raster_t *out = fd < 0 ? NULL : cupsRasterOpen(fd, CUPS_RASTER_WRITE_PWG);
    cups_page_header2_t header;

    *total = 0;
    if (in == NULL || (fd >= 0 && out == NULL))
        error = -EINVAL;
    while (error == 0 && cupsRasterReadHeader2(in, &header)) {
        (*total)++;
        error = pass_raster_page(in, &header, is_wanted(pages, index, count, *total) ? out : NULL);
    }
    cupsRasterClose(out);
    cupsRasterClose(in);
    if (source >= 0)
        close(source);
    return error;
}

/* Notes the pages that `ranges` names and the document has. */
static int choose(struct printer_pages *pages, const char *ranges)
{
    char *end;

    pages->wanted = calloc(pages->total, sizeof *pages->wanted);
    if (pages->wanted == NULL)
        return -ENOMEM;
    for (unsigned page = 1; page <= pages->total; page++) {
        bool chosen = ranges[0] == '\0';
        for (const char *range = ranges; *range != '\0'; range = *end == ',' ? end + 1 : end) {
            unsigned long first = strtoul(range, &end, 10), last = first;
            if (*end == '-')
                last = strtoul(end + 1, &end, 10);
            if (end == range || (*end != ',' && *end != '\0'))
                return -EINVAL;
            chosen = chosen || (page >= first && page <= last);
        }
        if (chosen)
            pages->wanted[pages->count++] = page;
    }
    return pages->count > 0 ? 0 : -EINVAL;
}

int printer_pages_open(const char *path, const char *ranges, struct printer_pages **out)
{
    struct printer_pages *pages = calloc(1, sizeof *pages);
    int error;

    if (pages == NULL)
        return -ENOMEM;
    pages->total = 1;
    pages->path = strdup(path);
    error = pages->path == NULL ? -ENOMEM : find_format(path, &pages->format);
    if (error == 0 && pages->format == FORMAT_PDF)
        error = count_pdf(pages);
    else if (error == 0 && pages->format == FORMAT_RASTER)
        error = walk_raster(pages, 0, 0, -1, &pages->total);
    if (error == 0 && (pages->total == 0 || pages->total > MOST_PAGES))
        error = -EINVAL;
    if (error == 0)
        error = choose(pages, ranges);
    if (error != 0)
        printer_pages_close(&pages);
    *out = pages;
    return error;
}

void printer_pages_close(struct printer_pages **pages)
{
    if (*pages == NULL)
        return;
    free((char *)(*pages)->path);
    free((*pages)->wanted);
    free(*pages);
    *pages = NULL;
}

unsigned printer_pages_count(const struct printer_pages *pages)
{
    return pages->count;
}

unsigned printer_pages_number(const struct printer_pages *pages, unsigned index)
{
    return pages->wanted[index];
}

const char *printer_pages_format(const struct printer_pages *pages)
{
    return formats[pages->format].name;
}

static int copy_file(const char *from, int out)
{
    char bytes[65536];
    ssize_t n;
    int error = 0, in = open(from, O_RDONLY | O_CLOEXEC);

    if (in < 0)
        return -errno;
    while (error == 0 && (n = read(in, bytes, sizeof bytes)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || write(out, bytes, (size_t)n) != n)
            error = errno != 0 ? -errno : -EIO;
    }
    close(in);
    return error;
}

static int write_pdf(const struct printer_pages *pages, unsigned index, unsigned count, const char *path)
{
    char list[64], answer[64];
    char *arguments[] = {"qpdf", (char *)pages->path,  "--pages",    ".", list,
                         "--",   "--deterministic-id", (char *)path, NULL};

    if (count == 1)
        snprintf(list, sizeof list, "%u", pages->wanted[index]);
    else
        snprintf(list, sizeof list, "%u,%u", pages->wanted[index], pages->wanted[index + 1]);
    return run_qpdf(arguments, answer, sizeof answer);
}

int printer_pages_write(const struct printer_pages *pages, unsigned index, unsigned count, const char *path)
{
    unsigned total;
    int error, fd;

    if (pages->format == FORMAT_PDF && count < pages->total)
        return write_pdf(pages, index, count, path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    error = count == pages->total ? copy_file(pages->path, fd) : walk_raster(pages, index, count, fd, &total);
    if (close(fd) != 0 && error == 0)
        error = -errno;
    return error;
}
