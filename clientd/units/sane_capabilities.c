/* What a device can do, as attributes of its unit. */
#include "config.h"

#include <math.h>
#include <sane/saneopts.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "clientd/units/sane_setup.h"
#include "clientd/units/sane_words.h"

#define VALUE_BYTES 1000 /* an attribute's value is at most 1024 */

/* An empty value says nothing, and is left out. Drivers' words are not always UTF-8. */
static int add(struct frame_list_builder *list, const char *name, const char *value)
{
    char clean[VALUE_BYTES];
    text_escape(clean, sizeof clean, value, strlen(value));
    if (!clean[0])
        return 0;
    struct record_attribute attribute = {.name = frame_text_of(name), .value = frame_text_of(clean)};
    return frame_list_add(list, &frame_record_attribute, &attribute);
}

static void append(char *text, size_t size, const char *word)
{
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s%s", length ? "," : "", word);
}

static int describe_sources(SANE_Handle handle, struct frame_list_builder *list)
{
    struct sane_option option;
    char names[VALUE_BYTES] = "", sources[64] = "";
    const char *const *words = NULL;
    if (sane_option_find(handle, SANE_NAME_SCAN_SOURCE, &option)) {
        words = sane_setup_words(&option);
        sane_option_describe(&option, names, sizeof names);
    }
    for (int source = SCANNER_FLATBED; source <= SCANNER_ADF_DUPLEX; source++) {
        bool has = sane_word_for_source(words, (enum scanner_source)source) != NULL;
        if (source == SCANNER_ADF_DUPLEX && !has)
            has = sane_setup_duplex_option(handle) != NULL;
        if (has)
            append(sources, sizeof sources, scanner_source_name((enum scanner_source)source));
    }
    int error = add(list, "sources", sources);
    return error ? error : add(list, "source-names", names);
}

static int describe_modes(SANE_Handle handle, struct frame_list_builder *list)
{
    struct sane_option option;
    char modes[64] = "";
    const char *const *words =
        sane_option_find(handle, SANE_NAME_SCAN_MODE, &option) ? sane_setup_words(&option) : NULL;
    for (int mode = SCANNER_LINEART; mode <= SCANNER_COLOR; mode++)
        if (sane_word_for_mode(words, (enum scanner_mode)mode) ||
            (mode == SCANNER_LINEART && sane_setup_lineart_is_depth(handle)))
            append(modes, sizeof modes, scanner_mode_name((enum scanner_mode)mode));
    return add(list, "modes", modes);
}

/* Of the depths only those that can be asked for. A device that does not let it be chosen has 8. */
static int describe_depths(SANE_Handle handle, struct frame_list_builder *list)
{
    struct sane_option option;
    double least, most;
    bool known =
        sane_option_find(handle, SANE_NAME_BIT_DEPTH, &option) && sane_option_limits(&option, &least, &most);
    if (!known)
        return add(list, "depths", "8");
    bool has_8 = sane_option_allows(&option, 8), has_16 = sane_option_allows(&option, 16);
    return add(list, "depths", has_8 && has_16 ? "8,16" : has_16 ? "16" : "8");
}

static int describe_resolutions(SANE_Handle handle, struct frame_list_builder *list)
{
    struct sane_option option;
    char text[VALUE_BYTES] = "";
    if (sane_option_find(handle, SANE_NAME_SCAN_RESOLUTION, &option) ||
        sane_option_find(handle, SANE_NAME_SCAN_X_RESOLUTION, &option))
        sane_option_describe(&option, text, sizeof text);
    return add(list, "resolutions", text);
}

/* How far the far edge goes, in micrometres; a device that counts in pixels does so at its present
 * resolution. */
static int describe_side(SANE_Handle handle, struct frame_list_builder *list, const char *name,
                         const char *edge)
{
    struct sane_option option;
    double least, most, dpi = 0, unit_um = 1000;
    char text[32];
    if (!sane_option_find(handle, edge, &option) || !sane_option_limits(&option, &least, &most))
        return 0;
    if (option.descriptor->unit == SANE_UNIT_PIXEL) {
        if (!sane_option_get_number(handle, SANE_NAME_SCAN_RESOLUTION, &dpi) || dpi < 1)
            return 0;
        unit_um = 25400 / dpi;
    }
    snprintf(text, sizeof text, "%.0f", fmax(0, most * unit_um));
    return add(list, name, text);
}

static int describe_adjustment(SANE_Handle handle, struct frame_list_builder *list, const char *name)
{
    struct sane_option option;
    double least, most;
    if (!sane_option_find(handle, name, &option) || !SANE_OPTION_IS_SETTABLE(option.descriptor->cap) ||
        !SANE_OPTION_IS_ACTIVE(option.descriptor->cap) || !sane_option_limits(&option, &least, &most))
        return 0;
    return add(list, name, "-100-100/1");
}

int sane_setup_describe(SANE_Handle handle, struct frame_list_builder *list)
{
    int error = describe_sources(handle, list);
    if (!error)
        error = describe_modes(handle, list);
    if (!error)
        error = describe_depths(handle, list);
    if (!error)
        error = describe_resolutions(handle, list);
    if (!error)
        error = describe_side(handle, list, "width-um", SANE_NAME_SCAN_BR_X);
    if (!error)
        error = describe_side(handle, list, "height-um", SANE_NAME_SCAN_BR_Y);
    if (!error)
        error = describe_adjustment(handle, list, SANE_NAME_BRIGHTNESS);
    if (!error)
        error = describe_adjustment(handle, list, SANE_NAME_CONTRAST);
    return error;
}
