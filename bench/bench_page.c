/*
 * Pages: how fast and how small the encoders are beside zlib level 6 on the same rows, how fast streams are
 * verified, and what a PDF of stored pages costs beside copying the same bytes. Runs are interleaved and
 * medians are printed.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "page/decode.h"
#include "page/document.h"
#include "page/encode.h"
#include "page/spill.h"

#define ROUNDS      7
#define COPY_BUFFER (128u * 1024u)

struct bytes {
    uint8_t *bytes;
    size_t length, capacity;
};

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_page: %s failed\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *times)
{
    qsort(times, ROUNDS, sizeof *times, by_size);
    return times[ROUNDS / 2];
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Four dice: nearly normal, with a standard deviation of 1. */
static double noise_sample(uint32_t *state)
{
    uint32_t r = next_random(state);

    return ((r & 255) + (r >> 8 & 255) + (r >> 16 & 255) + (r >> 24) - 510.0) / 148.0;
}

/* How much ink lies on the paper, from 0 to 1: lines of little marks with soft edges between margins. */
static double ink_at(const struct page_format *format, uint32_t x, uint32_t y)
{
    uint32_t mark = ((x / 24) * 2654435761u + (y / 60) * 40503u) * 2246822519u >> 7;
    double shape = sin((double)(x % 24) * (1 + mark % 3) / 4) + cos((double)(y % 60) * (1 + mark % 5) / 7);

    if (x < format->width_px / 8 || x > format->width_px * 7 / 8 || y < 300 || y > format->height_px - 300)
        return 0;
    if (y % 60 >= 32 || x % 24 >= 20 || mark % 6 == 0)
        return 0;
    return 1 / (1 + exp(-6 * (shape - 0.9)));
}

/* A page of text. As scanned: the light is uneven, the paper has a grain that spans a few pixels and is the
 * same in all colours, each sample has noise of its own. Otherwise a drawing in two colours. */
static uint8_t *make_page(const struct page_format *format, int scanned)
{
    size_t row_bytes = (size_t)page_row_bytes(format);
    uint8_t *page = malloc(row_bytes * format->height_px);
    double *grain = calloc(format->width_px + 1, sizeof *grain);
    uint32_t state = 12345;

    must(page != NULL && grain != NULL, "memory");
    for (uint32_t y = 0; y < format->height_px; y++)
        for (uint32_t x = 0; x < format->width_px; x++) {
            double ink = ink_at(format, x, y);
            double paper = 232 + 6.0 * x / format->width_px - 4.0 * y / format->height_px;

            grain[x + 1] = 0.48 * grain[x] + 0.48 * grain[x + 1] + 0.8 * noise_sample(&state);
            for (unsigned c = 0; c < format->components; c++) {
                double level = ink > 0.5 ? 20 : 255;

                if (scanned)
                    level = paper + grain[x + 1] - (195 - 3 * c) * ink + 1.2 * noise_sample(&state);
                page[y * row_bytes + x * format->components + c] = (uint8_t)(level < 0     ? 0
                                                                             : level > 255 ? 255
                                                                                           : level + 0.5);
            }
        }
    free(grain);
    return page;
}

static int keep(void *context, const uint8_t *bytes, size_t length)
{
    struct bytes *kept = context;

    must(kept->length + length <= kept->capacity, "room for the stream");
    memcpy(kept->bytes + kept->length, bytes, length);
    kept->length += length;
    return 0;
}

static double encode(const struct page_format *format, const uint8_t *page, struct bytes *out)
{
    double start = now_s();
    struct page_encoder *encoder;
    uint32_t rows;

    out->length = 0;
    must(page_encoder_new(&encoder, format, keep, out) == 0, "page_encoder_new");
    must(page_encoder_rows(encoder, page, format->height_px) == 0, "page_encoder_rows");
    must(page_encoder_finish(encoder, &rows) == 0, "page_encoder_finish");
    page_encoder_free(&encoder);
    return now_s() - start;
}

