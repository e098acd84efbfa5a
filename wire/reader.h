/*
 * Bytes in, whole frames out. No sockets: whoever reads puts bytes where reader_room says and tells how many.
 *
 * A header is checked against the table before anything is allocated for its payload. There is one buffer, of
 * 64 KiB, allocated when the first byte is to come; it grows only for a frame that is longer, to that frame's
 * size, and shrinks again behind it. Unknown frames that are optional are skipped without being kept.
 */
#ifndef DESKLINE_WIRE_READER_H
#define DESKLINE_WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>

#define READER_BUFFER_BYTES 65536u

struct reader;

/* A whole frame; its views point into the reader's buffer and are good until the callback returns. In here
 * only reader_set_when and reader_stop may be called. */
typedef void (*reader_on_frame)(void *context, const struct frame *frame);

/* `where`: the place (AT_SERVER, …) at which frames arrive; `when`: WHEN_NEW or WHEN_OPEN. */
struct reader *reader_new(unsigned where, unsigned when, reader_on_frame on_frame, void *context);
void reader_free(struct reader **reader);

/* Holds for the next frame, also when it is in the buffer already. */
void reader_set_when(struct reader *reader, unsigned when);
/* No frame is handed out any more; bytes are taken and dropped. */
void reader_stop(struct reader *reader);

/* Where the next bytes go: *room is at least 1. */
uint8_t *reader_room(struct reader *reader, size_t *room);
/* `length` bytes have been put there: hands out every frame that is whole now. 0, or -EPROTO or -EBADMSG with
 * *why (a static sentence): the stream cannot be read any further. */
int reader_filled(struct reader *reader, size_t length, const char **why);

/* True when the last frame is whole and nothing follows it. */
bool reader_is_empty(const struct reader *reader);
/* Gives the buffer back if the reader is empty; the next reader_room brings it again. */
void reader_release(struct reader *reader);

#endif
