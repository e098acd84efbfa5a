#include "config.h"

#include "tests/rig/printer_faults.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *name;
    const char *reason[2]; /* for cupsd; for a driverless printer */
    enum printer_end end;
    bool argument;
} kinds[] = {
#define FAULT(NAME, name, reason, driverless, end, argument)                                                 \
    {name, {reason, driverless}, END_##end, argument},
#include "tests/rig/printer_faults.def"
#undef FAULT
};

static const char *const moments[] = {"before", "after", "counted"};

const char *printer_moment_name(enum printer_moment when)
{
    return moments[when];
}

const char *printer_fault_name(enum printer_fault_kind kind)
{
    return kinds[kind].name;
}

enum printer_end printer_fault_end(enum printer_fault_kind kind)
{
    return kinds[kind].end;
}

const char *printer_fault_reason(enum printer_fault_kind kind, bool driverless)
{
    return kinds[kind].reason[driverless];
}

static int parse_sheet(const char *value, struct printer_fault *fault)
{
    double sheet;

    if (strcmp(value, "any") == 0)
        return 0;
    if (fault_lines_number(value, "", &sheet) != 0 || sheet < 1 || sheet > 100000)
        return -EINVAL;
    fault->sheet = (unsigned)sheet;
    return 0;
}

static int parse_when(const char *value, struct printer_fault *fault)
{
    for (int i = 0; i < MOMENT_COUNT; i++) {
        if (strcmp(value, moments[i]) != 0)
            continue;
        fault->when = (enum printer_moment)i;
        return 0;
    }
    return -EINVAL;
}

static bool find_kind(const char *name, size_t length, enum printer_fault_kind *kind)
{
    for (int i = 0; i < PRINTER_FAULT_COUNT; i++) {
        if (strlen(kinds[i].name) != length || strncmp(kinds[i].name, name, length) != 0)
            continue;
        *kind = (enum printer_fault_kind)i;
        return true;
    }
    return false;
}

bool printer_fault_find(const char *name, enum printer_fault_kind *kind)
{
    return find_kind(name, strcspn(name, "\n"), kind);
}

static int parse_kind(const char *value, struct printer_fault *fault)
{
    size_t length = strcspn(value, ":");

    if (!find_kind(value, length, &fault->kind) || kinds[fault->kind].argument != (value[length] == ':'))
        return -EINVAL;
    if (!kinds[fault->kind].argument)
        return 0;
    return fault_lines_number(value + length + 1, "", &fault->seconds) == 0 && fault->seconds <= 3600
               ? 0
               : -EINVAL;
}

static int parse_times(const char *value, struct printer_fault *fault)
{
    return fault_lines_times(value, &fault->times);
}

static const struct {
    const char *key;
    int (*parse)(const char *value, struct printer_fault *fault);
    const char *expected;
} fields[] = {
    {"sheet=", parse_sheet, "sheet= takes the number of a sheet from 1, or any"},
    {"do=", parse_kind, "do= takes the name of a fault, or hang:SECONDS"},
    {"when=", parse_when, "when= takes before, after or counted"},
    {"times=", parse_times, "times= takes a number from 1, or always"},
};

static int parse_word(const char *word, struct printer_fault *fault, unsigned *seen, const char **why)
{
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        size_t length = strlen(fields[i].key);
        if (strncmp(word, fields[i].key, length) != 0)
            continue;
        *seen |= 1u << i;
        *why = fields[i].expected;
        return fields[i].parse(word + length, fault);
    }
    *why = "a fault is made of sheet=, when=, do= and times=";
    return -EINVAL;
}

static int parse(const char *line, struct printer_fault *fault, const char **why)
{
    char words[sizeof fault->line], *rest = NULL;
    unsigned seen = 0;

    *fault = (struct printer_fault){.times = 1};
    if (strlen(line) >= sizeof words - 2) {
        *why = "the line is too long";
        return -EINVAL;
    }
    strcpy(words, line);
    strcpy(fault->line, line);
    for (char *word = strtok_r(words, " \t", &rest); word != NULL; word = strtok_r(NULL, " \t", &rest))
        if (parse_word(word, fault, &seen, why) != 0)
            return -EINVAL;
    *why = "sheet= and do= are needed";
    return (seen & 3) == 3 ? 0 : -EINVAL;
}

int printer_faults_take(struct device_state *state, unsigned sheet, enum printer_moment when,
                        struct printer_fault *fault)
{
    char script[FAULT_SCRIPT_BYTES], *rest = NULL;
    const char *why;
    int error = fault_lines_read(state, script);

    if (error != 0)
        return error;
    for (char *line = strtok_r(script, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (fault_lines_blank(line))
            continue;
        if (parse(line, fault, &why) != 0) {
            device_state_log(state, "bad-fault line='%s' %s", line, why);
            return -EINVAL;
        }
        if ((fault->sheet != 0 && fault->sheet != sheet) || fault->when != when)
            continue;
        error = fault_lines_spend(state, fault->line, fault->times);
        return error == 0 ? 1 : error;
    }
    return 0;
}

int printer_faults_add(struct device_state *state, const char *line, const char **why)
{
    struct printer_fault fault;
    int error = parse(line, &fault, why);

    if (error != 0)
        return error;
    *why = "the script cannot be written";
    return fault_lines_add(state, line);
}
