/* Frames for people, and texts from peers as C strings. */
#include <deskline/frame.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/utf8.h"

/* Longest text that is printed of one field. */
#define PRINTED_TEXT_BYTES 80

struct line {
    char *text;
    size_t length, size;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line->text + line->length, line->size - line->length, format, arguments);
    va_end(arguments);
    if (length > 0)
        line->length += (size_t)length;
    if (line->length >= line->size)
        line->length = line->size - 1;
}

static void add_text(struct line *line, const struct frame_text *text)
{
    add(line, "\"");
    for (uint32_t i = 0; i < text->length && i < PRINTED_TEXT_BYTES; i++) {
        unsigned char c = (unsigned char)text->at[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
            add(line, "%c", c);
        else
            add(line, "\\x%02x", c);
    }
    add(line, text->length > PRINTED_TEXT_BYTES ? "…\"" : "\"");
}

static void add_fields(struct line *line, const struct frame_record_info *type, const uint8_t *body)
{
    for (const struct frame_field_info *field = type->fields; field->name; field++) {
        const void *from = body + field->offset;
        add(line, " %s=", field->name);
        switch (field->kind) {
        case FIELD_U8:
            add(line, "%u", *(const uint8_t *)from);
            break;
        case FIELD_U16:
            add(line, "%u", *(const uint16_t *)from);
            break;
        case FIELD_U32:
            add(line, "%" PRIu32, *(const uint32_t *)from);
            break;
        case FIELD_U64:
            add(line, "%" PRIu64, *(const uint64_t *)from);
            break;
        case FIELD_I32:
            add(line, "%" PRId32, *(const int32_t *)from);
            break;
        case FIELD_TEXT:
            add_text(line, from);
            break;
        case FIELD_BYTES: /* never printed: secrets and pages */
            add(line, "(%" PRIu32 " bytes)", ((const struct frame_bytes *)from)->length);
            break;
        case FIELD_LIST:
            add(line, "(%" PRIu32 ")", ((const struct frame_list *)from)->count);
            break;
        case FIELD_SUB:
            add(line, "{");
            add_fields(line, field->record, from);
            add(line, " }");
            break;
        }
    }
}

void frame_print(const struct frame *frame, char *text, size_t size)
{
    struct line line = {text, 0, size};
    const struct frame_info *info = frame_find((uint16_t)frame->type);
    if (size == 0)
        return;
    text[0] = '\0';
    add(&line, "%s", frame_name((uint16_t)frame->type));
    if (frame->job)
        add(&line, " job=%" PRIu64, frame->job);
    if (info && info->type != FRAME_ENROLL_COMMAND &&
        info->type != FRAME_CLIENT_TOKEN) /* tokens are secret */
        add_fields(&line, &info->body, (const uint8_t *)&frame->hello);
}

struct frame_text frame_text_of(const char *string)
{
    return (struct frame_text){string, string ? (uint32_t)strlen(string) : 0};
}

void frame_text_copy(struct frame_text text, char *buffer, size_t size)
{
    size_t length = 0;
    if (size == 0)
        return;
    while (length < text.length) {
        size_t character = utf8_character((const uint8_t *)text.at + length, text.length - length);
        if (character == 0 || length + character >= size)
            break;
        length += character;
    }
    if (length)
        memcpy(buffer, text.at, length);
    buffer[length] = '\0';
}

char *frame_text_dup(struct frame_text text)
{
    char *copy = malloc((size_t)text.length + 1);
    if (!copy)
        abort();
    if (text.length)
        memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return copy;
}

bool frame_text_is(struct frame_text text, const char *string)
{
    return strlen(string) == text.length && (text.length == 0 || memcmp(text.at, string, text.length) == 0);
}
