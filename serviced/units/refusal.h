/* Why a document is not taken apart: a code of errors.def and one sentence for the person who sent it. */
#ifndef DESKLINE_SERVICED_UNITS_REFUSAL_H
#define DESKLINE_SERVICED_UNITS_REFUSAL_H

#include <stdint.h>

#include <deskline/words.h>

struct refusal {
    uint16_t code; /* ERROR_NONE: none so far */
    char text[400];
};

/* The first refusal stays. Both return -ECANCELED, so that they stand behind a `return`. */
int refuse(struct refusal *refusal, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* For a negative errno of the system; `what` begins the sentence: "the block of sheet 3 cannot be written".
 */
int refuse_for(struct refusal *refusal, int error, const char *what);

#endif
