/* The one thing of an Exif block that matters on paper: which way up the picture is. */
#ifndef DESKLINE_SERVICED_UNITS_EXIF_H
#define DESKLINE_SERVICED_UNITS_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* The orientation (1 … 8) in the bytes of a JPEG's APP1 marker, 0 when there is none. Hostile bytes are
 * harmless. */
unsigned exif_orientation(const uint8_t *bytes, size_t length);

#endif
