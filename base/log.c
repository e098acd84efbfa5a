#include "config.h"

#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_LINE_MAX 1024

static const struct {
    const char *name;
    int priority; /* as in sd-daemon(3) */
} log_levels[] = {
    [LOG_LEVEL_ERROR] = {"error", 3},   [LOG_LEVEL_WARNING] = {"warning", 4},
    [LOG_LEVEL_NOTICE] = {"notice", 5}, [LOG_LEVEL_INFO] = {"info", 6},
    [LOG_LEVEL_DEBUG] = {"debug", 7},
};

static const char *log_program = "deskline";
static _Atomic(enum log_level) log_limit = LOG_LEVEL_INFO;
static atomic_bool log_has_priorities;

/* journald names the stream that it reads in JOURNAL_STREAM (systemd.exec(5)); stderr may have been
 * redirected elsewhere since. */
static bool log_is_under_journald(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat status;

    if (stream == NULL || sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) != 2)
        return false;
    if (fstat(STDERR_FILENO, &status) != 0)
        return false;
    return status.st_dev == (dev_t)device && status.st_ino == (ino_t)inode;
}

void log_start(const char *program, enum log_level level)
{
    log_program = program;
    log_set_level(level);
    log_use_priorities(log_is_under_journald());
}

void log_use_priorities(bool on)
{
    atomic_store_explicit(&log_has_priorities, on, memory_order_relaxed);
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&log_limit, level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
    return atomic_load_explicit(&log_limit, memory_order_relaxed);
}

int log_level_from_name(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < sizeof log_levels / sizeof log_levels[0]; i++) {
        if (strcmp(name, log_levels[i].name) == 0) {
            *level = (enum log_level)i;
            return 0;
        }
    }
    return -EINVAL;
}

enum log_level log_level_from_priority(int priority)
{
    if (priority < log_levels[LOG_LEVEL_ERROR].priority)
        return LOG_LEVEL_ERROR;
    if (priority > log_levels[LOG_LEVEL_DEBUG].priority)
        return LOG_LEVEL_DEBUG;
    return (enum log_level)(priority - log_levels[LOG_LEVEL_ERROR].priority);
}

/* What stands before the text: a priority for journald, which knows time and program, or both in words. */
static size_t log_put_head(char *line, size_t size, enum log_level level)
{
    char now[TEXT_TIME_SIZE];
    int used;

    if (atomic_load_explicit(&log_has_priorities, memory_order_relaxed)) {
        used = snprintf(line, size, "<%d>", log_levels[level].priority);
    } else {
        text_time(wall_clock_ms(), now);
        used = snprintf(line, size, "%s %.64s: %s: ", now, log_program, log_levels[level].name);
    }
    return used < 0 ? 0 : (size_t)used;
}

void log_write(enum log_level level, const char *format, ...)
{
    static const char mark[] = " ...";
    char text[LOG_LINE_MAX], line[LOG_LINE_MAX];
    int saved_errno = errno;
    size_t head, room, used, length;
    va_list arguments;
    ssize_t written;
    bool cut;
    int wanted;

    if (level > log_get_level())
        return;
    va_start(arguments, format);
    wanted = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (wanted < 0)
        snprintf(text, sizeof text, "%s", format);
    length = strlen(text);

    head = log_put_head(line, sizeof line, level);
    room = sizeof line - head - sizeof mark;
    cut = text_escape(line + head, room, text, length) >= room || wanted >= (int)sizeof text;
    used = head + strlen(line + head);
    if (cut) {
        memcpy(line + used, mark, sizeof mark - 1);
        used += sizeof mark - 1;
    }
    line[used++] = '\n';

    /* One write, so that lines of threads and processes do not mix. If stderr takes nothing, there is nobody
     * left to tell. */
    do {
        written = write(STDERR_FILENO, line, used);
    } while (written < 0 && errno == EINTR);
    errno = saved_errno;
}
