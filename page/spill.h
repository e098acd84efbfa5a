/* A temporary file without a name, for what has to be kept and has no bound that memory should pay for. */
#ifndef DESKLINE_PAGE_SPILL_H
#define DESKLINE_PAGE_SPILL_H

#include <stddef.h>
#include <stdint.h>

/* Opens one in $TMPDIR or /var/tmp. The descriptor (closed on exec; the caller closes it), or a negative
 * errno. */
int spill_open(void);

/* All of `length` bytes at `offset`, or a negative errno. */
int spill_write(int fd, const void *bytes, size_t length, uint64_t offset);

/* All of `length` bytes from `offset`: 0, -EBADMSG when the file ends before, or a negative errno. For every
 * file, not only for spills. */
int spill_read(int fd, void *bytes, size_t length, uint64_t offset);

#endif
