/* The reading head: one image on its way to the program, at the device's rate, with the faults that the
   script has for this page. */
#ifndef RIG_SCANNER_HEAD_H
#define RIG_SCANNER_HEAD_H

#include "tests/rig/device_state.h"
#include "tests/rig/fault_script.h"
#include "tests/rig/scanner_image.h"
#include "tests/rig/scanner_paper.h"

#include <sane/sane.h>
#include <stdatomic.h>

#define HEAD_FAULTS 16

struct head {
    struct device_state *state;
    struct paper *paper;
    struct scanner_image *image;      /* NULL when no image is on its way */
    struct fault faults[HEAD_FAULTS]; /* of this page, by their place */
    int fault_count, next_fault;
    uint64_t delivered;  /* bytes of this image */
    double rate;         /* bytes per second; 0: as fast as can be */
    double paced_since;  /* when this rate began, and */
    uint64_t paced_from; /* at which byte */
    bool silent;         /* returns 0 bytes for ever */
    SANE_Status end;     /* how the image ended; GOOD while it has not */
    atomic_bool cancelled;
};

/* Loads the faults of `page` and lets those happen that have `at=start`. `moves` is called, once, when the
   paper moves: before a jam at the start, behind every other fault there. Returns GOOD, or the status with
   which sane_start is to fail (the log has the reason). */
SANE_Status head_prepare(struct head *head, unsigned page, int (*moves)(void *context), void *context);

/* Begins to deliver `image`, which belongs to the head from here on. */
void head_begin(struct head *head, struct scanner_image *image);

/* What sane_read does. */
SANE_Status head_read(struct head *head, SANE_Byte *bytes, SANE_Int room, SANE_Int *length);

/* Ends the image, if one is on its way, as interrupted for `reason` (a word for the log). */
void head_interrupt(struct head *head, const char *reason, SANE_Status status);

/* Forgets the image, delivered or not. */
void head_stop(struct head *head);

#endif
