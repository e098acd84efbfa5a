/* Starting a process so that it has what child.h promises, for child.c. */
#ifndef DESKLINE_BASE_CHILD_SPAWN_H
#define DESKLINE_BASE_CHILD_SPAWN_H

#include <sys/types.h>

struct child_process {
    pid_t pid;
    int pid_fd;    /* readable when the process has ended */
    int socket_fd; /* our end of its descriptor 3; non-blocking */
    int output_fd; /* what it writes to its standard output and error; non-blocking */
};

/* 0 or a negative errno, also that of execve; then *process holds nothing. */
int child_spawn(struct child_process *process, const char *path, char *const argv[]);

#endif
