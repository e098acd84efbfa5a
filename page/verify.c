/* Page streams in files. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "page/decode.h"
#include "page/spill.h"

#define INPUT_BYTES (64u * 1024u)

int page_decode_fd(struct page_decoder *decoder, int fd, uint64_t length, const char **why)
{
    uint8_t *buffer = malloc(INPUT_BYTES);
    int error = buffer == NULL ? -ENOMEM : 0;

    for (uint64_t at = 0; at < length && error == 0;) {
        size_t part = length - at < INPUT_BYTES ? (size_t)(length - at) : INPUT_BYTES;

        error = spill_read(fd, buffer, part, at);
        if (error == -EBADMSG && why != NULL)
            *why = "the file is too short";
        if (error == 0)
            error = page_decoder_bytes(decoder, buffer, part, why);
        at += part;
    }
    free(buffer);
    return error != 0 ? error : page_decoder_finish(decoder, why);
}

static int verify_pdf(int fd, const char **why)
{
    static const char signature[] = "%PDF-";
    char bytes[sizeof signature - 1];
    int error = spill_read(fd, bytes, sizeof bytes, 0);

    if (error == 0 && memcmp(bytes, signature, sizeof bytes) != 0)
        error = -EBADMSG;
    if (error == -EBADMSG)
        *why = "not a PDF";
    return error;
}

static int verify_fd(int fd, const struct page_format *format, uint32_t rows, const char **why)
{
    struct page_decoder *decoder;
    struct stat status;
    int error;

    if (fstat(fd, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    if (format->codec == PAGE_CODEC_PDF)
        return verify_pdf(fd, why);
    error = page_decoder_new(&decoder, format, rows, NULL, NULL);
    if (error != 0)
        return error;
    error = page_decode_fd(decoder, fd, (uint64_t)status.st_size, why);
    page_decoder_free(&decoder);
    return error;
}

int page_verify_file(int folder_fd, const char *name, const struct page_format *format, uint32_t rows,
                     const char **why)
{
    const char *unused;
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int error;

    if (fd < 0)
        return -errno;
    error = verify_fd(fd, format, rows, why != NULL ? why : &unused);
    close(fd);
    return error;
}
