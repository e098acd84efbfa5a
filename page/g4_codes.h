/* The code words of ITU-T T.6 (the run lengths are those of T.4, tables 2 and 3), for encoder and decoder. */
#ifndef DESKLINE_PAGE_G4_CODES_H
#define DESKLINE_PAGE_G4_CODES_H

#include <stdint.h>

enum g4_colour { G4_WHITE = 0, G4_BLACK = 1 };

struct g4_code {
    uint16_t bits; /* right-aligned */
    uint8_t length;
};

/* Entries 0 to 63 end a run with that many pixels; entry 63 + n makes it n × 64 longer, up to 2560, and
 * another code follows. */
#define G4_RUN_CODES      104
#define G4_MAKEUP_FIRST   64
#define G4_LONGEST_MAKEUP 2560u
#define G4_LONGEST_CODE   13

extern const struct g4_code g4_run_codes[2][G4_RUN_CODES];

/* Modes. The vertical ones are named by where a1 lies seen from b1. */
enum g4_mode {
    G4_LEFT_3,
    G4_LEFT_2,
    G4_LEFT_1,
    G4_VERTICAL,
    G4_RIGHT_1,
    G4_RIGHT_2,
    G4_RIGHT_3,
    G4_PASS,
    G4_HORIZONTAL,
    G4_MODES
};

#define G4_LONGEST_MODE 7

extern const struct g4_code g4_mode_codes[G4_MODES];

/* End of facsimile block: two end-of-line codes. */
#define G4_END_BITS   0x001001u
#define G4_END_LENGTH 24

#endif
