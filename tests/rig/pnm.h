/* PNM page files (P4, P5, P6; 8 and 16 bits): what a page of the rig's scanner looks like on disk. */
#ifndef RIG_PNM_H
#define RIG_PNM_H

#include <stdint.h>
#include <sys/types.h>

/* The shape of a page. Rows are packed as in the file: bits of P4 from the left with 1 for black, samples of
   16 bits with the high byte first. */
struct pnm {
    uint32_t width;      /* pixels, 1 … 1 << 20 */
    uint32_t height;     /* rows, 1 … 1 << 20 */
    unsigned components; /* 1 or 3 */
    unsigned bits;       /* per sample: 1, 8 or 16 */
    uint64_t row_bytes;
    off_t data_offset; /* where the first row begins in the file */
};

/* Fills in row_bytes from width, components and bits. */
void pnm_set_row_bytes(struct pnm *page);

/* Reads the header at the start of `fd` and checks that all rows are there. Returns 0, -errno, or -EINVAL
   when it is not a page: another format, a maximum value other than 255 or 65535, a size of 0 or beyond the
   bounds, or too few rows. */
int pnm_read_header(int fd, struct pnm *page);

/* Writes the header for `page` into `text` (room for at least 64 bytes) and returns its length. */
int pnm_format_header(const struct pnm *page, char *text, size_t room);

/* Reads exactly `length` bytes at `offset`. Returns 0, -errno, or -EIO when the file ends before. */
int pnm_read_at(int fd, void *bytes, size_t length, off_t offset);

#endif
