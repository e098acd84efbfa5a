/* Documents, read back by other people's programs and libraries. */
#include "config.h"

#include <check.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>
#include <zlib.h>

#include "page/pdf_text.h"
#include "page/spill.h"
#include "page_samples.h"

static const struct sample_shape shapes[] = {
    {PAGE_CODEC_FLATE, 8, 1, 37, 20, LOOK_TEXT, 0},     {PAGE_CODEC_FLATE, 8, 3, 90, 60, LOOK_NOISE, 1},
    {PAGE_CODEC_G4, 1, 1, 101, 30, LOOK_TEXT, 0},       {PAGE_CODEC_G4, 1, 1, 64, 20, LOOK_NOISE, 1},
    {PAGE_CODEC_G4, 1, 1, 7, 1, LOOK_BLANK, 0},         {PAGE_CODEC_JPEG, 8, 1, 33, 20, LOOK_NOISE, 0},
    {PAGE_CODEC_JPEG, 8, 3, 50, 41, LOOK_TEXT, 1},      {PAGE_CODEC_FLATE, 16, 1, 33, 5, LOOK_NOISE, 0},
    {PAGE_CODEC_FLATE, 16, 3, 700, 400, LOOK_NOISE, 1}, {PAGE_CODEC_FLATE, 8, 1, 1, 1, LOOK_NOISE, 0},
};
#define SHAPES ((int)(sizeof shapes / sizeof shapes[0]))

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/test_documents.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* Runs a shell command in the test's folder. */
static int run(const char *command_here)
{
    char command[512];

    snprintf(command, sizeof command, "cd %s && %s", folder, command_here);
    return system(command);
}

static void remove_folder(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(run(command), 0);
}

