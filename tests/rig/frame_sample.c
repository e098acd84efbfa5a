#include "tests/rig/frame_sample.h"

#include <stdlib.h>
#include <string.h>

#define LISTS_MOST 16

/* The lists inside one frame: they have to live until it is encoded. */
struct lists {
    struct frame_list_builder builders[LISTS_MOST];
    unsigned count;
};

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void fill(const struct frame_record_info *type, uint8_t *body, struct lists *lists);

static struct frame_list one_record(const struct frame_record_info *type, struct lists *lists)
{
    uint8_t *record = calloc(1, type->size);
    must(record && lists->count < LISTS_MOST);
    struct frame_list_builder *builder = &lists->builders[lists->count++];
    fill(type, record, lists);
    must(frame_list_add(builder, type, record) == 0);
    free(record);
    return frame_list_view(builder);
}

static void fill_field(const struct frame_field_info *field, uint8_t *at, struct lists *lists)
{
    switch (field->kind) {
    case FIELD_U8:
        *at = 1;
        break;
    case FIELD_U16:
        memcpy(at, &(uint16_t){1}, sizeof(uint16_t));
        break;
    case FIELD_U32:
    case FIELD_I32:
        memcpy(at, &(uint32_t){1}, sizeof(uint32_t));
        break;
    case FIELD_U64:
        memcpy(at, &(uint64_t){1}, sizeof(uint64_t));
        break;
    case FIELD_TEXT:
        memcpy(at, &(struct frame_text){.at = "x", .length = 1}, sizeof(struct frame_text));
        break;
    case FIELD_BYTES:
        memcpy(at, &(struct frame_bytes){(const uint8_t *)"x", 1}, sizeof(struct frame_bytes));
        break;
    case FIELD_SUB:
        fill(field->record, at, lists);
        break;
    case FIELD_LIST: {
        struct frame_list list = one_record(field->record, lists);
        memcpy(at, &list, sizeof list);
        break;
    }
    }
}

static void fill(const struct frame_record_info *type, uint8_t *body, struct lists *lists)
{
    for (const struct frame_field_info *field = type->fields; field->name; field++)
        fill_field(field, body + field->offset, lists);
}

uint8_t *frame_sample(const struct frame_info *info, uint64_t job, size_t *length)
{
    struct frame frame = {.type = info->type, .job = info->job == OF_JOB ? job : 0};
    struct lists lists = {0};
    fill(&info->body, (uint8_t *)&frame.hello, &lists);
    size_t size = frame_encoded_size(&frame);
    uint8_t *bytes = malloc(size);
    must(bytes != NULL);
    ssize_t encoded = frame_encode(&frame, bytes, size);
    must(encoded > 0);
    for (unsigned i = 0; i < lists.count; i++)
        frame_list_builder_free(&lists.builders[i]);
    *length = (size_t)encoded;
    return bytes;
}
