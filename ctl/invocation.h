/* One run of a command: its arguments, its connection, where it prints, and how it reports what went wrong.
 */
#ifndef DESKLINE_CTL_INVOCATION_H
#define DESKLINE_CTL_INVOCATION_H

#include <stdio.h>

#include "ctl/arguments.h"
#include "ctl/connection.h"

struct invocation {
    enum program program;
    struct arguments arguments;
    struct connection *connection;
    FILE *in, *out, *err;
    bool is_json;
    bool is_terminal; /* out is one: progress is a line that is written over */
    bool asks;        /* in is one, too, and nobody wants JSON: there is somebody to ask */
};

/* The whole program, but for the end of the process. Returns the exit code (EXIT_INTERRUPTED after Ctrl-C).
 */
int invocation_run(enum program program, int argc, char *const argv[], FILE *in, FILE *out, FILE *err);

/* The control socket that is used when none is named. */
const char *invocation_default_control(enum program program);

/* Prints the error of an outcome to standard error, as text or JSON, and returns its exit code. */
int invocation_fail(const struct invocation *invocation, const struct outcome *outcome);
/* The same for an error that arises here. */
int invocation_refuse(const struct invocation *invocation, enum exit_code exit_code, uint16_t code,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* connection_call; what fails is printed. Returns the exit code. */
int invocation_call(const struct invocation *invocation, struct frame *request, connection_on_frame on_frame,
                    void *context);
/* The same for a request whose outcome is all there is: says its sentence, or `done` where it has none. */
int invocation_do(const struct invocation *invocation, struct frame *request, const char *done);

/* command_scan, command_jobs, …: each returns the exit code. */
#define COMMAND(name, programs, words, text) int command_##name(struct invocation *invocation);
#include "ctl/commands.def"

/* For completion: prints the numbers or names, one a line; the first word is the client whose units they are.
 */
int command_complete(struct invocation *invocation, enum completion completion);

#endif
