/* Ctrl-C while a command waits: a job goes on without whoever watches it, so there is something to say first.
 */
#ifndef DESKLINE_CTL_INTERRUPT_H
#define DESKLINE_CTL_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT arrives only inside interrupt_wait. */
void interrupt_catch(void);

/* Waits until the descriptor is readable. 0; -EINTR after SIGINT; another negative errno. Without
 * interrupt_catch, SIGINT ends the program as usual. */
int interrupt_wait(int fd);

/* Ends the program as SIGINT does, so that a script that runs it sees that. */
_Noreturn void interrupt_die(void);

#endif
