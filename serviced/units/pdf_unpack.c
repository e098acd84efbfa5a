/*
 * Streams that unpack to far more than anybody draws are meant to harm the printer. What is packed with zlib
 * alone, which is nearly everything, is counted in constant memory; other chains of filters are unpacked by
 * libqpdf within the limit on this process's memory.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "page/page.h"
#include "serviced/units/pdf_source.h"

#define STAGES_MOST 4
#define STAGE_BYTES 32768

struct stage {
    z_stream zlib;
    bool has_ended;
    uint8_t output[STAGE_BYTES];
};

struct unpacking {
    struct stage *stages;
    unsigned count;
    uint64_t total; /* behind the last stage */
};

/* Through stage `at` and those behind it. A damaged stage ends: what is behind the damage is not drawn. */
static int feed(struct unpacking *unpacking, unsigned at, uint8_t *bytes, size_t length)
{
    if (at == unpacking->count) {
        unpacking->total += length;
        return unpacking->total > PDF_STREAM_LIMIT ? -EFBIG : 0;
    }
    struct stage *stage = &unpacking->stages[at];
    stage->zlib.next_in = bytes;
    stage->zlib.avail_in = (uInt)length;
    while (!stage->has_ended) {
        stage->zlib.next_out = stage->output;
        stage->zlib.avail_out = STAGE_BYTES;
        stage->has_ended = inflate(&stage->zlib, Z_NO_FLUSH) != Z_OK;
        size_t made = STAGE_BYTES - stage->zlib.avail_out;
        int error = feed(unpacking, at + 1, stage->output, made);
        if (error)
            return error;
        /* Without room left, zlib may hold more back. */
        if (stage->zlib.avail_in == 0 && stage->zlib.avail_out != 0)
            break;
    }
    return 0;
}

static int count_inflated(unsigned stages, uint8_t *bytes, size_t length, uint64_t *total)
{
    struct unpacking unpacking = {.stages = calloc(stages, sizeof(struct stage)), .count = stages};
    int error = unpacking.stages ? 0 : -ENOMEM;
    for (unsigned i = 0; i < stages && !error; i++)
        if (inflateInit(&unpacking.stages[i].zlib) != Z_OK)
            error = -ENOMEM;
    for (size_t at = 0; at < length && !error; at += STAGE_BYTES)
        error = feed(&unpacking, 0, bytes + at, length - at < STAGE_BYTES ? length - at : STAGE_BYTES);
    for (unsigned i = 0; i < stages && unpacking.stages; i++)
        inflateEnd(&unpacking.stages[i].zlib);
    free(unpacking.stages);
    *total = unpacking.total;
    return error;
}

static bool is_flate(qpdf_data qpdf, qpdf_oh filter)
{
    return qpdf_oh_is_name_and_equals(qpdf, filter, "/FlateDecode") ||
           qpdf_oh_is_name_and_equals(qpdf, filter, "/Fl");
}

/* How many filters there are; *all_flate says whether they are all zlib. */
static int count_filters(qpdf_data qpdf, qpdf_oh filter, bool *all_flate)
{
    int count = qpdf_oh_is_array(qpdf, filter) ? qpdf_oh_get_array_n_items(qpdf, filter) : 0;
    *all_flate = true;
    if (qpdf_oh_is_name(qpdf, filter)) {
        *all_flate = is_flate(qpdf, filter);
        return 1;
    }
    for (int i = 0; i < count && i <= STAGES_MOST; i++)
        *all_flate = *all_flate && is_flate(qpdf, qpdf_oh_get_array_item(qpdf, filter, i));
    return count;
}

static bool is_huge_image(qpdf_data qpdf, qpdf_oh dictionary)
{
    long long width = 0, height = 0;
    if (!qpdf_oh_get_value_as_longlong(qpdf, qpdf_oh_get_key(qpdf, dictionary, "/Width"), &width) ||
        !qpdf_oh_get_value_as_longlong(qpdf, qpdf_oh_get_key(qpdf, dictionary, "/Height"), &height))
        return false;
    return width > 0 && height > 0 && (uint64_t)width > PAGE_MAX_SAMPLE_BYTES / (uint64_t)height;
}

int pdf_stream_check(qpdf_data qpdf, qpdf_oh stream, uint64_t *unpacked)
{
    qpdf_oh dictionary = qpdf_oh_get_dict(qpdf, stream);
    unsigned char *bytes = NULL;
    size_t length = 0;
    bool all_flate;
    *unpacked = 0;
    if (qpdf_has_error(qpdf)) /* from before: the caller tells of it */
        return 0;
    if (qpdf_oh_is_name_and_equals(qpdf, qpdf_oh_get_key(qpdf, dictionary, "/Subtype"), "/Image"))
        return is_huge_image(qpdf, dictionary) ? -EFBIG : 0;
    int filters = count_filters(qpdf, qpdf_oh_get_key(qpdf, dictionary, "/Filter"), &all_flate);
    if (filters > STAGES_MOST)
        return -EBADMSG;
    enum qpdf_stream_decode_level_e level = all_flate ? qpdf_dl_none : qpdf_dl_generalized;
    qpdf_oh_get_stream_data(qpdf, stream, level, NULL, &bytes, &length);
    int error = 0;
    if (qpdf_has_error(qpdf)) /* damage is for others to find; this is about size */
        error = strstr(qpdf_get_error_message_detail(qpdf, qpdf_get_error(qpdf)), "bad_alloc") ? -EFBIG : 0;
    else if (all_flate && filters)
        error = count_inflated((unsigned)filters, bytes, length, unpacked);
    else
        *unpacked = length;
    free(bytes);
    return *unpacked > PDF_STREAM_LIMIT ? -EFBIG : error;
}
