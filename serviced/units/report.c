#include "config.h"

#include "serviced/units/report.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/child.h"
#include "base/log.h"

/* The frames of this unit are capped at 1 KiB. */
#define FRAME_BYTES (FRAME_HEADER_BYTES + 1024)

int report(const struct frame *frame)
{
    uint8_t bytes[FRAME_BYTES];
    ssize_t length = frame_encode(frame, bytes, sizeof bytes);
    int error = length < 0 ? (int)length : 0;
    for (size_t sent = 0; !error && sent < (size_t)length;) {
        ssize_t some = send(CHILD_SOCKET_FD, bytes + sent, (size_t)length - sent, MSG_NOSIGNAL);
        if (some >= 0)
            sent += (size_t)some;
        else if (errno != EINTR)
            error = errno == ECONNRESET ? -EPIPE : -errno;
    }
    if (error && error != -EPIPE)
        log_error("%s cannot be sent to the daemon: %s", frame_name((uint16_t)frame->type), strerror(-error));
    return error;
}
