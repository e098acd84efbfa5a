/*
 * PDF (ISO 32000-1), written from front to back. A page's stream is its image's stream.
 *
 * Nothing in memory grows with the pages. The places of the objects wait in a temporary file for the
 * cross-reference table. The page tree is made as the pages come: on each level one node is open, known by
 * the number it will have; when it is full and another kid arrives, it is written and becomes a kid of the
 * level above. The top of what is open at the end is the root.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "page/document_kind.h"
#include "page/pdf_text.h"
#include "page/spill.h"

#define NODE_KIDS   64
#define NODE_LEVELS 6 /* 64^6 pages are more than object numbers of 32 bits can name */

#define CATALOG_NUMBER 1
#define INFO_NUMBER    2
#define FIRST_FREE     3

#define LENGTH_TEXT 32

#define OFFSET_LIMIT UINT64_C(9999999999) /* a cross-reference entry has ten digits */

struct pdf_node {
    uint32_t number; /* 0: not open */
    uint32_t kid_count;
    uint64_t pages; /* below it */
    uint32_t kids[NODE_KIDS];
};

struct pdf_writer {
    struct document_writer base;
    int places; /* temporary file: the place of object n as the n-th u64 */
    uint32_t next_number;
    struct pdf_node nodes[NODE_LEVELS];
};

static struct document_writer *pdf_allocate(void)
{
    struct pdf_writer *pdf = calloc(1, sizeof *pdf);

    if (pdf == NULL)
        return NULL;
    pdf->places = -1;
    pdf->next_number = FIRST_FREE;
    return &pdf->base;
}

static void object_begin(struct pdf_writer *pdf, uint32_t number)
{
    struct output *output = &pdf->base.output;
    uint64_t position = output_position(output);

    if (position > OFFSET_LIMIT)
        output_fail(output, -EFBIG);
    if (output->error == 0)
        output_fail(output, spill_write(pdf->places, &position, sizeof position, number * sizeof position));
    output_format(output, "%u 0 obj\n", (unsigned)number);
}

static void object_end(struct pdf_writer *pdf)
{
    output_format(&pdf->base.output, "endobj\n");
}

static void put_info(struct pdf_writer *pdf, const struct document_info *info)
{
    struct output *output = &pdf->base.output;
    struct tm when;

    object_begin(pdf, INFO_NUMBER);
    output_format(output, "<< /Producer (Deskline)");
    if (info->title != NULL) {
        output_format(output, " /Title ");
        pdf_text(output, info->title);
    }
    if (info->creator != NULL) {
        output_format(output, " /Creator ");
        pdf_text(output, info->creator);
    }
    if (gmtime_r(&info->created, &when) != NULL && when.tm_year >= -1900 && when.tm_year < 9999 - 1900)
        output_format(output, " /CreationDate (D:%04d%02d%02d%02d%02d%02dZ)", when.tm_year + 1900,
                      when.tm_mon + 1, when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec);
    output_format(output, " >>\n");
    object_end(pdf);
}

static int pdf_start(struct document_writer *writer, const struct document_info *info)
{
    struct pdf_writer *pdf = (struct pdf_writer *)writer;

    pdf->places = spill_open();
    if (pdf->places < 0)
        return pdf->places;
    /* The second line tells programs that carry files about that this one is binary. */
    output_format(&writer->output, "%%PDF-1.5\n%%\xe2\xe3\xcf\xd3\n");
    put_info(pdf, info);
    return 0;
}

static void node_write(struct pdf_writer *pdf, struct pdf_node *node, uint32_t parent)
{
    struct output *output = &pdf->base.output;

    object_begin(pdf, node->number);
    output_format(output, "<< /Type /Pages /Count %llu", (unsigned long long)node->pages);
    if (parent != 0)
        output_format(output, " /Parent %u 0 R", (unsigned)parent);
    output_format(output, " /Kids [");
    for (uint32_t i = 0; i < node->kid_count; i++)
        output_format(output, " %u 0 R", (unsigned)node->kids[i]);
    output_format(output, " ] >>\n");
    object_end(pdf);
    *node = (struct pdf_node){0};
}

static uint32_t add_kid(struct pdf_writer *pdf, unsigned level, uint32_t kid, uint64_t pages);

