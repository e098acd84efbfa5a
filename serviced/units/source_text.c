/*
 * Plain text in UTF-8, set by Pango in a fixed-width face of whatever fonts the script needs, drawn by Cairo
 * with the fonts embedded. A line of the text is a paragraph that wraps; a form feed begins a page. The text
 * is set twice: once to count its pages, once to draw those that are wanted; one paragraph is in memory at a
 * time.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "base/blob.h"
#include "base/memory.h"
#include "serviced/units/splitting.h"

#define MARGIN_PT       51.0 /* 18 mm */
#define TAB_CHARACTERS  8
#define PARAGRAPH_BYTES 8192 /* a longer line is set in pieces */

struct text {
    struct source base;
    int fd;
    struct paper paper;
    PangoFontMap *fonts;
    PangoContext *context;
    PangoLayout *layout;
    double line_pt; /* height of a line of the first font */

    /* Where the next paragraph begins, and on which page the setter is. */
    uint64_t offset;
    char bytes[PARAGRAPH_BYTES + 1];
    size_t length; /* of the paragraph in `bytes` */
    int next_line; /* of it that is not drawn yet; -1: read one */
    bool has_ended, begins_page, follows_cr;
    uint32_t page;
};

/* ---- Paragraphs --------------------------------------------------------------------------------------- */

/* Does not cut a character. */
static size_t whole_characters(const char *bytes, size_t length)
{
    size_t at = length;
    while (at > 0 && length - at < 4 && ((unsigned char)bytes[at] & 0xc0) == 0x80)
        at--;
    return at > 0 ? at : length;
}

/* What does not count at the place that was read: a byte order mark, and the LF of a CR LF. */
static size_t skipped_bytes(const struct text *text, size_t got)
{
    if (text->offset == 0 && got >= 3 && memcmp(text->bytes, "\xef\xbb\xbf", 3) == 0)
        return 3;
    return text->follows_cr && got > 0 && text->bytes[0] == '\n' ? 1 : 0;
}

/* Takes the next line of the file; sets has_ended behind the last one. 0 or a negative errno. */
static int read_paragraph(struct text *text)
{
    ssize_t got = blob_read_at(text->fd, text->bytes, PARAGRAPH_BYTES, text->offset);
    if (got < 0)
        return (int)got;
    size_t skip = skipped_bytes(text, (size_t)got);
    text->has_ended = (size_t)got == skip;
    text->follows_cr = false;
    text->offset += skip;
    memmove(text->bytes, text->bytes + skip, (size_t)got - skip);
    size_t length = (size_t)got - skip, taken;
    text->bytes[length] = '\0';
    text->length = strcspn(text->bytes, "\n\f\r");
    taken = text->length;
    if (taken == length && (size_t)got == PARAGRAPH_BYTES) {
        text->length = taken = whole_characters(text->bytes, length - 1);
    } else if (taken < length) {
        text->begins_page = text->bytes[taken] == '\f';
        text->follows_cr = text->bytes[taken] == '\r';
        taken++;
    }
    text->offset += taken;
    return 0;
}

/* ---- Setting ------------------------------------------------------------------------------------------ */

/* Sets the lines of the paragraph from next_line on, until *top_pt leaves the page: true then. */
static bool set_lines(struct text *text, cairo_t *cairo, double *top_pt)
{
    double bottom_pt = text->paper.height_pt - MARGIN_PT;
    PangoLayoutIter *line = pango_layout_get_iter(text->layout);
    bool is_full = false, has_more = true;
    for (int i = 0; i < text->next_line && has_more; i++)
        has_more = pango_layout_iter_next_line(line);
    while (has_more) {
        PangoRectangle place;
        pango_layout_iter_get_line_extents(line, NULL, &place);
        double height_pt = (double)place.height / PANGO_SCALE;
        height_pt = height_pt < text->line_pt ? text->line_pt : height_pt;
        is_full = *top_pt + height_pt > bottom_pt && *top_pt > MARGIN_PT;
        if (is_full)
            break;
        if (cairo) {
            int base = pango_layout_iter_get_baseline(line) - place.y;
            cairo_move_to(cairo, MARGIN_PT + (double)place.x / PANGO_SCALE,
                          *top_pt + (double)base / PANGO_SCALE);
            pango_cairo_show_layout_line(cairo, pango_layout_iter_get_line_readonly(line));
        }
        *top_pt += height_pt;
        text->next_line++;
        has_more = pango_layout_iter_next_line(line);
    }
    pango_layout_iter_free(line);
    return is_full;
}

/* Sets the next page, and draws it unless `cairo` is NULL. 1; 0 when there is none any more; or a negative
 * errno. */
