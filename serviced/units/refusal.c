#include "config.h"

#include "serviced/units/refusal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

int refuse(struct refusal *refusal, enum error_code code, const char *format, ...)
{
    char text[sizeof refusal->text];
    va_list arguments;
    if (refusal->code != ERROR_NONE)
        return -ECANCELED;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* Libraries quote what they found in the file. */
    text_escape(refusal->text, sizeof refusal->text, text, strlen(text));
    refusal->code = (uint16_t)code;
    return -ECANCELED;
}

int refuse_for(struct refusal *refusal, int error, const char *what)
{
    switch (-error) {
    case ENOSPC:
    case EDQUOT:
        return refuse(refusal, ERROR_SPOOL_FULL, "%s: the disk is full", what);
    case ENOMEM:
        return refuse(refusal, ERROR_DOCUMENT, "%s: it takes more memory than is allowed", what);
    case EFBIG:
        return refuse(refusal, ERROR_LIMIT, "%s: it is larger than is allowed", what);
    default:
        return refuse(refusal, ERROR_STORAGE, "%s: %s", what, strerror(-error));
    }
}
