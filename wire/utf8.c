#include "wire/utf8.h"

size_t utf8_character(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return 0;
    uint8_t first = bytes[0];
    if (first < 0x80)
        return 1;
    /* The second byte's range shuts out overlong forms, surrogates and what is above U+10FFFF. */
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0xc2 || first > 0xf4 || length < size || bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

bool utf8_valid(const uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t size = bytes[at] ? utf8_character(bytes + at, length - at) : 0;
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}
