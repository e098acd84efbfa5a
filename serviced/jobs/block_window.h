/*
 * Which blocks of a printing job the client is to have by now: pure. Those of the sheets that come next, not
 * all of them, so that what lies in the client's spool stays bounded however long the job is.
 */
#ifndef DESKLINE_SERVICED_JOBS_BLOCK_WINDOW_H
#define DESKLINE_SERVICED_JOBS_BLOCK_WINDOW_H

#include <deskline/ledger.h>

#include "serviced/documents/manifest.h"

/* The window goes from the first sheet that is not settled so far that its blocks have BLOCK_WINDOW_BYTES,
 * but has BLOCK_WINDOW_SHEETS sheets at least, and BLOCK_WINDOW_MOST at the most. */
#define BLOCK_WINDOW_BYTES  (UINT64_C(64) << 20)
#define BLOCK_WINDOW_SHEETS 4u
#define BLOCK_WINDOW_MOST   256u

/* Of the job whose sheets are in that ledger; block of sheet n is (n - 1) % blocks + 1. In *wanted, each
 * block that is to be sent becomes PAGE_READ in the generation of the first sheet that needs it, so that what
 * was given up is not taken for what is sent once more; every other one becomes PAGE_UNREAD. */
void block_window(const struct ledger *sheets, const struct manifest *manifest, struct ledger *wanted);

#endif
