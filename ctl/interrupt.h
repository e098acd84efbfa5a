/* Ctrl-C while a command waits: a job goes on without whoever watches it, so there is something to say first.
 */
#ifndef DESKLINE_CTL_INTERRUPT_H
#define DESKLINE_CTL_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT arrives only inside interrupt_wait. */
void interrupt_catch(void);

/* Waits for poll(2)'s events on the descriptor, timeout_ms -1: for ever. 0; -EINTR after SIGINT; -ETIMEDOUT;
 * another negative errno. Without interrupt_catch, SIGINT ends the program as usual. */
int interrupt_wait(int fd, short events, int timeout_ms);

/* Ends the program as SIGINT does, so that a script that runs it sees that. */
_Noreturn void interrupt_die(void);

#endif
