#include "page/page.h"

const char *page_codec_name(enum page_codec codec)
{
    switch (codec) {
    case PAGE_CODEC_FLATE:
        return "flate";
    case PAGE_CODEC_G4:
        return "g4";
    case PAGE_CODEC_JPEG:
        return "jpeg";
    case PAGE_CODEC_PDF:
        return "pdf";
    }
    return NULL;
}