/* Writes the open node of a level and makes it a kid of the level above. */
static void close_node(struct pdf_writer *pdf, unsigned level)
{
    struct pdf_node *node = &pdf->nodes[level];

    node_write(pdf, node, add_kid(pdf, level + 1, node->number, node->pages));
}

/* Adds to the open node of a level and returns that node's number: the kid's parent. */
static uint32_t add_kid(struct pdf_writer *pdf, unsigned level, uint32_t kid, uint64_t pages)
{
    struct pdf_node *node = &pdf->nodes[level];

    if (node->kid_count == NODE_KIDS)
        close_node(pdf, level);
    if (node->number == 0)
        node->number = pdf->next_number++;
    node->kids[node->kid_count++] = kid;
    node->pages += pages;
    return node->number;
}

/* Points (1/72 inch) with two digits. Without a resolution a pixel is a point. */
static void format_length(char text[LENGTH_TEXT], uint32_t pixels, uint32_t dpi)
{
    uint64_t hundredths = dpi == 0 ? (uint64_t)pixels * 100 : ((uint64_t)pixels * 7200 + dpi / 2) / dpi;

    if (hundredths == 0)
        hundredths = 1;
    snprintf(text, LENGTH_TEXT, "%llu.%02llu", (unsigned long long)(hundredths / 100),
             (unsigned long long)(hundredths % 100));
}

static void put_filter(struct output *output, const struct document_page *page)
{
    const struct page_format *format = &page->format;

    if (format->codec == PAGE_CODEC_JPEG) {
        output_format(output, " /Filter /DCTDecode");
    } else if (format->codec == PAGE_CODEC_G4) {
        /* Without /BlackIs1, black comes out as 0, which is what DeviceGray calls black. */
        output_format(output, " /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns %u /Rows %u >>",
                      (unsigned)format->width_px, (unsigned)page->rows);
    } else {
        output_format(output,
                      " /Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors %u /BitsPerComponent %u "
                      "/Columns %u >>",
                      (unsigned)format->components, (unsigned)format->bits, (unsigned)format->width_px);
    }
}

static void put_image(struct pdf_writer *pdf, uint32_t number, const struct document_page *page)
{
    const struct page_format *format = &page->format;
    struct output *output = &pdf->base.output;

    object_begin(pdf, number);
    output_format(
        output, "<< /Type /XObject /Subtype /Image /Width %u /Height %u /ColorSpace /%s /BitsPerComponent %u",
        (unsigned)format->width_px, (unsigned)page->rows,
        format->components == 3 ? "DeviceRGB" : "DeviceGray", (unsigned)format->bits);
    put_filter(output, page);
    output_format(output, " /Length %llu >>\nstream\n", (unsigned long long)page->length_bytes);
    output_copy(output, page->fd, page->length_bytes);
    output_format(output, "\nendstream\n");
    object_end(pdf);
}

/* A real with four digits, whatever the locale says about points. */
static void format_real(char text[LENGTH_TEXT], double value)
{
    uint64_t parts = (uint64_t)((value < 0 ? -value : value) * 10000 + 0.5);

    snprintf(text, LENGTH_TEXT, "%s%llu.%04u", value < 0 && parts != 0 ? "-" : "",
             (unsigned long long)(parts / 10000), (unsigned)(parts % 10000));
}

/* The image, which is one unit wide and high, is drawn where `matrix` says. */
static void put_contents(struct pdf_writer *pdf, uint32_t number, char matrix[6][LENGTH_TEXT])
{
    struct output *output = &pdf->base.output;
    char drawing[8 * LENGTH_TEXT];
    int length = snprintf(drawing, sizeof drawing, "%s %s %s %s %s %s cm /Page Do\n", matrix[0], matrix[1],
                          matrix[2], matrix[3], matrix[4], matrix[5]);

    object_begin(pdf, number);
    output_format(output, "<< /Length %d >>\nstream\n%sendstream\n", length, drawing);
    object_end(pdf);
}

