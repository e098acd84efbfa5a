#include "config.h"

#include "clientd/units/print_block.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <deskline/words.h>

#include "base/blob.h"
#include "base/memory.h"
#include "clientd/spool_names.h"
#include "page/document.h"

#define META_BYTES_MAX 4096
#define DIGEST_BYTES   32

struct print_block {
    struct page_format format;
    uint32_t rows;
    uint64_t length;
    uint8_t digest[DIGEST_BYTES];
    int stream_fd, made_fd;
    struct printer_document document;
};

static enum printer_status lost(struct printer_error *error, uint32_t number, const char *why)
{
    return printer_failed(error, ERROR_BLOCK_LOST, REACHED, "block %u in the spool is damaged: %s", number,
                          why);
}

/* ---- 1. What is known of it ---------------------------------------------------------------------------- */

/* The next frame of the file; false when there is none, or another than it has to be. */
static bool take_frame(const uint8_t **at, size_t *left, enum frame_type type, struct frame *frame)
{
    struct frame_header header;
    const char *why;
    if (*left < FRAME_HEADER_BYTES)
        return false;
    frame_header_decode(*at, &header);
    if (header.type != type || header.length > *left - FRAME_HEADER_BYTES ||
        frame_decode(&header, *at + FRAME_HEADER_BYTES, frame, &why) != 0)
        return false;
    *at += FRAME_HEADER_BYTES + header.length;
    *left -= FRAME_HEADER_BYTES + header.length;
    return true;
}

static bool take_meta(struct print_block *block, uint32_t number, const uint8_t *bytes, size_t length)
{
    struct frame begin, end;
    if (!take_frame(&bytes, &length, FRAME_PAGE_BEGIN, &begin) ||
        !take_frame(&bytes, &length, FRAME_PAGE_END, &end))
        return false;
    block->format = (struct page_format){.codec = (enum page_codec)begin.page_begin.codec,
                                         .width_px = begin.page_begin.width,
                                         .height_px = begin.page_begin.height,
                                         .bits = begin.page_begin.bits,
                                         .components = begin.page_begin.components,
                                         .x_dpi = begin.page_begin.x_dpi,
                                         .y_dpi = begin.page_begin.y_dpi};
    block->rows = end.page_end.rows;
    block->length = end.page_end.length;
    if (begin.page_begin.page != number || end.page_end.page != number ||
        end.page_end.digest.length != DIGEST_BYTES)
        return false;
    memcpy(block->digest, end.page_end.digest.at, DIGEST_BYTES);
    return page_format_check(&block->format, NULL) == 0;
}

static enum printer_status read_meta(struct print_block *block, const struct print_block_place *place,
                                     struct printer_error *error)
{
    char name[SPOOL_NAME_SIZE], *bytes = NULL;
    size_t length = 0;
    spool_meta_name(name, place->number, place->generation);
    int failed = blob_read(place->folder_fd, name, META_BYTES_MAX, &bytes, &length);
    bool is_good = !failed && take_meta(block, place->number, (const uint8_t *)bytes, length);
    free(bytes);
    if (is_good)
        return PRINTER_GOOD;
    return lost(error, place->number, failed ? strerror(-failed) : "what is known of it makes no sense");
}

/* ---- 2. Its bytes -------------------------------------------------------------------------------------- */

static enum printer_status open_stream(struct print_block *block, const struct print_block_place *place,
                                       struct printer_error *error)
{
    char name[SPOOL_NAME_SIZE];
    uint8_t digest[DIGEST_BYTES];
    spool_stream_name(name, place->number, place->generation);
    block->stream_fd = blob_open(place->folder_fd, name, O_RDONLY, 0);
    if (block->stream_fd < 0)
        return lost(error, place->number, strerror(-block->stream_fd));
    int failed = blob_digest(block->stream_fd, block->length, digest);
    if (failed)
        return lost(error, place->number, strerror(-failed));
    if (memcmp(digest, block->digest, DIGEST_BYTES) != 0)
        return lost(error, place->number, "its bytes are not those that were sent");
    block->document = (struct printer_document){.fd = block->stream_fd, .length = block->length};
    return PRINTER_GOOD;
}