static int set_page(struct text *text, cairo_t *cairo)
{
    double top_pt = MARGIN_PT;
    bool is_first = true;
    for (;; is_first = false) {
        if (text->next_line < 0) {
            bool is_new_page = text->begins_page;
            if (is_new_page && !is_first)
                break;
            text->begins_page = false;
            int error = read_paragraph(text);
            if (error)
                return error;
            if (text->has_ended) {
                if (is_first && text->page > 0)
                    return 0;
                break;
            }
            pango_layout_set_text(text->layout, text->bytes, (int)text->length);
            text->next_line = 0;
        }
        if (set_lines(text, cairo, &top_pt))
            break;
        text->next_line = -1;
    }
    text->page++;
    return 1;
}

static void set_back(struct text *text)
{
    text->offset = 0;
    text->next_line = -1;
    text->has_ended = text->begins_page = text->follows_cr = false;
    text->page = 0;
}

/* ---- The kind ----------------------------------------------------------------------------------------- */

static void text_free(struct source **source)
{
    struct text *text = (struct text *)*source;
    if (!text)
        return;
    g_clear_object(&text->layout);
    g_clear_object(&text->context);
    g_clear_object(&text->fonts);
    free(text);
    *source = NULL;
}

/* Both passes have to break the lines alike: without hints, lengths do not depend on where a line is drawn.
 */
static void make_layout(struct text *text)
{
    PangoFontDescription *face = pango_font_description_from_string("Monospace 10");
    cairo_font_options_t *options = cairo_font_options_create();
    text->fonts = pango_cairo_font_map_new();
    text->context = pango_font_map_create_context(text->fonts);
    pango_cairo_context_set_resolution(text->context, 72);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(text->context, options);
    cairo_font_options_destroy(options);
    text->layout = pango_layout_new(text->context);
    pango_layout_set_font_description(text->layout, face);
    pango_layout_set_width(text->layout, (int)((text->paper.width_pt - 2 * MARGIN_PT) * PANGO_SCALE));
    pango_layout_set_wrap(text->layout, PANGO_WRAP_WORD_CHAR);
    PangoFontMetrics *metrics = pango_context_get_metrics(text->context, face, NULL);
    text->line_pt =
        (double)(pango_font_metrics_get_ascent(metrics) + pango_font_metrics_get_descent(metrics)) /
        PANGO_SCALE;
    PangoTabArray *tabs = pango_tab_array_new_with_positions(
        1, FALSE, PANGO_TAB_LEFT, TAB_CHARACTERS * pango_font_metrics_get_approximate_char_width(metrics));
    pango_layout_set_tabs(text->layout, tabs);
    pango_tab_array_free(tabs);
    pango_font_metrics_unref(metrics);
    pango_font_description_free(face);
}

static int text_open(struct source **source, const struct splitting_orders *orders, int fd,
                     struct refusal *refusal)
{
    struct text *text = memory_new(sizeof *text);
    text->base.kind = &source_text;
    text->fd = fd;
    text->paper = paper_turned(orders->paper, orders->turn, 1, 1);
    *source = &text->base;
    int error = 0, more = 1;
    if (text->paper.width_pt < 3 * MARGIN_PT || text->paper.height_pt < 3 * MARGIN_PT) {
        error = refuse(refusal, ERROR_BAD_REQUEST, "the paper is too small for text");
        goto end;
    }
    make_layout(text);
    set_back(text);
    while (more > 0 && text->page <= orders->page_limit)
        more = set_page(text, NULL);
    text->base.pages = text->page;
    if (more < 0)
        error = refuse_for(refusal, more, "the text cannot be read");
    else if (text->page > orders->page_limit)
        error = refuse(refusal, ERROR_LIMIT, "the text has more than the %u pages that are allowed",
                       orders->page_limit);
    set_back(text);
end:
    if (error)
        text_free(source);
    return error;
}

struct sink {
    int fd, error;
};

static cairo_status_t take_bytes(void *context, const unsigned char *bytes, unsigned length)
{
    struct sink *sink = context;
    if (!sink->error)
        sink->error = blob_write_all(sink->fd, bytes, length);
    return sink->error ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static int text_write(struct source *source, const uint32_t *pages, unsigned count, int fd, const char *path,
                      struct refusal *refusal)
{
    struct text *text = (struct text *)source;
    struct sink sink = {.fd = fd};
    (void)path;
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(take_bytes, &sink, text->paper.width_pt, text->paper.height_pt);
    cairo_t *cairo = cairo_create(surface);
    int more = 1;
    for (unsigned i = 0; i < count && more > 0; i++) {
        while (more > 0 && text->page + 1 < pages[i])
            more = set_page(text, NULL);
        if (more > 0)
            more = set_page(text, cairo);
        cairo_show_page(cairo);
    }
    cairo_status_t status = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (more <= 0)
        return refuse_for(refusal, more < 0 ? more : -EIO, "the text cannot be read");
    if (sink.error)
        return refuse_for(refusal, sink.error, "a block cannot be written");
    if (status != CAIRO_STATUS_SUCCESS)
        return refuse(refusal, ERROR_DOCUMENT, "the text cannot be drawn: %s",
                      cairo_status_to_string(status));
    return 0;
}

const struct source_kind source_text = {
    .name = "text", .open = text_open, .write = text_write, .free = text_free};