static int open_document(const char *name)
{
    char path[128];
    int fd;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static uint8_t *read_file(const char *name, size_t *length)
{
    struct stat status;
    char path[128];
    uint8_t *bytes;
    int fd;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_msg(fd >= 0, "%s is missing", path);
    ck_assert_int_eq(fstat(fd, &status), 0);
    *length = (size_t)status.st_size;
    bytes = malloc(*length + 1);
    ck_assert_int_eq(spill_read(fd, bytes, *length, 0), 0);
    bytes[*length] = 0;
    close(fd);
    return bytes;
}

static void add(struct document_writer *writer, const struct sample *sample)
{
    struct document_page page = sample_page(sample);

    ck_assert_int_eq(document_writer_page(writer, &page), 0);
    close(page.fd);
}

static void write_document(enum document_kind kind, const char *name, const struct sample *samples, int count,
                           const struct document_info *info)
{
    struct document_writer *writer;
    int fd = open_document(name);

    ck_assert_int_eq(document_writer_new(&writer, kind, fd, info), 0);
    for (int i = 0; i < count; i++)
        add(writer, &samples[i]);
    ck_assert_int_eq(document_writer_finish(writer), 0);
    ck_assert_int_eq(document_writer_finish(writer), -EINVAL);
    document_writer_free(&writer);
    document_writer_free(&writer);
    close(fd);
}

static void make_samples(struct sample samples[SHAPES])
{
    for (int i = 0; i < SHAPES; i++)
        sample_make(&samples[i], &shapes[i]);
}

static void free_samples(struct sample samples[SHAPES])
{
    for (int i = 0; i < SHAPES; i++)
        sample_free(&samples[i]);
}

/* Readers put what they like behind the last pixel of a row. */
static void clear_unused(const struct sample *sample, uint8_t *pixels)
{
    uint32_t used = sample->format.width_px % 8;

    if (sample->format.bits == 1 && used != 0)
        for (uint32_t row = 1; row <= sample->rows; row++)
            pixels[row * sample->row_bytes - 1] &= (uint8_t)(0xff00u >> used);
}

/* Compares a PBM, PGM or PPM file (1 is black in a PBM) with the sample. */
static void assert_netpbm(const struct sample *sample, const char *name)
{
    size_t length, want = sample->row_bytes * sample->rows;
    uint8_t *bytes = read_file(name, &length);
    unsigned width, height, most = 1;
    char kind;

    ck_assert_int_ge(sscanf((char *)bytes, "P%c %u %u %u", &kind, &width, &height, &most), 3);
    ck_assert_uint_eq(width, sample->format.width_px);
    ck_assert_uint_eq(height, sample->rows);
    ck_assert_uint_ge(length, want);
    if (kind == '6' && sample->format.components == 1) { /* grey as equal colours */
        for (size_t i = 0; i < want; i++)
            ck_assert_uint_eq(bytes[length - 3 * want + 3 * i], sample->pixels[i]);
    } else {
        ck_assert_int_eq(kind, sample->format.bits == 1 ? '4' : sample->format.components == 3 ? '6' : '5');
        clear_unused(sample, bytes + length - want);
        ck_assert_mem_eq(bytes + length - want, sample->pixels, want);
    }
    free(bytes);
}

START_TEST(pdf_is_sound_and_pixel_identical)
{
    static const struct document_info info = {"Brief (1\\2) \xe2\x82\xac \xf0\x9f\x98\x80 \xff\xc3",
                                              "A scanner (2)", 86399};
    struct sample samples[SHAPES];

    make_folder();
    make_samples(samples);
    write_document(DOCUMENT_PDF, "all.pdf", samples, SHAPES, &info);
    if (!tool_missing("qpdf"))
        ck_assert_int_eq(run("qpdf --check all.pdf >qpdf.out 2>&1 || { cat qpdf.out; false; }"), 0);
    if (!tool_missing("pdfimages")) {
        ck_assert_int_eq(run("pdfimages all.pdf plain"), 0);
        ck_assert_int_eq(run("pdfimages -j all.pdf same"), 0);
        for (int i = 0; i < SHAPES; i++) {
            const struct page_format *format = &samples[i].format;
            char name[64];

            if (format->codec == PAGE_CODEC_JPEG) {
                size_t length;
                uint8_t *bytes;

                snprintf(name, sizeof name, "same-%03d.jpg", i);
                bytes = read_file(name, &length);
                ck_assert_uint_eq(length, samples[i].stream_length);
                ck_assert_mem_eq(bytes, samples[i].stream, length);
                free(bytes);
            } else if (format->bits != 16) { /* pdfimages makes 8 bits of 16 */
                snprintf(name, sizeof name, "plain-%03d.%s", i, format->bits == 1 ? "pbm" : "ppm");
                if (format->components == 1 && format->bits == 8) {
                    char path[128];

                    snprintf(path, sizeof path, "%s/plain-%03d.pgm", folder, i);
                    if (access(path, R_OK) == 0)
                        snprintf(name, sizeof name, "plain-%03d.pgm", i);
                }
                assert_netpbm(&samples[i], name);
            }
        }
    }
    free_samples(samples);
    remove_folder();
}
END_TEST

/* Sixteen bits, which pdfimages does not keep. The image of a document's first page is object 5. */
START_TEST(pdf_keeps_sixteen_bits)
{
    struct sample sample;
    uint8_t *bytes;
    size_t length;

    if (tool_missing("qpdf"))
        return;
    make_folder();
    sample_make(&sample, &shapes[8]);
    write_document(DOCUMENT_PDF, "deep.pdf", &sample, 1, NULL);
    ck_assert_int_eq(run("qpdf --show-object=5 --filtered-stream-data deep.pdf >samples"), 0);
    bytes = read_file("samples", &length);
    ck_assert_uint_eq(length, sample.row_bytes * sample.rows);
    for (size_t i = 0; i < length; i += 2) {
        uint16_t sample_value;

        memcpy(&sample_value, sample.pixels + i, 2);
        ck_assert_uint_eq((unsigned)bytes[i] << 8 | bytes[i + 1], sample_value);
    }
    free(bytes);
    sample_free(&sample);
    remove_folder();
}
END_TEST

START_TEST(pdf_info_and_page_size)
{
    static const struct document_info info = {"\xc3\x84rger", "a\\(b", 0};
    struct sample_shape shape = {PAGE_CODEC_FLATE, 8, 1, 2480, 2, LOOK_BLANK, 0};
    struct sample sample;
    uint8_t *bytes;
    size_t length;

    make_folder();
    sample_make(&sample, &shape);
    write_document(DOCUMENT_PDF, "info.pdf", &sample, 1, &info);
    bytes = read_file("info.pdf", &length);
    ck_assert_ptr_nonnull(memmem(bytes, length, "/Title <FEFF00C40072006700650072>", 33));
    ck_assert_ptr_nonnull(memmem(bytes, length, "/Creator (a\\\\\\(b)", 17));
    ck_assert_ptr_nonnull(memmem(bytes, length, "/CreationDate (D:19700101000000Z)", 33));
    /* 2480 pixels at 300 dpi, 2 at 200. */
    ck_assert_ptr_nonnull(memmem(bytes, length, "/MediaBox [ 0 0 595.20 0.72 ]", 29));
    free(bytes);
    sample_free(&sample);
    remove_folder();
}
END_TEST

START_TEST(utf8_to_utf16)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "()"},
        {"plain", "(plain)"},
        {"(\\)", "(\\(\\\\\\))"},
        {"\n", "<FEFF000A>"},
        {"\xf0\x9f\x98\x80", "<FEFFD83DDE00>"},
        {"\xf4\x8f\xbf\xbf", "<FEFFDBFFDFFF>"},
        {"\xf4\x90\x80\x80", "<FEFFFFFDFFFDFFFDFFFD>"}, /* over U+10FFFF */
        {"\xed\xa0\x80", "<FEFFFFFDFFFDFFFD>"},         /* a surrogate */
        {"\xc0\x80", "<FEFFFFFDFFFD>"},                 /* overlong */
        {"\xe2\x82", "<FEFFFFFDFFFD>"},                 /* cut short */
        {"\xf0", "<FEFFFFFD>"},
        {"\xffz", "<FEFFFFFD007A>"},
    };
    struct output *output = calloc(1, sizeof *output);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        output->used = 0;
        pdf_text(output, cases[i].text);
        output->buffer[output->used] = 0;
        ck_assert_str_eq((char *)output->buffer, cases[i].expected);
    }
    free(output);
}
END_TEST

