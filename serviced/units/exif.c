#include "config.h"

#include "serviced/units/exif.h"

#include <stdbool.h>
#include <string.h>

#define ORIENTATION_TAG 0x0112u
#define ENTRY_BYTES     12u

struct reading {
    const uint8_t *bytes; /* from the TIFF header on */
    size_t length;
    bool is_big_endian;
};

static uint32_t number_at(const struct reading *reading, size_t at, unsigned size)
{
    uint32_t value = 0;
    if (at > reading->length || reading->length - at < size)
        return 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | reading->bytes[at + (reading->is_big_endian ? i : size - 1 - i)];
    return value;
}

unsigned exif_orientation(const uint8_t *bytes, size_t length)
{
    static const char name[] = "Exif\0"; /* and a second NUL */
    if (length < sizeof name + 8 || memcmp(bytes, name, sizeof name) != 0)
        return 0;
    struct reading reading = {.bytes = bytes + sizeof name, .length = length - sizeof name};
    if (memcmp(reading.bytes, "MM\0*", 4) == 0)
        reading.is_big_endian = true;
    else if (memcmp(reading.bytes, "II*\0", 4) != 0)
        return 0;
    size_t at = number_at(&reading, 4, 4);
    uint32_t count = number_at(&reading, at, 2);
    for (at += 2; count > 0 && at < reading.length; count--, at += ENTRY_BYTES) {
        if (number_at(&reading, at, 2) != ORIENTATION_TAG)
            continue;
        uint32_t orientation = number_at(&reading, at + 8, 2);
        return orientation <= 8 ? orientation : 0;
    }
    return 0;
}
