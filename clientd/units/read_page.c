/*
 * The life of one page in the unit:
 *
 *   1. the stream file is made and synced: whatever happens now, it is known that the page was begun
 *   2. the device starts; when there is no sheet, the stream file goes again
 *   3. the device says what the image is; the daemon is told with the first bytes that come
 *   4. bytes become rows, rows the page stream
 *   5. the page is checked, synced, described in its meta file, and the daemon is told
 */
#include "config.h"

#include "clientd/units/read_page.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <deskline/frame.h>
#include <deskline/words.h>

#include "clientd/units/device_calls.h"
#include "clientd/units/page_rows.h"
#include "clientd/units/page_spool.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_signals.h"

#define READ_BYTES     65536u
#define PROGRESS_BYTES (UINT64_C(256) << 10)
#define PROGRESS_MS    100
/* After so many reads in a row that gave nothing, the unit sleeps between them. */
#define PATIENT_READS 2000u
#define NAP_NS        2000000L

struct page_reading {
    const struct page_source *source;
    uint32_t page;
    struct page_failure *failure;

    struct page_rows *rows;
    struct page_format format;
    bool announced;       /* PAGE_BEGIN was sent */
    uint64_t samples;     /* bytes that the device has given */
    unsigned empty_reads; /* in a row */
    uint64_t told_length; /* with the last PAGE_PROGRESS … */
    uint64_t told_ms;     /* … and when that was */
    uint8_t bytes[READ_BYTES];
};

static enum page_outcome start_image(struct page_reading *reading, bool first, bool *last);
static enum page_outcome read_image(struct page_reading *reading);
static enum page_outcome end_page(struct page_reading *reading);

/* ---- How it can fail ---------------------------------------------------------------------------------- */

static enum page_outcome failed(struct page_reading *reading, uint16_t code, bool moved, const char *text)
{
    reading->failure->code = code;
    reading->failure->interrupted = moved && reading->source->setup.feeder;
    snprintf(reading->failure->text, sizeof reading->failure->text, "%s", text);
    return PAGE_OUTCOME_FAILED;
}

static enum page_outcome device_failed(struct page_reading *reading, const struct scanner_error *error)
{
    return failed(reading, error->code, !error->unmoved, error->text);
}

/* `error` from page_rows or page_spool; `why` counts for -EBADMSG and -ENOTSUP. */
static enum page_outcome page_failed(struct page_reading *reading, int error, bool moved, const char *why)
{
    if (error == -EBADMSG)
        return failed(reading, ERROR_PAGE_INVALID, moved, why);
    if (error == -ENOTSUP)
        return failed(reading, ERROR_OPTION_UNSUPPORTED, moved, why);
    if (error == -ENOMEM)
        return failed(reading, ERROR_DEVICE_MEMORY, moved, "there is not enough memory for a page");
    if (error == -EEXIST)
        return failed(reading, ERROR_INTERNAL, moved, "this page was begun before in the same generation");
    return failed(reading, ERROR_STORAGE, moved, strerror(-error));
}

/* ---- What the daemon is told meanwhile ---------------------------------------------------------------- */

/* A daemon that is gone is as good as a request to stop. */
static void tell(struct page_reading *reading, struct frame *frame)
{
    if (unit_link_send(reading->source->link, frame))
        unit_signals_stop();
}