/* The page tree at the edges of its nodes. */
START_TEST(pdf_page_trees)
{
    static const int counts[] = {1, 2, 63, 64, 65, 128, 129, 4096, 4097};
    struct sample_shape shape = {PAGE_CODEC_G4, 1, 1, 8, 1, LOOK_NOISE, 0};
    struct document_writer *writer;
    struct document_page page;
    struct sample sample;
    char command[200];
    int fd;

    if (tool_missing("qpdf"))
        return;
    make_folder();
    sample_make(&sample, &shape);
    page = sample_page(&sample);
    fd = open_document("tree.pdf");
    ck_assert_int_eq(document_writer_new(&writer, DOCUMENT_PDF, fd, NULL), 0);
    for (int i = 0; i < counts[_i]; i++)
        ck_assert_int_eq(document_writer_page(writer, &page), 0);
    ck_assert_int_eq(document_writer_finish(writer), 0);
    document_writer_free(&writer);
    close(fd);
    close(page.fd);
    snprintf(command, sizeof command,
             "test $(qpdf --show-npages tree.pdf) = %d && qpdf --check tree.pdf >/dev/null", counts[_i]);
    ck_assert_int_eq(run(command), 0);
    sample_free(&sample);
    remove_folder();
}
END_TEST

/* Takes a PNG's chunks apart, checks them and gives the IDATs' bytes. */
static uint8_t *png_data(const uint8_t *bytes, size_t length, uint8_t header[13], size_t *data_length)
{
    uint8_t *data = malloc(length);
    size_t at = 8;

    ck_assert_mem_eq(bytes, "\x89PNG\r\n\x1a\n", 8);
    *data_length = 0;
    while (at < length) {
        uint32_t size, crc;

        ck_assert_uint_ge(length - at, 12);
        memcpy(&size, bytes + at, 4);
        size = be32toh(size);
        ck_assert_uint_ge(length - at - 12, size);
        memcpy(&crc, bytes + at + 8 + size, 4);
        ck_assert_uint_eq(crc32(0, bytes + at + 4, size + 4), be32toh(crc));
        if (memcmp(bytes + at + 4, "IHDR", 4) == 0)
            memcpy(header, bytes + at + 8, 13);
        if (memcmp(bytes + at + 4, "pHYs", 4) == 0)
            ck_assert_mem_eq(bytes + at + 8, "\0\0\x2e\x23\0\0\x1e\xc2\1", 9); /* 300 and 200 dpi */
        if (memcmp(bytes + at + 4, "IDAT", 4) == 0) {
            memcpy(data + *data_length, bytes + at + 8, size);
            *data_length += size;
        }
        at += 12 + size;
        if (at == length)
            ck_assert_mem_eq(bytes + at - 8, "IEND", 4);
    }
    return data;
}

