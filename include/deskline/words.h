/* The small tables of the protocol as enums and words: errors, phases, manners, functions, states. */
#ifndef DESKLINE_WORDS_H
#define DESKLINE_WORDS_H

#include <stdint.h>

enum error_class { ERROR_CLASS_LINK, ERROR_CLASS_DEVICE, ERROR_CLASS_REQUEST };
enum error_code {
#define ERROR(NAME, number, keyword, class, sentence, action) ERROR_##NAME = number,
#include <deskline/errors.def>
#undef ERROR
};
struct error_info {
    enum error_code code;
    const char *keyword;
    enum error_class class;
    const char *sentence, *action;
};
/* Never NULL: an unknown number is INTERNAL. */
const struct error_info *error_find(uint16_t code);

enum job_function { FUNCTION_READING = 1, FUNCTION_PRINTING = 2 };
const char *function_name(uint8_t function); /* "reading", "printing"; "unknown" */

enum phase_step {
#define PHASE(NAME, number, word, function, text) PHASE_##NAME = number,
#include <deskline/phases.def>
#undef PHASE
};
const char *phase_name(uint8_t step); /* "reading", …; "unknown" */

enum manner {
    MANNER_NONE = 0,
#define MANNER(NAME, number, word, text, sheets) MANNER_##NAME = number,
#include <deskline/manners.def>
#undef MANNER
};
const char *manner_name(uint8_t manner); /* "from-page", …; "unknown" */
/* One phrase for people, about the pages or sheets of such a job; empty for an unknown manner. */
const char *manner_text(uint8_t function, uint8_t manner);
enum manner manner_from_name(const char *name); /* MANNER_NONE for another word */

/* Job states and their numbers: RFC 8011, 5.3.7. */
enum job_state {
    JOB_PENDING = 3,
    JOB_PENDING_HELD = 4,
    JOB_PROCESSING = 5,
    JOB_STOPPED = 6,
    JOB_CANCELED = 7,
    JOB_ABORTED = 8,
    JOB_COMPLETED = 9,
};
const char *job_state_name(uint8_t state); /* "processing-stopped", …; "unknown" */

#endif
