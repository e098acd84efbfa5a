/* --help of the program and of each command, from the grammar. */
#ifndef DESKLINE_CTL_HELP_H
#define DESKLINE_CTL_HELP_H

#include <stdio.h>

#include "ctl/grammar.h"

/* COMMAND_COUNT: of the program. */
void help_print(FILE *out, enum program program, enum command_id command);

#endif
