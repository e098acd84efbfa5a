/* Small allocations of fixed size: they abort when there is no memory. Sizes that come from a peer, a file or
 * a device are not for these: check them, use malloc, and return -ENOMEM. */
#ifndef DESKLINE_BASE_MEMORY_H
#define DESKLINE_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed memory that the caller frees. */
void *memory_new(size_t size);
/* realloc to count × size bytes, checked for overflow; the new part is not zeroed. */
void *memory_resize(void *old, size_t count, size_t size);
/* A copy of the text that the caller frees; NULL for NULL. */
char *memory_text(const char *text);

#endif
