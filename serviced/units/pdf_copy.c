#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "serviced/units/pdf_source.h"

/* Direct objects in direct objects; libqpdf's parser has a bound of its own. */
#define DEPTH_MOST 100

void pdf_set(qpdf_data qpdf, qpdf_oh dictionary, const char *key, qpdf_oh value)
{
    if (!qpdf_oh_is_null(qpdf, value))
        qpdf_oh_replace_key(qpdf, dictionary, key, value);
}

qpdf_oh pdf_new_stream(qpdf_data qpdf, const void *bytes, size_t length)
{
    qpdf_oh stream = qpdf_oh_new_stream(qpdf), none = qpdf_oh_new_null(qpdf);
    qpdf_oh_replace_stream_data(qpdf, stream, length ? bytes : "", length, none, none);
    return stream;
}

/* libqpdf walks one dictionary at a time: who goes down while walking needs the keys first. */
struct pdf_keys pdf_keys_of(qpdf_data qpdf, qpdf_oh dictionary)
{
    struct pdf_keys keys = {0};
    size_t room = 0;
    qpdf_oh_begin_dict_key_iter(qpdf, dictionary);
    while (qpdf_oh_dict_more_keys(qpdf)) {
        if (keys.count == room) {
            room = room ? room * 2 : 16;
            keys.keys = memory_resize(keys.keys, room, sizeof *keys.keys);
        }
        keys.keys[keys.count++] = memory_text(qpdf_oh_dict_next_key(qpdf));
    }
    return keys;
}

void pdf_keys_free(struct pdf_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        free(keys->keys[i]);
    free(keys->keys);
    *keys = (struct pdf_keys){0};
}

static qpdf_oh copy(qpdf_data to, qpdf_data from, qpdf_oh object, unsigned depth);

static qpdf_oh copy_dictionary(qpdf_data to, qpdf_data from, qpdf_oh dictionary, unsigned depth,
                               pdf_chooser choose, void *context)
{
    struct pdf_keys keys = pdf_keys_of(from, dictionary);
    qpdf_oh made = qpdf_oh_new_dictionary(to);
    for (size_t i = 0; i < keys.count; i++)
        if (!choose || choose(context, keys.keys[i]))
            pdf_set(to, made, keys.keys[i],
                    copy(to, from, qpdf_oh_get_key(from, dictionary, keys.keys[i]), depth + 1));
    pdf_keys_free(&keys);
    return made;
}

static qpdf_oh copy_array(qpdf_data to, qpdf_data from, qpdf_oh array, unsigned depth)
{
    qpdf_oh made = qpdf_oh_new_array(to);
    int count = qpdf_oh_get_array_n_items(from, array);
    for (int i = 0; i < count; i++)
        qpdf_oh_append_item(to, made, copy(to, from, qpdf_oh_get_array_item(from, array, i), depth + 1));
    return made;
}

static qpdf_oh copy(qpdf_data to, qpdf_data from, qpdf_oh object, unsigned depth)
{
    if (depth > DEPTH_MOST || !qpdf_oh_is_initialized(from, object))
        return qpdf_oh_new_null(to);
    if (qpdf_oh_is_indirect(from, object))
        return qpdf_oh_is_null(from, object) ? qpdf_oh_new_null(to)
                                             : qpdf_oh_copy_foreign_object(to, from, object);
    if (qpdf_oh_is_dictionary(from, object))
        return copy_dictionary(to, from, object, depth, NULL, NULL);
    if (qpdf_oh_is_array(from, object))
        return copy_array(to, from, object, depth);
    return qpdf_oh_parse(to, qpdf_oh_unparse(from, object));
}

qpdf_oh pdf_copy(qpdf_data to, qpdf_data from, qpdf_oh object)
{
    return copy(to, from, object, 0);
}

qpdf_oh pdf_copy_dictionary(qpdf_data to, qpdf_data from, qpdf_oh dictionary, pdf_chooser choose,
                            void *context)
{
    return copy_dictionary(to, from, dictionary, 0, choose, context);
}
