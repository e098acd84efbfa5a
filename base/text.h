/* Text: a bounded string builder, escaping of what came from outside, and points in time as text. */
#ifndef DESKLINE_BASE_TEXT_H
#define DESKLINE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Grows up to `limit` bytes (without the NUL). What goes beyond is left out and sets `cut`. */
struct text_buffer {
    char *text; /* ends with NUL; NULL while nothing was appended */
    size_t length;
    size_t capacity;
    size_t limit;
    bool cut;
};

void text_start(struct text_buffer *buffer, size_t limit);
void text_append(struct text_buffer *buffer, const char *text);
void text_append_bytes(struct text_buffer *buffer, const char *bytes, size_t length);
void text_printf(struct text_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text so far, never NULL; valid until the next call. */
const char *text_of(const struct text_buffer *buffer);
/* Frees the text; the buffer may be used again with the same limit. */
void text_free(struct text_buffer *buffer);

/*
 * Copies `length` bytes so that they can stand in a line of a log or on a terminal: printable UTF-8 stays;
 * bytes that are control characters (C0, C1, line and paragraph separators, changes of writing direction) or
 * no UTF-8 become \xNN. Always ends with NUL when size > 0; cut between characters where it does not fit.
 * Returns the length that the whole copy has: `size` or more means that it was cut.
 */
size_t text_escape(char *copy, size_t size, const char *bytes, size_t length);

#define TEXT_TIME_SIZE 32
/* Wall-clock milliseconds as RFC 3339 in UTC: "2031-05-07T09:30:00.125Z". Beyond the year 9999 it stays
 * there. */
void text_time(uint64_t wall_ms, char text[TEXT_TIME_SIZE]);

#endif
