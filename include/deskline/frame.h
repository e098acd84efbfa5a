/*
 * Frames: the one codec of the protocol, driven by the table in frames.def.
 *
 * On the wire a frame is a header of 16 bytes (payload length u32, type u16, flags u16, job u64; big-endian) and
 * the payload: the fields of the type in order, without padding. U8 … U64 and I32 are big-endian; TEXT is a
 * length u16 and UTF-8 without NUL; BYTES a length u32 and the bytes; SUB a length u32 and a record's fields;
 * LIST a count u32 and so many records, each with its length u32. What stands behind the fields that a receiver
 * knows is from a later version and ignored, in frames and in records.
 */
#ifndef DESKLINE_FRAME_H
#define DESKLINE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FRAME_HEADER_BYTES 16
/* Set in a frame whose receiver may skip it when it does not know the type. */
#define FRAME_FLAG_OPTIONAL 0x0001u
/* The lowest and highest version of the protocol that this code speaks. */
#define FRAME_VERSION_MIN 1
#define FRAME_VERSION_MAX 1

enum frame_place {
    AT_SERVER = 1 << 0,
    AT_CLIENT = 1 << 1,
    AT_UNIT = 1 << 2,
    AT_DAEMON = 1 << 3,
    AT_CONTROL = 1 << 4,
    AT_COMMAND = 1 << 5,
};
enum frame_when { WHEN_NEW = 1 << 0, WHEN_OPEN = 1 << 1 };
enum frame_job { NO_JOB, OF_JOB, ANY_JOB };

enum frame_type {
#define FRAME(NAME, name, number, where, when, job, cap, doc) FRAME_##NAME = number,
#include <deskline/frames.def>
};

/* A view of bytes that belong to somebody else: when decoded, to the buffer that was decoded. */
struct frame_text {
    const char *at; /* not terminated */
    uint32_t length;
};
struct frame_bytes {
    const uint8_t *at;
    uint32_t length;
};
/* Records in their encoded form, walked with frame_list_next, made with frame_list_add. */
struct frame_list {
    const uint8_t *at;
    uint32_t length;
    uint32_t count;
};

/* struct record_attribute …, struct frame_hello …: one member per field. */
#define RECORD(name, doc) struct record_##name {
#define END_RECORD(name)                                                                                     \
    }                                                                                                        \
    ;
#define FRAME(NAME, name, number, where, when, job, cap, doc) struct frame_##name {
#define END_FRAME(name)                                                                                      \
    }                                                                                                        \
    ;
#define U8(owner, name, doc)                 uint8_t name;
#define U16(owner, name, doc)                uint16_t name;
#define U32(owner, name, doc)                uint32_t name;
#define U64(owner, name, doc)                uint64_t name;
#define I32(owner, name, doc)                int32_t name;
#define TEXT(owner, name, most, doc)         struct frame_text name;
#define BYTES(owner, name, most, doc)        struct frame_bytes name;
#define SUB(owner, name, record, doc)        struct record_##record name;
#define LIST(owner, name, record, most, doc) struct frame_list name;
#include <deskline/frames.def>

/* A decoded frame. Views inside point into the payload that was decoded. */
struct frame {
    enum frame_type type;
    uint16_t flags;
    uint64_t job;
    union {
#define FRAME(NAME, name, number, where, when, job, cap, doc) struct frame_##name name;
#include <deskline/frames.def>
    };
};

struct frame_header {
    uint32_t length; /* of the payload */
    uint16_t type;   /* as on the wire: perhaps none that is known */
    uint16_t flags;
    uint64_t job;
};

enum frame_field_kind {
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_I32,
    FIELD_TEXT,
    FIELD_BYTES,
    FIELD_SUB,
    FIELD_LIST,
};

/* The table, for those who print it or walk it. */
struct frame_record_info;
struct frame_field_info {
    enum frame_field_kind kind;
    const char *name;
    size_t offset;
    uint32_t most; /* bytes of TEXT and BYTES, records of LIST */
    const struct frame_record_info *record;
    const char *doc;
};
struct frame_record_info {
    const char *name, *doc;
    const struct frame_field_info *fields; /* ends with name == NULL */
    size_t size;                           /* of the struct */
};
struct frame_info {
    const char *name; /* "HELLO" */
    enum frame_type type;
    unsigned where, when;
    enum frame_job job;
    uint32_t cap;
    const char *doc;
    struct frame_record_info body;
};

/* All frames in the order of the table; *count says how many. */
const struct frame_info *frame_table(size_t *count);
/* NULL for a number that is not in the table. */
const struct frame_info *frame_find(uint16_t number);
/* "HELLO", or "unknown". */
const char *frame_name(uint16_t number);

/* The record types, to encode and walk lists: &frame_record_unit … */
#define RECORD(name, doc) extern const struct frame_record_info frame_record_##name;
#include <deskline/frames.def>

void frame_header_decode(const uint8_t bytes[FRAME_HEADER_BYTES], struct frame_header *header);
void frame_header_encode(const struct frame_header *header, uint8_t bytes[FRAME_HEADER_BYTES]);

/* Whether a header may arrive at `where` (one place) in `when` (one state), before any payload is read.
 * 0; 1: an unknown type that may be skipped (its length is at most 64 KiB); -EPROTO with *why (a static
 * sentence): unknown, not here, not now, with or without a job against the table, longer than its cap. */
int frame_header_check(const struct frame_header *header, unsigned where, unsigned when, const char **why);

/* Decodes a payload that passed frame_header_check. Views point into `payload`. Lists are checked whole, so that
 * walking them cannot fail. -EBADMSG with *why for anything malformed. */
int frame_decode(const struct frame_header *header, const uint8_t *payload, struct frame *frame,
                 const char **why);

/* Header and payload of a frame into `buffer`. Returns the bytes written, or -EMSGSIZE (over the buffer or the
 * frame's cap) or -EINVAL (a text that is too long or no UTF-8, a list that is too long). */
ssize_t frame_encode(const struct frame *frame, uint8_t *buffer, size_t size);
/* The bytes that frame_encode needs at the most: header and payload. */
size_t frame_encoded_size(const struct frame *frame);

/* Walks a list that was decoded: *cursor starts at 0. True while *record was filled. */
bool frame_list_next(const struct frame_list *list, const struct frame_record_info *type, size_t *cursor,
                     void *record);

/* Makes a list: zeroed to start with; grows by one record at a time; frame_list_builder_free at the end. */
struct frame_list_builder {
    uint8_t *bytes;
    size_t length, room;
    uint32_t count;
};
/* -EINVAL or -ENOMEM; the builder stays as it was. */
int frame_list_add(struct frame_list_builder *builder, const struct frame_record_info *type,
                   const void *record);
/* A view that is good until the next frame_list_add. */
struct frame_list frame_list_view(const struct frame_list_builder *builder);
void frame_list_builder_free(struct frame_list_builder *builder);

/* One line for logs and --trace, escaped and bounded: "PAGE_BEGIN job=7 page=3 …". */
void frame_print(const struct frame *frame, char *line, size_t size);

/* A view of a C string, which has to outlive it; NULL is the empty text. */
struct frame_text frame_text_of(const char *string);
/* Copies into `buffer` (always terminated, cut at a character). */
void frame_text_copy(struct frame_text text, char *buffer, size_t size);
/* A copy that the caller frees; aborts without memory (texts are small and capped). */
char *frame_text_dup(struct frame_text text);
bool frame_text_is(struct frame_text text, const char *string);

#endif
