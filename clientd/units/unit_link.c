#include "config.h"

#include "clientd/units/unit_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/memory.h"
#include "clientd/units/unit_signals.h"

struct unit_link {
    int fd;
    uint64_t job;
    uint8_t *payload; /* of the frame that was received last */
    struct frame frame;
};

int unit_link_new(struct unit_link **link, int fd)
{
    int type;
    socklen_t size = sizeof type;
    *link = NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
        return -errno;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
    *link = memory_new(sizeof **link);
    (*link)->fd = fd;
    return 0;
}

void unit_link_free(struct unit_link **link)
{
    if (!*link)
        return;
    free((*link)->payload);
    free(*link);
    *link = NULL;
}

void unit_link_set_job(struct unit_link *link, uint64_t job)
{
    link->job = job;
}

static int send_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR && !unit_signals_stopped())
            continue;
        if (sent < 0)
            return errno == ECONNRESET ? -EPIPE : -errno;
        bytes += sent;
        length -= (size_t)sent;
    }
    return 0;
}

int unit_link_send(struct unit_link *link, struct frame *frame)
{
    const struct frame_info *info = frame_find((uint16_t)frame->type);
    if (!info || !(info->where & AT_DAEMON))
        return -EINVAL;
    frame->job = info->job == OF_JOB ? link->job : 0;
    size_t size = frame_encoded_size(frame);
    uint8_t *bytes = malloc(size);
    if (!bytes)
        return -ENOMEM;
    ssize_t length = frame_encode(frame, bytes, size);
    int error = length < 0 ? (int)length : send_all(link->fd, bytes, (size_t)length);
    free(bytes);
    if (error && error != -EPIPE && error != -EINTR)
        log_error("%s cannot be sent to the daemon: error %d", info->name, -error);
    return error;
}

/* So many bytes, waiting for each part in a way that a request to stop interrupts. */
static int receive_all(int fd, uint8_t *bytes, size_t length)
{
    while (length) {
        int ready = unit_signals_wait(fd, -1);
        if (ready < 0)
            return ready;
        ssize_t received = recv(fd, bytes, length, MSG_DONTWAIT);
        if (received == 0 || (received < 0 && errno == ECONNRESET))
            return -EPIPE;
        if (received < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (received < 0)
            return -errno;
        bytes += received;
        length -= (size_t)received;
    }
    return 0;
}

static int receive_payload(struct unit_link *link, uint32_t length)
{
    free(link->payload);
    link->payload = malloc(length ? length : 1);
    return link->payload ? receive_all(link->fd, link->payload, length) : -ENOMEM;
}

int unit_link_receive(struct unit_link *link, const struct frame **frame)
{
    uint8_t bytes[FRAME_HEADER_BYTES];
    struct frame_header header;
    const char *why;
    int error, skip;
    do {
        error = receive_all(link->fd, bytes, sizeof bytes);
        if (error)
            return error;
        frame_header_decode(bytes, &header);
        skip = frame_header_check(&header, AT_UNIT, WHEN_OPEN, &why);
        error = skip < 0 ? skip : receive_payload(link, header.length);
    } while (!error && skip);
    if (!error)
        error = frame_decode(&header, link->payload, &link->frame, &why);
    if (error == -EPROTO || error == -EBADMSG)
        log_error("from the daemon: %s (type %u, %u bytes)", why, header.type, header.length);
    *frame = &link->frame;
    return error;
}

int unit_link_wait(const struct unit_link *link, int timeout_ms)
{
    return unit_signals_wait(link->fd, timeout_ms);
}

bool unit_link_is_gone(const struct unit_link *link)
{
    struct pollfd end = {.fd = link->fd, .events = POLLRDHUP};
    return poll(&end, 1, 0) > 0 && end.revents & (POLLRDHUP | POLLHUP | POLLERR);
}
