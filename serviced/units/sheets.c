#include "config.h"

#include "serviced/units/sheets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serviced/units/block_file.h"
#include "serviced/units/report.h"

struct sheets {
    const struct splitting_orders *orders;
    struct source *source;
    int folder_fd;
    uint64_t bytes; /* of the blocks so far */
};

static int open_file(const char *path, int *fd, struct refusal *refusal)
{
    struct stat status;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0 || fstat(*fd, &status) < 0)
        return refuse_for(refusal, -errno, "the document cannot be opened");
    if (!S_ISREG(status.st_mode))
        return refuse(refusal, ERROR_DOCUMENT_KIND, "the document is not a file");
    if (status.st_size == 0)
        return refuse(refusal, ERROR_DOCUMENT_KIND, "the file is empty");
    return 0;
}

static int open_source(struct splitting_orders *orders, int fd, struct source **source,
                       struct refusal *refusal)
{
    char why[200];
    const struct source_kind *kind = sniff(fd, refusal);
    if (!kind || kind->open(source, orders, fd, refusal))
        return -ECANCELED;
    if ((*source)->pages > orders->page_limit)
        return refuse(refusal, ERROR_LIMIT, "the document has %u pages; at most %u are allowed",
                      (*source)->pages, orders->page_limit);
    if (page_ranges_fit(&orders->ranges, (*source)->pages, why, sizeof why))
        return refuse(refusal, ERROR_BAD_REQUEST, "%s", why);
    return 0;
}

static int report_document(const struct sheets *sheets)
{
    uint32_t chosen = page_ranges_total(&sheets->orders->ranges);
    return report(&(struct frame){
        .type = FRAME_SPLIT_DOCUMENT,
        .split_document = {.pages = sheets->source->pages,
                           .chosen = chosen,
                           .sheets = sheets->orders->two_sided ? chosen / 2 + chosen % 2 : chosen,
                           .kind = frame_text_of(sheets->source->kind->name),
                           .title = frame_text_of(sheets->source->title)}});
}

static int report_block(uint32_t sheet, uint64_t length, const uint8_t digest[32], const uint32_t pages[2])
{
    return report(&(struct frame){
        .type = FRAME_SPLIT_BLOCK,
        .split_block = {
            .sheet = sheet, .length = length, .digest = {digest, 32}, .front = pages[0], .back = pages[1]}});
}

static int make_sheet(struct sheets *sheets, uint32_t sheet, const uint32_t pages[2], struct refusal *refusal)
{
    const struct splitting_orders *orders = sheets->orders;
    struct source *source = sheets->source;
    struct block_file block;
    uint8_t digest[32];
    uint64_t length = 0;
    char what[80];
    snprintf(what, sizeof what, "the block of sheet %u cannot be written", sheet);
    int error = block_file_begin(&block, sheets->folder_fd, orders->output_folder, sheet);
    if (error) {
        error = refuse_for(refusal, error, what);
        goto end;
    }
    error = source->kind->write(source, pages, pages[1] ? 2 : 1, block.fd, block.path, refusal);
    if (error)
        goto end;
    error = block_file_commit(&block, sheet, &length, digest);
    if (error) {
        error = refuse_for(refusal, error, what);
        goto end;
    }
    sheets->bytes += length;
    if (sheets->bytes > orders->byte_limit)
        error = refuse(refusal, ERROR_LIMIT,
                       "the sheets up to page %u take more than the %llu MB that are allowed",
                       pages[1] ? pages[1] : pages[0], (unsigned long long)(orders->byte_limit >> 20));
    else
        error = report_block(sheet, length, digest, pages);
end:
    block_file_drop(&block);
    return error;
}

int sheets_make(struct splitting_orders *orders, struct refusal *refusal)
{
    struct sheets sheets = {.orders = orders, .folder_fd = -1};
    int fd = -1;
    int error = open_file(orders->file, &fd, refusal);
    if (error)
        goto end;
    sheets.folder_fd = open(orders->output_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (sheets.folder_fd < 0) {
        error = refuse_for(refusal, -errno, "the folder for the blocks cannot be opened");
        goto end;
    }
    error = open_source(orders, fd, &sheets.source, refusal);
    if (!error)
        error = report_document(&sheets);
    uint32_t page = 0, sheet = 0;
    while (!error && (page = page_ranges_next(&orders->ranges, page)) != 0) {
        uint32_t pages[2] = {page, 0};
        if (orders->two_sided)
            pages[1] = page_ranges_next(&orders->ranges, page);
        error = make_sheet(&sheets, ++sheet, pages, refusal);
        page = pages[1] ? pages[1] : page;
    }
end:
    if (sheets.source)
        sheets.source->kind->free(&sheets.source);
    if (sheets.folder_fd >= 0)
        close(sheets.folder_fd);
    if (fd >= 0)
        close(fd);
    return error;
}
