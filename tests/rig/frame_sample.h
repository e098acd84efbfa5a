/* A valid frame of any type, made from the table: something to cut, to bend and to send to the wrong place.
 */
#ifndef DESKLINE_TESTS_RIG_FRAME_SAMPLE_H
#define DESKLINE_TESTS_RIG_FRAME_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>

/* Header and payload, every number 1, every text and every run of bytes one character, every list one record.
 * `job` goes into the header where the type wants one. The caller frees what is returned; *length is its
 * size. */
uint8_t *frame_sample(const struct frame_info *info, uint64_t job, size_t *length);

#endif
