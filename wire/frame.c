/* The codec: one walk over a record's fields for encoding, one for decoding. */
#include <deskline/frame.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/bytes.h"
#include "wire/utf8.h"

#define SKIPPABLE_MAX_BYTES 65536u

/* Bytes on the wire of the fixed kinds, or of the length or count that stands before the others. */
static const size_t lead_bytes[] = {
    [FIELD_U8] = 1,   [FIELD_U16] = 2,   [FIELD_U32] = 4, [FIELD_U64] = 8,  [FIELD_I32] = 4,
    [FIELD_TEXT] = 2, [FIELD_BYTES] = 4, [FIELD_SUB] = 4, [FIELD_LIST] = 4,
};

/* ---- Header ------------------------------------------------------------------------------------------- */

void frame_header_decode(const uint8_t bytes[FRAME_HEADER_BYTES], struct frame_header *header)
{
    header->length = (uint32_t)bytes_get(bytes, 4);
    header->type = (uint16_t)bytes_get(bytes + 4, 2);
    header->flags = (uint16_t)bytes_get(bytes + 6, 2);
    header->job = bytes_get(bytes + 8, 8);
}

void frame_header_encode(const struct frame_header *header, uint8_t bytes[FRAME_HEADER_BYTES])
{
    bytes_put(bytes, 4, header->length);
    bytes_put(bytes + 4, 2, header->type);
    bytes_put(bytes + 6, 2, header->flags);
    bytes_put(bytes + 8, 8, header->job);
}

int frame_header_check(const struct frame_header *header, unsigned where, unsigned when, const char **why)
{
    const struct frame_info *info = frame_find(header->type);
    if (!info && header->flags & FRAME_FLAG_OPTIONAL && header->length <= SKIPPABLE_MAX_BYTES)
        return 1;
    if (!info)
        *why = "a frame of an unknown type";
    else if (!(info->where & where))
        *why = "a frame that does not go in this direction";
    else if (!(info->when & when))
        *why = "a frame at the wrong time";
    else if ((info->job == OF_JOB && header->job == 0) || (info->job == NO_JOB && header->job != 0))
        *why = "a frame with or without a job number against the rules";
    else if (header->length > info->cap)
        *why = "a frame longer than its kind may be";
    else
        return 0;
    return -EPROTO;
}

/* ---- Decoding ----------------------------------------------------------------------------------------- */

struct input {
    const uint8_t *at;
    size_t left;
};

static int decode_record(const struct frame_record_info *type, struct input in, uint8_t *body,
                         const char **why);

static int malformed(const char **why, const char *text)
{
    *why = text;
    return -EBADMSG;
}

static bool take(struct input *in, size_t length, struct input *part)
{
    if (in->left < length)
        return false;
    *part = (struct input){in->at, length};
    in->at += length;
    in->left -= length;
    return true;
}

/* Every record of the list, into a scratch record: afterwards walking the list cannot fail. */
static int decode_list(const struct frame_field_info *field, struct input *in, uint32_t count,
                       struct frame_list *list, const char **why)
{
    union {
#define RECORD(name, doc) struct record_##name name;
#include <deskline/frames.def>
    } scratch;
    if (count > field->most)
        return malformed(why, "a list with too many records");
    *list = (struct frame_list){in->at, 0, count};
    for (uint32_t i = 0; i < count; i++) {
        struct input lead, record;
        if (!take(in, 4, &lead) || !take(in, (size_t)bytes_get(lead.at, 4), &record))
            return malformed(why, "a list that is cut off");
        int error = decode_record(field->record, record, (uint8_t *)&scratch, why);
        if (error)
            return error;
    }
    list->length = (uint32_t)(in->at - list->at);
    return 0;
}

