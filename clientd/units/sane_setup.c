/*
 * The order: source, mode, depth, then what the settings add, resolution, area, brightness and contrast. Each
 * of them may change what the next ones offer, never the ones before.
 */
#include "config.h"

#include "clientd/units/sane_setup.h"

#include <math.h>
#include <sane/saneopts.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clientd/units/sane_words.h"
#include "clientd/units/scanner_sane.h"

#define MICROMETRES_PER_INCH 25400.0
/* Beds end a little before the paper does (A4 on a bed of 296.9 mm): so much is forgiven. */
#define AREA_TOLERANCE_UM 2000.0
#define LIST_TEXT_BYTES   320

static const struct sane_duplex_option duplex_options[] = {
    {"adf-mode", "Simplex", "Duplex"},
    {"adf-duplex", NULL, NULL},
    {"duplex", NULL, NULL},
};

const char *const *sane_setup_words(const struct sane_option *option)
{
    const SANE_Option_Descriptor *d = option->descriptor;
    bool is_list = d->type == SANE_TYPE_STRING && d->constraint_type == SANE_CONSTRAINT_STRING_LIST;
    return is_list ? (const char *const *)d->constraint.string_list : NULL;
}

const struct sane_duplex_option *sane_setup_duplex_option(SANE_Handle handle)
{
    struct sane_option option;
    for (size_t i = 0; i < sizeof duplex_options / sizeof duplex_options[0]; i++) {
        SANE_Value_Type type = duplex_options[i].both_sides ? SANE_TYPE_STRING : SANE_TYPE_BOOL;
        if (sane_option_find(handle, duplex_options[i].name, &option) && option.descriptor->type == type)
            return &duplex_options[i];
    }
    return NULL;
}

bool sane_setup_lineart_is_depth(SANE_Handle handle)
{
    struct sane_option mode, depth;
    if (sane_option_find(handle, SANE_NAME_SCAN_MODE, &mode) &&
        sane_word_for_mode(sane_setup_words(&mode), SCANNER_LINEART))
        return false;
    double least, most;
    return sane_option_find(handle, SANE_NAME_BIT_DEPTH, &depth) &&
           sane_option_limits(&depth, &least, &most) && sane_option_allows(&depth, 1);
}

/* ---- Source ------------------------------------------------------------------------------------------- */

static enum scanner_status refuse_source(SANE_Handle handle, enum scanner_source source,
                                         struct scanner_error *error)
{
    struct sane_option option;
    char sources[LIST_TEXT_BYTES] = "";
    if (sane_option_find(handle, SANE_NAME_SCAN_SOURCE, &option))
        sane_option_describe(&option, sources, sizeof sources);
    if (!sources[0])
        return scanner_sane_refused(error, "the scanner has no source %s", scanner_source_name(source));
    return scanner_sane_refused(error, "the scanner has no source %s; its sources are: %s",
                                scanner_source_name(source), sources);
}

/* One or both sides, where that is an option of its own; where it is not, a source that the settings name is
 * trusted. */
static enum scanner_status apply_sides(SANE_Handle handle, bool both, bool trusted,
                                       struct scanner_error *error)
{
    const struct sane_duplex_option *duplex = sane_setup_duplex_option(handle);
    struct sane_option option;
    if (!duplex || !sane_option_usable(handle, duplex->name, &option))
        return both && !trusted ? refuse_source(handle, SCANNER_ADF_DUPLEX, error) : SCANNER_GOOD;
    if (duplex->both_sides)
        return sane_option_set_string(handle, &option, both ? duplex->both_sides : duplex->one_side, error);
    return sane_option_set_bool(handle, &option, both, error);
}

/* The word for a source; a duplex feeder that has none of its own is the feeder with both sides switched on.
 */
static const char *choose_source(const struct sane_option *option, const struct scanner_request *request,
                                 enum scanner_source wanted)
{
    const char *const *words = sane_setup_words(option);
    if (request->source_name)
        return request->source_name;
    const char *word = sane_word_for_source(words, wanted);
    return !word && wanted == SCANNER_ADF_DUPLEX ? sane_word_for_source(words, SCANNER_ADF) : word;
}

/* A device without the option has one source, which is what the user says it is. */
static enum scanner_status apply_source(SANE_Handle handle, const struct scanner_request *request,
                                        bool *feeder, struct scanner_error *error)
{
    enum scanner_source wanted = (enum scanner_source)request->options->source;
    struct sane_option option;
    char now[128] = "";
    enum scanner_status status = SCANNER_GOOD;
    if (wanted > SCANNER_ADF_DUPLEX)
        return scanner_sane_refused(error, "source %d is not known", (int)wanted);
    if (sane_option_usable(handle, SANE_NAME_SCAN_SOURCE, &option) && (wanted || request->source_name)) {
        const char *word = choose_source(&option, request, wanted);
        if (!word)
            return refuse_source(handle, wanted, error);
        status = sane_option_set_string(handle, &option, word, error);
    }
    if (status != SCANNER_GOOD)
        return status;
    sane_option_get_string(handle, SANE_NAME_SCAN_SOURCE, now, sizeof now);
    enum scanner_source is = sane_word_source(now);
    *feeder = (wanted ? wanted : is) >= SCANNER_ADF;
    if ((wanted == SCANNER_ADF || wanted == SCANNER_ADF_DUPLEX) && is != SCANNER_ADF_DUPLEX)
        return apply_sides(handle, wanted == SCANNER_ADF_DUPLEX, request->source_name != NULL, error);
    return SCANNER_GOOD;
}

