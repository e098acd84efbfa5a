#include "page/document.h"

#include <errno.h>
#include <stdlib.h>

#include "page/document_kind.h"

static const struct document_kind_facts *const kinds[] = {
    [DOCUMENT_PDF] = &document_pdf,
    [DOCUMENT_PNG] = &document_png,
    [DOCUMENT_TIFF] = &document_tiff,
    [DOCUMENT_JPEG] = &document_jpeg,
};

static const struct document_kind_facts *kind_facts(enum document_kind kind)
{
    unsigned number = (unsigned)kind;

    return number < sizeof kinds / sizeof kinds[0] ? kinds[number] : NULL;
}

const char *document_kind_suffix(enum document_kind kind)
{
    const struct document_kind_facts *facts = kind_facts(kind);

    return facts == NULL ? NULL : facts->suffix;
}

int document_writer_new(struct document_writer **writer, enum document_kind kind, int fd,
                        const struct document_info *info)
{
    static const struct document_info none = {0};
    const struct document_kind_facts *facts = kind_facts(kind);
    struct document_writer *made;
    int error;

    *writer = NULL;
    if (facts == NULL)
        return -EINVAL;
    made = facts->allocate();
    if (made == NULL)
        return -ENOMEM;
    made->kind = facts;
    made->output.fd = fd;
    error = facts->start(made, info == NULL ? &none : info);
    output_fail(&made->output, error);
    if (made->output.error != 0) {
        error = made->output.error;
        facts->release(made);
        return error;
    }
    *writer = made;
    return 0;
}

static int page_fits(const struct document_writer *writer, const struct document_page *page)
{
    const struct document_kind_facts *kind = writer->kind;

    return page_format_check(&page->format, NULL) == 0 && (kind->codecs >> page->format.codec & 1u) != 0 &&
           page->rows > 0 && page->rows <= page_max_rows(&page->format) &&
           (page->format.height_px == 0 || page->rows == page->format.height_px) &&
           !(kind->one_page && writer->pages > 0);
}

int document_writer_page(struct document_writer *writer, const struct document_page *page)
{
    int error;

    if (writer->error != 0)
        return writer->error;
    if (!page_fits(writer, page))
        return -EINVAL;
    error = writer->kind->page(writer, page);
    output_fail(&writer->output, error);
    writer->error = writer->output.error;
    writer->pages++;
    return writer->error;
}

int document_writer_finish(struct document_writer *writer)
{
    int error;

    if (writer->error != 0)
        return writer->error;
    if (writer->pages == 0)
        return -EINVAL;
    error = writer->kind->finish(writer);
    output_fail(&writer->output, error);
    error = output_flush(&writer->output);
    writer->error = error != 0 ? error : -EINVAL;
    return error;
}

void document_writer_free(struct document_writer **writer)
{
    if (writer == NULL || *writer == NULL)
        return;
    (*writer)->kind->release(*writer);
    *writer = NULL;
}

int document_decode(const struct document_page *page, page_row_sink sink, void *context)
{
    struct page_decoder *decoder;
    int error = page_decoder_new(&decoder, &page->format, page->rows, sink, context);

    if (error != 0)
        return error;
    error = page_decode_fd(decoder, page->fd, page->length_bytes, NULL);
    page_decoder_free(&decoder);
    return error;
}
