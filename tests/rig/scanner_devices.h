/* Which scanners the rig has: `NAME STATE-FOLDER` lines of rig.conf in SANE_CONFIG_DIR. */
#ifndef RIG_SCANNER_DEVICES_H
#define RIG_SCANNER_DEVICES_H

#include <stddef.h>

struct scanner_devices;

/* Reads the first rig.conf that is found in the folders of SANE_CONFIG_DIR; without one there are no devices.
 *Returns 0 with out, or -errno. */
int scanner_devices_read(struct scanner_devices **out);

/* Frees and clears *devices; safe on NULL. */
void scanner_devices_free(struct scanner_devices **devices);

/* Number of devices; name and state folder of device `i`. The strings live as long as the list. */
size_t scanner_devices_count(const struct scanner_devices *devices);
const char *scanner_devices_name(const struct scanner_devices *devices, size_t i);
const char *scanner_devices_folder(const struct scanner_devices *devices, size_t i);

#endif
