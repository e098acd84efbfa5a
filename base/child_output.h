/* What a unit process writes to its standard error, as lines of our log. */
#ifndef DESKLINE_BASE_CHILD_OUTPUT_H
#define DESKLINE_BASE_CHILD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHILD_LINE_MAX 800

struct child_output {
    char name[64]; /* "NAME[pid]" */
    size_t length;
    bool skipping; /* the rest of a line that was too long */
    char line[CHILD_LINE_MAX + 1];
};

void child_output_start(struct child_output *output, const char *path, pid_t pid);
/* Logs each line that is complete. A line may begin with "<PRIORITY>"; without, it is a notice. */
void child_output_take(struct child_output *output, const char *bytes, size_t length);
/* Logs what is there of a last line without its end. */
void child_output_end(struct child_output *output);

#endif
