/* A document on its way to a visitor: read by a worker, sent as far as the visitor's credit and its
 * connection allow. Any number of documents at a time up to DOCUMENT_STREAMS_MAX for each visitor. */
#ifndef DESKLINE_SERVICED_FRONT_DOCUMENT_STREAM_H
#define DESKLINE_SERVICED_FRONT_DOCUMENT_STREAM_H

#include <deskline/frame.h>

struct visitor;

#define DOCUMENT_STREAMS_MAX 4

/* The answers follow: DOCUMENT_DATA, DOCUMENT_END, OUTCOME. */
void document_stream_start(struct visitor *visitor, const struct frame_document_request *request);
void document_stream_credit(struct visitor *visitor, const struct frame_document_credit *credit);
/* The visitor's connection has room again. */
void document_streams_room(struct visitor *visitor);
/* The visitor is leaving. */
void document_streams_end(struct visitor *visitor);

#endif
