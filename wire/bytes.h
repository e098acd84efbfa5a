/* Big-endian numbers in byte strings. */
#ifndef DESKLINE_WIRE_BYTES_H
#define DESKLINE_WIRE_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t bytes_get(const uint8_t *at, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | at[i];
    return value;
}

static inline void bytes_put(uint8_t *at, size_t width, uint64_t value)
{
    for (size_t i = width; i-- > 0; value >>= 8)
        at[i] = (uint8_t)value;
}

#endif
