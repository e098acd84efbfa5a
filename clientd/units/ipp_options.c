#include "config.h"

#include "clientd/units/ipp_options.h"

#include <stdio.h>

#include <deskline/words.h>

#include "clientd/units/ipp_look.h"

#define WORDS_MAX 5

/* The option's number is the index of its word. */
static const char *const sides_words[WORDS_MAX] = {NULL, "one-sided", "two-sided-long-edge",
                                                   "two-sided-short-edge"};
static const char *const color_words[WORDS_MAX] = {NULL, "monochrome", "color"};
static const char *const orientation_words[WORDS_MAX] = {NULL, NULL, NULL, "3", "4"};
static const char *const scaling_words[WORDS_MAX] = {NULL, "fit", "none"};

struct choice {
    const char *what; /* for people */
    const char *name, *supported;
    const char *word; /* NULL: the printer's own default */
};

#define CHOICES 5

static const char *word_of(const char *const *words, uint8_t number)
{
    return number < WORDS_MAX ? words[number] : NULL;
}

static void choices_of(const struct ipp_options *options, struct choice choices[CHOICES])
{
    const struct choice all[CHOICES] = {
        {"sides", "sides", "sides-supported", word_of(sides_words, options->sides)},
        {"color mode", "print-color-mode", "print-color-mode-supported",
         word_of(color_words, options->color)},
        {"paper", "media", "media-supported", options->media[0] ? options->media : NULL},
        {"orientation", "orientation-requested", "orientation-requested-supported",
         word_of(orientation_words, options->orientation)},
        {"scaling", "print-scaling", "print-scaling-supported", word_of(scaling_words, options->scaling)},
    };
    for (size_t i = 0; i < CHOICES; i++)
        choices[i] = all[i];
}

void ipp_options_take(struct ipp_options *options, const struct record_print_options *record)
{
    *options = (struct ipp_options){.sides = record->sides,
                                    .color = record->color,
                                    .orientation = record->orientation,
                                    .scaling = record->scaling};
    frame_text_copy(record->media, options->media, sizeof options->media);
}

enum printer_status ipp_options_check(const struct ipp_options *options, ipp_t *printer,
                                      struct printer_error *error)
{
    struct choice choices[CHOICES];
    char offer[PRINTER_TEXT_SIZE / 2];
    choices_of(options, choices);
    for (size_t i = 0; i < CHOICES; i++) {
        const struct choice *choice = &choices[i];
        if (!choice->word || !ippFindAttribute(printer, choice->supported, IPP_TAG_ZERO) ||
            ipp_look_has(printer, choice->supported, choice->word))
            continue;
        ipp_look_words(printer, choice->supported, ',', offer, sizeof offer);
        return printer_failed(error, ERROR_PRINT_REFUSED, REACHED,
                              "the printer does not have the %s '%s'; it has: %s", choice->what, choice->word,
                              offer);
    }
    return PRINTER_GOOD;
}

void ipp_options_add(const struct ipp_options *options, ipp_t *printer, bool is_duplex, ipp_t *request)
{
    struct choice choices[CHOICES];
    struct ipp_options one = *options;
    if (one.sides > 1 && !is_duplex)
        one.sides = 1;
    choices_of(&one, choices);
    for (size_t i = 0; i < CHOICES; i++) {
        if (choices[i].word == NULL)
            continue;
        if (choices[i].word == word_of(orientation_words, one.orientation))
            ippAddInteger(request, IPP_TAG_JOB, IPP_TAG_ENUM, choices[i].name, one.orientation);
        else
            ippAddString(request, IPP_TAG_JOB, IPP_TAG_KEYWORD, choices[i].name, NULL, choices[i].word);
    }
    if (ipp_look_has(printer, "job-sheets-supported", "none"))
        ippAddString(request, IPP_TAG_JOB, IPP_TAG_NAME, "job-sheets", NULL, "none");
}
