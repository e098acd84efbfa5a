#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "serviced/units/pdf_source.h"

/* ---- What draws the page ------------------------------------------------------------------------------ */

static int check_part(qpdf_data qpdf, qpdf_oh part, uint32_t number, uint64_t *total, struct refusal *refusal)
{
    uint64_t unpacked;
    if (!qpdf_oh_is_stream(qpdf, part))
        return refuse(refusal, ERROR_DOCUMENT, "the contents of page %u are missing in the PDF", number);
    int error = pdf_stream_check(qpdf, part, &unpacked);
    *total += unpacked;
    if (error == -EFBIG || *total > PDF_STREAM_LIMIT)
        return refuse(refusal, ERROR_LIMIT, "the contents of page %u unpack to more than %d MB", number,
                      (int)(PDF_STREAM_LIMIT >> 20));
    return error ? refuse(refusal, ERROR_DOCUMENT, "the contents of page %u are damaged", number) : 0;
}

int pdf_contents_read(qpdf_data qpdf, qpdf_oh page, uint32_t number, struct pdf_contents *contents,
                      struct refusal *refusal)
{
    qpdf_oh whole = qpdf_oh_get_key(qpdf, page, "/Contents");
    uint64_t total = 0;
    *contents = (struct pdf_contents){0};
    if (qpdf_oh_is_array(qpdf, whole)) {
        int count = qpdf_oh_get_array_n_items(qpdf, whole);
        for (int i = 0; i < count; i++)
            if (check_part(qpdf, qpdf_oh_get_array_item(qpdf, whole, i), number, &total, refusal))
                return -ECANCELED;
    } else if (qpdf_oh_is_null(qpdf, whole) && !qpdf_oh_is_indirect(qpdf, whole)) {
        return 0; /* a blank page */
    } else if (check_part(qpdf, whole, number, &total, refusal)) {
        return -ECANCELED;
    }
    qpdf_oh_get_page_content_data(qpdf, page, &contents->bytes, &contents->length);
    char what[80];
    snprintf(what, sizeof what, "the contents of page %u are damaged", number);
    return pdf_failed(qpdf, what, refusal);
}

/* ---- Which resources it names ------------------------------------------------------------------------- */

/* The categories that are worth choosing from; the others are small, and go along whole. */
enum { XOBJECTS, FONTS, PATTERNS, SHADINGS, CATEGORIES };
static const char *const categories[CATEGORIES] = {"/XObject", "/Font", "/Pattern", "/Shading"};

enum mark { UNUSED, USED, LOOKED_INTO };

struct used_names {
    qpdf_oh dictionary;
    struct pdf_keys keys; /* ascending, as libqpdf gives them */
    enum mark *marks;     /* one for each */
};

struct resources {
    struct used_names names[CATEGORIES];
    bool keep_all;
};

static enum mark *find_name(const struct used_names *names, const char *name)
{
    size_t low = 0, high = names->keys.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, names->keys.keys[middle]);
        if (order == 0)
            return &names->marks[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static int hex_digit(unsigned char character)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = character ? strchr(digits, character | 0x20) : NULL;
    return found ? (int)(found - digits) : -1;
}

static bool is_regular(unsigned char character)
{
    return character > ' ' && !strchr("()<>[]{}/%", character);
}

/* The name at bytes[at] == '/', canonical; false when it is too long to be compared. */
static bool read_name(const struct pdf_contents *contents, size_t at, char *name, size_t size)
{
    size_t length = 0;
    name[length++] = '/';
    for (at++; at < contents->length && is_regular(contents->bytes[at]); at++) {
        const unsigned char *here = contents->bytes + at;
        if (length + 1 >= size)
            return false;
        if (*here == '#' && at + 2 < contents->length && hex_digit(here[1]) >= 0 && hex_digit(here[2]) >= 0) {
            name[length++] = (char)(hex_digit(here[1]) << 4 | hex_digit(here[2]));
            at += 2;
        } else {
            name[length++] = (char)*here;
        }
    }
    name[length] = '\0';
    return true;
}

