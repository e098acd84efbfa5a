#include "config.h"

#include "serviced/jobs/unit_choice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "a, b, c", cut off where there is no more room. */
static void append_name(char *text, size_t size, const char *name)
{
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s%s", length ? ", " : "", name);
}

int unit_choose_printer(const struct frame_list *units, struct frame_text name, char chosen[UNIT_NAME_BYTES],
                        char *why, size_t size)
{
    char wanted[UNIT_NAME_BYTES], names[320] = "";
    struct record_unit unit;
    unsigned count = 0;
    size_t cursor = 0;
    frame_text_copy(name, wanted, sizeof wanted);
    while (frame_list_next(units, &frame_record_unit, &cursor, &unit)) {
        if (unit.kind != UNIT_PRINTING)
            continue;
        count++;
        frame_text_copy(unit.name, chosen, UNIT_NAME_BYTES);
        if (*wanted && strcmp(wanted, chosen) == 0)
            return 0;
        append_name(names, sizeof names, chosen);
    }
    if (!*wanted && count == 1)
        return 0;
    if (count == 0)
        snprintf(why, size, "the client has no printer: see its units");
    else if (*wanted)
        snprintf(why, size, "the client has no printer '%s'; it has %s", wanted, names);
    else
        snprintf(why, size, "the client has several printers, name one: %s", names);
    return *wanted || count == 0 ? -ENOENT : -EINVAL;
}
