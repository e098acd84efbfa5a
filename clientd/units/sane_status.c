/* SANE's statuses as errors of Deskline. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <deskline/words.h>

#include "base/text.h"
#include "clientd/units/scanner_sane.h"

struct status_meaning {
    uint16_t open;  /* the error when sane_open says so */
    uint16_t start; /* … sane_start, or setting an option */
    uint16_t read;  /* … sane_read */
    bool unmoved;   /* from sane_start: certainly before any paper moved */
};

/* INVAL: at open there is no such device, at start the options do not go together. IO_ERROR at open is how
 * most drivers say that nothing answers. A cover may be opened, and a cable pulled, while a sheet is being
 * drawn in. */
static const struct status_meaning meanings[] = {
    [SANE_STATUS_UNSUPPORTED] = {ERROR_DEVICE_MISSING, ERROR_OPTION_UNSUPPORTED, ERROR_DEVICE_IO, true},
    [SANE_STATUS_CANCELLED] = {ERROR_DEVICE_IO, ERROR_DEVICE_IO, ERROR_DEVICE_IO, false},
    [SANE_STATUS_DEVICE_BUSY] = {ERROR_DEVICE_BUSY, ERROR_DEVICE_BUSY, ERROR_DEVICE_BUSY, true},
    [SANE_STATUS_INVAL] = {ERROR_DEVICE_MISSING, ERROR_OPTION_UNSUPPORTED, ERROR_DEVICE_IO, true},
    [SANE_STATUS_EOF] = {ERROR_DEVICE_IO, ERROR_DEVICE_IO, ERROR_PAGE_INVALID, false},
    [SANE_STATUS_JAMMED] = {ERROR_MEDIA_JAM, ERROR_MEDIA_JAM, ERROR_MEDIA_JAM, false},
    [SANE_STATUS_NO_DOCS] = {ERROR_MEDIA_EMPTY, ERROR_MEDIA_EMPTY, ERROR_MEDIA_EMPTY, true},
    [SANE_STATUS_COVER_OPEN] = {ERROR_COVER_OPEN, ERROR_COVER_OPEN, ERROR_COVER_OPEN, false},
    [SANE_STATUS_IO_ERROR] = {ERROR_DEVICE_MISSING, ERROR_DEVICE_IO, ERROR_DEVICE_IO, false},
    [SANE_STATUS_NO_MEM] = {ERROR_DEVICE_MEMORY, ERROR_DEVICE_MEMORY, ERROR_DEVICE_MEMORY, true},
    [SANE_STATUS_ACCESS_DENIED] = {ERROR_ACCESS_DENIED, ERROR_ACCESS_DENIED, ERROR_ACCESS_DENIED, true},
};

static void set_text(struct scanner_error *error, const char *text)
{
    text_escape(error->text, sizeof error->text, text, strlen(text));
}

static bool says_it_all(uint16_t code)
{
    return code == ERROR_MEDIA_JAM || code == ERROR_MEDIA_EMPTY || code == ERROR_COVER_OPEN ||
           code == ERROR_DEVICE_BUSY;
}

/* Statuses beyond SANE 1 exist in drivers: they are errors of the device. */
enum scanner_status scanner_sane_failed(struct scanner_error *error, SANE_Status status, enum sane_call call,
                                        const char *detail)
{
    static const struct status_meaning unknown = {ERROR_DEVICE_IO, ERROR_DEVICE_IO, ERROR_DEVICE_IO, false};
    size_t number = (size_t)status;
    const struct status_meaning *meaning =
        number < sizeof meanings / sizeof meanings[0] && meanings[number].open ? &meanings[number] : &unknown;
    char text[sizeof error->text];
    if (call == SANE_CALL_OPEN)
        error->code = meaning->open;
    else
        error->code = call == SANE_CALL_READ ? meaning->read : meaning->start;
    error->unmoved =
        call == SANE_CALL_OPEN || call == SANE_CALL_OPTION || (call == SANE_CALL_START && meaning->unmoved);
    /* Where the driver's word means just that, the sentence says all; elsewhere its own words may help. */
    const char *sentence = error_find(error->code)->sentence;
    if (says_it_all(error->code))
        snprintf(text, sizeof text, "%s", sentence);
    else
        snprintf(text, sizeof text, "%s (%s: %s)", sentence, detail, sane_strstatus(status));
    set_text(error, text);
    return SCANNER_FAILED;
}

enum scanner_status scanner_sane_refused(struct scanner_error *error, const char *format, ...)
{
    char text[sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error->code = ERROR_OPTION_UNSUPPORTED;
    error->unmoved = true;
    set_text(error, text);
    return SCANNER_FAILED;
}
