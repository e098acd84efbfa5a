#include "config.h"

#include "tests/rig/device_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct device_state {
    int folder;
    int claim; /* -1, or a descriptor whose lock says that the device is in use */
    int lock;  /* -1, or the lock of device_state_begin */
};

int device_state_open(const char *path, struct device_state **out)
{
    struct device_state *state = calloc(1, sizeof *state);

    if (state == NULL)
        return -ENOMEM;
    state->claim = -1;
    state->lock = -1;
    state->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state->folder < 0) {
        int error = -errno;
        free(state);
        return error;
    }
    *out = state;
    return 0;
}

static void close_descriptor(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void device_state_close(struct device_state **state)
{
    if (*state == NULL)
        return;
    close_descriptor(&(*state)->lock);
    close_descriptor(&(*state)->claim);
    close_descriptor(&(*state)->folder);
    free(*state);
    *state = NULL;
}

static int lock_file(struct device_state *state, const char *name, int how, int *fd)
{
    *fd = openat(state->folder, name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        return -errno;
    while (flock(*fd, how) != 0) {
        if (errno != EINTR) {
            int error = errno == EWOULDBLOCK ? -EBUSY : -errno;
            close_descriptor(fd);
            return error;
        }
    }
    return 0;
}

int device_state_claim(struct device_state *state)
{
    return lock_file(state, "in-use", LOCK_EX | LOCK_NB, &state->claim);
}

int device_state_begin(struct device_state *state)
{
    return lock_file(state, "lock", LOCK_EX, &state->lock);
}

void device_state_end(struct device_state *state)
{
    close_descriptor(&state->lock);
}

bool device_state_has(struct device_state *state, const char *name)
{
    return faccessat(state->folder, name, F_OK, 0) == 0;
}

int device_state_read(struct device_state *state, const char *name, char *text, size_t room)
{
    size_t length = 0;
    ssize_t n;
    int fd = openat(state->folder, name, O_RDONLY | O_CLOEXEC);

    text[0] = '\0';
    if (fd < 0)
        return -errno;
    while (length < room - 1) {
        n = read(fd, text + length, room - 1 - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int error = -errno;
            close(fd);
            return error;
        }
        if (n == 0)
            break;
        length += (size_t)n;
    }
    close(fd);
    text[length] = '\0';
    return (int)length;
}

long device_state_number(struct device_state *state, const char *name, long otherwise)
{
    char text[64], *end;
    long value;

    if (device_state_read(state, name, text, sizeof text) < 0)
        return otherwise;
    value = strtol(text, &end, 10);
    return end == text ? otherwise : value;
}

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text += n;
        length -= (size_t)n;
    }
    return 0;
}

int device_state_write(struct device_state *state, const char *name, const char *text)
{
    char temporary[64];
    int fd, error;

    snprintf(temporary, sizeof temporary, ".%.24s.%ld", name, (long)getpid());
    fd = openat(state->folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return -errno;
    error = write_all(fd, text, strlen(text));
    if (close(fd) != 0 && error == 0)
        error = -errno;
    if (error == 0 && renameat(state->folder, temporary, state->folder, name) != 0)
        error = -errno;
    if (error != 0)
        unlinkat(state->folder, temporary, 0);
    return error;
}

int device_state_remove(struct device_state *state, const char *name)
{
    if (unlinkat(state->folder, name, 0) != 0 && errno != ENOENT)
        return -errno;
    return 0;
}

/* One write per line, to a file in append mode: lines of several processes do not mix. */
void device_state_log(struct device_state *state, const char *format, ...)
{
    char line[640];
    va_list arguments;
    int length, fd;

    va_start(arguments, format);
    length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    if ((size_t)length > sizeof line - 2)
        length = (int)sizeof line - 2;
    line[length++] = '\n';
    fd = openat(state->folder, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0 || write_all(fd, line, (size_t)length) != 0)
        fprintf(stderr, "rig: the log cannot be written: %s\n", strerror(errno));
    close_descriptor(&fd);
}

int device_state_sync(struct device_state *state, const char *name)
{
    int error, fd = openat(state->folder, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    error = fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    return error;
}

static int is_page(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');

    return entry->d_name[0] != '.' && end != NULL &&
           (strcmp(end, ".pnm") == 0 || strcmp(end, ".pbm") == 0 || strcmp(end, ".pgm") == 0 ||
            strcmp(end, ".ppm") == 0);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_entries(struct dirent ***entries, int count)
{
    for (int i = 0; i < count; i++)
        free((*entries)[i]);
    free(*entries);
    *entries = NULL;
}

int device_state_open_page(struct device_state *state, unsigned page)
{
    struct dirent **entries = NULL;
    char path[300];
    int result = -ENOENT;
    int count = scandirat(state->folder, "pages", &entries, is_page, by_name);

    if (count < 0)
        return -errno;
    if (page >= 1 && page <= (unsigned)count) {
        snprintf(path, sizeof path, "pages/%s", entries[page - 1]->d_name);
        result = openat(state->folder, path, O_RDONLY | O_CLOEXEC);
        if (result < 0)
            result = -errno;
    }
    free_entries(&entries, count);
    return result;
}

unsigned device_state_page_number(struct device_state *state, const char *name)
{
    struct dirent **entries = NULL;
    unsigned result = 0;
    int count = scandirat(state->folder, "pages", &entries, is_page, by_name);

    for (int i = 0; i < count; i++)
        if (strcmp(entries[i]->d_name, name) == 0)
            result = (unsigned)i + 1;
    if (count >= 0)
        free_entries(&entries, count);
    return result;
}