/* A 1 bit PNG as a PBM, through netpbm; the others by the decoder, which the stream belongs to. */
START_TEST(png_holds_the_page)
{
    struct sample sample;
    uint8_t *bytes, *data, header[13] = {0};
    size_t length, data_length;

    make_folder();
    sample_make(&sample, &shapes[_i]);
    write_document(DOCUMENT_PNG, "page.png", &sample, 1, NULL);
    bytes = read_file("page.png", &length);
    data = png_data(bytes, length, header, &data_length);
    ck_assert_uint_eq(header[8], sample.format.bits);
    ck_assert_uint_eq(header[9], sample.format.components == 3 ? 2 : 0);
    if (sample.format.codec == PAGE_CODEC_FLATE) {
        ck_assert_uint_eq(data_length, sample.stream_length);
        ck_assert_mem_eq(data, sample.stream, data_length);
    }
    if (sample.format.codec == PAGE_CODEC_JPEG) {
        struct sample lossless = sample;
        size_t size = sample.row_bytes * sample.rows;
        uint8_t *from_jpeg = malloc(size), *from_png = malloc(size);

        lossless.format.codec = PAGE_CODEC_FLATE;
        ck_assert_int_eq(sample_decode(&sample, sample.stream, sample.stream_length, 999, from_jpeg, NULL),
                         0);
        ck_assert_int_eq(sample_decode(&lossless, data, data_length, 999, from_png, NULL), 0);
        ck_assert_mem_eq(from_jpeg, from_png, size);
        free(from_jpeg);
        free(from_png);
    } else if (sample.format.bits != 16 && !tool_missing("pngtopnm")) {
        ck_assert_int_eq(run("pngtopnm -quiet page.png >page.pnm"), 0);
        if (_i != 4) /* netpbm makes a PBM of white without regard to depth */
            assert_netpbm(&sample, "page.pnm");
    }
    free(data);
    free(bytes);
    sample_free(&sample);
    remove_folder();
}
END_TEST

static void assert_tiff_page(TIFF *tiff, const struct sample *sample)
{
    size_t size = sample->row_bytes * sample->rows;
    uint8_t *out = malloc(size), *want = malloc(size);
    uint32_t width = 0, height = 0;
    float x = 0, y = 0;

    ck_assert_int_eq(TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width), 1);
    ck_assert_int_eq(TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height), 1);
    ck_assert_int_eq(TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x), 1);
    ck_assert_int_eq(TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y), 1);
    ck_assert_uint_eq(width, sample->format.width_px);
    ck_assert_uint_eq(height, sample->rows);
    ck_assert(x > 299.9f && x < 300.1f && y > 199.9f && y < 200.1f);
    ck_assert_int_eq(TIFFScanlineSize(tiff), (int)sample->row_bytes);
    for (uint32_t row = 0; row < height; row++)
        ck_assert_int_eq(TIFFReadScanline(tiff, out + row * sample->row_bytes, row, 0), 1);
    ck_assert_int_eq(sample_decode(sample, sample->stream, sample->stream_length, 999, want, NULL), 0);
    clear_unused(sample, out);
    ck_assert_mem_eq(out, want, size);
    free(out);
    free(want);
}