static double verify(const struct page_format *format, const struct bytes *stream)
{
    double start = now_s();
    struct page_decoder *decoder;

    must(page_decoder_new(&decoder, format, format->height_px, NULL, NULL) == 0, "page_decoder_new");
    must(page_decoder_bytes(decoder, stream->bytes, stream->length, NULL) == 0, "page_decoder_bytes");
    must(page_decoder_finish(decoder, NULL) == 0, "page_decoder_finish");
    page_decoder_free(&decoder);
    return now_s() - start;
}

static double zlib_6(const uint8_t *page, size_t size, struct bytes *out)
{
    double start = now_s();
    uLongf length = out->capacity;

    must(compress2(out->bytes, &length, page, size, 6) == Z_OK, "compress2");
    out->length = length;
    return now_s() - start;
}

static void bench_codec(const char *name, const struct page_format *format, const uint8_t *page)
{
    size_t size = (size_t)page_row_bytes(format) * format->height_px;
    struct bytes ours = {malloc(2 * size), 0, 2 * size}, theirs = {malloc(2 * size), 0, 2 * size};
    double encoding[ROUNDS], verifying[ROUNDS], peer[ROUNDS], megabytes = (double)size / 1e6;

    must(ours.bytes != NULL && theirs.bytes != NULL, "memory");
    memset(ours.bytes, 1, ours.capacity);
    memset(theirs.bytes, 1, theirs.capacity);
    for (int i = 0; i < ROUNDS; i++) {
        encoding[i] = encode(format, page, &ours);
        peer[i] = zlib_6(page, size, &theirs);
        verifying[i] = verify(format, &ours);
    }
    printf("%s_encode %.1f MB/s\n", name, megabytes / median(encoding));
    printf("%s_zlib6 %.1f MB/s\n", name, megabytes / median(peer));
    printf("%s_speed_over_zlib6 %.2f x\n", name, median(peer) / median(encoding));
    printf("%s_ratio %.3f x\n", name, (double)size / (double)ours.length);
    printf("%s_zlib6_ratio %.3f x\n", name, (double)size / (double)theirs.length);
    printf("%s_ratio_over_zlib6 %.3f x\n", name, (double)theirs.length / (double)ours.length);
    printf("%s_verify %.1f MB/s\n", name, megabytes / median(verifying));
    fflush(stdout);
    free(ours.bytes);
    free(theirs.bytes);
}

static double copy_plainly(const struct document_page *page, int pages, int to)
{
    double start = now_s();
    uint8_t *buffer = malloc(COPY_BUFFER);
    uint64_t place = 0;

    must(buffer != NULL && ftruncate(to, 0) == 0, "plain copy");
    for (int i = 0; i < pages; i++)
        for (uint64_t at = 0; at < page->length_bytes;) {
            uint64_t left = page->length_bytes - at;
            size_t part = left < COPY_BUFFER ? (size_t)left : COPY_BUFFER;

            must(spill_read(page->fd, buffer, part, at) == 0, "reading");
            must(spill_write(to, buffer, part, place) == 0, "writing");
            at += part;
            place += part;
        }
    free(buffer);
    return now_s() - start;
}

static double write_pdf(const struct document_page *page, int pages, int to)
{
    double start = now_s();
    struct document_writer *writer;

    must(ftruncate(to, 0) == 0, "ftruncate");
    must(document_writer_new(&writer, DOCUMENT_PDF, to, NULL) == 0, "document_writer_new");
    for (int i = 0; i < pages; i++)
        must(document_writer_page(writer, page) == 0, "document_writer_page");
    must(document_writer_finish(writer) == 0, "document_writer_finish");
    document_writer_free(&writer);
    return now_s() - start;
}

