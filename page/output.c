#include "page/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "page/spill.h"

uint64_t output_position(const struct output *output)
{
    return output->flushed + output->used;
}

void output_fail(struct output *output, int error)
{
    if (output->error == 0)
        output->error = error;
}

int output_flush(struct output *output)
{
    if (output->error == 0)
        output->error = spill_write(output->fd, output->buffer, output->used, output->flushed);
    output->flushed += output->used;
    output->used = 0;
    return output->error;
}

void output_bytes(struct output *output, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;

    while (length > 0) {
        size_t room = OUTPUT_BUFFER_BYTES - output->used;
        size_t part = length < room ? length : room;

        memcpy(output->buffer + output->used, next, part);
        output->used += part;
        next += part;
        length -= part;
        if (output->used == OUTPUT_BUFFER_BYTES)
            output_flush(output);
    }
}

void output_format(struct output *output, const char *format, ...)
{
    char text[501];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        output_fail(output, -EOVERFLOW);
    else
        output_bytes(output, text, (size_t)length);
}

void output_copy(struct output *output, int fd, uint64_t length)
{
    /* Read straight into the output's buffer: each byte is moved once. */
    for (uint64_t at = 0; at < length && output->error == 0;) {
        size_t room = OUTPUT_BUFFER_BYTES - output->used;
        size_t part = length - at < room ? (size_t)(length - at) : room;

        output_fail(output, spill_read(fd, output->buffer + output->used, part, at));
        output->used += part;
        at += part;
        if (output->used == OUTPUT_BUFFER_BYTES)
            output_flush(output);
    }
}

void output_patch(struct output *output, uint64_t position, const void *bytes, size_t length)
{
    if (output_flush(output) == 0)
        output->error = spill_write(output->fd, bytes, length, position);
}