/* ---- Mode and depth ----------------------------------------------------------------------------------- */

static enum scanner_status apply_mode(SANE_Handle handle, enum scanner_mode mode, struct scanner_error *error)
{
    struct sane_option option;
    char modes[LIST_TEXT_BYTES];
    bool by_depth = mode == SCANNER_LINEART && sane_setup_lineart_is_depth(handle);
    if (mode == SCANNER_DEFAULT_MODE)
        return SCANNER_GOOD;
    if (!sane_option_usable(handle, SANE_NAME_SCAN_MODE, &option))
        return by_depth ? SCANNER_GOOD
                        : scanner_sane_refused(error, "the scanner does not let its mode be chosen");
    const char *word = sane_word_for_mode(sane_setup_words(&option), by_depth ? SCANNER_GRAY : mode);
    if (word)
        return sane_option_set_string(handle, &option, word, error);
    sane_option_describe(&option, modes, sizeof modes);
    return scanner_sane_refused(error, "the scanner has no mode %s; its modes are: %s",
                                scanner_mode_name(mode), modes);
}

/* A device without the option may still have that depth: check_promise in read_job.c looks. */
static enum scanner_status apply_depth(SANE_Handle handle, const struct record_read_options *options,
                                       struct scanner_error *error)
{
    struct sane_option option;
    char depths[LIST_TEXT_BYTES];
    double depth = options->depth, got = 0;
    if (options->mode == SCANNER_LINEART)
        depth = sane_setup_lineart_is_depth(handle) ? 1 : 0;
    if (depth == 0 || !sane_option_usable(handle, SANE_NAME_BIT_DEPTH, &option))
        return SCANNER_GOOD;
    sane_option_describe(&option, depths, sizeof depths);
    if (sane_option_allows(&option, depth)) {
        enum scanner_status status = sane_option_set_number(handle, &option, depth, &got, error);
        if (status != SCANNER_GOOD || got == depth)
            return status;
    }
    return scanner_sane_refused(error, "the scanner cannot do %g bits per sample; it can do: %s", depth,
                                depths);
}

/* ---- Resolution --------------------------------------------------------------------------------------- */

static enum scanner_status apply_one_resolution(SANE_Handle handle, const char *name, double dpi,
                                                struct scanner_error *error)
{
    struct sane_option option;
    char possible[LIST_TEXT_BYTES];
    double got = 0;
    if (!sane_option_usable(handle, name, &option))
        return SCANNER_GOOD;
    sane_option_describe(&option, possible, sizeof possible);
    if (sane_option_allows(&option, dpi)) {
        enum scanner_status status = sane_option_set_number(handle, &option, dpi, &got, error);
        if (status != SCANNER_GOOD || fabs(got - dpi) < 0.5)
            return status;
    }
    return scanner_sane_refused(error, "the scanner cannot do %g dpi; it can do: %s", dpi, possible);
}

/* Devices have one resolution, or one for each direction. */
static enum scanner_status apply_resolution(SANE_Handle handle, double dpi, struct scanner_error *error)
{
    static const char *const names[] = {SANE_NAME_SCAN_RESOLUTION, SANE_NAME_SCAN_X_RESOLUTION,
                                        SANE_NAME_SCAN_Y_RESOLUTION};
    struct sane_option option;
    bool any = false;
    for (size_t i = 0; dpi > 0 && i < sizeof names / sizeof names[0]; i++) {
        any = any || sane_option_usable(handle, names[i], &option);
        enum scanner_status status = apply_one_resolution(handle, names[i], dpi, error);
        if (status != SCANNER_GOOD)
            return status;
    }
    return any || dpi == 0 ? SCANNER_GOOD
                           : scanner_sane_refused(error, "the scanner does not let its resolution be chosen");
}

static uint32_t whole_dpi(double dpi)
{
    return dpi >= 1 && dpi <= 100000 ? (uint32_t)lround(dpi) : 0;
}

static void read_resolution(SANE_Handle handle, struct scanner_setup *setup)
{
    double x = 0, y = 0;
    if (!sane_option_get_number(handle, SANE_NAME_SCAN_RESOLUTION, &x))
        sane_option_get_number(handle, SANE_NAME_SCAN_X_RESOLUTION, &x);
    if (!sane_option_get_number(handle, SANE_NAME_SCAN_Y_RESOLUTION, &y))
        y = x;
    setup->x_dpi = whole_dpi(x);
    setup->y_dpi = whole_dpi(y);
}

/* ---- Area --------------------------------------------------------------------------------------------- */

