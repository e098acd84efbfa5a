#include "wire/page_receive.h"

#define CODEC_PDF 4 /* of PAGE_BEGIN; such a page has no rows */

static enum page_receive_step refuse(const char **why, const char *text)
{
    *why = text;
    return PAGE_RECEIVE_REFUSE;
}

enum page_receive_step page_receive_begin(struct page_receive *receive, const struct frame_page_begin *begin,
                                          bool wanted, const char **why)
{
    if (begin->page == 0)
        return refuse(why, "a page without a number");
    bool same = receive->begin.page == begin->page && receive->begin.generation == begin->generation &&
                receive->begin.codec == begin->codec && receive->begin.width == begin->width;
    receive->ignoring = !wanted;
    receive->open = wanted;
    receive->fresh = true;
    if (!wanted)
        return PAGE_RECEIVE_NOTHING;
    if (same && receive->length > 0) {
        receive->begin = *begin;
        return PAGE_RECEIVE_CONTINUE;
    }
    receive->begin = *begin;
    receive->length = 0;
    return PAGE_RECEIVE_RESTART;
}

enum page_receive_step page_receive_data(struct page_receive *receive, const struct frame_page_data *data,
                                         uint64_t limit, const char **why)
{
    if (receive->ignoring)
        return PAGE_RECEIVE_NOTHING;
    if (!receive->open || data->page != receive->begin.page)
        return refuse(why, "page data without its PAGE_BEGIN");
    if (data->bytes.length == 0)
        return refuse(why, "page data without bytes");
    if (data->bytes.length > limit)
        return refuse(why, "a page longer than this side takes");
    bool fresh = receive->fresh;
    receive->fresh = false;
    if (fresh && data->offset == 0 && receive->length > 0) { /* the sender has nothing to go on from */
        receive->length = data->bytes.length;
        return PAGE_RECEIVE_RESTART;
    }
    if (fresh && data->offset != receive->length) { /* the part that it goes on from has gone since */
        page_receive_forget(receive);
        return PAGE_RECEIVE_AGAIN;
    }
    if (data->offset != receive->length)
        return refuse(why, "page data that does not follow what came before");
    if (receive->length > limit - data->bytes.length)
        return refuse(why, "a page longer than this side takes");
    receive->length += data->bytes.length;
    return PAGE_RECEIVE_APPEND;
}

enum page_receive_step page_receive_end(struct page_receive *receive, const struct frame_page_end *end,
                                        const char **why)
{
    if (receive->ignoring)
        return PAGE_RECEIVE_NOTHING;
    if (!receive->open || end->page != receive->begin.page || end->generation != receive->begin.generation)
        return refuse(why, "PAGE_END without its PAGE_BEGIN");
    if (end->length != receive->length || end->length == 0)
        return refuse(why, "PAGE_END with another length than was sent");
    if (end->digest.length != 32)
        return refuse(why, "PAGE_END without a SHA-256 digest");
    if ((end->rows == 0 && receive->begin.codec != CODEC_PDF) ||
        (receive->begin.height && end->rows != receive->begin.height))
        return refuse(why, "PAGE_END with another height than PAGE_BEGIN");
    receive->open = false;
    return PAGE_RECEIVE_FINISH;
}

void page_receive_disconnect(struct page_receive *receive)
{
    receive->open = false;
    receive->ignoring = false;
}

void page_receive_forget(struct page_receive *receive)
{
    bool under_way = receive->open || receive->ignoring;
    *receive = (struct page_receive){.ignoring = under_way};
}
