#include "page/pdf_text.h"

#define REPLACEMENT 0xfffdu

static int is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return 0;
    return 1;
}

/* Takes one character. Anything wrong (overlong, a surrogate, cut short) takes one byte and gives U+FFFD. */
static uint32_t next_character(const uint8_t **text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const uint8_t *bytes = *text;
    uint32_t character;
    unsigned more;

    (*text)++;
    if (bytes[0] < 0x80)
        return bytes[0];
    if ((bytes[0] & 0xe0) == 0xc0)
        more = 1, character = bytes[0] & 0x1fu;
    else if ((bytes[0] & 0xf0) == 0xe0)
        more = 2, character = bytes[0] & 0x0fu;
    else if ((bytes[0] & 0xf8) == 0xf0)
        more = 3, character = bytes[0] & 0x07u;
    else
        return REPLACEMENT;
    for (unsigned i = 1; i <= more; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return REPLACEMENT; /* the string's end too */
        character = character << 6 | (bytes[i] & 0x3fu);
    }
    if (character < least[more] || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
        return REPLACEMENT;
    *text += more;
    return character;
}

static void put_utf16(struct output *output, const uint8_t *text)
{
    output_format(output, "<FEFF");
    while (*text != '\0') {
        uint32_t character = next_character(&text);

        if (character < 0x10000)
            output_format(output, "%04X", (unsigned)character);
        else
            output_format(output, "%04X%04X", (unsigned)(0xd800 + ((character - 0x10000) >> 10)),
                          (unsigned)(0xdc00 + ((character - 0x10000) & 0x3ff)));
    }
    output_format(output, ">");
}

void pdf_text(struct output *output, const char *text)
{
    if (!is_plain(text)) {
        put_utf16(output, (const uint8_t *)text);
        return;
    }
    output_bytes(output, "(", 1);
    for (; *text != '\0'; text++) {
        if (*text == '(' || *text == ')' || *text == '\\')
            output_bytes(output, "\\", 1);
        output_bytes(output, text, 1);
    }
    output_bytes(output, ")", 1);
}
