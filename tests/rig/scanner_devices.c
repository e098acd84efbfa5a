#include "config.h"

#include "tests/rig/scanner_devices.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 256

struct scanner_devices {
    size_t count;
    struct {
        char name[64];
        char folder[PATH_MAX];
    } device[DEVICES];
};

static FILE *open_configuration(char *folder, size_t room)
{
    const char *at = getenv("SANE_CONFIG_DIR");
    char path[PATH_MAX + 16];

    while (at != NULL && *at != '\0') {
        size_t length = strcspn(at, ":");
        FILE *file;
        snprintf(folder, room, "%.*s", (int)length, at);
        snprintf(path, sizeof path, "%s/rig.conf", folder);
        file = fopen(path, "re");
        if (file != NULL)
            return file;
        at += length + (at[length] == ':');
    }
    return NULL;
}

/* A folder that is not absolute is taken from where rig.conf stands. */
static int add(struct scanner_devices *devices, const char *base, const char *name, const char *folder)
{
    size_t i = devices->count;
    int length;

    if (i == DEVICES)
        return -E2BIG;
    snprintf(devices->device[i].name, sizeof devices->device[i].name, "%s", name);
    if (folder[0] == '/')
        length = snprintf(devices->device[i].folder, PATH_MAX, "%s", folder);
    else
        length = snprintf(devices->device[i].folder, PATH_MAX, "%s/%s", base, folder);
    if (length < 0 || length >= PATH_MAX)
        return -ENAMETOOLONG;
    devices->count++;
    return 0;
}

int scanner_devices_read(struct scanner_devices **out)
{
    char base[PATH_MAX] = "", line[PATH_MAX + 80];
    struct scanner_devices *devices = calloc(1, sizeof *devices);
    FILE *file = open_configuration(base, sizeof base);
    int error = 0;

    if (devices == NULL)
        error = -ENOMEM;
    while (error == 0 && file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *name = line + strspn(line, " \t");
        char *folder = name + strcspn(name, " \t\r\n");
        if (*name == '#' || *name == '\r' || *name == '\n' || *name == '\0')
            continue;
        if (*folder != '\0')
            *folder++ = '\0';
        folder += strspn(folder, " \t");
        folder[strcspn(folder, "\r\n")] = '\0';
        error = *folder != '\0' ? add(devices, base, name, folder) : -EINVAL;
    }
    if (file != NULL)
        fclose(file);
    if (error != 0) {
        fprintf(stderr, "rig: %s/rig.conf cannot be used: %s\n", base, strerror(-error));
        scanner_devices_free(&devices);
    }
    *out = devices;
    return error;
}

void scanner_devices_free(struct scanner_devices **devices)
{
    free(*devices);
    *devices = NULL;
}

size_t scanner_devices_count(const struct scanner_devices *devices)
{
    return devices->count;
}

const char *scanner_devices_name(const struct scanner_devices *devices, size_t i)
{
    return devices->device[i].name;
}

const char *scanner_devices_folder(const struct scanner_devices *devices, size_t i)
{
    return devices->device[i].folder;
}
