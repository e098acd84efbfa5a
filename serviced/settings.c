#include "config.h"

#include "serviced/settings.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static const struct conf_setting table_settings[] = {
#define SETTING(section, key, member, KIND, least, most, words, initial, option, help)                       \
    {section, key, CONF_##KIND, offsetof(struct settings, member), least, most, words, initial, help, option},
#include "serviced/settings.def"
#undef SETTING
    {.key = NULL},
};
static const struct conf_table table = {table_settings, NULL};

/* ---- What is said about them ---- */

static void print_help(void)
{
    printf("usage: serviced [OPTION]...\n"
           "Provides the scanners and printers of enrolled hosts as services.\n\n"
           "  --config FILE      settings file (" DESKLINE_SYSCONF "/serviced.conf)\n");
    for (const struct conf_setting *setting = table_settings; setting->key; setting++)
        if (setting->option)
            printf("  --%-16s %s [%s]\n", setting->key, setting->help, setting->default_value);
    printf("  --check-config     read the settings, say what is wrong, and end\n"
           "  --print-settings-manual  the chapter of serviced.conf(5) about each setting\n"
           "  --help, --version\n\n"
           "Each option is also a setting: see serviced.conf(5).\n");
}

/* Hyphens stand for themselves in the printed page. */
static void print_escaped(const char *text)
{
    for (; *text; text++)
        fputs(*text == '-' ? "\\-" : (char[]){*text, '\0'}, stdout);
}

static void print_manual(void)
{
    static const char *const kinds[] = {
        [CONF_TEXT] = "text",
        [CONF_NUMBER] = "number",
        [CONF_SIZE] = "size, such as 64K or 10M",
        [CONF_DURATION] = "duration, such as 200ms, 15s or 1h",
        [CONF_BOOL] = "yes or no",
        [CONF_WORD] = "one of",
    };
    const char *section = "";
    for (const struct conf_setting *setting = table_settings; setting->key; setting++) {
        if (strcmp(section, setting->section) != 0)
            printf(".SS [%s]\n", setting->section);
        section = setting->section;
        printf(".TP\n.B ");
        print_escaped(setting->key);
        printf("\n");
        print_escaped(setting->help);
        printf("\nKind: %s%s%s; default ", kinds[setting->kind], setting->words ? " " : "",
               setting->words ? setting->words : "");
        print_escaped(setting->default_value ? setting->default_value : "unset");
        printf(".\n");
    }
}

/* ---- The command line ---- */

enum { OPTION_CONFIG = 1, OPTION_CHECK, OPTION_HELP, OPTION_VERSION, OPTION_MANUAL, OPTION_SETTING };

/* All options: our own, then those of the table in its order. */
static const struct option *options(void)
{
    static struct option list[sizeof table_settings / sizeof table_settings[0] + 8] = {
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"check-config", no_argument, NULL, OPTION_CHECK},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"print-settings-manual", no_argument, NULL, OPTION_MANUAL},
    };
    unsigned count = 5;
    for (const struct conf_setting *setting = table_settings; setting->key; setting++)
        if (setting->option)
            list[count++] = (struct option){setting->key, required_argument, NULL, OPTION_SETTING};
    list[count] = (struct option){0};
    return list;
}

static int print_and_end(int option)
{
    if (option == OPTION_HELP)
        print_help();
    else if (option == OPTION_MANUAL)
        print_manual();
    else
        printf("serviced (Deskline) " PACKAGE_VERSION "\n");
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

int settings_command_line(struct settings_source *source, int argc, char **argv)
{
    int option;
    *source = (struct settings_source){argc, argv, DESKLINE_SYSCONF "/serviced.conf", false, false};
    optind = 1;
    while ((option = getopt_long(argc, argv, "", options(), NULL)) != -1) {
        switch (option) {
        case OPTION_CONFIG:
            source->path = optarg;
            source->path_given = true;
            break;
        case OPTION_CHECK:
            source->check_only = true;
            break;
        case OPTION_SETTING:
            break; /* read with the file: it counts more */
        case '?':
            fprintf(stderr, "serviced: see serviced --help for what there is\n");
            return 2;
        default:
            return print_and_end(option);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "serviced: '%s' is not an option; see serviced --help for what there is\n",
                argv[optind]);
        return 2;
    }
    return SETTINGS_GO;
}

static const struct conf_setting *find_option(const char *key)
{
    const struct conf_setting *setting = table_settings;
    while (setting->key && (!setting->option || strcmp(setting->key, key) != 0))
        setting++;
    return setting->key ? setting : NULL;
}

static int apply_options(struct settings *settings, const struct settings_source *source,
                         struct conf_error *error)
{
    int option, index, result = 0;
    const struct option *list = options();
    optind = 1;
    while (result == 0 && (option = getopt_long(source->argc, source->argv, "", list, &index)) != -1) {
        const struct conf_setting *setting = option == OPTION_SETTING ? find_option(list[index].name) : NULL;
        char where[64];
        if (!setting)
            continue;
        snprintf(where, sizeof where, "--%s", setting->key);
        result = conf_set(&table, settings, setting->section, setting->key, optarg, where, error);
    }
    return result;
}

int settings_read(struct settings *settings, const struct settings_source *source, struct conf_error *error)
{
    int result = conf_defaults(&table, settings, error);
    if (result == 0) {
        result = conf_read_file(&table, settings, source->path, error);
        if (result == -ENOENT && !source->path_given)
            result = 0;
    }
    if (result == 0)
        result = apply_options(settings, source, error);
    if (result < 0)
        conf_free(&table, settings);
    return result < 0 ? -EINVAL : 0;
}

void settings_keep_places(struct settings *fresh, struct settings *old)
{
    char **places[][2] = {{&fresh->listen, &old->listen},
                          {&fresh->state, &old->state},
                          {&fresh->control, &old->control},
                          {&fresh->archive, &old->archive}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char *kept = *places[i][1];
        *places[i][1] = *places[i][0];
        *places[i][0] = kept;
    }
}

void settings_free(struct settings *settings)
{
    conf_free(&table, settings);
}
