/* The paper of one open device: the stack in the feeder, the sheet in the path, the page on the glass. */
#ifndef RIG_SCANNER_PAPER_H
#define RIG_SCANNER_PAPER_H

#include "tests/rig/device_state.h"
#include "tests/rig/scanner_options.h"

struct paper {
    struct device_state *state;
    long sheet;         /* in the path; 0: none, or the glass */
    unsigned page;      /* the page file under the head; 0: none */
    unsigned back_page; /* the other side of the sheet in the path, still to come; 0: none */
    bool stuck;         /* the sheet does not leave the path by itself */
};

/* Finds out which page comes next without moving anything: the back of the sheet in the path, the next sheet
   of the stack, or what lies on the glass. Returns a descriptor of the page file, which the caller closes,
   with *page set; -ENOENT when the stack is empty or nothing is on the glass; -errno. */
int paper_look(const struct paper *paper, enum scanner_source source, unsigned *page);

/* Brings page number `page`, which paper_look found, under the head. Where a sheet must move for it, the one
   in the path is ejected and the count in the file `fed` goes up before anything is read: the paper has
   moved, whatever happens next. Returns 0 or -errno. */
int paper_move(struct paper *paper, enum scanner_source source, unsigned page);

/* Drops what is in the path, unless it is stuck. */
void paper_eject(struct paper *paper);

#endif
