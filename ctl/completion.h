/* Completion for bash, from the grammar. What only the daemon knows (jobs, documents, …), the script asks the
 * program for, which asks the daemon. */
#ifndef DESKLINE_CTL_COMPLETION_H
#define DESKLINE_CTL_COMPLETION_H

#include <stdio.h>

#include "ctl/grammar.h"

/* Arguments that only the build and the script use; they are no part of the grammar. */
#define COMPLETION_PRINT "--print-completion"
#define COMPLETION_ASK                                                                                       \
    "--complete" /* followed by jobs, waiting, documents, scanners, printers                                 \
                  or clients; and at the server by whose */

/* The whole script. */
void completion_print(FILE *out, enum program program);

/* "jobs", …; NULL for what the daemon is not asked for. */
const char *completion_word(enum completion completion);
/* COMPLETE_NOTHING for another word. */
enum completion completion_from_word(const char *word);

#endif