static int decode_field(const struct frame_field_info *field, struct input *in, uint8_t *to, const char **why)
{
    struct input lead, part;
    if (!take(in, lead_bytes[field->kind], &lead))
        return malformed(why, "a field that is cut off");
    uint64_t value = bytes_get(lead.at, lead.left);
    switch (field->kind) {
    case FIELD_U8:
        *to = (uint8_t)value;
        return 0;
    case FIELD_U16:
        memcpy(to, &(uint16_t){(uint16_t)value}, sizeof(uint16_t));
        return 0;
    case FIELD_U32:
    case FIELD_I32: /* two's complement on the wire and in every C11 implementation with int32_t */
        memcpy(to, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
        return 0;
    case FIELD_U64:
        memcpy(to, &value, sizeof value);
        return 0;
    case FIELD_LIST:
        return decode_list(field, in, (uint32_t)value, (struct frame_list *)(void *)to, why);
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_SUB:
        break;
    }
    if (!take(in, (size_t)value, &part))
        return malformed(why, "a field that is cut off");
    if (field->kind == FIELD_SUB)
        return decode_record(field->record, part, to, why);
    if (value > field->most)
        return malformed(why, "a field longer than it may be");
    if (field->kind == FIELD_TEXT) {
        if (!utf8_valid(part.at, part.left))
            return malformed(why, "a text that is not UTF-8");
        *(struct frame_text *)(void *)to = (struct frame_text){(const char *)part.at, (uint32_t)value};
    } else {
        *(struct frame_bytes *)(void *)to = (struct frame_bytes){part.at, (uint32_t)value};
    }
    return 0;
}

/* What is left behind the last known field is from a later version. */
static int decode_record(const struct frame_record_info *type, struct input in, uint8_t *body,
                         const char **why)
{
    for (const struct frame_field_info *field = type->fields; field->name; field++) {
        int error = decode_field(field, &in, body + field->offset, why);
        if (error)
            return error;
    }
    return 0;
}

int frame_decode(const struct frame_header *header, const uint8_t *payload, struct frame *frame,
                 const char **why)
{
    const struct frame_info *info = frame_find(header->type);
    if (!info)
        return malformed(why, "a frame of an unknown type");
    memset(frame, 0, sizeof *frame);
    frame->type = info->type;
    frame->flags = header->flags;
    frame->job = header->job;
    return decode_record(&info->body, (struct input){payload, header->length}, (uint8_t *)&frame->hello, why);
}

bool frame_list_next(const struct frame_list *list, const struct frame_record_info *type, size_t *cursor,
                     void *record)
{
    const char *why;
    struct input in = {list->at, list->length - *cursor}, lead, part;
    memset(record, 0, type->size);
    if (in.left == 0) /* an empty list may be at NULL */
        return false;
    in.at += *cursor;
    if (!take(&in, 4, &lead) || !take(&in, (size_t)bytes_get(lead.at, 4), &part))
        return false;
    *cursor = (size_t)(in.at - list->at);
    return decode_record(type, part, record, &why) == 0;
}

/* ---- Encoding ----------------------------------------------------------------------------------------- */

/* `at` NULL: only counts. */
struct output {
    uint8_t *at;
    size_t length, room;
};

static void put(struct output *out, const void *bytes, size_t length)
{
    if (out->at && length && out->length <= out->room && length <= out->room - out->length)
        memcpy(out->at + out->length, bytes, length);
    out->length += length;
}

static void put_number(struct output *out, size_t width, uint64_t value)
{
    uint8_t bytes[8];
    bytes_put(bytes, width, value);
    put(out, bytes, width);
}

static int encode_record(const struct frame_record_info *type, const uint8_t *body, struct output *out);

static int encode_sub(const struct frame_record_info *type, const uint8_t *body, struct output *out)
{
    struct output counted = {NULL, 0, 0};
    int error = encode_record(type, body, &counted);
    if (error)
        return error;
    put_number(out, 4, counted.length);
    return encode_record(type, body, out);
}

static int encode_field(const struct frame_field_info *field, const uint8_t *from, struct output *out)
{
    size_t width = lead_bytes[field->kind];
    switch (field->kind) {
    case FIELD_U8:
        put_number(out, width, *from);
        return 0;
    case FIELD_U16:
        put_number(out, width, *(const uint16_t *)(const void *)from);
        return 0;
    case FIELD_U32:
    case FIELD_I32:
        put_number(out, width, *(const uint32_t *)(const void *)from);
        return 0;
    case FIELD_U64:
        put_number(out, width, *(const uint64_t *)(const void *)from);
        return 0;
    case FIELD_SUB:
        return encode_sub(field->record, from, out);
    case FIELD_LIST: {
        const struct frame_list *list = (const struct frame_list *)(const void *)from;
        if (list->count > field->most)
            return -EINVAL;
        put_number(out, width, list->count);
        put(out, list->at, list->length);
        return 0;
    }
    case FIELD_TEXT: {
        const struct frame_text *text = (const struct frame_text *)(const void *)from;
        if (text->length > field->most || !utf8_valid((const uint8_t *)text->at, text->length))
            return -EINVAL;
        put_number(out, width, text->length);
        put(out, text->at, text->length);
        return 0;
    }
    case FIELD_BYTES: {
        const struct frame_bytes *bytes = (const struct frame_bytes *)(const void *)from;
        if (bytes->length > field->most)
            return -EINVAL;
        put_number(out, width, bytes->length);
        put(out, bytes->at, bytes->length);
        return 0;
    }
    }
    return -EINVAL;
}

static int encode_record(const struct frame_record_info *type, const uint8_t *body, struct output *out)
{
    for (const struct frame_field_info *field = type->fields; field->name; field++) {
        int error = encode_field(field, body + field->offset, out);
        if (error)
            return error;
    }
    return 0;
}

ssize_t frame_encode(const struct frame *frame, uint8_t *buffer, size_t size)
{
    const struct frame_info *info = frame_find((uint16_t)frame->type);
    if (!info)
        return -EINVAL;
    if (size < FRAME_HEADER_BYTES)
        return -EMSGSIZE;
    struct output out = {buffer + FRAME_HEADER_BYTES, 0, size - FRAME_HEADER_BYTES};
    int error = encode_record(&info->body, (const uint8_t *)&frame->hello, &out);
    if (error)
        return error;
    if (out.length > out.room || out.length > info->cap)
        return -EMSGSIZE;
    struct frame_header header = {(uint32_t)out.length, (uint16_t)frame->type, frame->flags, frame->job};
    frame_header_encode(&header, buffer);
    return (ssize_t)(out.length + FRAME_HEADER_BYTES);
}

size_t frame_encoded_size(const struct frame *frame)
{
    const struct frame_info *info = frame_find((uint16_t)frame->type);
    struct output counted = {NULL, 0, 0};
    if (!info || encode_record(&info->body, (const uint8_t *)&frame->hello, &counted))
        return FRAME_HEADER_BYTES;
    return FRAME_HEADER_BYTES + counted.length;
}

int frame_list_add(struct frame_list_builder *builder, const struct frame_record_info *type,
                   const void *record)
{
    struct output out = {NULL, 0, 0};
    int error = encode_sub(type, record, &out);
    if (error)
        return error;
    if (out.length > builder->room - builder->length) {
        size_t room = builder->room * 2 + out.length + 256;
        uint8_t *bytes = realloc(builder->bytes, room);
        if (!bytes)
            return -ENOMEM;
        builder->bytes = bytes;
        builder->room = room;
    }
    out = (struct output){builder->bytes + builder->length, 0, builder->room - builder->length};
    error = encode_sub(type, record, &out);
    builder->length += out.length;
    builder->count++;
    return error;
}

struct frame_list frame_list_view(const struct frame_list_builder *builder)
{
    return (struct frame_list){builder->bytes, (uint32_t)builder->length, builder->count};
}

void frame_list_builder_free(struct frame_list_builder *builder)
{
    free(builder->bytes);
    *builder = (struct frame_list_builder){0};
}
