#include "config.h"

#include "tests/rig/scanner_options.h"

#include "tests/rig/scanner_settings.h"

#include <errno.h>
#include <sane/saneopts.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    OPTION_COUNT,
    OPTION_SOURCE,
    OPTION_ADF_MODE,
    OPTION_MODE,
    OPTION_DEPTH,
    OPTION_RESOLUTION,
    OPTION_TL_X,
    OPTION_TL_Y,
    OPTION_BR_X,
    OPTION_BR_Y,
    OPTION_BRIGHTNESS,
    OPTION_CONTRAST,
    OPTIONS
};

#define STRING_BYTES  48
#define BED_WIDTH_MM  216 /* legal; an edge at its maximum stands for the page's own edge */
#define BED_HEIGHT_MM 356

struct scanner_options {
    struct scanner_settings settings;
    SANE_Option_Descriptor descriptors[OPTIONS];
    SANE_Word words[OPTIONS];
    char strings[OPTIONS][STRING_BYTES];
    char names[3][STRING_BYTES]; /* by enum scanner_source; empty: there is no such source */
    SANE_String_Const sources[4];
    SANE_Word resolutions[SETTINGS_RESOLUTIONS + 1];
    SANE_Range resolution_range;
};

static const SANE_String_Const modes[] = {SANE_VALUE_SCAN_MODE_LINEART, SANE_VALUE_SCAN_MODE_GRAY,
                                          SANE_VALUE_SCAN_MODE_COLOR, NULL};
static const SANE_String_Const adf_modes[] = {"Simplex", "Duplex", NULL};
static const SANE_Word depths[] = {2, 8, 16};
static const SANE_Range x_range = {0, SANE_FIX(BED_WIDTH_MM), 0};
static const SANE_Range y_range = {0, SANE_FIX(BED_HEIGHT_MM), 0};
static const SANE_Range adjust_range = {-100, 100, 1};

#define SETTABLE (SANE_CAP_SOFT_SELECT | SANE_CAP_SOFT_DETECT)
#define OPTION(name_, type_, unit_, size_)                                                                   \
    {                                                                                                        \
        .name = SANE_NAME_##name_, .title = SANE_TITLE_##name_, .desc = SANE_DESC_##name_, .type = type_,    \
        .unit = unit_, .size = size_, .cap = SETTABLE                                                        \
    }

static const SANE_Option_Descriptor blueprint[OPTIONS] = {
    [OPTION_COUNT] = {.name = SANE_NAME_NUM_OPTIONS,
                      .title = SANE_TITLE_NUM_OPTIONS,
                      .desc = SANE_DESC_NUM_OPTIONS,
                      .type = SANE_TYPE_INT,
                      .size = sizeof(SANE_Word),
                      .cap = SANE_CAP_SOFT_DETECT},
    [OPTION_SOURCE] = OPTION(SCAN_SOURCE, SANE_TYPE_STRING, SANE_UNIT_NONE, STRING_BYTES),
    [OPTION_ADF_MODE] = {.name = "adf-mode",
                         .title = "ADF mode",
                         .desc = "One or both sides of a sheet",
                         .type = SANE_TYPE_STRING,
                         .size = STRING_BYTES,
                         .cap = SETTABLE},
    [OPTION_MODE] = OPTION(SCAN_MODE, SANE_TYPE_STRING, SANE_UNIT_NONE, STRING_BYTES),
    [OPTION_DEPTH] = OPTION(BIT_DEPTH, SANE_TYPE_INT, SANE_UNIT_BIT, sizeof(SANE_Word)),
    [OPTION_RESOLUTION] = OPTION(SCAN_RESOLUTION, SANE_TYPE_INT, SANE_UNIT_DPI, sizeof(SANE_Word)),
    [OPTION_TL_X] = OPTION(SCAN_TL_X, SANE_TYPE_FIXED, SANE_UNIT_MM, sizeof(SANE_Word)),
    [OPTION_TL_Y] = OPTION(SCAN_TL_Y, SANE_TYPE_FIXED, SANE_UNIT_MM, sizeof(SANE_Word)),
    [OPTION_BR_X] = OPTION(SCAN_BR_X, SANE_TYPE_FIXED, SANE_UNIT_MM, sizeof(SANE_Word)),
    [OPTION_BR_Y] = OPTION(SCAN_BR_Y, SANE_TYPE_FIXED, SANE_UNIT_MM, sizeof(SANE_Word)),
    [OPTION_BRIGHTNESS] = OPTION(BRIGHTNESS, SANE_TYPE_INT, SANE_UNIT_PERCENT, sizeof(SANE_Word)),
    [OPTION_CONTRAST] = OPTION(CONTRAST, SANE_TYPE_INT, SANE_UNIT_PERCENT, sizeof(SANE_Word)),
};

