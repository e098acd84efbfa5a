/* Values as people write them. Pure. Each returns false for what it does not understand. */
#ifndef DESKLINE_CTL_VALUES_H
#define DESKLINE_CTL_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* A whole decimal number from lowest to highest, and nothing else. */
bool value_number(const char *text, long lowest, long highest, long *number);
/* The number of a job or document, from 1. */
bool value_id(const char *text, uint64_t *id);
/* The place of `text` among words separated by '|', from 1. */
bool value_word(const char *text, const char *words, long *place);
/* "90s", "30m", "1h", "2d", or seconds without a letter, as seconds; at least 1, at most a year. */
bool value_time(const char *text, long *seconds);
/* "a4", "letter", …, or "210x297" in millimetres (also "215.9x279.4"); at most 10 m each way. */
bool value_size(const char *text, uint32_t *width_um, uint32_t *height_um);
#define VALUE_MEDIA_BYTES 65
/* "a4", "letter", …, or a name as in PWG 5101.1: "iso_b5_176x250mm". `media` becomes the latter. */
bool value_media(const char *text, char media[VALUE_MEDIA_BYTES]);
/* Pages of a document, separated by commas: "1-3,5,8-". */
bool value_ranges(const char *text);

#endif
