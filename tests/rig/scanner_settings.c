#include "config.h"

#include "tests/rig/scanner_settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct setting {
    const char *key;
    size_t offset;
    size_t room; /* of a text; 0 for a number */
    long least, most;
};

#define NUMBER(key, field, least, most)                                                                      \
    {                                                                                                        \
        key, offsetof(struct scanner_settings, field), 0, least, most                                        \
    }
#define TEXT(key, field)                                                                                     \
    {                                                                                                        \
        key, offsetof(struct scanner_settings, field), sizeof((struct scanner_settings *)NULL)->field, 0, 0  \
    }

static const struct setting table[] = {
    NUMBER("unknown-height", unknown_height, 0, 1),
    NUMBER("three-pass", three_pass, 0, 1),
    NUMBER("no-docs-from-read", no_docs_from_read, 0, 1),
    NUMBER("no-brightness", no_brightness, 0, 1),
    NUMBER("adf-mode", adf_mode, 0, 1),
    NUMBER("max-depth", max_depth, 8, 16),
    NUMBER("max-resolution", max_resolution, 75, 9600),
    TEXT("resolutions", resolutions),
    TEXT("source-names", source_names),
    TEXT("default-mode", default_mode),
};

static int set(struct scanner_settings *settings, const struct setting *s, const char *value)
{
    char *field = (char *)settings + s->offset, *end;
    long number;

    if (s->room > 0) {
        if (strlen(value) >= s->room)
            return -EINVAL;
        strcpy(field, value);
        return 0;
    }
    number = strtol(value, &end, 10);
    if (end == value || *end != '\0' || number < s->least || number > s->most)
        return -EINVAL;
    memcpy(field, &number, sizeof number);
    return 0;
}

static int read_line(struct scanner_settings *settings, char *line)
{
    char *value = strchr(line, '=');

    if (line[strspn(line, " \t\r")] == '\0' || line[0] == '#')
        return 0;
    if (value == NULL)
        return -EINVAL;
    *value++ = '\0';
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].key, line) == 0)
            return set(settings, &table[i], value);
    return -EINVAL;
}

int scanner_settings_read(struct device_state *state, struct scanner_settings *settings)
{
    char text[2048], *rest = NULL;
    int length = device_state_read(state, "options", text, sizeof text);

    *settings = (struct scanner_settings){.max_depth = 16,
                                          .max_resolution = 1200,
                                          .source_names = "Flatbed,ADF,ADF Duplex",
                                          .default_mode = "Color"};
    if (length == -ENOENT)
        return 0;
    if (length < 0)
        return length;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (read_line(settings, line) != 0) {
            device_state_log(state, "bad-option '%s'", line);
            return -EINVAL;
        }
    }
    return 0;
}
