#include "config.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void text_start(struct text_buffer *buffer, size_t limit)
{
    *buffer = (struct text_buffer){.limit = limit};
}

/* Makes room for `length` more bytes and a NUL; returns how many of them may be used. */
static size_t text_make_room(struct text_buffer *buffer, size_t length)
{
    if (length > buffer->limit - buffer->length) {
        length = buffer->limit - buffer->length;
        buffer->cut = true;
    }
    if (buffer->length + length + 1 > buffer->capacity) {
        size_t capacity = buffer->capacity == 0 ? 64 : buffer->capacity;

        while (capacity < buffer->length + length + 1)
            capacity *= 2;
        buffer->text = memory_resize(buffer->text, capacity, 1);
        buffer->capacity = capacity;
    }
    return length;
}

void text_append_bytes(struct text_buffer *buffer, const char *bytes, size_t length)
{
    length = text_make_room(buffer, length);
    if (length > 0)
        memcpy(buffer->text + buffer->length, bytes, length);
    buffer->length += length;
    buffer->text[buffer->length] = '\0';
}

void text_append(struct text_buffer *buffer, const char *text)
{
    text_append_bytes(buffer, text, strlen(text));
}

void text_printf(struct text_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    int wanted;
    size_t length;

    va_start(arguments, format);
    wanted = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (wanted < 0) { /* an argument that the locale cannot write: the text has a gap, and says so */
        buffer->cut = true;
        return;
    }
    length = text_make_room(buffer, (size_t)wanted);
    va_start(arguments, format);
    vsnprintf(buffer->text + buffer->length, length + 1, format, arguments);
    va_end(arguments);
    buffer->length += length;
}

const char *text_of(const struct text_buffer *buffer)
{
    return buffer->text == NULL ? "" : buffer->text;
}

void text_free(struct text_buffer *buffer)
{
    free(buffer->text);
    text_start(buffer, buffer->limit);
}

/* Code points that move what is seen: C1 controls, separators of lines, changes of writing direction. */
static bool text_code_is_harmless(uint32_t code)
{
    if (code >= 0x80 && code <= 0x9f)
        return false;
    if (code == 0x200e || code == 0x200f || code == 0x061c)
        return false;
    if (code >= 0x2028 && code <= 0x202e)
        return false;
    return !(code >= 0x2066 && code <= 0x2069);
}

/* Length of the printable UTF-8 character at the start of `bytes`, or 0 when there is none (RFC 3629). */
static size_t text_printable(const unsigned char *bytes, size_t length)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code;
    size_t size;

    if (bytes[0] < 0x80)
        return bytes[0] >= 0x20 && bytes[0] != 0x7f;
    if ((bytes[0] & 0xe0) == 0xc0)
        size = 2;
    else if ((bytes[0] & 0xf0) == 0xe0)
        size = 3;
    else if ((bytes[0] & 0xf8) == 0xf0)
        size = 4;
    else
        return 0;
    if (size > length)
        return 0;
    code = bytes[0] & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3fU);
    }
    if (code < smallest[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return text_code_is_harmless(code) ? size : 0;
}

size_t text_escape(char *copy, size_t size, const char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = (const unsigned char *)bytes;
    size_t used = 0, wanted = 0;

    for (size_t i = 0; i < length;) {
        size_t printable = text_printable(from + i, length - i);
        size_t needed = printable > 0 ? printable : 4;
        const char escaped[4] = {'\\', 'x', digits[from[i] >> 4], digits[from[i] & 15]};

        if (used == wanted && used + needed < size) {
            memcpy(copy + used, printable > 0 ? bytes + i : escaped, needed);
            used += needed;
        }
        wanted += needed;
        i += printable > 0 ? printable : 1;
    }
    if (size > 0)
        copy[used] = '\0';
    return wanted;
}

void text_time(uint64_t wall_ms, char text[TEXT_TIME_SIZE])
{
    static const uint64_t last_ms = UINT64_C(253402300799999); /* the end of the year 9999 */
    struct tm parts = {0};
    time_t seconds;
    size_t used;

    if (wall_ms > last_ms)
        wall_ms = last_ms;
    seconds = (time_t)(wall_ms / 1000);
    gmtime_r(&seconds, &parts);
    used = strftime(text, TEXT_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + used, TEXT_TIME_SIZE - used, ".%03uZ", (unsigned)(wall_ms % 1000));
}