static void take_string_list(SANE_Option_Descriptor *d, const SANE_String_Const *list)
{
    d->constraint_type = SANE_CONSTRAINT_STRING_LIST;
    d->constraint.string_list = list;
}

static void take_range(SANE_Option_Descriptor *d, const SANE_Range *range)
{
    d->constraint_type = SANE_CONSTRAINT_RANGE;
    d->constraint.range = range;
}

static void take_word_list(SANE_Option_Descriptor *d, const SANE_Word *list)
{
    d->constraint_type = SANE_CONSTRAINT_WORD_LIST;
    d->constraint.word_list = list;
}

static void name_sources(struct scanner_options *o)
{
    const char *from = o->settings.source_names;
    size_t count = 0;

    for (int source = SOURCE_FLATBED; source <= SOURCE_ADF_DUPLEX; source++) {
        size_t length = strcspn(from, ",");
        size_t kept = length < STRING_BYTES ? length : STRING_BYTES - 1;
        memcpy(o->names[source], from, kept);
        o->names[source][kept] = '\0';
        from += length + (from[length] == ',');
        if (kept > 0 && !(source == SOURCE_ADF_DUPLEX && o->settings.adf_mode))
            o->sources[count++] = o->names[source];
    }
    if (count == 0)
        o->sources[count++] = strcpy(o->names[SOURCE_FLATBED], "Flatbed");
    o->sources[count] = NULL;
    take_string_list(&o->descriptors[OPTION_SOURCE], o->sources);
    strcpy(o->strings[OPTION_SOURCE], o->sources[0]);
}

static void list_resolutions(struct scanner_options *o)
{
    char *at = o->settings.resolutions;
    SANE_Word count = 0;

    for (char *end; count < SETTINGS_RESOLUTIONS && *at != '\0'; at = end + (*end == ',')) {
        long resolution = strtol(at, &end, 10);
        if (end == at || resolution < 1 || resolution > 9600)
            break;
        o->resolutions[++count] = (SANE_Word)resolution;
    }
    o->resolutions[0] = count;
    o->resolution_range = (SANE_Range){75, (SANE_Word)o->settings.max_resolution, 1};
    if (count > 0)
        take_word_list(&o->descriptors[OPTION_RESOLUTION], o->resolutions);
    else
        take_range(&o->descriptors[OPTION_RESOLUTION], &o->resolution_range);
    o->words[OPTION_RESOLUTION] = count > 0 ? o->resolutions[1] : 75;
}

static void hide(struct scanner_options *o, int number, bool hidden)
{
    SANE_Int *cap = &o->descriptors[number].cap;
    *cap = hidden ? *cap | SANE_CAP_INACTIVE : *cap & ~SANE_CAP_INACTIVE;
}

static void show_what_applies(struct scanner_options *o)
{
    bool feeder = strcmp(o->strings[OPTION_SOURCE], o->names[SOURCE_ADF]) == 0;

    hide(o, OPTION_ADF_MODE, !o->settings.adf_mode || !feeder);
    hide(o, OPTION_DEPTH,
         o->settings.max_depth < 16 || strcmp(o->strings[OPTION_MODE], SANE_VALUE_SCAN_MODE_LINEART) == 0);
    hide(o, OPTION_BRIGHTNESS, o->settings.no_brightness);
    hide(o, OPTION_CONTRAST, o->settings.no_brightness);
}

