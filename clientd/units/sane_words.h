/* Drivers name the same thing differently: what their words for sources and modes mean. Pure. */
#ifndef DESKLINE_CLIENTD_UNITS_SANE_WORDS_H
#define DESKLINE_CLIENTD_UNITS_SANE_WORDS_H

#include "clientd/units/scanner.h"

/* SCANNER_DEFAULT_SOURCE for what is none of the three (a slide unit, the back side alone). */
enum scanner_source sane_word_source(const char *word);
/* SCANNER_DEFAULT_MODE for what is none of the three. */
enum scanner_mode sane_word_mode(const char *word);

/* The best of a NULL-terminated list (NULL is an empty one) for that meaning, or NULL. The plainest word
 * wins: 'ADF' before 'ADF Front', 'Color' before '48 bits color'. */
const char *sane_word_for_source(const char *const *words, enum scanner_source source);
const char *sane_word_for_mode(const char *const *words, enum scanner_mode mode);

/* As in capabilities and on the command line: "adf-duplex", "lineart"; "default" for 0. */
const char *scanner_source_name(enum scanner_source source);
const char *scanner_mode_name(enum scanner_mode mode);

#endif
