/* rig-operator: the person at the rig's scanner and printer, who loads paper, opens the cover, pulls the
   plug, and looks at what came out. README.md beside this file describes the commands. */
#include "config.h"

#include "tests/rig/compare.h"
#include "tests/rig/device_state.h"
#include "tests/rig/fault_script.h"
#include "tests/rig/page_painter.h"
#include "tests/rig/printer_faults.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DONE = 0, FAILED = 1, USAGE = 2 };

struct command {
    const char *name;
    int arguments; /* least number behind the name */
    const char *usage;
    int (*run)(int argc, char **argv); /* argv[0] is the first argument */
};

static int fail(const char *what, int error)
{
    fprintf(stderr, "rig-operator: %s: %s\n", what, strerror(-error));
    return FAILED;
}

static int make_folder(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ? 0 : -errno;
}

static int parse_kind(const char *name, struct pnm *shape)
{
    static const struct {
        const char *name;
        unsigned components, bits;
    } kinds[] = {{"gray", 1, 8}, {"color", 3, 8}, {"lineart", 1, 1}, {"gray16", 1, 16}, {"color16", 3, 16}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) != 0)
            continue;
        shape->components = kinds[i].components;
        shape->bits = kinds[i].bits;
        return 0;
    }
    return -EINVAL;
}

static int parse_count(const char *text, unsigned long most, unsigned long *value)
{
    char *end;

    errno = 0;
    *value = strtoul(text, &end, 10);
    return errno != 0 || end == text || *end != '\0' || *text == '-' || *value > most ? -EINVAL : 0;
}

struct page_order {
    struct pnm shape;
    unsigned long seed;
};

static int parse_page_options(int argc, char **argv, struct page_order *order)
{
    unsigned long value = 0;

    *order =
        (struct page_order){.shape = {.width = 850, .height = 1100, .components = 1, .bits = 8}, .seed = 1};
    if (argc % 2 != 0)
        return -EINVAL;
    for (int i = 0; i < argc; i += 2) {
        if (strcmp(argv[i], "--kind") == 0) {
            if (parse_kind(argv[i + 1], &order->shape) != 0)
                return -EINVAL;
            continue;
        }
        if (parse_count(argv[i + 1], ULONG_MAX, &value) != 0)
            return -EINVAL;
        if (strcmp(argv[i], "--seed") == 0)
            order->seed = value;
        else if (strcmp(argv[i], "--width") == 0 && value >= 16 && value <= 1 << 20)
            order->shape.width = (uint32_t)value;
        else if (strcmp(argv[i], "--height") == 0 && value >= 16 && value <= 1 << 20)
            order->shape.height = (uint32_t)value;
        else
            return -EINVAL;
    }
    return 0;
}

static int make_pages(int argc, char **argv)
{
    struct page_order order;
    unsigned long count;
    char path[PATH_MAX];
    int error;

    if (parse_count(argv[1], 9999, &count) != 0 || parse_page_options(argc - 2, argv + 2, &order) != 0)
        return USAGE;
    error = make_folder(argv[0]);
    for (unsigned page = 1; error == 0 && page <= count; page++) {
        snprintf(path, sizeof path, count > 999 ? "%s/%04u.pnm" : "%s/%03u.pnm", argv[0], page);
        error = page_paint(path, &order.shape, page, order.seed);
    }
    return error == 0 ? DONE : fail(argv[0], error);
}

/* Adds a device to a configuration folder, and makes what is missing of either. */
static int set_up(int argc, char **argv)
{
    char path[PATH_MAX], *folder = NULL;
    FILE *file;
    int error = make_folder(argv[0]);

    (void)argc;
    if (error == 0)
        error = make_folder(argv[2]);
    snprintf(path, sizeof path, "%s/pages", argv[2]);
    if (error == 0)
        error = make_folder(path);
    if (error != 0)
        return fail(argv[2], error);
    folder = realpath(argv[2], NULL);
    snprintf(path, sizeof path, "%s/dll.conf", argv[0]);
    file = fopen(path, "we");
    if (folder == NULL || file == NULL || fputs("rig\n", file) < 0 || fclose(file) != 0)
        goto fail;
    snprintf(path, sizeof path, "%s/rig.conf", argv[0]);
    file = fopen(path, "ae");
    if (file == NULL || fprintf(file, "%s %s\n", argv[1], folder) < 0 || fclose(file) != 0)
        goto fail;
    free(folder);
    return DONE;
fail:
    free(folder);
    return fail(path, -errno);
}

/* The commands on one device folder get it open, with the argument behind it (or NULL). */
typedef int device_action(struct device_state *state, const char *argument);

static int on_device(char **argv, const char *argument, device_action *action)
{
    struct device_state *state;
    int error = device_state_open(argv[0], &state);

    if (error == 0) {
        error = action(state, argument);
        device_state_close(&state);
    }
    return error == 0 ? DONE : fail(argv[0], error);
}

static int do_load(struct device_state *state, const char *unused)
{
    (void)unused;
    return device_state_write(state, "fed", "0\n");
}

