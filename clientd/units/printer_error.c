#include "config.h"

#include "clientd/units/printer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum printer_status printer_failed(struct printer_error *error, uint16_t code, enum printer_reach reach,
                                   const char *format, ...)
{
    char text[2 * PRINTER_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error->code = code;
    error->reach = reach;
    error->is_busy = false;
    text_escape(error->text, sizeof error->text, text, strlen(text));
    return PRINTER_FAILED;
}
