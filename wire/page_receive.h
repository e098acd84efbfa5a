/*
 * The receiving end of a page: pure. It decides what each PAGE_ frame means for the file in which the page is
 * being put together; the caller does what it says. One per job.
 */
#ifndef DESKLINE_WIRE_PAGE_RECEIVE_H
#define DESKLINE_WIRE_PAGE_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>

struct page_receive {
    struct frame_page_begin begin; /* .page 0: no part is kept */
    uint64_t length;               /* bytes of the part that have been accepted */
    bool open;                     /* PAGE_BEGIN has come over this connection */
    bool fresh;                    /* no byte has come since PAGE_BEGIN */
    bool ignoring;                 /* the page is not wanted: its bytes are dropped */
};

enum page_receive_step {
    PAGE_RECEIVE_NOTHING,  /* drop the frame's bytes */
    PAGE_RECEIVE_RESTART,  /* an empty file for .begin */
    PAGE_RECEIVE_CONTINUE, /* the file is there: go on at its end */
    PAGE_RECEIVE_APPEND,   /* these bytes to the end of the file */
    PAGE_RECEIVE_AGAIN,    /* drop the bytes, and answer with PAGE_RESUME of that page at offset 0 */
    PAGE_RECEIVE_FINISH,   /* the page is whole: check, sync, then tell the job */
    PAGE_RECEIVE_REFUSE,   /* the peer broke the protocol: *why */
};

/* `wanted`: whether the job wants that page in that generation. */
enum page_receive_step page_receive_begin(struct page_receive *receive, const struct frame_page_begin *begin,
                                          bool wanted, const char **why);
/* A first PAGE_DATA at offset 0 starts a part anew (RESTART, and the bytes are the first of the file).
 * `limit` is the most bytes that a page stream may have. */
enum page_receive_step page_receive_data(struct page_receive *receive, const struct frame_page_data *data,
                                         uint64_t limit, const char **why);
enum page_receive_step page_receive_end(struct page_receive *receive, const struct frame_page_end *end,
                                        const char **why);
/* A connection ended: the part is kept, and PAGE_RESUME says so on the next one. */
void page_receive_disconnect(struct page_receive *receive);
/* The part no longer counts (given up, handed on, or it cannot be written): what is still on the way of it is
 * dropped until the next PAGE_BEGIN. */
void page_receive_forget(struct page_receive *receive);

#endif
