#include "config.h"

#include "tests/rig/fault_script.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *name;
    SANE_Status status;
    bool sticky;
    bool argument;
} kinds[] = {
#define FAULT(name, status, sticky, argument) {#name, SANE_STATUS_##status, sticky, argument},
#include "tests/rig/faults.def"
#undef FAULT
};

const char *fault_name(enum fault_kind kind)
{
    return kinds[kind].name;
}

SANE_Status fault_status(enum fault_kind kind)
{
    return kinds[kind].status;
}

bool fault_is_sticky(enum fault_kind kind)
{
    return kinds[kind].sticky;
}

SANE_Status fault_condition_status(const char *name)
{
    for (int i = 0; i < FAULT_COUNT; i++)
        if (strcmp(kinds[i].name, name) == 0 && kinds[i].status != SANE_STATUS_GOOD)
            return kinds[i].status;
    return SANE_STATUS_IO_ERROR;
}

static int parse_page(const char *value, struct fault *fault)
{
    double page;

    if (strcmp(value, "any") == 0)
        return 0;
    if (fault_lines_number(value, "", &page) != 0 || page < 1 || page > 100000)
        return -EINVAL;
    fault->page = (unsigned)page;
    return 0;
}

static int parse_place(const char *value, struct fault *fault)
{
    if (strcmp(value, "start") == 0) {
        fault->place = FAULT_AT_START;
        return 0;
    }
    if (fault_lines_number(value, "%", &fault->at) == 0 && fault->at <= 100) {
        fault->place = FAULT_AT_PERCENT;
        return 0;
    }
    fault->place = FAULT_AT_BYTE;
    return fault_lines_number(value, "", &fault->at);
}

static int parse_kind(const char *value, struct fault *fault)
{
    size_t length = strcspn(value, ":");

    for (int i = 0; i < FAULT_COUNT; i++) {
        if (strlen(kinds[i].name) != length || strncmp(kinds[i].name, value, length) != 0)
            continue;
        fault->kind = (enum fault_kind)i;
        if (kinds[i].argument != (value[length] == ':'))
            return -EINVAL;
        return kinds[i].argument ? fault_lines_number(value + length + 1, "", &fault->argument) : 0;
    }
    return -EINVAL;
}

static int parse_times(const char *value, struct fault *fault)
{
    return fault_lines_times(value, &fault->times);
}

static const struct {
    const char *key;
    int (*parse)(const char *value, struct fault *fault);
    const char *expected;
} fields[] = {
    {"page=", parse_page, "page= takes a page number from 1, or any"},
    {"at=", parse_place, "at= takes start, 0% to 100%, or a number of bytes"},
    {"do=", parse_kind, "do= takes the name of a fault, STALL:SECONDS or CRAWL:BYTES-PER-SECOND"},
    {"times=", parse_times, "times= takes a number from 1, or always"},
};

static int parse_word(const char *word, struct fault *fault, unsigned *seen, const char **why)
{
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        size_t length = strlen(fields[i].key);
        if (strncmp(word, fields[i].key, length) != 0)
            continue;
        *seen |= 1u << i;
        *why = fields[i].expected;
        return fields[i].parse(word + length, fault);
    }
    *why = "a fault is made of page=, at=, do= and times=";
    return -EINVAL;
}

int fault_parse(const char *line, struct fault *fault, const char **why)
{
    char words[sizeof fault->line], *rest = NULL;
    unsigned seen = 0;

    *fault = (struct fault){.times = 1};
    if (strlen(line) >= sizeof words) {
        *why = "the line is too long";
        return -EINVAL;
    }
    strcpy(words, line);
    strcpy(fault->line, line);
    for (char *word = strtok_r(words, " \t", &rest); word != NULL; word = strtok_r(NULL, " \t", &rest))
        if (parse_word(word, fault, &seen, why) != 0)
            return -EINVAL;
    *why = "page=, at= and do= are needed";
    return (seen & 7) == 7 ? 0 : -EINVAL;
}

uint64_t fault_offset(const struct fault *fault, uint64_t total)
{
    double at = fault->place == FAULT_AT_PERCENT ? (double)total * fault->at / 100 : fault->at;

    if (fault->place == FAULT_AT_START)
        return 0;
    return at > (double)total ? total : (uint64_t)at;
}

int fault_script_load(struct device_state *state, unsigned page, struct fault *faults, int room)
{
    char script[FAULT_SCRIPT_BYTES], *rest = NULL;
    const char *why;
    int count = 0;
    int error = fault_lines_read(state, script);

    if (error != 0)
        return error;
    for (char *line = strtok_r(script, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        struct fault fault;
        if (fault_lines_blank(line))
            continue;
        if (fault_parse(line, &fault, &why) != 0) {
            device_state_log(state, "bad-fault line='%s' %s", line, why);
            return -EINVAL;
        }
        if (fault.page != 0 && fault.page != page)
            continue;
        if (count == room)
            return -E2BIG;
        faults[count++] = fault;
    }
    return count;
}

int fault_script_spend(struct device_state *state, const struct fault *fault)
{
    return fault_lines_spend(state, fault->line, fault->times);
}

int fault_script_add(struct device_state *state, const char *line, const char **why)
{
    struct fault fault;
    int error = fault_parse(line, &fault, why);

    if (error != 0)
        return error;
    *why = "the script cannot be written";
    return fault_lines_add(state, line);
}