/* The most memory that this process has had. Not rusage's figure, which begins with that of the parent. */
static long peak_kib(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[128];
    long kib = -1;

    must(status != NULL, "/proc/self/status");
    while (fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    fclose(status);
    return kib;
}

/* Has a process do nothing but write a PDF of so many pages and print what memory it took. */
static void bench_peak(const char *pages)
{
    char program[] = "bench_page", count[16], *arguments[] = {program, count, NULL};
    pid_t child;
    int status;

    snprintf(count, sizeof count, "%s", pages);
    child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        execv("/proc/self/exe", arguments);
        _exit(127);
    }
    must(waitpid(child, &status, 0) == child && status == 0, "the PDF in a process of its own");
}

/* A stored page of about a megabyte; its bytes do not matter to the writer. */
static struct document_page stored_page(void)
{
    struct document_page page = {
        .format = {PAGE_CODEC_FLATE, 1654, 2339, 8, 1, 200, 200}, .rows = 2339, .length_bytes = 1000000};
    uint8_t *bytes = malloc(page.length_bytes);
    uint32_t state = 1;

    must(bytes != NULL, "memory");
    for (size_t i = 0; i < page.length_bytes; i++)
        bytes[i] = (uint8_t)next_random(&state);
    page.fd = spill_open();
    must(page.fd >= 0 && spill_write(page.fd, bytes, page.length_bytes, 0) == 0, "the stored page");
    free(bytes);
    return page;
}

static void bench_pdf(void)
{
    struct document_page page = stored_page();
    double pdf[ROUNDS], copy[ROUNDS];
    int to = spill_open();

    must(to >= 0, "a temporary file");
    for (int i = 0; i < ROUNDS; i++) {
        copy[i] = copy_plainly(&page, 500, to);
        pdf[i] = write_pdf(&page, 500, to);
    }
    printf("pdf_500_pages %.1f ms\n", median(pdf) * 1e3);
    printf("pdf_500_plain_copy %.1f ms\n", median(copy) * 1e3);
    printf("pdf_500_over_copy %.2f x\n", median(pdf) / median(copy));
    fflush(stdout);
    bench_peak("50");
    bench_peak("500");
    close(to);
    close(page.fd);
}

static void bench_encoders(void)
{
    static const struct {
        const char *name;
        struct page_format format;
        int scanned;
    } cases[] = {
        {"flate_grey", {PAGE_CODEC_FLATE, 2480, 3508, 8, 1, 300, 300}, 1},
        {"flate_colour", {PAGE_CODEC_FLATE, 2480, 3508, 8, 3, 300, 300}, 1},
        {"flate_clean", {PAGE_CODEC_FLATE, 2480, 3508, 8, 3, 300, 300}, 0},
        {"jpeg_colour", {PAGE_CODEC_JPEG, 2480, 3508, 8, 3, 300, 300}, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *page = make_page(&cases[i].format, cases[i].scanned);

        bench_codec(cases[i].name, &cases[i].format, page);
        free(page);
    }
}

/* The drawing in black and white. */
static void bench_g4(void)
{
    struct page_format grey = {PAGE_CODEC_FLATE, 2480, 3508, 8, 1, 300, 300};
    struct page_format format = {PAGE_CODEC_G4, 2480, 3508, 1, 1, 300, 300};
    uint8_t *samples = make_page(&grey, 0), *page = calloc(3508, 310);

    must(page != NULL, "memory");
    for (size_t i = 0; i < (size_t)2480 * 3508; i++)
        if (samples[i] < 128)
            page[i / 8] |= (uint8_t)(0x80 >> i % 8);
    bench_codec("g4", &format, page);
    free(page);
    free(samples);
}

int main(int argc, char **argv)
{
    if (argc == 2) { /* bench_peak's process */
        struct document_page page = stored_page();
        int to = spill_open();

        must(to >= 0, "a temporary file");
        write_pdf(&page, atoi(argv[1]), to);
        printf("pdf_%s_peak_rss %ld KiB\n", argv[1], peak_kib());
        return 0;
    }
    bench_encoders();
    bench_g4();
    bench_pdf();
    return 0;
}
