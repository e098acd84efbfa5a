#include "ctl/arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ctl/values.h"

/* The command line while it is read. */
struct parse {
    struct arguments *arguments;
    enum program program;
    int argc, next;
    char *const *argv;
    char *why;
    const char *words[2 + ARGUMENTS_MAX]; /* what is no option: the command's words, too */
    unsigned word_count;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct parse *parse, const char *about,
                                                        const char *format, ...)
{
    char escaped[128];
    va_list values;
    text_escape(escaped, sizeof escaped, about, strlen(about));
    int used = snprintf(parse->why, ARGUMENTS_WHY_BYTES, "'%s' ", escaped);
    va_start(values, format);
    vsnprintf(parse->why + used, ARGUMENTS_WHY_BYTES - (size_t)used, format, values);
    va_end(values);
    return -EINVAL;
}

static bool find_option(const char *name, size_t length, enum option_id *id)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const char *known = grammar_option(i)->name;
        if (strlen(known) != length || memcmp(known, name, length))
            continue;
        *id = i;
        return true;
    }
    return false;
}

static bool find_letter(char letter, enum option_id *id)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (grammar_option(i)->letter != letter)
            continue;
        *id = i;
        return true;
    }
    return false;
}

/* --manner from-page 3: the page is an argument of its own. */
static int take_manner(struct parse *parse, enum option_id id, const char *value)
{
    const struct option_info *option = grammar_option(id);
    long page, place;
    if (!value_word(value, option->words, &place))
        return refuse(parse, value, "is no manner of restarting: %.*s", (int)strlen(option->words) - 1,
                      option->words);
    parse->arguments->number[id] = place;
    parse->arguments->manner_page = 0;
    if (!strcmp(value, "from-page") && parse->next < parse->argc &&
        value_number(parse->argv[parse->next], 1, UINT16_MAX + 1L, &page)) {
        parse->arguments->manner_page = (uint32_t)page;
        parse->next++;
    }
    return 0;
}

/* What an option of the command says. */
static int take_value(struct parse *parse, enum option_id id, const char *value)
{
    const struct option_info *option = grammar_option(id);
    long *number = &parse->arguments->number[id];
    char media[VALUE_MEDIA_BYTES];
    uint32_t width_um, height_um;
    switch (option->kind) {
    case KIND_NUMBER:
        if (value_number(value, option->lowest, option->highest, number))
            return 0;
        return refuse(parse, value, "does not fit --%s: a whole number from %ld to %ld", option->name,
                      option->lowest, option->highest);
    case KIND_CHOICE:
        if (value_word(value, option->words, number))
            return 0;
        return refuse(parse, value, "does not fit --%s: %s", option->name, option->words);
    case KIND_TIME:
        if (value_time(value, number))
            return 0;
        return refuse(parse, value, "does not fit --%s: a time such as 90s, 30m, 1h or 2d", option->name);
    case KIND_SIZE:
        if (value_size(value, &width_um, &height_um))
            return 0;
        return refuse(parse, value, "does not fit --%s: %s", option->name, option->text);
    case KIND_MEDIA:
        if (value_media(value, media))
            return 0;
        return refuse(parse, value, "does not fit --%s: %s", option->name, option->text);
    case KIND_RANGES:
        if (value_ranges(value))
            return 0;
        return refuse(parse, value, "does not fit --%s: %s", option->name, option->text);
    case KIND_MANNER: /* was looked at when it was read */
    case KIND_TEXT:
    case KIND_FLAG:
        return 0;
    }
    return 0;
}

/* `value`: what stands in the same argument behind "=" or the letter, or NULL. */
static int take_option(struct parse *parse, enum option_id id, const char *written, const char *value)
{
    const struct option_info *option = grammar_option(id);
    if (option->kind == KIND_FLAG) {
        if (value)
            return refuse(parse, written, "takes no value");
    } else if (!value) {
        if (parse->next == parse->argc)
            return refuse(parse, written, "needs a value: %s", option->value);
        value = parse->argv[parse->next++];
    }
    parse->arguments->given[id] = true;
    parse->arguments->text[id] = value;
    /* Other values have to wait: the command, which decides what is meant, may stand behind them. */
    return option->kind == KIND_MANNER ? take_manner(parse, id, value) : 0;
}

static int take_long(struct parse *parse, const char *written)
{
    const char *name = written + 2;
    size_t length = strcspn(name, "=");
    enum option_id id;
    if (!find_option(name, length, &id))
        return refuse(parse, written, "is no option");
    return take_option(parse, id, written, name[length] ? name + length + 1 : NULL);
}

/* -o FILE, -oFILE, and flags one behind the other: -ah. */
static int take_letters(struct parse *parse, const char *written)
{
    enum option_id id;
    for (const char *letter = written + 1; *letter; letter++) {
        if (!find_letter(*letter, &id))
            return refuse(parse, written, "is no option");
        bool is_flag = grammar_option(id)->kind == KIND_FLAG;
        int error = take_option(parse, id, written, !is_flag && letter[1] ? letter + 1 : NULL);
        if (error || !is_flag)
            return error;
    }
    return 0;
}

