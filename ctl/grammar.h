/* The grammar of clientctl and servicectl as tables, made from commands.def. */
#ifndef DESKLINE_CTL_GRAMMAR_H
#define DESKLINE_CTL_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

enum program { CLIENTCTL = 1 << 0, SERVICECTL = 1 << 1, BOTH = CLIENTCTL | SERVICECTL };

enum option_id {
#define FLAG(name, word, letter, text)                             OPTION_##name,
#define NUMBER(name, word, letter, value, low, high, text)         OPTION_##name,
#define CHOICE(name, word, letter, words, text)                    OPTION_##name,
#define SPECIAL(name, word, letter, value, kind, completion, text) OPTION_##name,
#include "ctl/commands.def"
    OPTION_COUNT
};

enum command_id {
#define COMMAND(name, programs, words, text) COMMAND_##name,
#include "ctl/commands.def"
    COMMAND_COUNT
};

enum option_kind {
    KIND_FLAG,
    KIND_NUMBER,
    KIND_CHOICE,
    KIND_TEXT,
    KIND_TIME,
    KIND_SIZE,
    KIND_MEDIA,
    KIND_RANGES,
    KIND_MANNER
};
enum completion {
    COMPLETE_NOTHING,
    COMPLETE_FILES,
    COMPLETE_JOBS,
    COMPLETE_WAITING,
    COMPLETE_DOCUMENTS,
    COMPLETE_SCANNERS,
    COMPLETE_PRINTERS,
    COMPLETE_CLIENTS,
};

struct option_info {
    const char *name;
    char letter; /* 0: none */
    enum option_kind kind;
    const char *value; /* what help calls the value; NULL for flags */
    const char *words; /* CHOICE and MANNER: separated by '|' */
    long lowest, highest;
    enum completion completion;
    const char *text;
};

struct argument_info {
    unsigned programs;
    const char *name; /* NULL ends a list */
    bool is_id, is_optional, is_repeated;
    enum completion completion;
};

struct taken_info {
    unsigned programs; /* 0 ends a list */
    enum option_id option;
};

struct command_info {
    unsigned programs;
    const char *name; /* one word, or two: "client add" */
    const char *text;
    const struct argument_info *arguments;
    const struct taken_info *options;
};

const char *program_name(enum program program);
/* The daemon that it speaks to: "clientd". */
const char *program_daemon(enum program program);

const struct option_info *grammar_option(enum option_id id);
const struct command_info *grammar_command(enum command_id id);
/* Whether the command takes the option in that program; options of every command always are. */
bool grammar_takes(enum command_id command, enum program program, enum option_id option);
/* The option of that name that the command takes in that program; OPTION_COUNT for none. */
enum option_id grammar_namesake(enum command_id command, enum program program, enum option_id option);
/* Whether every command takes it, also the program without a command. */
bool grammar_is_common(enum option_id option);

#endif
