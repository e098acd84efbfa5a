/* A JPEG file is a jpeg page's stream. */
#include <stdlib.h>

#include "page/document_kind.h"

static struct document_writer *jpeg_allocate(void)
{
    return calloc(1, sizeof(struct document_writer));
}

static int jpeg_start(struct document_writer *writer, const struct document_info *info)
{
    (void)writer, (void)info;
    return 0;
}

static int jpeg_page(struct document_writer *writer, const struct document_page *page)
{
    output_copy(&writer->output, page->fd, page->length_bytes);
    return 0;
}

static int jpeg_finish(struct document_writer *writer)
{
    (void)writer;
    return 0;
}

static void jpeg_release(struct document_writer *writer)
{
    free(writer);
}

const struct document_kind_facts document_jpeg = {.suffix = "jpg",
                                                  .one_page = 1,
                                                  .codecs = 1u << PAGE_CODEC_JPEG,
                                                  .allocate = jpeg_allocate,
                                                  .start = jpeg_start,
                                                  .page = jpeg_page,
                                                  .finish = jpeg_finish,
                                                  .release = jpeg_release};
