/* The table of frames.def as data: see <deskline/frame.h>. */
#include <deskline/frame.h>

/* First the fields of every record and frame … */
#define FIELD(k, owner, field, most_, record_, doc_)                                                         \
    {.kind = k,                                                                                              \
     .name = #field,                                                                                         \
     .offset = offsetof(struct owner, field),                                                                \
     .most = most_,                                                                                          \
     .record = record_,                                                                                      \
     .doc = doc_},
#define U8(owner, name, doc)                 FIELD(FIELD_U8, owner, name, 0, NULL, doc)
#define U16(owner, name, doc)                FIELD(FIELD_U16, owner, name, 0, NULL, doc)
#define U32(owner, name, doc)                FIELD(FIELD_U32, owner, name, 0, NULL, doc)
#define U64(owner, name, doc)                FIELD(FIELD_U64, owner, name, 0, NULL, doc)
#define I32(owner, name, doc)                FIELD(FIELD_I32, owner, name, 0, NULL, doc)
#define TEXT(owner, name, most, doc)         FIELD(FIELD_TEXT, owner, name, most, NULL, doc)
#define BYTES(owner, name, most, doc)        FIELD(FIELD_BYTES, owner, name, most, NULL, doc)
#define SUB(owner, name, record, doc)        FIELD(FIELD_SUB, owner, name, 0, &frame_record_##record, doc)
#define LIST(owner, name, record, most, doc) FIELD(FIELD_LIST, owner, name, most, &frame_record_##record, doc)
#define END_FIELDS                                                                                           \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }                                                                                                        \
    }                                                                                                        \
    ;
#define RECORD(record, doc_) static const struct frame_field_info record_##record##_fields[] = {
#define END_RECORD(record)   END_FIELDS
#define FRAME(NAME, frame, number, where, when, job, cap, doc)                                               \
    static const struct frame_field_info frame_##frame##_fields[] = {
#define END_FRAME(frame) END_FIELDS
#include <deskline/frames.def>

/* … then the records that lists and subs point to, and the frames themselves. */
#define RECORD(record, doc_)                                                                                 \
    const struct frame_record_info frame_record_##record = {.name = #record,                                 \
                                                            .doc = doc_,                                     \
                                                            .fields = record_##record##_fields,              \
                                                            .size = sizeof(struct record_##record)};
#include <deskline/frames.def>

#define FRAME(NAME, frame, number, where_, when_, job_, cap_, doc_)                                          \
    {.name = #NAME,                                                                                          \
     .type = number,                                                                                         \
     .where = (where_),                                                                                      \
     .when = (when_),                                                                                        \
     .job = job_,                                                                                            \
     .cap = cap_,                                                                                            \
     .doc = doc_,                                                                                            \
     .body = {.name = #frame,                                                                                \
              .doc = doc_,                                                                                   \
              .fields = frame_##frame##_fields,                                                              \
              .size = sizeof(struct frame_##frame)}},
static const struct frame_info frames[] = {
#include <deskline/frames.def>
};

const struct frame_info *frame_table(size_t *count)
{
    *count = sizeof frames / sizeof frames[0];
    return frames;
}

/* The table stands in ascending order of numbers (a unit test holds it to that). */
const struct frame_info *frame_find(uint16_t number)
{
    size_t low = 0, high = sizeof frames / sizeof frames[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((uint16_t)frames[middle].type < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < sizeof frames / sizeof frames[0] && (uint16_t)frames[low].type == number)
        return &frames[low];
    return NULL;
}

const char *frame_name(uint16_t number)
{
    const struct frame_info *info = frame_find(number);
    return info ? info->name : "unknown";
}
