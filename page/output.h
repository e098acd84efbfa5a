/* Buffered writing to a file. The first error is kept and everything after it is ignored, so that a writer of
 * many small pieces asks once. */
#ifndef DESKLINE_PAGE_OUTPUT_H
#define DESKLINE_PAGE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#define OUTPUT_BUFFER_BYTES (128u * 1024u)

struct output {
    int fd;
    int error;
    uint64_t flushed;
    size_t used;
    uint8_t buffer[OUTPUT_BUFFER_BYTES];
};

/* Where the next byte goes. */
uint64_t output_position(const struct output *output);

void output_bytes(struct output *output, const void *bytes, size_t length);

/* At most 500 bytes. */
void output_format(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copies `length` bytes from the start of `fd`. -EBADMSG when there are fewer. */
void output_copy(struct output *output, int fd, uint64_t length);

/* Writes over bytes that were given before. */
void output_patch(struct output *output, uint64_t position, const void *bytes, size_t length);

/* Keeps `error` if it is the first and not 0. */
void output_fail(struct output *output, int error);

/* Writes what is buffered. The first error so far, or 0. */
int output_flush(struct output *output);

#endif