/* The sheet's size and the image's place on it: as asked for, or the one as large as the other. */
static void lay_out(const struct document_page *page, char width[LENGTH_TEXT], char height[LENGTH_TEXT],
                    char matrix[6][LENGTH_TEXT])
{
    const struct document_placement *placement = page->placement;

    if (placement != NULL) {
        format_real(width, placement->width_pt);
        format_real(height, placement->height_pt);
        for (int i = 0; i < 6; i++)
            format_real(matrix[i], placement->matrix[i]);
        return;
    }
    format_length(width, page->format.width_px, page->format.x_dpi);
    format_length(height, page->rows, page->format.y_dpi);
    for (int i = 0; i < 6; i++)
        strcpy(matrix[i], "0");
    memcpy(matrix[0], width, LENGTH_TEXT);
    memcpy(matrix[3], height, LENGTH_TEXT);
}

static int pdf_page(struct document_writer *writer, const struct document_page *page)
{
    struct pdf_writer *pdf = (struct pdf_writer *)writer;
    struct output *output = &writer->output;
    char width[LENGTH_TEXT], height[LENGTH_TEXT], matrix[6][LENGTH_TEXT];
    uint32_t number, contents, image, parent;

    if (pdf->next_number > UINT32_MAX - 3 - NODE_LEVELS)
        return -EFBIG;
    number = pdf->next_number++;
    contents = pdf->next_number++;
    image = pdf->next_number++;
    parent = add_kid(pdf, 0, number, 1);
    lay_out(page, width, height, matrix);
    object_begin(pdf, number);
    output_format(output,
                  "<< /Type /Page /Parent %u 0 R /MediaBox [ 0 0 %s %s ] /Contents %u 0 R "
                  "/Resources << /XObject << /Page %u 0 R >> >> >>\n",
                  (unsigned)parent, width, height, (unsigned)contents, (unsigned)image);
    object_end(pdf);
    put_contents(pdf, contents, matrix);
    put_image(pdf, image, page);
    return 0;
}

/* Closes what is open, from the leaves up, and returns the root's number. */
static uint32_t close_tree(struct pdf_writer *pdf)
{
    unsigned level = 0;
    uint32_t root;

    /* Closing may open one level more, where the one above was full. */
    while (level + 1 < NODE_LEVELS && pdf->nodes[level + 1].number != 0)
        close_node(pdf, level++);
    root = pdf->nodes[level].number;
    node_write(pdf, &pdf->nodes[level], 0);
    return root;
}

static int put_places(struct pdf_writer *pdf)
{
    struct output *output = &pdf->base.output;
    uint64_t places[512];
    size_t batch = sizeof places / sizeof places[0];

    output_format(output, "xref\n0 %u\n0000000000 65535 f \n", (unsigned)pdf->next_number);
    for (uint64_t at = 1; at < pdf->next_number; at += batch) {
        size_t count = pdf->next_number - at < batch ? (size_t)(pdf->next_number - at) : batch;
        int error = spill_read(pdf->places, places, count * sizeof places[0], at * sizeof places[0]);

        if (error != 0)
            return error;
        for (size_t i = 0; i < count; i++)
            output_format(output, "%010llu 00000 n \n", (unsigned long long)places[i]);
    }
    return 0;
}

static int pdf_finish(struct document_writer *writer)
{
    struct pdf_writer *pdf = (struct pdf_writer *)writer;
    struct output *output = &writer->output;
    uint32_t root = close_tree(pdf);
    uint64_t table;
    int error;

    object_begin(pdf, CATALOG_NUMBER);
    output_format(output, "<< /Type /Catalog /Pages %u 0 R >>\n", (unsigned)root);
    object_end(pdf);
    if (output->error != 0)
        return output->error;
    table = output_position(output);
    error = put_places(pdf);
    output_format(output, "trailer\n<< /Size %u /Root %u 0 R /Info %u 0 R >>\nstartxref\n%llu\n%%%%EOF\n",
                  (unsigned)pdf->next_number, CATALOG_NUMBER, INFO_NUMBER, (unsigned long long)table);
    return error;
}

static void pdf_release(struct document_writer *writer)
{
    struct pdf_writer *pdf = (struct pdf_writer *)writer;

    if (pdf->places >= 0)
        close(pdf->places);
    free(pdf);
}

const struct document_kind_facts document_pdf = {.suffix = "pdf",
                                                 .codecs = 1u << PAGE_CODEC_FLATE | 1u << PAGE_CODEC_G4 |
                                                           1u << PAGE_CODEC_JPEG,
                                                 .allocate = pdf_allocate,
                                                 .start = pdf_start,
                                                 .page = pdf_page,
                                                 .finish = pdf_finish,
                                                 .release = pdf_release};