/* ---- 3. A form that the printer takes ------------------------------------------------------------------ */

static int wrap(struct print_block *block, const char *title)
{
    struct document_writer *writer = NULL;
    const struct document_page page = {
        .format = block->format, .rows = block->rows, .length_bytes = block->length, .fd = block->stream_fd};
    int error = document_writer_new(&writer, DOCUMENT_PDF, block->made_fd,
                                    &(struct document_info){.title = title,
                                                            .creator = "Deskline " PACKAGE_VERSION,
                                                            .created = time(NULL)});
    if (!error)
        error = document_writer_page(writer, &page);
    if (!error)
        error = document_writer_finish(writer);
    document_writer_free(&writer);
    off_t length = error ? 0 : lseek(block->made_fd, 0, SEEK_END);
    if (length < 0)
        error = -errno;
    block->document = (struct printer_document){
        .fd = block->made_fd, .length = (uint64_t)length, .format = "application/pdf"};
    return error;
}

static enum printer_status make(struct print_block *block, int folder_fd, const char *title,
                                struct printer_error *error)
{
    block->made_fd = openat(folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    int failed = block->made_fd < 0 ? -errno : wrap(block, title);
    if (!failed)
        return PRINTER_GOOD;
    if (failed == -EBADMSG || failed == -EINVAL)
        return printer_failed(error, ERROR_BLOCK_LOST, REACHED, "the page in the spool is none");
    return printer_failed(error, failed == -ENOSPC || failed == -EDQUOT ? ERROR_SPOOL_FULL : ERROR_STORAGE,
                          REACHED, "the page cannot be made ready for the printer: %s", strerror(-failed));
}

static enum printer_status choose_form(struct print_block *block, int folder_fd,
                                       const struct printer *printer, const char *title,
                                       struct printer_error *error)
{
    static const char pdf[] = "application/pdf", jpeg[] = "image/jpeg";
    bool is_pdf = block->format.codec == PAGE_CODEC_PDF;
    bool takes_pdf = printer->ops->takes(printer, pdf);
    if (is_pdf && takes_pdf) {
        block->document.format = pdf;
        return PRINTER_GOOD;
    }
    if (!is_pdf && takes_pdf)
        return make(block, folder_fd, title, error);
    if (block->format.codec == PAGE_CODEC_JPEG && printer->ops->takes(printer, jpeg)) {
        block->document.format = jpeg;
        return PRINTER_GOOD;
    }
    return printer_failed(error, ERROR_PRINT_REFUSED, REACHED,
                          "the printer does not take PDF%s: make a queue of CUPS for it, and print there",
                          is_pdf ? "" : ", nor pages of this kind");
}

enum printer_status print_block_open(struct print_block **block, const struct print_block_place *place,
                                     const struct printer *printer, const char *title,
                                     struct printer_error *error)
{
    struct print_block *made = memory_new(sizeof *made);
    made->stream_fd = made->made_fd = -1;
    enum printer_status status = read_meta(made, place, error);
    if (status == PRINTER_GOOD)
        status = open_stream(made, place, error);
    if (status == PRINTER_GOOD)
        status = choose_form(made, place->folder_fd, printer, title, error);
    if (status != PRINTER_GOOD)
        print_block_free(&made);
    *block = made;
    return status;
}

void print_block_free(struct print_block **block)
{
    if (!*block)
        return;
    if ((*block)->stream_fd >= 0)
        close((*block)->stream_fd);
    if ((*block)->made_fd >= 0)
        close((*block)->made_fd);
    free(*block);
    *block = NULL;
}

const struct printer_document *print_block_document(const struct print_block *block)
{
    return &block->document;
}

/* PAGE_END.rows of a PDF is the number of its pages. */
uint32_t print_block_pages(const struct print_block *block)
{
    if (block->format.codec != PAGE_CODEC_PDF)
        return 1;
    return block->rows == 1 || block->rows == 2 ? block->rows : 0;
}
