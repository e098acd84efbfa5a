/*
 * One page after the other into the spool of a job: see clientd/spool_names.h for what stands there.
 *
 * A full disk (ENOSPC, EDQUOT) is no error here: `wait_for_space` is called, and the same write is tried
 * again, so that no byte of a page is lost while the device waits.
 */
#ifndef DESKLINE_CLIENTD_UNITS_PAGE_SPOOL_H
#define DESKLINE_CLIENTD_UNITS_PAGE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>

struct page_spool;

/* Returns 0 when there may be space again, or a negative errno with which the write ends. */
typedef int (*page_spool_wait)(void *context);

/* Opens the folder, which has to exist. A negative errno otherwise. */
int page_spool_open(struct page_spool **spool, const char *folder, page_spool_wait wait_for_space,
                    void *context);
/* Leaves a page that was begun as it is. Safe on NULL; clears *spool. */
void page_spool_free(struct page_spool **spool);

/* Makes the stream file and syncs the folder: from now on it is durably known that the page was begun.
 * -EEXIST when that page of that generation was begun before. */
int page_spool_begin(struct page_spool *spool, uint32_t page, uint32_t generation);
/* Appends to the stream; also a page_sink (page/encode.h) with the spool as its context. */
int page_spool_append(void *spool, const uint8_t *bytes, size_t length);
/* Bytes in the stream file so far. */
uint64_t page_spool_length(const struct page_spool *spool);
/* Syncs the stream, then writes the meta file. `begin` gets the height, `end` everything. */
int page_spool_commit(struct page_spool *spool, uint64_t job, struct frame_page_begin *begin, uint32_t rows,
                      struct frame *end);
/* Closes the stream file: the page stays begun (what is known of a sheet that may have moved). */
void page_spool_abandon(struct page_spool *spool);
/* Removes the stream file and syncs the folder: the page was not begun after all. */
int page_spool_discard(struct page_spool *spool);

/* A file without a name in the same folder, for samples that wait to be encoded. A descriptor that the caller
 * closes, or a negative errno. */
int page_spool_scratch(struct page_spool *spool);
/* Writes all of it at that offset of a scratch file, waiting for space as page_spool_append does. */
int page_spool_write_at(struct page_spool *spool, int fd, const uint8_t *bytes, size_t length,
                        uint64_t offset);

#endif