static unsigned tiff_complaints;

__attribute__((format(printf, 2, 0))) static void complain(const char *module, const char *format,
                                                           va_list arguments)
{
    tiff_complaints++;
    fprintf(stderr, "%s: ", module);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

START_TEST(tiff_is_read_by_libtiff)
{
    struct sample samples[SHAPES];
    char path[128];
    TIFF *tiff;

    make_folder();
    make_samples(samples);
    write_document(DOCUMENT_TIFF, "all.tiff", samples, SHAPES, NULL);
    TIFFSetWarningHandler(complain);
    TIFFSetErrorHandler(complain);
    snprintf(path, sizeof path, "%s/all.tiff", folder);
    tiff = TIFFOpen(path, "r");
    ck_assert_ptr_nonnull(tiff);
    for (int i = 0; i < SHAPES; i++) {
        ck_assert_int_eq(TIFFSetDirectory(tiff, (tdir_t)i), 1);
        assert_tiff_page(tiff, &samples[i]);
    }
    ck_assert_int_eq(TIFFLastDirectory(tiff), 1);
    ck_assert_uint_eq(tiff_complaints, 0);
    TIFFClose(tiff);
    free_samples(samples);
    remove_folder();
}
END_TEST

/* What libtiff encodes, the decoder reads, and the encoder makes the same bytes. */
START_TEST(g4_agrees_with_libtiff)
{
    struct sample_shape shape = {
        PAGE_CODEC_G4, 1, 1, 1 + (uint32_t)_i * 37, 60, _i % 2 ? LOOK_NOISE : LOOK_TEXT, 0};
    struct sample sample;
    uint8_t *raw;
    char path[128];
    tmsize_t length;
    TIFF *tiff;

    make_folder();
    sample_make(&sample, &shape);
    snprintf(path, sizeof path, "%s/theirs.tiff", folder);
    tiff = TIFFOpen(path, "w");
    ck_assert_ptr_nonnull(tiff);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, shape.width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, shape.rows);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, shape.rows);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    for (uint32_t row = 0; row < shape.rows; row++)
        ck_assert_int_eq(TIFFWriteScanline(tiff, sample.pixels + row * sample.row_bytes, row, 0), 1);
    TIFFClose(tiff);
    tiff = TIFFOpen(path, "r");
    raw = malloc(1u << 20);
    length = TIFFReadRawStrip(tiff, 0, raw, 1 << 20);
    ck_assert_int_eq(length, (tmsize_t)sample.stream_length);
    ck_assert_mem_eq(raw, sample.stream, sample.stream_length);
    TIFFClose(tiff);
    free(raw);
    sample_free(&sample);
    remove_folder();
}
END_TEST

START_TEST(jpeg_is_the_stream)
{
    struct sample sample;
    uint8_t *bytes;
    size_t length;

    make_folder();
    sample_make(&sample, &shapes[6]);
    write_document(DOCUMENT_JPEG, "page.jpg", &sample, 1, NULL);
    bytes = read_file("page.jpg", &length);
    ck_assert_uint_eq(length, sample.stream_length);
    ck_assert_mem_eq(bytes, sample.stream, length);
    ck_assert_mem_eq(bytes + 6, "JFIF\0\1\1\1\x01\x2c\x00\xc8", 12); /* 300 and 200 per inch */
    free(bytes);
    sample_free(&sample);
    remove_folder();
}
END_TEST

