#include "config.h"

#include "clientd/settings.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_FILE DESKLINE_SYSCONF "/clientd.conf"

static const struct conf_setting setting_table[] = {
#define SETTING(section, key, kind, member, minimum, maximum, words, value, option, help)                    \
    {section, key, kind, offsetof(struct settings, member), minimum, maximum, words, value, help, option},
#define SCANNER(key, member, help)
#define PRINTER(key, member, help)
#include "clientd/settings.def"
#undef SETTING
#undef SCANNER
#undef PRINTER
    {0},
};

static const struct conf_setting scanner_table[] = {
#define SETTING(section, key, kind, member, minimum, maximum, words, value, option, help)
#define SCANNER(key, member, help)                                                                           \
    {"scanner", key, CONF_TEXT, offsetof(struct scanner_settings, member), 0, 0, NULL, NULL, help, 0},
#define PRINTER(key, member, help)
#include "clientd/settings.def"
#undef SETTING
#undef SCANNER
#undef PRINTER
    {0},
};

static const struct conf_setting printer_table[] = {
#define SETTING(section, key, kind, member, minimum, maximum, words, value, option, help)
#define SCANNER(key, member, help)
#define PRINTER(key, member, help)                                                                           \
    {"printer", key, CONF_TEXT, offsetof(struct printer_settings, member), 0, 0, NULL, NULL, help, 0},
#include "clientd/settings.def"
#undef SETTING
#undef SCANNER
#undef PRINTER
    {0},
};

static const struct conf_named_section named_table[] = {
    {"scanner", scanner_table, sizeof(struct scanner_settings), offsetof(struct scanner_settings, name),
     offsetof(struct settings, scanners), offsetof(struct settings, scanner_count)},
    {"printer", printer_table, sizeof(struct printer_settings), offsetof(struct printer_settings, name),
     offsetof(struct settings, printers), offsetof(struct settings, printer_count)},
    {0},
};

static const struct conf_table table = {setting_table, named_table};

/* ---- The command line ---------------------------------------------------------------------------------- */

enum { OPTION_CONFIG = 256, OPTION_CHECK, OPTION_HELP, OPTION_VERSION, OPTION_SETTING };

#define OPTIONS_MAX 32

static size_t list_options(struct option options[OPTIONS_MAX])
{
    static const struct option own[] = {{"config", required_argument, NULL, OPTION_CONFIG},
                                        {"check-config", no_argument, NULL, OPTION_CHECK},
                                        {"help", no_argument, NULL, OPTION_HELP},
                                        {"version", no_argument, NULL, OPTION_VERSION}};
    size_t count = sizeof own / sizeof *own;
    memcpy(options, own, sizeof own);
    for (int i = 0; setting_table[i].key; i++)
        if (setting_table[i].option)
            options[count++] =
                (struct option){setting_table[i].key, required_argument, NULL, OPTION_SETTING + i};
    options[count] = (struct option){0};
    return count;
}

static void print_help(void)
{
    puts("Usage: clientd [OPTION]...\n"
         "Drives the scanners and printers of this host for a server: see clientd(8).\n\n"
         "  --config FILE        Settings are read from FILE instead of " DEFAULT_FILE ".\n"
         "  --check-config       Say whether the settings are right, and exit.\n"
         "  --help, --version    Say this, or the version, and exit.");
    for (int i = 0; setting_table[i].key; i++)
        if (setting_table[i].option)
            printf("  --%-18s %s [%s]\n", setting_table[i].key, setting_table[i].help,
                   setting_table[i].default_value);
}

struct command_line {
    const char *file;
    bool check;
    enum settings_wish wish;
};

/* What is said by the options themselves; those that are settings come last, over the file. */
static int read_options(struct command_line *line, int argc, char **argv, struct conf_error *error)
{
    struct option options[OPTIONS_MAX];
    int option;
    list_options(options);
    optind = 1;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == OPTION_CONFIG) {
            line->file = optarg;
        } else if (option == OPTION_CHECK) {
            line->check = true;
        } else if (option == OPTION_HELP || option == OPTION_VERSION) {
            if (option == OPTION_HELP)
                print_help();
            else
                puts("clientd " PACKAGE_VERSION);
            line->wish = SETTINGS_EXIT;
            return 0;
        } else if (option == '?' || option == ':') {
            snprintf(error->text, sizeof error->text,
                     option == '?' ? "unknown option %s; see clientd --help"
                                   : "%s needs a value; see clientd --help",
                     argv[optind - 1]);
            return -EINVAL;
        }
    }
    if (optind < argc) {
        snprintf(error->text, sizeof error->text, "clientd takes no arguments, but was given '%s'",
                 argv[optind]);
        return -EINVAL;
    }
    return 0;
}

