/*
 * JPEG, through libjpeg: into the PDF as it is, after a look (at an eighth of its size) whether it is whole.
 * What a PDF reader would take for other colours (CMYK; RGB that does not say so) is decoded.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jpeglib.h>

#include <jerror.h>

#include "serviced/units/exif.h"
#include "serviced/units/image.h"

#define SCANS_MOST  500 /* of a progressive file; each is a pass over the image */
#define CM_PER_INCH 2.54

struct jpeg_reading {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    FILE *file;
    struct image_output *output;
    uint8_t *row, *rgb;
    struct refusal *refusal;
};

static int jpeg_count(int fd, uint32_t *images, struct refusal *refusal)
{
    (void)fd, (void)refusal;
    *images = 1;
    return 0;
}

static _Noreturn void on_error(j_common_ptr jpeg)
{
    struct jpeg_reading *reading = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    refuse(reading->refusal, ERROR_DOCUMENT, "the JPEG is damaged: %s", text);
    longjmp(reading->escape, 1);
}

/* Other warnings are about bytes that do no harm. */
static void on_message(j_common_ptr jpeg, int level)
{
    int code = jpeg->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE))
        on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg)
{
    struct jpeg_reading *reading = jpeg->client_data;
    if (reading->jpeg.input_scan_number <= SCANS_MOST)
        return;
    refuse(reading->refusal, ERROR_LIMIT, "the JPEG has more than %d scans", SCANS_MOST);
    longjmp(reading->escape, 1);
}

static void set_format(const struct jpeg_reading *reading, struct image *image)
{
    const struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    double unit = jpeg->density_unit == 2 ? CM_PER_INCH : 1;
    image->format = (struct page_format){.codec = PAGE_CODEC_JPEG,
                                         .width_px = jpeg->image_width,
                                         .height_px = jpeg->image_height,
                                         .bits = 8,
                                         .components = jpeg->num_components == 1 ? 1 : 3};
    if (jpeg->density_unit != 0)
        image_set_dpi(&image->format, jpeg->X_density * unit, jpeg->Y_density * unit);
    image->rows = jpeg->image_height;
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker && !image->orientation;
         marker = marker->next)
        image->orientation = exif_orientation(marker->data, marker->data_length);
}

static int look_through(struct jpeg_reading *reading)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    jpeg->scale_num = 1;
    jpeg->scale_denom = 8;
    jpeg->dct_method = JDCT_IFAST;
    jpeg_start_decompress(jpeg);
    reading->row = malloc((size_t)jpeg->output_width * (size_t)jpeg->output_components);
    if (!reading->row)
        return refuse_for(reading->refusal, -ENOMEM, "the JPEG cannot be read");
    while (jpeg->output_scanline < jpeg->output_height)
        jpeg_read_scanlines(jpeg, &reading->row, 1);
    jpeg_finish_decompress(jpeg);
    return 0;
}

/* Adobe's programs store CMYK as its complement, and are alone in storing it at all. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t pixels, bool is_complement)
{
    uint8_t flip = is_complement ? 0 : 255;
    for (size_t i = 0; i < pixels; i++)
        for (size_t k = 0; k < 3; k++)
            rgb[i * 3 + k] = (uint8_t)((cmyk[i * 4 + k] ^ flip) * (cmyk[i * 4 + 3] ^ flip) / 255);
}

static int decode(struct jpeg_reading *reading, struct image *image)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    bool is_cmyk = jpeg->num_components == 4;
    image->format.codec = PAGE_CODEC_FLATE;
    jpeg->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
    if (image_start(&reading->output, image, "the JPEG", reading->refusal))
        return -ECANCELED;
    jpeg_start_decompress(jpeg);
    reading->row = malloc((size_t)jpeg->output_width * 4);
    reading->rgb = malloc((size_t)jpeg->output_width * 3);
    if (!reading->row || !reading->rgb)
        return refuse_for(reading->refusal, -ENOMEM, "the JPEG cannot be read");
    while (jpeg->output_scanline < jpeg->output_height) {
        jpeg_read_scanlines(jpeg, &reading->row, 1);
        if (is_cmyk)
            cmyk_to_rgb(reading->row, reading->rgb, jpeg->output_width, jpeg->saw_Adobe_marker);
        if (image_rows(reading->output, is_cmyk ? reading->rgb : reading->row, 1, reading->refusal))
            return -ECANCELED;
    }
    jpeg_finish_decompress(jpeg);
    return image_end(reading->output, reading->refusal);
}

static int read_image(struct jpeg_reading *reading, int fd, struct image *image)
{
    struct jpeg_decompress_struct *jpeg = &reading->jpeg;
    struct stat status;
    if (setjmp(reading->escape))
        return -ECANCELED;
    jpeg_create_decompress(jpeg);
    jpeg->client_data = reading;
    jpeg->progress = &reading->progress;
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_stdio_src(jpeg, reading->file);
    jpeg_read_header(jpeg, TRUE);
    set_format(reading, image);
    if (page_format_check(&image->format, NULL) || image->rows == 0)
        return refuse(reading->refusal, ERROR_LIMIT, "the JPEG is %u x %u pixels, which cannot be printed",
                      image->format.width_px, image->format.height_px);
    if (jpeg->num_components == 4 || (jpeg->jpeg_color_space == JCS_RGB && !jpeg->saw_Adobe_marker))
        return decode(reading, image);
    if (jpeg->num_components != 1 && jpeg->num_components != 3)
        return refuse(reading->refusal, ERROR_DOCUMENT, "the JPEG has %d colours, which cannot be printed",
                      jpeg->num_components);
    if (fstat(fd, &status) < 0)
        return refuse_for(reading->refusal, -errno, "the JPEG cannot be read");
    image->fd = fd;
    image->length_bytes = (uint64_t)status.st_size;
    return look_through(reading);
}

static int jpeg_read(int fd, uint32_t number, struct image *image, struct refusal *refusal)
{
    struct jpeg_reading *reading = calloc(1, sizeof *reading);
    int copy = dup(fd);
    (void)number;
    if (reading && copy >= 0)
        reading->file = fdopen(copy, "rb");
    if (!reading || !reading->file) {
        if (copy >= 0)
            close(copy);
        free(reading);
        return refuse_for(refusal, -ENOMEM, "the JPEG cannot be read");
    }
    rewind(reading->file); /* it shares its place with fd */
    reading->refusal = refusal;
    reading->jpeg.err = jpeg_std_error(&reading->errors);
    reading->jpeg.client_data = reading;
    reading->errors.error_exit = on_error;
    reading->errors.emit_message = on_message;
    reading->progress.progress_monitor = on_progress;
    int error = read_image(reading, fd, image);
    jpeg_destroy_decompress(&reading->jpeg);
    image_output_free(&reading->output);
    fclose(reading->file);
    free(reading->row);
    free(reading->rgb);
    free(reading);
    return error;
}

const struct image_reader image_jpeg = {.count = jpeg_count, .read = jpeg_read};
