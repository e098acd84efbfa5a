#include "config.h"

#include "ctl/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <deskline/words.h>

#include "base/memory.h"
#include "ctl/interrupt.h"
#include "wire/reader.h"

struct connection {
    int fd;
    const char *daemon;
    struct reader *reader;
    uint32_t request; /* the one under way */
    int silence_ms;   /* that it may last without a sign of the daemon, -1: for ever */
    connection_on_frame on_frame;
    void *context;
    struct outcome *outcome; /* of the request under way; NULL: none, or it is over */
    bool is_broken;
};

void outcome_set(struct outcome *outcome, enum exit_code exit_code, uint16_t code, const char *format, ...)
{
    va_list values;
    outcome->exit_code = exit_code;
    outcome->code = code;
    va_start(values, format);
    vsnprintf(outcome->text, sizeof outcome->text, format, values);
    va_end(values);
}

/* The field `request` of a frame, or NULL where the type has none. */
static uint32_t *request_of(struct frame *frame)
{
    const struct frame_info *info = frame_find((uint16_t)frame->type);
    if (!info)
        return NULL;
    for (const struct frame_field_info *field = info->body.fields; field->name; field++)
        if (field->kind == FIELD_U32 && !strcmp(field->name, "request"))
            return (uint32_t *)(void *)((char *)&frame->hello + field->offset);
    return NULL;
}

static void take_outcome(struct connection *connection, const struct frame_outcome *frame)
{
    struct outcome *outcome = connection->outcome;
    outcome->exit_code = frame->exit_code <= EXIT_REFUSED ? (enum exit_code)frame->exit_code : EXIT_FAILED;
    outcome->code = frame->code;
    frame_text_copy(frame->text, outcome->text, sizeof outcome->text);
    connection->outcome = NULL;
}

static void take_frame(void *context, const struct frame *frame)
{
    struct connection *connection = context;
    struct frame copy = *frame;
    const uint32_t *request = request_of(&copy);
    if (!connection->outcome || !request || *request != connection->request)
        return; /* an answer to a request that is over */
    if (frame->type == FRAME_OUTCOME)
        take_outcome(connection, &frame->outcome);
    else if (connection->on_frame)
        connection->on_frame(connection->context, frame);
}

struct connection *connection_new(int fd, const char *daemon)
{
    struct connection *connection = memory_new(sizeof *connection);
    connection->fd = fd;
    connection->daemon = daemon;
    connection->reader = reader_new(AT_COMMAND, WHEN_OPEN, take_frame, connection);
    return connection;
}

void connection_close(struct connection **connection)
{
    if (!*connection)
        return;
    close((*connection)->fd);
    reader_free(&(*connection)->reader);
    free(*connection);
    *connection = NULL;
}

int connection_open(struct connection **connection, const char *path, const char *daemon,
                    struct outcome *outcome)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *connection = NULL;
    if (strlen(path) >= sizeof address.sun_path) {
        outcome_set(outcome, EXIT_USAGE, ERROR_BAD_REQUEST, "the path of the control socket is too long: %s",
                    path);
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof address)) {
        *connection = connection_new(fd, daemon);
        return 0;
    }
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (error == EACCES || error == EPERM)
        outcome_set(outcome, EXIT_REFUSED, ERROR_NOT_ALLOWED, "this account may not use %s: %s: %s", daemon,
                    path, strerror(error));
    else
        outcome_set(outcome, EXIT_NO_CONNECTION, ERROR_NO_CONNECTION,
                    "%s does not run, or not with this control socket: %s: %s", daemon, path,
                    strerror(error));
    return -1;
}

void connection_fail(struct connection *connection, const struct outcome *outcome)
{
    connection->is_broken = true;
    if (!connection->outcome)
        return;
    *connection->outcome = *outcome;
    connection->outcome = NULL;
}

static void lose(struct connection *connection, const char *why)
{
    struct outcome outcome;
    outcome_set(&outcome, EXIT_NO_CONNECTION, ERROR_NO_CONNECTION, "the connection to %s was lost: %s",
                connection->daemon, why);
    connection_fail(connection, &outcome);
}

/* Waits until the socket is ready; what prevents that becomes the outcome. */
static int wait_for(struct connection *connection, short events)
{
    struct outcome outcome;
    int error = interrupt_wait(connection->fd, events, connection->silence_ms);
    if (error == -EINTR) {
        outcome_set(&outcome, EXIT_INTERRUPTED, ERROR_NONE, "interrupted");
        connection_fail(connection, &outcome);
    } else if (error == -ETIMEDOUT) {
        outcome_set(&outcome, EXIT_NO_CONNECTION, ERROR_NO_CONNECTION, "%s has said nothing for %d seconds",
                    connection->daemon, connection->silence_ms / 1000);
        connection_fail(connection, &outcome);
    } else if (error) {
        lose(connection, strerror(-error));
    }
    return error;
}

static int send_bytes(struct connection *connection, const uint8_t *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        ssize_t count = send(connection->fd, bytes + sent, length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            sent += (size_t)count;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (wait_for(connection, POLLOUT))
                return -1;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return -1; /* why may have been said before: who receives finds that, or the end */
        } else if (errno != EINTR) {
            lose(connection, strerror(errno));
            return -1;
        }
    }
    return 0;
}

int connection_send(struct connection *connection, struct frame *frame)
{
    struct outcome outcome;
    if (!connection->outcome)
        return -1;
    size_t size = frame_encoded_size(frame);
    uint8_t *bytes = memory_new(size);
    uint32_t *request = request_of(frame);
    if (request)
        *request = connection->request;

    int error = -1;
    ssize_t length = frame_encode(frame, bytes, size);
    if (length < 0) {
        outcome_set(&outcome, EXIT_USAGE, ERROR_BAD_REQUEST, "an argument is too long, or no UTF-8");
        connection_fail(connection, &outcome);
    } else {
        error = send_bytes(connection, bytes, (size_t)length);
    }
    free(bytes);
    return error;
}

/* Waits for bytes and deals with them. */
static void receive(struct connection *connection)
{
    struct outcome outcome;
    const char *why;
    size_t room;
    if (wait_for(connection, POLLIN))
        return;
    uint8_t *bytes = reader_room(connection->reader, &room);
    ssize_t count = recv(connection->fd, bytes, room, 0);
    if (count < 0) {
        lose(connection, strerror(errno));
    } else if (count == 0) {
        lose(connection, "it has ended");
    } else if (reader_filled(connection->reader, (size_t)count, &why)) {
        outcome_set(&outcome, EXIT_FAILED, ERROR_PROTOCOL, "%s says something that makes no sense: %s",
                    connection->daemon, why);
        connection_fail(connection, &outcome);
    }
}

void connection_call(struct connection *connection, struct frame *request, connection_on_frame on_frame,
                     void *context, struct outcome *outcome)
{
    connection_call_within(connection, request, -1, on_frame, context, outcome);
}

void connection_call_within(struct connection *connection, struct frame *request, int silence_ms,
                            connection_on_frame on_frame, void *context, struct outcome *outcome)
{
    if (connection->is_broken) {
        outcome_set(outcome, EXIT_NO_CONNECTION, ERROR_NO_CONNECTION, "there is no connection to %s any more",
                    connection->daemon);
        return;
    }
    connection->request++;
    connection->on_frame = on_frame;
    connection->context = context;
    connection->outcome = outcome;
    connection->silence_ms = silence_ms;
    connection_send(connection, request);
    while (connection->outcome)
        receive(connection);
}
