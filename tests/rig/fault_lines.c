#include "config.h"

#include "tests/rig/fault_lines.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fault_lines_number(const char *text, const char *rest, double *value)
{
    char *end;

    *value = strtod(text, &end);
    if (end == text || strcmp(end, rest) != 0 || !isfinite(*value) || *value < 0 || *value > 1e15)
        return -EINVAL;
    return 0;
}

int fault_lines_times(const char *value, long *times)
{
    double number;

    *times = -1;
    if (strcmp(value, "always") == 0)
        return 0;
    if (fault_lines_number(value, "", &number) != 0 || number < 1 || number > 1000000)
        return -EINVAL;
    *times = (long)number;
    return 0;
}

bool fault_lines_blank(const char *line)
{
    return line[strspn(line, " \t\r")] == '\0' || line[0] == '#';
}

int fault_lines_read(struct device_state *state, char *script)
{
    int length = device_state_read(state, "faults", script, FAULT_SCRIPT_BYTES);

    if (length == -ENOENT)
        return 0;
    return length < 0 ? length : length >= FAULT_SCRIPT_BYTES - 1 ? -E2BIG : 0;
}

/* Puts the script together again without the spent line. */
static void rewrite(char *script, const char *spent, long left, char *out, size_t room)
{
    char *rest = NULL;
    size_t length = 0;
    bool found = false;

    out[0] = '\0';
    for (char *line = strtok_r(script, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        int n = 0;
        if (found || strcmp(line, spent) != 0) {
            n = snprintf(out + length, room - length, "%s\n", line);
        } else if (left > 1) {
            const char *times = strstr(line, "times=");
            const char *behind = times + strcspn(times, " \t");
            n = snprintf(out + length, room - length, "%.*stimes=%ld%s\n", (int)(times - line), line,
                         left - 1, behind);
        }
        found = found || strcmp(line, spent) == 0;
        length += (size_t)n;
    }
}

int fault_lines_spend(struct device_state *state, const char *line, long times)
{
    char script[FAULT_SCRIPT_BYTES], out[FAULT_SCRIPT_BYTES + 2];
    int error;

    if (times < 0)
        return 0;
    error = device_state_begin(state);
    if (error != 0)
        return error;
    error = fault_lines_read(state, script);
    if (error == 0) {
        rewrite(script, line, times, out, sizeof out);
        error = device_state_write(state, "faults", out);
    }
    device_state_end(state);
    return error;
}

int fault_lines_add(struct device_state *state, const char *line)
{
    char script[FAULT_SCRIPT_BYTES], out[FAULT_SCRIPT_BYTES + FAULT_LINE_BYTES];
    int error = device_state_begin(state);

    if (error != 0)
        return error;
    error = fault_lines_read(state, script);
    if (error == 0) {
        size_t length = strlen(script);
        const char *join = length > 0 && script[length - 1] != '\n' ? "\n" : "";
        snprintf(out, sizeof out, "%s%s%.*s\n", script, join, FAULT_LINE_BYTES - 3, line);
        error = device_state_write(state, "faults", out);
    }
    device_state_end(state);
    return error;
}
