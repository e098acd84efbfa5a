/*
 * spool-image: a page of a spool as PNM, to compare it with what was in the scanner. It believes nothing: the
 * meta file has to be two frames that fit the stream's name, the stream as long and with the digest that they
 * say.
 *
 *   spool-image FOLDER PAGE GENERATION >IMAGE
 */
#include "config.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deskline/frame.h>

#include "base/blob.h"
#include "clientd/spool_names.h"
#include "page/decode.h"

static void fail(const char *what)
{
    fprintf(stderr, "spool-image: %s\n", what);
    exit(1);
}

/* The frame at the start of the bytes; returns what it takes of them. */
static size_t take_frame(const uint8_t *bytes, size_t length, enum frame_type type, struct frame *frame)
{
    struct frame_header header;
    const char *why = "the meta file is cut off";
    if (length < FRAME_HEADER_BYTES)
        fail(why);
    frame_header_decode(bytes, &header);
    if (frame_header_check(&header, AT_SERVER, WHEN_OPEN, &why) ||
        header.length > length - FRAME_HEADER_BYTES ||
        frame_decode(&header, bytes + FRAME_HEADER_BYTES, frame, &why))
        fail(why);
    if (frame->type != type)
        fail("the meta file holds another frame");
    return FRAME_HEADER_BYTES + header.length;
}

static int write_row(void *context, const uint8_t *row, size_t length)
{
    const struct page_format *format = context;
    for (size_t i = 0; format->bits == 16 && i + 1 < length; i += 2) {
        uint16_t sample;
        memcpy(&sample, row + i, sizeof sample);
        sample = htobe16(sample);
        if (fwrite(&sample, sizeof sample, 1, stdout) != 1)
            return -1;
    }
    return format->bits == 16 || fwrite(row, 1, length, stdout) == length ? 0 : -1;
}

static void write_header(const struct page_format *format, uint32_t rows)
{
    char kind = format->bits == 1 ? '4' : format->components == 1 ? '5' : '6';
    printf("P%c\n%u %u\n", kind, format->width_px, rows);
    if (format->bits > 1)
        printf("%u\n", (1u << format->bits) - 1);
}

static void check_stream(int fd, const struct frame_page_end *end)
{
    struct stat status;
    uint8_t digest[32];
    if (fstat(fd, &status) < 0 || (uint64_t)status.st_size != end->length)
        fail("the stream is not as long as the meta file says");
    if (blob_digest(fd, end->length, digest) || end->digest.length != sizeof digest ||
        memcmp(digest, end->digest.at, sizeof digest) != 0)
        fail("the stream has another digest than the meta file says");
}

int main(int argc, char **argv)
{
    char name[SPOOL_NAME_SIZE], *meta = NULL;
    size_t length = 0;
    struct frame begin, end;
    const char *why = "";
    struct page_decoder *decoder;
    if (argc != 4) {
        fputs("usage: spool-image FOLDER PAGE GENERATION\n", stderr);
        return 2;
    }
    int folder = open(argv[1], O_RDONLY | O_DIRECTORY);
    uint32_t page = (uint32_t)strtoul(argv[2], NULL, 10), generation = (uint32_t)strtoul(argv[3], NULL, 10);
    spool_meta_name(name, page, generation);
    if (folder < 0 || blob_read(folder, name, 4096, &meta, &length) < 0)
        fail("there is no meta file");
    size_t first = take_frame((uint8_t *)meta, length, FRAME_PAGE_BEGIN, &begin);
    size_t second = take_frame((uint8_t *)meta + first, length - first, FRAME_PAGE_END, &end);
    const struct frame_page_begin *b = &begin.page_begin;
    if (first + second != length || b->page != page || b->generation != generation ||
        end.page_end.page != page || end.page_end.generation != generation || b->height != end.page_end.rows)
        fail("the meta file is about something else");
    spool_stream_name(name, page, generation);
    int fd = blob_open(folder, name, O_RDONLY, 0);
    if (fd < 0)
        fail("there is no stream");
    check_stream(fd, &end.page_end);
    struct page_format format = {
        (enum page_codec)b->codec, b->width, b->height, b->bits, b->components, b->x_dpi, b->y_dpi};
    write_header(&format, b->height);
    if (page_decoder_new(&decoder, &format, b->height, write_row, &format))
        fail("no page can be like this");
    if (page_decode_fd(decoder, fd, end.page_end.length, &why))
        fail(why);
    page_decoder_free(&decoder);
    free(meta);
    close(fd);
    close(folder);
    return fflush(stdout) == 0 ? 0 : 1;
}
