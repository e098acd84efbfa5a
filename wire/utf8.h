#ifndef DESKLINE_WIRE_UTF8_H
#define DESKLINE_WIRE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character at `bytes` (RFC 3629: no overlong form, no surrogate, at most U+10FFFF),
 * or 0. */
size_t utf8_character(const uint8_t *bytes, size_t length);
/* Well-formed throughout, and without NUL. */
bool utf8_valid(const uint8_t *bytes, size_t length);

#endif