static struct frame_page_begin page_begin(const struct page_reading *reading)
{
    const struct page_format *format = &reading->format;
    return (struct frame_page_begin){.page = reading->page,
                                     .generation = reading->source->generation,
                                     .codec = (uint8_t)format->codec,
                                     .width = format->width_px,
                                     .height = format->height_px,
                                     .bits = format->bits,
                                     .components = format->components,
                                     .x_dpi = format->x_dpi,
                                     .y_dpi = format->y_dpi};
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Also the pulse by which the daemon's watchdog knows that the device gives data: so never without new bytes.
 */
static void tell_progress(struct page_reading *reading)
{
    uint64_t length = page_spool_length(reading->source->spool), now = now_ms();
    if (!reading->announced)
        tell(reading, &(struct frame){.type = FRAME_PAGE_BEGIN, .page_begin = page_begin(reading)});
    else if (length - reading->told_length < PROGRESS_BYTES && now - reading->told_ms < PROGRESS_MS)
        return;
    reading->announced = true;
    reading->told_length = length;
    reading->told_ms = now;
    tell(reading, &(struct frame){.type = FRAME_PAGE_PROGRESS,
                                  .page_progress = {
                                      .page = reading->page, .length = length, .samples = reading->samples}});
}

/* The device had nothing to give: not a reason to burn the processor, nor to miss that the daemon has gone.
 */
static void rest(struct page_reading *reading)
{
    if (++reading->empty_reads <= PATIENT_READS)
        return;
    nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    if (unit_link_is_gone(reading->source->link))
        unit_signals_stop();
}

/* ---- The steps ---------------------------------------------------------------------------------------- */

static enum page_outcome read_images(struct page_reading *reading)
{
    bool last = false;
    for (bool first = true; !last; first = false) {
        enum page_outcome outcome = start_image(reading, first, &last);
        if (outcome == PAGE_OUTCOME_WHOLE)
            outcome = read_image(reading);
        if (outcome == PAGE_OUTCOME_NONE && !first)
            return failed(reading, ERROR_PAGE_INVALID, true, "the page has fewer images than colours");
        if (outcome != PAGE_OUTCOME_WHOLE)
            return outcome;
    }
    return end_page(reading);
}

/* 1. Only what may have moved a sheet leaves a stream file behind. */
enum page_outcome read_page(const struct page_source *source, uint32_t page, struct page_failure *failure)
{
    struct page_reading reading = {.source = source, .page = page, .failure = failure};
    int error = page_spool_begin(source->spool, page, source->generation);
    if (error) {
        page_spool_abandon(source->spool);
        return page_failed(&reading, error, false, "");
    }
    enum page_outcome outcome = read_images(&reading);
    page_rows_free(&reading.rows);
    if (outcome == PAGE_OUTCOME_NONE || (outcome == PAGE_OUTCOME_FAILED && !failure->interrupted))
        error = page_spool_discard(source->spool);
    else
        page_spool_abandon(source->spool);
    if (error && outcome == PAGE_OUTCOME_NONE)
        return page_failed(&reading, error, false, "");
    return outcome;
}

/* 2. and 3. */
static enum page_outcome start_image(struct page_reading *reading, bool first, bool *last)
{
    const struct page_source *source = reading->source;
    struct scanner_error error = {0};
    struct scanner_frame frame;
    const char *why = "";
    enum scanner_status status = device_start(source->scanner, &error);
    if (status == SCANNER_EMPTY)
        return PAGE_OUTCOME_NONE;
    if (status == SCANNER_GOOD) {
        status = device_parameters(source->scanner, &frame, &error);
        error.unmoved = false;
    } else if (!first) {
        error.unmoved = false;
    }
    if (status != SCANNER_GOOD)
        return device_failed(reading, &error);
    *last = frame.last || frame.plane == SCANNER_PLANE_GRAY || frame.plane == SCANNER_PLANE_RGB;
    int problem = 0;
    if (first)
        problem = page_rows_format(&frame, source->codec, &source->setup, &reading->format, &why);
    if (!problem && first)
        problem = page_rows_new(&reading->rows, &reading->format, source->spool, &why);
    if (!problem)
        problem = page_rows_image(reading->rows, &frame, &why);
    return problem ? page_failed(reading, problem, true, why) : PAGE_OUTCOME_WHOLE;
}

/* 4. SCANNER_EMPTY before the first byte of a page is an empty feeder that was noticed late. */
static enum page_outcome read_image(struct page_reading *reading)
{
    const char *why = "";
    struct scanner_error error = {0};
    enum scanner_status status = SCANNER_GOOD;
    size_t length;
    int problem = 0;
    while (!problem && (status = device_read(reading->source->scanner, reading->bytes, sizeof reading->bytes,
                                             &length, &error)) == SCANNER_GOOD) {
        if (length == 0) {
            rest(reading);
            continue;
        }
        reading->empty_reads = 0;
        reading->samples += length;
        problem = page_rows_bytes(reading->rows, reading->bytes, length, &why);
        if (!problem)
            tell_progress(reading);
    }
    if (problem)
        return page_failed(reading, problem, true, why);
    if (status == SCANNER_EMPTY && reading->samples == 0)
        return PAGE_OUTCOME_NONE;
    if (status == SCANNER_EMPTY)
        return failed(reading, ERROR_PAGE_INVALID, true,
                      "the feeder ran out of documents in the middle of a page");
    if (status == SCANNER_FAILED)
        return device_failed(reading, &error);
    problem = page_rows_image_end(reading->rows, &why);
    return problem ? page_failed(reading, problem, true, why) : PAGE_OUTCOME_WHOLE;
}

/* 5. */
static enum page_outcome end_page(struct page_reading *reading)
{
    const struct page_source *source = reading->source;
    struct frame_page_begin begin = page_begin(reading);
    struct frame end;
    const char *why = "";
    uint32_t rows;
    int error = page_rows_finish(reading->rows, &rows, &why);
    if (!error)
        error = page_spool_commit(source->spool, source->job, &begin, rows, &end);
    if (error)
        return page_failed(reading, error, true, why);
    tell(reading, &end);
    return PAGE_OUTCOME_WHOLE;
}
