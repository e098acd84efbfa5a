#include "page/page.h"

#include <errno.h>

struct codec_facts {
    const char *name, *suffix;
    uint32_t depths;   /* bit n is set: n bits per sample are possible */
    uint32_t colours;  /* bit n is set: n components are possible */
    uint32_t max_side; /* in pixels, of both sides; 0: only the general limits */
};

static const struct codec_facts codecs[] = {
    [PAGE_CODEC_FLATE] = {"flate", "flate", 1u << 8 | 1u << 16, 1u << 1 | 1u << 3, 0},
    [PAGE_CODEC_G4] = {"g4", "g4", 1u << 1, 1u << 1, 0},
    [PAGE_CODEC_JPEG] = {"jpeg", "jpg", 1u << 8, 1u << 1 | 1u << 3, PAGE_MAX_JPEG_PX},
    [PAGE_CODEC_PDF] = {"pdf", "pdf", 0, 0, 0},
};

static const struct codec_facts *codec_facts(enum page_codec codec)
{
    unsigned number = (unsigned)codec;

    if (number >= sizeof codecs / sizeof codecs[0] || codecs[number].name == NULL)
        return NULL;
    return &codecs[number];
}

static int has_bit(uint32_t set, uint8_t number)
{
    return number < 32 && (set >> number & 1u) != 0;
}

uint64_t page_row_bytes(const struct page_format *format)
{
    const struct codec_facts *facts = codec_facts(format->codec);

    if (facts == NULL || !has_bit(facts->depths, format->bits) ||
        !has_bit(facts->colours, format->components) || format->width_px == 0)
        return 0;
    return ((uint64_t)format->width_px * format->components * format->bits + 7) / 8;
}

uint64_t page_max_rows(const struct page_format *format)
{
    const struct codec_facts *facts = codec_facts(format->codec);
    uint64_t row_bytes = page_row_bytes(format);
    uint64_t rows;

    if (row_bytes == 0)
        return 0;
    if (format->height_px != 0)
        return format->height_px;
    rows = PAGE_MAX_SAMPLE_BYTES / row_bytes;
    return facts->max_side != 0 && rows > facts->max_side ? facts->max_side : rows;
}

static const char *format_fault(const struct page_format *format)
{
    const struct codec_facts *facts = codec_facts(format->codec);

    if (facts == NULL)
        return "unknown codec";
    if (format->codec == PAGE_CODEC_PDF)
        return NULL;
    if (!has_bit(facts->depths, format->bits))
        return "the codec cannot hold this number of bits per sample";
    if (!has_bit(facts->colours, format->components))
        return "the codec cannot hold this number of components";
    if (format->width_px == 0)
        return "the page has no width";
    if (format->width_px > PAGE_MAX_WIDTH_PX)
        return "the page is too wide";
    if (facts->max_side != 0 && (format->width_px > facts->max_side || format->height_px > facts->max_side))
        return "the page is too large for its codec";
    if (format->x_dpi > PAGE_MAX_DPI || format->y_dpi > PAGE_MAX_DPI)
        return "the resolution is too fine";
    if (page_row_bytes(format) * format->height_px > PAGE_MAX_SAMPLE_BYTES)
        return "the page has too many samples";
    return NULL;
}

int page_format_check(const struct page_format *format, const char **why)
{
    const char *fault = format_fault(format);

    if (fault == NULL)
        return 0;
    if (why != NULL)
        *why = fault;
    return -EINVAL;
}

const char *page_codec_name(enum page_codec codec)
{
    const struct codec_facts *facts = codec_facts(codec);

    return facts == NULL ? NULL : facts->name;
}

const char *page_codec_suffix(enum page_codec codec)
{
    const struct codec_facts *facts = codec_facts(codec);

    return facts == NULL ? NULL : facts->suffix;
}