static int do_clear(struct device_state *state, const char *unused)
{
    (void)unused;
    return device_state_remove(state, "condition");
}

static int do_unplug(struct device_state *state, const char *unused)
{
    (void)unused;
    return device_state_write(state, "unplugged", "");
}

static int do_plug(struct device_state *state, const char *unused)
{
    (void)unused;
    return device_state_remove(state, "unplugged");
}

/* The sheet, and those that were fed after it, lie on the stack again, in their order. */
static int do_put_back(struct device_state *state, const char *argument)
{
    long fed = device_state_number(state, "fed", 0);
    unsigned long sheet;
    char count[32];

    if (parse_count(argument, LONG_MAX, &sheet) != 0 || sheet < 1 || (long)sheet > fed) {
        fprintf(stderr, "rig-operator: sheets 1 to %ld have been fed, not '%s'\n", fed, argument);
        return -EINVAL;
    }
    snprintf(count, sizeof count, "%lu\n", sheet - 1);
    return device_state_write(state, "fed", count);
}

static int do_fault(struct device_state *state, const char *line)
{
    const char *why = "";
    int error = fault_script_add(state, line, &why);

    if (error != 0)
        fprintf(stderr, "rig-operator: %s\n", why);
    return error;
}

static int do_printer_fault(struct device_state *state, const char *line)
{
    const char *why = "";
    int error = printer_faults_add(state, line, &why);

    if (error != 0)
        fprintf(stderr, "rig-operator: %s\n", why);
    return error;
}

static int do_fed(struct device_state *state, const char *unused)
{
    (void)unused;
    printf("%ld\n", device_state_number(state, "fed", 0));
    return 0;
}

#define DEVICE_COMMAND(name, with_argument)                                                                  \
    static int run_##name(int argc, char **argv)                                                             \
    {                                                                                                        \
        if (argc != 1 + (with_argument))                                                                     \
            return USAGE;                                                                                    \
        return on_device(argv, (with_argument) ? argv[1] : NULL, do_##name);                                 \
    }
DEVICE_COMMAND(load, 0)
DEVICE_COMMAND(clear, 0)
DEVICE_COMMAND(unplug, 0)
DEVICE_COMMAND(plug, 0)
DEVICE_COMMAND(put_back, 1)
DEVICE_COMMAND(fault, 1)
DEVICE_COMMAND(printer_fault, 1)
DEVICE_COMMAND(fed, 0)

static int show_log(int argc, char **argv)
{
    char path[PATH_MAX], bytes[4096];
    size_t n;
    FILE *file;

    (void)argc;
    snprintf(path, sizeof path, "%s/log", argv[0]);
    file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? DONE : fail(path, -errno);
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        fwrite(bytes, 1, n, stdout);
    fclose(file);
    return DONE;
}

static int run_compare(int argc, char **argv)
{
    unsigned long near = 0;
    int pages = 0;

    if (argc > 2 && strcmp(argv[0], "--near") == 0) {
        if (parse_count(argv[1], 255, &near) != 0)
            return USAGE;
        argc -= 2;
        argv += 2;
    }
    while (pages < argc && strcmp(argv[pages], "--") != 0)
        pages++;
    if (pages == argc)
        return USAGE;
    return compare_pages(argv, pages, argv + pages + 1, argc - pages - 1, (unsigned)near);
}

static const struct command commands[] = {
    {"make-pages", 2,
     "FOLDER COUNT [--kind gray|color|lineart|gray16|color16] [--width PIXELS] [--height PIXELS] [--seed N]",
     make_pages},
    {"set-up", 3, "CONFIG-FOLDER NAME DEVICE-FOLDER", set_up},
    {"load", 1, "DEVICE-FOLDER", run_load},
    {"clear-condition", 1, "DEVICE-FOLDER", run_clear},
    {"put-back", 2, "DEVICE-FOLDER SHEET", run_put_back},
    {"plug", 1, "DEVICE-FOLDER", run_plug},
    {"unplug", 1, "DEVICE-FOLDER", run_unplug},
    {"fault", 2, "DEVICE-FOLDER 'page=N at=PLACE do=FAULT [times=N]'", run_fault},
    {"printer-fault", 2, "DEVICE-FOLDER 'sheet=N [when=before|after|counted] do=FAULT [times=N]'",
     run_printer_fault},
    {"fed", 1, "DEVICE-FOLDER", run_fed},
    {"log", 1, "DEVICE-FOLDER", show_log},
    {"compare", 1, "[--near MEAN-DIFFERENCE] PAGE... -- IMAGE...", run_compare},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < COMMANDS; i++) {
        int result = USAGE;
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (argc - 2 >= commands[i].arguments)
            result = commands[i].run(argc - 2, argv + 2);
        if (result == USAGE)
            fprintf(stderr, "usage: rig-operator %s %s\n", commands[i].name, commands[i].usage);
        if (fflush(stdout) != 0)
            return fail("standard output", -errno);
        return result;
    }
    fprintf(stderr, "usage:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stderr, "  rig-operator %s %s\n", commands[i].name, commands[i].usage);
    return USAGE;
}
