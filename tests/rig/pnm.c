#include "config.h"

#include "tests/rig/pnm.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIDE_MAX     (1u << 20)
#define HEADER_BYTES 512

struct header {
    char text[HEADER_BYTES];
    size_t length;
    size_t at;
};

void pnm_set_row_bytes(struct pnm *page)
{
    page->row_bytes = ((uint64_t)page->width * page->components * page->bits + 7) / 8;
}

int pnm_read_at(int fd, void *bytes, size_t length, off_t offset)
{
    char *to = bytes;

    while (length > 0) {
        ssize_t n = pread(fd, to, length, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        to += n;
        length -= (size_t)n;
        offset += n;
    }
    return 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next number, behind white space and comments; -1 when there is none below 1 << 24. */
static int64_t next_number(struct header *h)
{
    int64_t value = 0;
    size_t digits = 0;

    while (h->at < h->length && (is_space(h->text[h->at]) || h->text[h->at] == '#')) {
        if (h->text[h->at] == '#')
            while (h->at < h->length && h->text[h->at] != '\n')
                h->at++;
        else
            h->at++;
    }
    for (; h->at < h->length && h->text[h->at] >= '0' && h->text[h->at] <= '9'; h->at++, digits++) {
        value = value * 10 + (h->text[h->at] - '0');
        if (value >= 1 << 24)
            return -1;
    }
    return digits > 0 ? value : -1;
}

int pnm_read_header(int fd, struct pnm *page)
{
    struct header h = {.at = 2};
    struct stat st;
    ssize_t n = pread(fd, h.text, sizeof h.text, 0);
    int64_t width, height, most = 1;

    if (n < 0)
        return -errno;
    h.length = (size_t)n;
    if (n < 8 || h.text[0] != 'P' || h.text[1] < '4' || h.text[1] > '6')
        return -EINVAL;
    width = next_number(&h);
    height = next_number(&h);
    if (h.text[1] != '4')
        most = next_number(&h);
    if (width < 1 || width > SIDE_MAX || height < 1 || height > SIDE_MAX || h.at >= h.length)
        return -EINVAL;
    if (!is_space(h.text[h.at]) || (h.text[1] != '4' && most != 255 && most != 65535))
        return -EINVAL;
    *page = (struct pnm){
        .width = (uint32_t)width,
        .height = (uint32_t)height,
        .components = h.text[1] == '6' ? 3 : 1,
        .bits = most == 1     ? 1
                : most == 255 ? 8
                              : 16,
        .data_offset = (off_t)h.at + 1,
    };
    pnm_set_row_bytes(page);
    if (fstat(fd, &st) != 0)
        return -errno;
    if ((uint64_t)st.st_size < (uint64_t)page->data_offset + page->row_bytes * page->height)
        return -EINVAL;
    return 0;
}

int pnm_format_header(const struct pnm *page, char *text, size_t room)
{
    if (page->bits == 1)
        return snprintf(text, room, "P4\n%u %u\n", page->width, page->height);
    return snprintf(text, room, "P%c\n%u %u\n%u\n", page->components == 3 ? '6' : '5', page->width,
                    page->height, page->bits == 8 ? 255u : 65535u);
}
