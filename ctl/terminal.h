/* A line on a terminal that is written over as things get on. */
#ifndef DESKLINE_CTL_TERMINAL_H
#define DESKLINE_CTL_TERMINAL_H

#include <stdint.h>
#include <stdio.h>

/* Writes the text over the line in which the cursor stands: escaped, and cut where the terminal ends. */
void terminal_overwrite(FILE *out, const char *text);
/* A clock that only goes forward. */
uint64_t terminal_now_ms(void);

#endif