static int apply_options(struct settings *settings, int argc, char **argv, struct conf_error *error)
{
    struct option options[OPTIONS_MAX];
    int option, result = 0;
    list_options(options);
    optind = 1;
    while (!result && (option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option < OPTION_SETTING)
            continue;
        const struct conf_setting *setting = &setting_table[option - OPTION_SETTING];
        char where[64];
        snprintf(where, sizeof where, "--%s", setting->key);
        result = conf_set(&table, settings, setting->section, setting->key, optarg, where, error);
    }
    return result;
}

/* ---- All of it ---------------------------------------------------------------------------------------- */

static int check_name(const char *kind, const char *name, struct conf_error *error)
{
    if (strlen(name) <= 128)
        return 0;
    snprintf(error->text, sizeof error->text, "[%s %.32s…]: a %s's name has at most 128 bytes", kind, name,
             kind);
    return -EINVAL;
}

static int check_printer(const struct printer_settings *printer, struct conf_error *error)
{
    if (!printer->uri) {
        snprintf(error->text, sizeof error->text,
                 "[printer %.32s]: uri is missing, as in ipp://HOST/ipp/print; a queue of this host needs no "
                 "section",
                 printer->name);
        return -EINVAL;
    }
    if (strncmp(printer->uri, "ipp://", 6) == 0 || strncmp(printer->uri, "ipps://", 7) == 0)
        return check_name("printer", printer->name, error);
    snprintf(error->text, sizeof error->text, "[printer %.32s]: uri has to begin with ipp:// or ipps://",
             printer->name);
    return -EINVAL;
}

static int check_units(const struct settings *settings, struct conf_error *error)
{
    int result = 0;
    for (size_t i = 0; !result && i < settings->scanner_count; i++)
        result = check_name("scanner", settings->scanners[i].name, error);
    for (size_t i = 0; !result && i < settings->printer_count; i++)
        result = check_printer(&settings->printers[i], error);
    if (!result && settings->sheets_per_job != 1) {
        snprintf(
            error->text, sizeof error->text,
            "sheets-per-job can only be 1: with more, nobody could say which sheet of a job was printed");
        result = -EINVAL;
    }
    return result;
}

int settings_load(struct settings *settings, int argc, char **argv, enum settings_wish *wish,
                  struct conf_error *error)
{
    struct command_line line = {.wish = SETTINGS_RUN};
    memset(settings, 0, sizeof *settings);
    int result = read_options(&line, argc, argv, error);
    *wish = line.wish;
    if (result || line.wish == SETTINGS_EXIT)
        return result;
    result = conf_defaults(&table, settings, error);
    if (!result) {
        result = conf_read_file(&table, settings, line.file ? line.file : DEFAULT_FILE, error);
        if (result == -ENOENT && line.file)
            snprintf(error->text, sizeof error->text, "there is no settings file %s", line.file);
        else if (result == -ENOENT)
            result = 0; /* the default file may be missing */
    }
    if (!result)
        result = apply_options(settings, argc, argv, error);
    if (!result)
        result = check_units(settings, error);
    if (!result && line.check) {
        puts("the settings are right");
        *wish = SETTINGS_EXIT;
    }
    return result ? -EINVAL : 0;
}

void settings_free(struct settings *settings)
{
    conf_free(&table, settings);
    memset(settings, 0, sizeof *settings);
}

/* As in the words of the table. */
static enum manner manner_of(int word)
{
    static const enum manner manners[] = {MANNER_NONE,   MANNER_RESUME,  MANNER_REDO_LAST, MANNER_SKIP,
                                          MANNER_FINISH, MANNER_RESTART, MANNER_ABANDON};
    return manners[word];
}

struct designation_policy settings_policy(const struct settings *settings)
{
    static const enum manner uncertain[] = {MANNER_NONE, MANNER_RESUME, MANNER_SKIP};
    return (struct designation_policy){.on_link_loss = manner_of(settings->manner_on_link_loss),
                                       .on_device_error = manner_of(settings->manner_on_device_error),
                                       .on_uncertain_sheet = uncertain[settings->uncertain_sheet]};
}

const struct scanner_settings *settings_scanner(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->scanner_count; i++)
        if (strcmp(settings->scanners[i].name, name) == 0)
            return &settings->scanners[i];
    return NULL;
}

const struct printer_settings *settings_printer(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->printer_count; i++)
        if (strcmp(settings->printers[i].name, name) == 0)
            return &settings->printers[i];
    return NULL;
}

const char *scanner_settings_source(const struct scanner_settings *scanner, uint8_t source)
{
    switch (source) {
    case 1:
        return scanner->source_flatbed;
    case 2:
        return scanner->source_adf;
    case 3:
        return scanner->source_adf_duplex;
    default:
        return NULL;
    }
}