static int read_line(struct parse *parse)
{
    bool options_ended = false;
    while (parse->next < parse->argc) {
        const char *written = parse->argv[parse->next++];
        int error = 0;
        if (!options_ended && !strcmp(written, "--"))
            options_ended = true;
        else if (!options_ended && !strncmp(written, "--", 2))
            error = take_long(parse, written);
        else if (!options_ended && written[0] == '-' && written[1])
            error = take_letters(parse, written);
        else if (parse->word_count == sizeof parse->words / sizeof *parse->words)
            error = refuse(parse, written, "is one argument too many");
        else
            parse->words[parse->word_count++] = written;
        if (error)
            return error;
    }
    return 0;
}

/* How many words of the line are the command's name: 0 when it is not that command. */
static unsigned matches(const struct parse *parse, const struct command_info *command)
{
    size_t first = strcspn(command->name, " ");
    if (!(command->programs & parse->program) || parse->word_count == 0 || strlen(parse->words[0]) != first ||
        memcmp(parse->words[0], command->name, first))
        return 0;
    if (!command->name[first])
        return 1;
    return parse->word_count > 1 && !strcmp(parse->words[1], command->name + first + 1) ? 2 : 0;
}

static int find_command(struct parse *parse, unsigned *used)
{
    struct arguments *arguments = parse->arguments;
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        *used = matches(parse, grammar_command(i));
        if (!*used)
            continue;
        arguments->command = i;
        return 0;
    }
    *used = 0;
    if (parse->word_count == 0)
        return 0;
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        const struct command_info *command = grammar_command(i);
        size_t first = strcspn(command->name, " ");
        if (command->programs & parse->program && command->name[first] && strlen(parse->words[0]) == first &&
            !memcmp(command->name, parse->words[0], first))
            return refuse(parse, parse->words[0], "needs a second word, as in '%s'", command->name);
    }
    return refuse(parse, parse->words[0], "is no command");
}

/* Each option that was given becomes the one of that name which the command takes. */
static int check_options(struct parse *parse)
{
    struct arguments *arguments = parse->arguments;
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (!arguments->given[i] || grammar_is_common(i))
            continue;
        char written[64];
        snprintf(written, sizeof written, "--%s", grammar_option(i)->name);
        if (arguments->command == COMMAND_COUNT)
            return refuse(parse, written, "belongs behind a command");
        enum option_id own = grammar_namesake(arguments->command, parse->program, i);
        if (own == OPTION_COUNT)
            return refuse(parse, written, "is no option of '%s'", grammar_command(arguments->command)->name);
        arguments->given[i] = false;
        arguments->given[own] = true;
        arguments->text[own] = arguments->text[i];
    }
    return 0;
}

static int take_values(struct parse *parse)
{
    int error = 0;
    for (unsigned i = 0; i < OPTION_COUNT && !error; i++)
        if (parse->arguments->given[i])
            error = take_value(parse, i, parse->arguments->text[i]);
    return error;
}

static int take_arguments(struct parse *parse, unsigned used)
{
    struct arguments *arguments = parse->arguments;
    const struct command_info *command = grammar_command(arguments->command);
    for (const struct argument_info *info = command->arguments; info->name; info++) {
        if (!(info->programs & parse->program))
            continue;
        if (used == parse->word_count) {
            if (info->is_optional)
                continue;
            return refuse(parse, command->name, "needs an argument: %s", info->name);
        }
        do {
            const char *word = parse->words[used++];
            if (info->is_id && !value_id(word, &arguments->id))
                return refuse(parse, word, "does not fit %s: a whole number from 1", info->name);
            if (!*word)
                return refuse(parse, word, "does not fit %s: it is empty", info->name);
            arguments->words[arguments->word_count++] = word;
        } while (info->is_repeated && used < parse->word_count && arguments->word_count < ARGUMENTS_MAX);
    }
    if (used < parse->word_count)
        return refuse(parse, parse->words[used], "is one argument too many for '%s'", command->name);
    return 0;
}

int arguments_parse(struct arguments *arguments, enum program program, int argc, char *const argv[],
                    char why[ARGUMENTS_WHY_BYTES])
{
    struct parse parse = {
        .arguments = arguments, .program = program, .argc = argc, .next = 1, .argv = argv, .why = why};
    unsigned used;
    *arguments = (struct arguments){.command = COMMAND_COUNT};
    why[0] = '\0';

    int error = read_line(&parse);
    if (!error)
        error = find_command(&parse, &used);
    if (!error)
        error = check_options(&parse);
    if (error || arguments->given[OPTION_help] || arguments->given[OPTION_version] ||
        arguments->command == COMMAND_COUNT)
        return error;
    error = take_values(&parse);
    return error ? error : take_arguments(&parse, used);
}