/* One edge or size in micrometres, in the device's unit: millimetres or pixels. */
static enum scanner_status apply_length(SANE_Handle handle, const char *name, double micrometres,
                                        uint32_t dpi, bool needed, struct scanner_error *error)
{
    struct sane_option option;
    double least, most, unit_um = 1000;
    if (!sane_option_usable(handle, name, &option))
        return needed ? scanner_sane_refused(error, "the scanner does not let the area be chosen")
                      : SCANNER_GOOD;
    if (option.descriptor->unit == SANE_UNIT_PIXEL && dpi)
        unit_um = MICROMETRES_PER_INCH / dpi;
    double value = micrometres / unit_um, tolerance = AREA_TOLERANCE_UM / unit_um;
    if (sane_option_limits(&option, &least, &most)) {
        if (value < least - tolerance || value > most + tolerance)
            return scanner_sane_refused(
                error, "the area goes beyond what the scanner can see: %g mm; %s is %g to %g mm",
                micrometres / 1000, name, least * unit_um / 1000, most * unit_um / 1000);
        value = fmax(least, fmin(most, value));
    }
    return sane_option_set_number(handle, &option, value, NULL, error);
}

/* Far edges first: a device may refuse a near edge behind the far one. Sheet-fed devices want the paper's
 * size, too. */
static enum scanner_status apply_area(SANE_Handle handle, const struct record_read_options *options,
                                      const struct scanner_setup *setup, struct scanner_error *error)
{
    const double left = options->left_um, top = options->top_um;
    const double right = left + options->width_um, bottom = top + options->height_um;
    const struct {
        const char *name;
        double micrometres;
        uint32_t dpi;
        bool asked_for, needed;
    } lengths[] = {
        {SANE_NAME_PAGE_WIDTH, right, setup->x_dpi, options->width_um > 0, false},
        {SANE_NAME_PAGE_HEIGHT, bottom, setup->y_dpi, options->height_um > 0, false},
        {SANE_NAME_SCAN_BR_X, right, setup->x_dpi, options->width_um > 0, true},
        {SANE_NAME_SCAN_BR_Y, bottom, setup->y_dpi, options->height_um > 0, true},
        {SANE_NAME_SCAN_TL_X, left, setup->x_dpi, left > 0 || options->width_um > 0, true},
        {SANE_NAME_SCAN_TL_Y, top, setup->y_dpi, top > 0 || options->height_um > 0, true},
    };
    enum scanner_status status = SCANNER_GOOD;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0] && status == SCANNER_GOOD; i++)
        if (lengths[i].asked_for)
            status = apply_length(handle, lengths[i].name, lengths[i].micrometres, lengths[i].dpi,
                                  lengths[i].needed, error);
    return status;
}

/* ---- Brightness and contrast -------------------------------------------------------------------------- */

/* -100 to 100 onto the device's range, whose middle (or 0, where that lies inside) changes nothing. */
static enum scanner_status apply_adjustment(SANE_Handle handle, const char *name, int32_t percent,
                                            struct scanner_error *error)
{
    struct sane_option option;
    double least, most;
    if (percent == 0)
        return SCANNER_GOOD;
    if (percent < -100 || percent > 100)
        return scanner_sane_refused(error, "%s is from -100 to 100", name);
    if (!sane_option_usable(handle, name, &option) || !sane_option_limits(&option, &least, &most))
        return scanner_sane_refused(error, "the scanner has no setting for %s", name);
    double neutral = least < 0 && most > 0 ? 0 : (least + most) / 2;
    double reach = percent < 0 ? neutral - least : most - neutral;
    return sane_option_set_number(handle, &option, neutral + reach * percent / 100, NULL, error);
}

/* ---- All of it ---------------------------------------------------------------------------------------- */

static enum scanner_status apply_extra(SANE_Handle handle, const struct scanner_request *request,
                                       struct scanner_error *error)
{
    enum scanner_status status = SCANNER_GOOD;
    for (size_t i = 0; i < request->extra_count && status == SCANNER_GOOD; i++)
        status = sane_option_set_text(handle, request->extra[i], error);
    return status;
}

enum scanner_status sane_setup_apply(SANE_Handle handle, const struct scanner_request *request,
                                     struct scanner_setup *setup, struct scanner_error *error)
{
    const struct record_read_options *options = request->options;
    *setup = (struct scanner_setup){0};
    enum scanner_status status = apply_source(handle, request, &setup->feeder, error);
    if (status == SCANNER_GOOD)
        status = apply_mode(handle, (enum scanner_mode)options->mode, error);
    if (status == SCANNER_GOOD)
        status = apply_depth(handle, options, error);
    if (status == SCANNER_GOOD)
        status = apply_extra(handle, request, error);
    if (status == SCANNER_GOOD)
        status = apply_resolution(handle, options->resolution, error);
    read_resolution(handle, setup);
    if (status == SCANNER_GOOD)
        status = apply_area(handle, options, setup, error);
    if (status == SCANNER_GOOD)
        status = apply_adjustment(handle, SANE_NAME_BRIGHTNESS, options->brightness, error);
    if (status == SCANNER_GOOD)
        status = apply_adjustment(handle, SANE_NAME_CONTRAST, options->contrast, error);
    return status;
}
