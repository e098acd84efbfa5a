/*
 * The spool of a job, as the reading unit writes it and clientd reads it: one folder per job, and in it per
 * page
 *
 *   page-PPPPPP-GGGGGG.stream   the page stream, growing while the page is read
 *   page-PPPPPP-GGGGGG.meta     two frames, PAGE_BEGIN (with the height that is now known) and PAGE_END
 *
 * with page and generation in decimal. The stream file is made before the device is asked for the page, and
 * synced before the meta file is written (temp, fsync, rename). So: a meta file says that the page was read;
 * a stream without one says that the page was begun, and that its sheet may have been moved; neither says
 * that it was not begun.
 */
#ifndef DESKLINE_CLIENTD_SPOOL_NAMES_H
#define DESKLINE_CLIENTD_SPOOL_NAMES_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#define SPOOL_NAME_SIZE 40

static inline void spool_stream_name(char name[SPOOL_NAME_SIZE], uint32_t page, uint32_t generation)
{
    snprintf(name, SPOOL_NAME_SIZE, "page-%06" PRIu32 "-%06" PRIu32 ".stream", page, generation);
}

static inline void spool_meta_name(char name[SPOOL_NAME_SIZE], uint32_t page, uint32_t generation)
{
    snprintf(name, SPOOL_NAME_SIZE, "page-%06" PRIu32 "-%06" PRIu32 ".meta", page, generation);
}

#endif
