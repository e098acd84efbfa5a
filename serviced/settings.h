/* The settings of serviced, from its file and the command line. */
#ifndef DESKLINE_SERVICED_SETTINGS_H
#define DESKLINE_SERVICED_SETTINGS_H

#include "base/conf.h"

#define SETTING_TYPE_TEXT     char *
#define SETTING_TYPE_WORD     int
#define SETTING_TYPE_NUMBER   int64_t
#define SETTING_TYPE_SIZE     int64_t
#define SETTING_TYPE_DURATION int64_t

struct settings {
#define SETTING(section, key, member, KIND, least, most, words, initial, option, help)                       \
    SETTING_TYPE_##KIND member;
#include "serviced/settings.def"
#undef SETTING
};

/* Where they come from: kept, so that SIGHUP can read them again. */
struct settings_source {
    int argc;
    char **argv;
    const char *path;
    bool path_given; /* --config: a file that is not there is an error */
    bool check_only;
};

#define SETTINGS_GO (-1)

/* Reads the command line. SETTINGS_GO, or the code to exit with: 0 after --help and the like, 2 for wrong
 * usage (said on standard error). */
int settings_command_line(struct settings_source *source, int argc, char **argv);
/* Fills *settings (settings_free frees it): defaults, the file, the options. -EINVAL with *error. */
int settings_read(struct settings *settings, const struct settings_source *source, struct conf_error *error);
/* Where things are goes on as it is in `old`, whatever the fresh settings say: it was opened from there. */
void settings_keep_places(struct settings *fresh, struct settings *old);
void settings_free(struct settings *settings);

#endif