START_TEST(pages_that_do_not_fit)
{
    static const enum document_kind kinds[] = {DOCUMENT_PDF, DOCUMENT_PNG, DOCUMENT_TIFF, DOCUMENT_JPEG};
    struct document_writer *writer;
    struct document_page page, bad;
    struct sample sample;
    int fd;

    make_folder();
    sample_make(&sample, &shapes[_i == 3 ? 5 : 0]);
    page = sample_page(&sample);
    fd = open_document("out");
    ck_assert_int_eq(document_writer_new(&writer, (enum document_kind)0, fd, NULL), -EINVAL);
    ck_assert_int_eq(document_writer_new(&writer, (enum document_kind)5, fd, NULL), -EINVAL);
    ck_assert_ptr_null(writer);
    ck_assert_ptr_null(document_kind_suffix((enum document_kind)5));
    ck_assert_int_eq(document_writer_new(&writer, kinds[_i], fd, NULL), 0);
    ck_assert_int_eq(document_writer_finish(writer), -EINVAL);
    bad = page;
    bad.rows = 0;
    ck_assert_int_eq(document_writer_page(writer, &bad), -EINVAL);
    bad.rows = page.rows - 1; /* not the height of its format */
    ck_assert_int_eq(document_writer_page(writer, &bad), -EINVAL);
    bad = page;
    bad.format.codec = PAGE_CODEC_PDF;
    ck_assert_int_eq(document_writer_page(writer, &bad), -EINVAL);
    bad.format.codec = PAGE_CODEC_G4; /* of 8 bits */
    ck_assert_int_eq(document_writer_page(writer, &bad), -EINVAL);
    if (_i == 3) {
        bad.format.codec = PAGE_CODEC_FLATE;
        ck_assert_int_eq(document_writer_page(writer, &bad), -EINVAL);
    }
    /* Refusals have left the document as it was. */
    ck_assert_int_eq(document_writer_page(writer, &page), 0);
    if (_i == 1 || _i == 3)
        ck_assert_int_eq(document_writer_page(writer, &page), -EINVAL);
    ck_assert_int_eq(document_writer_finish(writer), 0);
    document_writer_free(&writer);
    document_writer_free(NULL);
    /* A file that is shorter than it says. */
    ck_assert_int_eq(document_writer_new(&writer, kinds[_i], fd, NULL), 0);
    page.length_bytes++;
    ck_assert_int_eq(document_writer_page(writer, &page), -EBADMSG);
    ck_assert_int_eq(document_writer_page(writer, &page), -EBADMSG);
    ck_assert_int_eq(document_writer_finish(writer), -EBADMSG);
    document_writer_free(&writer);
    close(page.fd);
    close(fd);
    sample_free(&sample);
    remove_folder();
}
END_TEST

/* The document's file may grow to so many bytes and no further. The writer says so at whatever call it comes.
 */
START_TEST(a_file_that_cannot_grow)
{
    static const enum document_kind kinds[] = {DOCUMENT_PDF, DOCUMENT_PNG, DOCUMENT_TIFF};
    struct document_page page;
    struct sample sample;

    signal(SIGXFSZ, SIG_IGN);
    make_folder();
    sample_make(&sample, &shapes[8]);
    page = sample_page(&sample);
    for (rlim_t most = 0; most <= 1000000; most += 100000) {
        struct rlimit limit = {most, RLIM_INFINITY};
        int fd = open_document("out"), error;
        struct document_writer *writer;

        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        error = document_writer_new(&writer, kinds[_i], fd, NULL);
        if (error == 0)
            error = document_writer_page(writer, &page);
        if (error == 0)
            error = document_writer_finish(writer);
        ck_assert_int_eq(error, -EFBIG);
        document_writer_free(&writer);
        close(fd);
    }
    close(page.fd);
    sample_free(&sample);
    remove_folder();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page_documents");
    TCase *tests = tcase_create("documents");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, pdf_is_sound_and_pixel_identical);
    tcase_add_test(tests, pdf_keeps_sixteen_bits);
    tcase_add_test(tests, pdf_info_and_page_size);
    tcase_add_test(tests, utf8_to_utf16);
    tcase_add_loop_test(tests, pdf_page_trees, 0, 9);
    tcase_add_loop_test(tests, png_holds_the_page, 0, SHAPES);
    tcase_add_test(tests, tiff_is_read_by_libtiff);
    tcase_add_loop_test(tests, g4_agrees_with_libtiff, 0, 40);
    tcase_add_test(tests, jpeg_is_the_stream);
    tcase_add_loop_test(tests, pages_that_do_not_fit, 0, 4);
    tcase_add_loop_test(tests, a_file_that_cannot_grow, 0, 3);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
