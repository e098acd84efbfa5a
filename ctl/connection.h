/*
 * The connection of a command to a daemon's control socket: one request at a time, and waiting for its end.
 *
 * A request is answered with data frames and then with exactly one OUTCOME. What goes wrong on the way
 * becomes an outcome, too, so that whoever asks has one place to look at.
 */
#ifndef DESKLINE_CTL_CONNECTION_H
#define DESKLINE_CTL_CONNECTION_H

#include <stdint.h>

#include <deskline/frame.h>

#define CONNECTION_TEXT_BYTES 640

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_WAITS = 3,
    EXIT_NO_CONNECTION = 4,
    EXIT_REFUSED = 5,
    EXIT_INTERRUPTED = 130, /* never from a daemon: Ctrl-C */
};

struct outcome {
    enum exit_code exit_code;
    uint16_t code;                    /* of errors.def */
    char text[CONNECTION_TEXT_BYTES]; /* one sentence as it came, perhaps empty: escape it before it is shown
                                       */
};

/* Fills an outcome; the format is ours, the values may come from anywhere. */
void outcome_set(struct outcome *outcome, enum exit_code exit_code, uint16_t code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct connection;

/* 0; or -1 with an outcome that says which daemon cannot be reached, and why. */
int connection_open(struct connection **connection, const char *path, const char *daemon,
                    struct outcome *outcome);
/* Takes a connected socket over. */
struct connection *connection_new(int fd, const char *daemon);
void connection_close(struct connection **connection);

/* An answer; its views are good until the callback returns. It may call connection_send, and connection_fail.
 */
typedef void (*connection_on_frame)(void *context, const struct frame *frame);

/* Sends a request under a number of its own (its field `request` is set in here) and hands out its answers
 * until the outcome has come. `on_frame` may be NULL. */
void connection_call(struct connection *connection, struct frame *request, connection_on_frame on_frame,
                     void *context, struct outcome *outcome);

/* The same, given up when the daemon neither says nor takes anything for so long. */
void connection_call_within(struct connection *connection, struct frame *request, int silence_ms,
                            connection_on_frame on_frame, void *context, struct outcome *outcome);

/* For callbacks: a frame that belongs to the request under way. 0; or -1: send no more, what prevented it is
 * or becomes the outcome. */
int connection_send(struct connection *connection, struct frame *frame);
/* For callbacks: the request is given up, with this outcome; the connection cannot be used any more. */
void connection_fail(struct connection *connection, const struct outcome *outcome);

#endif
