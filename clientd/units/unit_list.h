/* The answer of a unit that was started to look for devices: one UNIT_LIST. */
#ifndef DESKLINE_CLIENTD_UNITS_UNIT_LIST_H
#define DESKLINE_CLIENTD_UNITS_UNIT_LIST_H

#include <deskline/frame.h>

struct unit_link;

#define UNIT_LIST_MAX      64 /* of the frame */
#define UNIT_READING       1
#define UNIT_PRINTING      2
#define UNIT_STATE_IDLE    3
#define UNIT_STATE_STOPPED 5

/* The words of a driver; everything stays the caller's. */
struct unit_entry {
    const char *name, *device, *model;
    const char *reasons; /* separated by spaces */
    uint8_t kind, state;
    struct frame_list_builder *capabilities;
};

/* Adds a device; text is cut to the frame's sizes and made fit to be printed. One whose name does not fit
 * cannot be named in a command, and is left out, like all behind UNIT_LIST_MAX: logged, 0. -ENOMEM. */
int unit_list_add(struct frame_list_builder *units, const struct unit_entry *entry);

/* Sends the list unless `error` (a negative errno, logged, or -EINTR) says that it could not be made. Returns
 * what is left of the two. Frees what the builder holds. */
int unit_list_send(struct frame_list_builder *units, struct unit_link *link, int error);

/* "a,b" behind a name, as a capability; nothing for an empty value. 0 or -ENOMEM. */
int unit_list_capability(struct frame_list_builder *capabilities, const char *name, const char *value);

#endif
