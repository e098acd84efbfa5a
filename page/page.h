/*
 * What a page is: one image, kept everywhere as one byte string, the page stream.
 *
 * The codec says what the stream is; see doc/design.md, 'Page data'. A page is encoded once, in the reading
 * unit; the server stores the bytes as they come and builds documents from them without decoding a pixel.
 */
#ifndef DESKLINE_PAGE_PAGE_H
#define DESKLINE_PAGE_PAGE_H

#include <stddef.h>
#include <stdint.h>

/* Numbers are those on the wire (PAGE_BEGIN.codec). */
enum page_codec {
    PAGE_CODEC_FLATE = 1, /* one zlib stream over rows with PNG filter bytes: grey and colour, 8 and 16 bit */
    PAGE_CODEC_G4 = 2,    /* CCITT T.6 with end-of-block: black and white */
    PAGE_CODEC_JPEG = 3,  /* a baseline JPEG file: grey and colour, 8 bit */
    PAGE_CODEC_PDF = 4,   /* a one-page PDF: printing only */
};

/* What PAGE_BEGIN and PAGE_END say about a page. */
struct page_format {
    enum page_codec codec;
    uint32_t width_px;
    uint32_t height_px;    /* 0: not known before the last row */
    uint8_t bits;          /* per sample: 1, 8 or 16 */
    uint8_t components;    /* 1 grey or black and white, 3 RGB */
    uint32_t x_dpi, y_dpi; /* 0: not known */
};

/* The largest page that is accepted from a device or a peer, in bytes of samples (width × height × depth). */
#define PAGE_MAX_SAMPLE_BYTES (UINT64_C(1) << 31)

/* The widest row, which is what the codecs' memory depends on: 5.5 m at 1200 dpi, 1.5 MiB in 16 bit colour.
 */
#define PAGE_MAX_WIDTH_PX (UINT32_C(1) << 18)

/* libjpeg's own limit for a JPEG file's width and height. */
#define PAGE_MAX_JPEG_PX UINT32_C(65500)

/* The finest resolution: what fits a JPEG file's density field. */
#define PAGE_MAX_DPI UINT32_C(65535)

/* Bytes in one row of samples, without a filter byte; 0 when the format is not a possible one (or is a PDF,
 * which has no rows). */
uint64_t page_row_bytes(const struct page_format *format);

/* The most rows a page of this format may have: height_px, or where that is not known, what the limits above
 * allow. 0 when the format is not a possible one. */
uint64_t page_max_rows(const struct page_format *format);

/* 0, or -EINVAL with *why set to a static sentence: unknown codec, a depth the codec cannot hold, no width, a
 * width, height or resolution over the limits, more than PAGE_MAX_SAMPLE_BYTES. All arithmetic is in 64 bits.
 * A height of 0 passes. Of a PDF only the codec is looked at. `why` may be NULL. */
int page_format_check(const struct page_format *format, const char **why);

const char *page_codec_name(enum page_codec codec);   /* "flate", …; NULL for an unknown one */
const char *page_codec_suffix(enum page_codec codec); /* file name suffix without the dot; NULL likewise */

#endif
