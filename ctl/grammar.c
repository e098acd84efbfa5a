#include "ctl/grammar.h"

#include <string.h>

/* The words of manners.def, so that they are kept once. */
static const char manner_words[] =
#define MANNER(NAME, number, word, text, sheets) word "|"
#include <deskline/manners.def>
#undef MANNER
    "";

#define OPTION_WORDS_TEXT   NULL
#define OPTION_WORDS_TIME   NULL
#define OPTION_WORDS_SIZE   NULL
#define OPTION_WORDS_MEDIA  NULL
#define OPTION_WORDS_RANGES NULL
#define OPTION_WORDS_MANNER manner_words

static const struct option_info options[] = {
#define FLAG(id, word, short_name, what)                                                                     \
    {.name = word, .letter = short_name, .kind = KIND_FLAG, .text = what},
#define NUMBER(id, word, short_name, shown, low, high, what)                                                 \
    {.name = word,                                                                                           \
     .letter = short_name,                                                                                   \
     .kind = KIND_NUMBER,                                                                                    \
     .value = shown,                                                                                         \
     .lowest = low,                                                                                          \
     .highest = high,                                                                                        \
     .text = what},
#define CHOICE(id, word, short_name, choices, what)                                                          \
    {.name = word,                                                                                           \
     .letter = short_name,                                                                                   \
     .kind = KIND_CHOICE,                                                                                    \
     .value = choices,                                                                                       \
     .words = choices,                                                                                       \
     .text = what},
#define SPECIAL(id, word, short_name, shown, sort, whence, what)                                             \
    {.name = word,                                                                                           \
     .letter = short_name,                                                                                   \
     .kind = KIND_##sort,                                                                                    \
     .value = shown,                                                                                         \
     .words = OPTION_WORDS_##sort,                                                                           \
     .completion = COMPLETE_##whence,                                                                        \
     .text = what},
#include "ctl/commands.def"
};

#define ARGUMENT_IS_ID_WORD           false
#define ARGUMENT_IS_ID_ID             true
#define ARGUMENT_IS_OPTIONAL_REQUIRED false
#define ARGUMENT_IS_OPTIONAL_OPTIONAL true
#define ARGUMENT_IS_OPTIONAL_REPEATED false
#define ARGUMENT_IS_REPEATED_REQUIRED false
#define ARGUMENT_IS_REPEATED_OPTIONAL false
#define ARGUMENT_IS_REPEATED_REPEATED true

#define COMMAND(name, programs, words, text) static const struct argument_info arguments_##name[] = {
#define ARGUMENT(owner, programs, name, kind, completion, presence)                                          \
    {programs,                                                                                               \
     name,                                                                                                   \
     ARGUMENT_IS_ID_##kind,                                                                                  \
     ARGUMENT_IS_OPTIONAL_##presence,                                                                        \
     ARGUMENT_IS_REPEATED_##presence,                                                                        \
     COMPLETE_##completion},
#define END_COMMAND(name)                                                                                    \
    {                                                                                                        \
        0                                                                                                    \
    }                                                                                                        \
    }                                                                                                        \
    ;
#include "ctl/commands.def"

#define COMMAND(name, programs, words, text) static const struct taken_info options_##name[] = {
#define TAKES(owner, programs, option)       {programs, OPTION_##option},
#define END_COMMAND(name)                                                                                    \
    {                                                                                                        \
        0                                                                                                    \
    }                                                                                                        \
    }                                                                                                        \
    ;
#include "ctl/commands.def"

static const struct command_info commands[] = {
#define COMMAND(name, programs, words, text) {programs, words, text, arguments_##name, options_##name},
#include "ctl/commands.def"
};

const char *program_name(enum program program)
{
    return program == CLIENTCTL ? "clientctl" : "servicectl";
}

const char *program_daemon(enum program program)
{
    return program == CLIENTCTL ? "clientd" : "serviced";
}

const struct option_info *grammar_option(enum option_id id)
{
    return &options[id];
}

const struct command_info *grammar_command(enum command_id id)
{
    return &commands[id];
}

bool grammar_is_common(enum option_id option)
{
    return option == OPTION_help || option == OPTION_version || option == OPTION_json ||
           option == OPTION_control;
}

bool grammar_takes(enum command_id command, enum program program, enum option_id option)
{
    if (grammar_is_common(option))
        return true;
    for (const struct taken_info *taken = commands[command].options; taken->programs; taken++)
        if (taken->option == option && taken->programs & program)
            return true;
    return false;
}

enum option_id grammar_namesake(enum command_id command, enum program program, enum option_id option)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (grammar_takes(command, program, i) && !strcmp(options[i].name, options[option].name))
            return i;
    return OPTION_COUNT;
}
