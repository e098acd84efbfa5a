/* Fuzz target: one frame of any content at any place. What is decoded can be walked, printed and encoded
 * again, and what is encoded means the same. */
#include <deskline/frame.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void walk(const struct frame_record_info *type, const uint8_t *body)
{
    for (const struct frame_field_info *field = type->fields; field->name; field++) {
        if (field->kind == FIELD_SUB)
            walk(field->record, body + field->offset);
        if (field->kind != FIELD_LIST)
            continue;
        const struct frame_list *list = (const struct frame_list *)(const void *)(body + field->offset);
        uint8_t *record = malloc(field->record->size);
        size_t cursor = 0;
        uint32_t count = 0;
        for (; record && frame_list_next(list, field->record, &cursor, record); count++)
            walk(field->record, record);
        must(!record || count == list->count);
        free(record);
    }
}

static uint8_t *encode(const struct frame *frame, size_t *length)
{
    size_t size = frame_encoded_size(frame);
    uint8_t *bytes = malloc(size);
    must(bytes && frame_encode(frame, bytes, size) == (ssize_t)size);
    *length = size;
    return bytes;
}

static void check_frame(const struct frame_header *header, const uint8_t *payload)
{
    struct frame frame, again;
    struct frame_header second;
    const char *why;
    char line[300];
    size_t length, length_again;
    if (frame_decode(header, payload, &frame, &why))
        return;
    const struct frame_info *info = frame_find(header->type);
    walk(&info->body, (const uint8_t *)&frame.hello);
    frame_print(&frame, line, sizeof line);
    must(strlen(line) < sizeof line && !strchr(line, '\n'));
    uint8_t *bytes = encode(&frame, &length);
    frame_header_decode(bytes, &second);
    must(second.job == header->job && second.type == header->type && second.length <= header->length);
    must(frame_decode(&second, bytes + FRAME_HEADER_BYTES, &again, &why) == 0);
    uint8_t *bytes_again = encode(&again, &length_again);
    must(length == length_again && memcmp(bytes, bytes_again, length) == 0);
    free(bytes);
    free(bytes_again);
}

/* First byte: the place and the state. Then a header and a payload; the length in the header is made to fit.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame_header header;
    const char *why;
    if (size < 1 + FRAME_HEADER_BYTES)
        return 0;
    frame_header_decode(data + 1, &header);
    header.length = (uint32_t)(size - 1 - FRAME_HEADER_BYTES);
    unsigned where = 1u << data[0] % 6, when = data[0] & 0x80 ? WHEN_NEW : WHEN_OPEN;
    int check = frame_header_check(&header, where, when, &why);
    must(check <= 0 || !frame_find(header.type));
    if (check)
        return 0;
    uint8_t *payload = malloc(header.length ? header.length : 1); /* exact: a step too far is seen */
    must(payload != NULL);
    memcpy(payload, data + 1 + FRAME_HEADER_BYTES, header.length);
    check_frame(&header, payload);
    free(payload);
    return 0;
}
