/* A command line, understood. Pure: nothing is printed, nothing ends the program. */
#ifndef DESKLINE_CTL_ARGUMENTS_H
#define DESKLINE_CTL_ARGUMENTS_H

#include <stdint.h>

#include "ctl/grammar.h"

#define ARGUMENTS_MAX       1024
#define ARGUMENTS_WHY_BYTES 512

struct arguments {
    enum command_id command; /* COMMAND_COUNT: none was named */
    bool given[OPTION_COUNT];
    const char *text[OPTION_COUNT]; /* the value as written; views of argv */
    long number[OPTION_COUNT]; /* NUMBER: the value; CHOICE and MANNER: the word's place from 1; TIME: seconds
                                */
    uint32_t manner_page;      /* behind from-page, 0: none was given */
    unsigned word_count;
    const char *words[ARGUMENTS_MAX]; /* the command's arguments; views of argv */
    uint64_t id;                      /* of its ID argument, 0: not given */
};

/* Options may stand anywhere; "--" ends them; "-" is an argument. With --help or --version nothing else has
 * to be right but the names of options. 0, or -EINVAL with one sentence in `why` (escaped for a terminal). */
int arguments_parse(struct arguments *arguments, enum program program, int argc, char *const argv[],
                    char why[ARGUMENTS_WHY_BYTES]);

#endif
