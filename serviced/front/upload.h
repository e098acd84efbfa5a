/*
 * Documents on their way from a visitor, to be named by its SERVICE_REQUEST: written by a worker into the
 * store of uploads, as far as the credit goes that the visitor was given.
 *
 *   UPLOAD_BEGIN ──► UPLOAD_CREDIT ──► UPLOAD_DATA … ──► UPLOAD_END ──► OUTCOME: kept ──► taken by a request
 *
 * What nobody has taken goes with the visitor; what an earlier process has left goes at the start of the
 * server.
 */
#ifndef DESKLINE_SERVICED_FRONT_UPLOAD_H
#define DESKLINE_SERVICED_FRONT_UPLOAD_H

#include <stdint.h>

#include <deskline/frame.h>

struct upload;
struct visitor;

#define UPLOADS_MAX 4 /* of one visitor */

/* The frames. The visitor is gone behind one that breaks the protocol. */
void upload_begin(struct visitor *visitor, const struct frame_upload_begin *begin);
void upload_data(struct visitor *visitor, const struct frame_upload_data *data);
void upload_end(struct visitor *visitor, const struct frame_upload_end *end);

/* The upload of that number, which is whole; NULL: there is none. It is the caller's from here on. */
struct upload *upload_take(struct visitor *visitor, uint32_t request);
/* Its file beneath the folder of the store of uploads, and its name as the visitor said. */
void upload_file_name(const struct upload *upload, char *name, size_t size);
const char *upload_title(const struct upload *upload);
/* Removes the file. Safe on NULL. */
void upload_free(struct upload **upload);

/* Bytes that a client's visitors have uploaded or announced. */
uint64_t uploads_bytes(const struct visitor *visitor);
/* The visitor is leaving. */
void uploads_end(struct visitor *visitor);

#endif
