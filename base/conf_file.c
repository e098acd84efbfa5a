/* Settings from a file. Lines are taken one by one: sections and comments here, 'key = value' by inih. */
#include "config.h"

#include "base/conf.h"
#include "base/conf_table.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF_FILE_MAX (1 << 20)

struct conf_reading {
    const struct conf_table *table;
    void *settings;
    struct conf_error *error;
    char path[200];  /* escaped, for messages */
    char where[224]; /* "PATH:LINE" */
    const char *rest, *end;
    int line;
    bool failed; /* and *error tells why, for `line` */
    bool in_section;
    struct conf_section section;
};

static int conf_read_failed(struct conf_reading *reading, int code)
{
    return conf_error_set(reading->error, code, "%s cannot be read: %s", reading->path, strerror(-code));
}

/* The whole file, with a NUL behind it. */
static int conf_load(struct conf_reading *reading, const char *path, char **bytes, size_t *length)
{
    struct stat status;
    size_t used = 0;
    ssize_t got = 1;
    int result = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO would wait for a writer */

    if (fd < 0)
        return conf_read_failed(reading, -errno);
    *bytes = memory_new(CONF_FILE_MAX + 1);
    if (fstat(fd, &status) < 0)
        result = conf_read_failed(reading, -errno);
    else if (S_ISDIR(status.st_mode))
        result = conf_read_failed(reading, -EISDIR);
    else if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) /* /dev/null is no settings at all */
        result = conf_error_set(reading->error, -EINVAL, "%s is not a file", reading->path);
    while (result == 0 && got > 0) {
        got = read(fd, *bytes + used, CONF_FILE_MAX + 1 - used);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got < 0)
            result = conf_read_failed(reading, -errno);
        else if ((used += (size_t)got) > CONF_FILE_MAX)
            result = conf_error_set(reading->error, -EFBIG,
                                    "%s is larger than %d bytes: it cannot be a settings file", reading->path,
                                    CONF_FILE_MAX);
    }
    close(fd);
    *length = used;
    if (result < 0) {
        free(*bytes);
        *bytes = NULL;
    }
    return result;
}

static void conf_fail(struct conf_reading *reading, const char *why)
{
    conf_error_set(reading->error, -EINVAL, "%s: %s", reading->where, why);
    reading->failed = true;
}

static bool conf_is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r';
}

/* Takes the next line, without the blanks around it. */
static void conf_next_line(struct conf_reading *reading, const char **start, size_t *length)
{
    const char *newline = memchr(reading->rest, '\n', (size_t)(reading->end - reading->rest));
    const char *from = reading->rest, *to = newline == NULL ? reading->end : newline;

    reading->rest = newline == NULL ? reading->end : newline + 1;
    reading->line++;
    snprintf(reading->where, sizeof reading->where, "%s:%d", reading->path, reading->line);
    if (reading->line == 1 && to - from >= 3 && memcmp(from, "\xef\xbb\xbf", 3) == 0)
        from += 3; /* the mark that some editors put before UTF-8 */
    while (from < to && conf_is_blank(*from))
        from++;
    while (to > from && conf_is_blank(to[-1]))
        to--;
    *start = from;
    *length = (size_t)(to - from);
}

static bool conf_is_text(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

/* "[title]", perhaps with a comment behind. */
static void conf_enter_section(struct conf_reading *reading, const char *line, size_t length)
{
    const char *close = memchr(line, ']', length);
    const char *from = line + 1, *to = close, *behind;
    char title[sizeof reading->section.title + 1];
    size_t title_length;

    if (close == NULL) {
        conf_fail(reading, "a section has to end with ']'");
        return;
    }
    for (behind = close + 1; behind < line + length && conf_is_blank(*behind); behind++)
        continue;
    if (behind < line + length && *behind != ';' && *behind != '#') {
        conf_fail(reading, "after a section's ']' only a comment may follow");
        return;
    }
    while (from < to && conf_is_blank(*from))
        from++;
    while (to > from && conf_is_blank(to[-1]))
        to--;
    title_length = (size_t)(to - from);
    if (title_length >= sizeof title)
        title_length = sizeof title - 1; /* too long still: conf_section_find says so */
    memcpy(title, from, title_length);
    title[title_length] = '\0';
    reading->failed = conf_section_find(reading->table, reading->settings, title, reading->where,
                                        &reading->section, reading->error) < 0;
    reading->in_section = !reading->failed;
}

/* inih's reader, in the manner of fgets: one line of ours per call, an empty one where it has nothing to do.
 */
static char *conf_give_line(char *buffer, int size, void *stream)
{
    struct conf_reading *reading = stream;
    const char *line;
    size_t length;

    if (reading->failed || reading->rest == reading->end)
        return NULL;
    conf_next_line(reading, &line, &length);
    if (!conf_is_text(line, length)) {
        conf_fail(reading, "a control character: this is not a text file");
        return NULL;
    }
    if (length > 0 && line[0] == '[')
        conf_enter_section(reading, line, length);
    if (reading->failed)
        return NULL;
    if (length > 0 && (line[0] == '[' || line[0] == ';' || line[0] == '#'))
        length = 0;
    if (size < 2 || length > (size_t)size - 2) {
        conf_error_set(reading->error, -EINVAL, "%s: the line is longer than %d bytes", reading->where,
                       size - 2);
        reading->failed = true;
        return NULL;
    }
    memcpy(buffer, line, length);
    memcpy(buffer + length, "\n", 2);
    return buffer;
}

static int conf_take_setting(void *user, const char *ini_section, const char *key, const char *value
#if INI_HANDLER_LINENO
                             ,
                             int lineno
#endif
)
{
    struct conf_reading *reading = user;

#if INI_HANDLER_LINENO
    (void)lineno; /* that of `reading` */
#endif
    (void)ini_section;
    if (!reading->in_section)
        conf_fail(reading, "a setting has to follow a [section]");
    else
        reading->failed = conf_section_set(&reading->section, key, value, reading->where, reading->error) < 0;
    return !reading->failed;
}

int conf_read_file(const struct conf_table *table, void *settings, const char *path, struct conf_error *error)
{
    struct conf_reading reading = {.table = table, .settings = settings, .error = error};
    char *bytes = NULL;
    size_t length = 0;
    int first_bad_line, result;

    text_escape(reading.path, sizeof reading.path, path, strlen(path));
    result = conf_load(&reading, path, &bytes, &length);
    if (result < 0)
        return result;
    reading.rest = bytes;
    reading.end = bytes + length;
    first_bad_line = ini_parse_stream(conf_give_line, &reading, conf_take_setting, &reading);
    free(bytes);
    if (first_bad_line < 0)
        return conf_error_set(error, -ENOMEM, "%s cannot be read: no memory", reading.path);
    /* inih goes on behind a line that it does not understand: ours may be a later one. */
    if (first_bad_line > 0 && (!reading.failed || first_bad_line < reading.line))
        return conf_error_set(error, -EINVAL, "%s:%d: expected '[section]' or 'key = value'", reading.path,
                              first_bad_line);
    return reading.failed ? -EINVAL : 0;
}