/* Every slash begins a name, even within a string or an image: names too many do no harm, too few would. */
static void mark_used(struct resources *resources, const struct pdf_contents *contents)
{
    char name[256];
    const unsigned char *bytes = contents->bytes, *slash;
    for (size_t at = 0; at < contents->length; at = (size_t)(slash - bytes) + 1) {
        slash = memchr(bytes + at, '/', contents->length - at);
        if (!slash)
            return;
        if (!read_name(contents, (size_t)(slash - bytes), name, sizeof name)) {
            resources->keep_all = true;
            return;
        }
        for (int i = 0; i < CATEGORIES; i++) {
            enum mark *mark = find_name(&resources->names[i], name);
            if (mark && *mark == UNUSED)
                *mark = USED;
        }
    }
}

static void look_into(struct resources *resources, qpdf_data from, qpdf_oh object)
{
    bool is_stream = qpdf_oh_is_stream(from, object);
    qpdf_oh dictionary = is_stream ? qpdf_oh_get_dict(from, object) : object;
    struct pdf_contents contents = {0};
    uint64_t unpacked;
    if (!qpdf_oh_is_dictionary(from, dictionary) || qpdf_oh_has_key(from, dictionary, "/Resources"))
        return;
    qpdf_oh subtype = qpdf_oh_get_key(from, dictionary, "/Subtype");
    if (qpdf_oh_is_name_and_equals(from, subtype, "/Type3"))
        resources->keep_all = true;
    if (!is_stream || !qpdf_oh_is_name_and_equals(from, subtype, "/Form"))
        return;
    if (pdf_stream_check(from, object, &unpacked)) {
        resources->keep_all = true; /* and refused for its size soon */
        return;
    }
    qpdf_oh_get_stream_data(from, object, qpdf_dl_generalized, NULL, &contents.bytes, &contents.length);
    mark_used(resources, &contents);
    free(contents.bytes);
}

/* Forms and Type 3 fonts without resources of their own use those of the page, and may name further ones. */
static void look_into_used(struct resources *resources, qpdf_data from)
{
    bool has_news = true;
    while (has_news && !resources->keep_all) {
        has_news = false;
        for (int i = XOBJECTS; i <= FONTS; i++) {
            struct used_names *names = &resources->names[i];
            for (size_t k = 0; k < names->keys.count; k++) {
                if (names->marks[k] != USED)
                    continue;
                names->marks[k] = LOOKED_INTO;
                has_news = true;
                look_into(resources, from, qpdf_oh_get_key(from, names->dictionary, names->keys.keys[k]));
            }
        }
    }
}

static bool is_no_category(void *context, const char *key)
{
    (void)context;
    for (int i = 0; i < CATEGORIES; i++)
        if (strcmp(categories[i], key) == 0)
            return false;
    return true;
}

static bool is_used(void *context, const char *key)
{
    enum mark *mark = find_name(context, key);
    return mark && *mark != UNUSED;
}

qpdf_oh pdf_resources_copy(qpdf_data to, qpdf_data from, qpdf_oh resources,
                           const struct pdf_contents *contents)
{
    struct resources all = {0};
    if (!qpdf_oh_is_dictionary(from, resources))
        return qpdf_oh_new_dictionary(to);
    for (int i = 0; i < CATEGORIES; i++) {
        struct used_names *names = &all.names[i];
        names->dictionary = qpdf_oh_get_key(from, resources, categories[i]);
        if (!qpdf_oh_is_dictionary(from, names->dictionary))
            continue;
        names->keys = pdf_keys_of(from, names->dictionary);
        names->marks = memory_new((names->keys.count + 1) * sizeof *names->marks);
    }
    mark_used(&all, contents);
    look_into_used(&all, from);
    qpdf_oh made = pdf_copy_dictionary(to, from, resources, is_no_category, NULL);
    for (int i = 0; i < CATEGORIES; i++) {
        struct used_names *names = &all.names[i];
        if (names->marks)
            qpdf_oh_replace_key(
                to, made, categories[i],
                pdf_copy_dictionary(to, from, names->dictionary, all.keep_all ? NULL : is_used, names));
        pdf_keys_free(&names->keys);
        free(names->marks);
    }
    return made;
}
