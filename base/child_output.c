#include "config.h"

#include "base/child_output.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

void child_output_start(struct child_output *output, const char *path, pid_t pid)
{
    const char *slash = strrchr(path, '/');

    *output = (struct child_output){0};
    snprintf(output->name, sizeof output->name, "%.40s[%ld]", slash == NULL ? path : slash + 1, (long)pid);
}

static void child_output_log(struct child_output *output, const char *ending)
{
    enum log_level level = LOG_LEVEL_NOTICE;
    const char *text = output->line;

    /* A NUL is escaped by nobody behind us: it would hide the rest of the line. */
    for (size_t i = 0; i < output->length; i++) {
        if (output->line[i] == '\0')
            output->line[i] = '?';
    }
    output->line[output->length] = '\0';
    if (output->length >= 3 && text[0] == '<' && text[1] >= '0' && text[1] <= '7' && text[2] == '>') {
        level = log_level_from_priority(text[1] - '0');
        text += 3;
    }
    if (output->length > 0)
        log_write(level, "%s: %s%s", output->name, text, ending);
    output->length = 0;
}

void child_output_take(struct child_output *output, const char *bytes, size_t length)
{
    while (length > 0) {
        const char *newline = memchr(bytes, '\n', length);
        size_t part = newline == NULL ? length : (size_t)(newline - bytes);
        size_t room = CHILD_LINE_MAX - output->length;
        size_t kept = output->skipping ? 0 : part < room ? part : room;

        memcpy(output->line + output->length, bytes, kept);
        output->length += kept;
        if (kept < part && !output->skipping) {
            child_output_log(output, " ...");
            output->skipping = true;
        }
        if (newline == NULL)
            return;
        if (!output->skipping)
            child_output_log(output, "");
        output->skipping = false;
        bytes += part + 1;
        length -= part + 1;
    }
}

void child_output_end(struct child_output *output)
{
    if (!output->skipping)
        child_output_log(output, "");
    output->length = 0;
}