static bool is_mode(const char *text)
{
    for (const SANE_String_Const *mode = modes; *mode != NULL; mode++)
        if (strcmp(*mode, text) == 0)
            return true;
    return false;
}

int scanner_options_open(struct device_state *state, struct scanner_options **out)
{
    struct scanner_options *o = calloc(1, sizeof *o);
    int error;

    if (o == NULL)
        return -ENOMEM;
    error = scanner_settings_read(state, &o->settings);
    if (error == 0 && !is_mode(o->settings.default_mode))
        error = -EINVAL;
    if (error != 0) {
        free(o);
        return error;
    }
    memcpy(o->descriptors, blueprint, sizeof blueprint);
    name_sources(o);
    list_resolutions(o);
    take_string_list(&o->descriptors[OPTION_ADF_MODE], adf_modes);
    take_string_list(&o->descriptors[OPTION_MODE], modes);
    take_word_list(&o->descriptors[OPTION_DEPTH], depths);
    take_range(&o->descriptors[OPTION_TL_X], &x_range);
    take_range(&o->descriptors[OPTION_TL_Y], &y_range);
    take_range(&o->descriptors[OPTION_BR_X], &x_range);
    take_range(&o->descriptors[OPTION_BR_Y], &y_range);
    take_range(&o->descriptors[OPTION_BRIGHTNESS], &adjust_range);
    take_range(&o->descriptors[OPTION_CONTRAST], &adjust_range);
    strcpy(o->strings[OPTION_ADF_MODE], adf_modes[0]);
    strcpy(o->strings[OPTION_MODE], o->settings.default_mode);
    o->words[OPTION_COUNT] = OPTIONS;
    o->words[OPTION_DEPTH] = 8;
    o->words[OPTION_BR_X] = x_range.max;
    o->words[OPTION_BR_Y] = y_range.max;
    show_what_applies(o);
    *out = o;
    return 0;
}

void scanner_options_close(struct scanner_options **options)
{
    free(*options);
    *options = NULL;
}

const SANE_Option_Descriptor *scanner_options_descriptor(const struct scanner_options *o, SANE_Int number)
{
    return number >= 0 && number < OPTIONS ? &o->descriptors[number] : NULL;
}

static SANE_Status set_string(struct scanner_options *o, SANE_Int number, const char *value, SANE_Int *info)
{
    const SANE_String_Const *entry = o->descriptors[number].constraint.string_list;

    while (*entry != NULL && strcasecmp(*entry, value) != 0)
        entry++;
    if (*entry == NULL)
        return SANE_STATUS_INVAL;
    strcpy(o->strings[number], *entry);
    show_what_applies(o);
    *info |= SANE_INFO_RELOAD_OPTIONS | SANE_INFO_RELOAD_PARAMS;
    return SANE_STATUS_GOOD;
}

/* As other backends do: what is out of range becomes the nearest possible value, and the program is told. */
static SANE_Word nearest(const SANE_Option_Descriptor *d, SANE_Word value)
{
    SANE_Word best;

    if (d->constraint_type == SANE_CONSTRAINT_RANGE) {
        const SANE_Range *range = d->constraint.range;
        return value < range->min ? range->min : value > range->max ? range->max : value;
    }
    best = d->constraint.word_list[1];
    for (SANE_Word i = 2; i <= d->constraint.word_list[0]; i++) {
        SANE_Word entry = d->constraint.word_list[i];
        if (llabs((long long)entry - value) < llabs((long long)best - value))
            best = entry;
    }
    return best;
}

static SANE_Status set_word(struct scanner_options *o, SANE_Int number, SANE_Word value, SANE_Int *info)
{
    o->words[number] = nearest(&o->descriptors[number], value);
    if (o->words[number] != value)
        *info |= SANE_INFO_INEXACT;
    *info |= SANE_INFO_RELOAD_PARAMS;
    return SANE_STATUS_GOOD;
}

