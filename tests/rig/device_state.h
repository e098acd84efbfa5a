/* The folder that is one scanner or printer of the rig: what the hardware, the paper and the operator
 * remember. */
#ifndef RIG_DEVICE_STATE_H
#define RIG_DEVICE_STATE_H

#include <stdbool.h>
#include <stddef.h>

struct device_state;

/* Opens the device folder `path`. Returns 0 with *out (device_state_close frees it), or -errno. */
int device_state_open(const char *path, struct device_state **out);

/* Closes and clears *state; safe on NULL. The device is free for others then. */
void device_state_close(struct device_state **state);

/* Takes the device for this handle, as one program at a time may have a scanner. The kernel gives it back
   when the process ends in whatever way. Returns 0, or -EBUSY when someone has it, or -errno. */
int device_state_claim(struct device_state *state);

/* Whether the file `name` is there. */
bool device_state_has(struct device_state *state, const char *name);

/* Reads the file `name` into `text` as a string, cut at room - 1 bytes. Returns its length or -errno. */
int device_state_read(struct device_state *state, const char *name, char *text, size_t room);

/* The number at the start of the file `name`; `otherwise` when there is no such file or no number in it. */
long device_state_number(struct device_state *state, const char *name, long otherwise);

/* Replaces the file `name` in one step (temporary file and rename). Returns 0 or -errno. */
int device_state_write(struct device_state *state, const char *name, const char *text);

/* Removes the file `name`; one that is not there is no error. Returns 0 or -errno. */
int device_state_remove(struct device_state *state, const char *name);

/* Adds one line to the log of what the hardware did; the newline is added here. */
void device_state_log(struct device_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Brings the file `name`, or the folder itself (`.`), to the disk. Returns 0 or -errno. */
int device_state_sync(struct device_state *state, const char *name);

/* Opens page file number `page` (from 1, in the order of the names in pages/) to read. Returns a descriptor
   that the caller closes, -ENOENT behind the last page, or -errno. */
int device_state_open_page(struct device_state *state, unsigned page);

/* The number of the page file called `name` (from 1), or 0 when there is none. */
unsigned device_state_page_number(struct device_state *state, const char *name);

/* Where a script of two programs must not interleave (the fault script: the scanner takes lines out while the
   operator adds some): holds a lock from begin to end. begin returns 0 or -errno. */
int device_state_begin(struct device_state *state);
void device_state_end(struct device_state *state);

#endif