SANE_Status scanner_options_control(struct scanner_options *o, SANE_Int number, SANE_Action action,
                                    void *value, SANE_Int *info)
{
    const SANE_Option_Descriptor *d = scanner_options_descriptor(o, number);
    SANE_Int ignored = 0;
    SANE_Int *told = info != NULL ? info : &ignored;

    *told = 0;
    if (d == NULL || value == NULL || !SANE_OPTION_IS_ACTIVE(d->cap))
        return SANE_STATUS_INVAL;
    if (action == SANE_ACTION_GET_VALUE) {
        if (d->type == SANE_TYPE_STRING)
            strcpy(value, o->strings[number]);
        else
            memcpy(value, &o->words[number], sizeof(SANE_Word));
        return SANE_STATUS_GOOD;
    }
    if (action != SANE_ACTION_SET_VALUE || !SANE_OPTION_IS_SETTABLE(d->cap))
        return SANE_STATUS_INVAL;
    if (d->type == SANE_TYPE_STRING)
        return set_string(o, number, value, told);
    return set_word(o, number, *(SANE_Word *)value, told);
}

enum scanner_source scanner_options_source(const struct scanner_options *o)
{
    const char *source = o->strings[OPTION_SOURCE];

    if (strcmp(source, o->names[SOURCE_FLATBED]) == 0)
        return SOURCE_FLATBED;
    if (strcmp(source, o->names[SOURCE_ADF_DUPLEX]) == 0 && !o->settings.adf_mode)
        return SOURCE_ADF_DUPLEX;
    return o->settings.adf_mode && strcmp(o->strings[OPTION_ADF_MODE], "Duplex") == 0 ? SOURCE_ADF_DUPLEX
                                                                                      : SOURCE_ADF;
}

static bool is_colour(const struct scanner_options *o)
{
    return strcmp(o->strings[OPTION_MODE], SANE_VALUE_SCAN_MODE_COLOR) == 0;
}

int scanner_options_passes(const struct scanner_options *o)
{
    return o->settings.three_pass && is_colour(o) ? 3 : 1;
}

SANE_Frame scanner_options_frame(const struct scanner_options *o, int pass)
{
    static const SANE_Frame planes[3] = {SANE_FRAME_RED, SANE_FRAME_GREEN, SANE_FRAME_BLUE};

    if (scanner_options_passes(o) == 3)
        return planes[pass];
    return is_colour(o) ? SANE_FRAME_RGB : SANE_FRAME_GRAY;
}

/* An edge in pixels; one at `none` (where the option stands by default) is the page's own. */
static uint32_t edge(const struct scanner_options *o, int number, SANE_Word none, uint32_t own)
{
    double mm = SANE_UNFIX(o->words[number]);

    if (o->words[number] == none)
        return own;
    return (uint32_t)(mm / 25.4 * o->words[OPTION_RESOLUTION] + 0.5);
}

void scanner_options_request(const struct scanner_options *o, int pass, struct image_request *request)
{
    bool lineart = strcmp(o->strings[OPTION_MODE], SANE_VALUE_SCAN_MODE_LINEART) == 0;
    bool planes = scanner_options_passes(o) == 3;

    *request = (struct image_request){
        .components = is_colour(o) && !planes ? 3 : 1,
        .bits = lineart                      ? 1
                : o->settings.max_depth < 16 ? 8
                                             : (unsigned)o->words[OPTION_DEPTH],
        .plane = planes ? pass : -1,
        .left = edge(o, OPTION_TL_X, 0, 0),
        .top = edge(o, OPTION_TL_Y, 0, 0),
        .right = edge(o, OPTION_BR_X, x_range.max, UINT32_MAX),
        .bottom = edge(o, OPTION_BR_Y, y_range.max, UINT32_MAX),
        .brightness = o->settings.no_brightness ? 0 : o->words[OPTION_BRIGHTNESS],
        .contrast = o->settings.no_brightness ? 0 : o->words[OPTION_CONTRAST],
    };
}

bool scanner_options_unknown_height(const struct scanner_options *o)
{
    return o->settings.unknown_height;
}

bool scanner_options_no_docs_from_read(const struct scanner_options *o)
{
    return o->settings.no_docs_from_read;
}
