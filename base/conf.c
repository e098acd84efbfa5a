#include "config.h"

#include "base/conf.h"
#include "base/conf_table.h"
#include "base/conf_value.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONF_EXPECTED_MAX 320
#define CONF_SHOWN_MAX    64 /* of a text that is not known, in a message */

int conf_error_set(struct conf_error *error, int code, const char *format, ...)
{
    va_list arguments;
    int wanted;

    va_start(arguments, format);
    wanted = vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    if (wanted >= (int)sizeof error->text)
        memcpy(error->text + sizeof error->text - sizeof "...", "...", sizeof "...");
    return code;
}

static void conf_show(char shown[CONF_SHOWN_MAX], const char *text)
{
    text_escape(shown, CONF_SHOWN_MAX, text, strlen(text));
}

/* ---- elements of named sections: the array and its count are members of the settings struct ---- */

static char *conf_elements_get(const struct conf_named_section *named, const void *settings, size_t *count)
{
    char *elements;

    /* Copied, since the member may be a pointer of any type. */
    memcpy(&elements, (const char *)settings + named->elements_offset, sizeof elements);
    memcpy(count, (const char *)settings + named->count_offset, sizeof *count);
    return elements;
}

static void conf_elements_put(const struct conf_named_section *named, void *settings, char *elements,
                              size_t count)
{
    memcpy((char *)settings + named->elements_offset, &elements, sizeof elements);
    memcpy((char *)settings + named->count_offset, &count, sizeof count);
}

static char **conf_element_name(const struct conf_named_section *named, char *element)
{
    return (char **)(void *)(element + named->name_offset);
}

static int conf_store_defaults(const struct conf_setting *setting, void *settings, struct conf_error *error)
{
    char expected[CONF_EXPECTED_MAX];

    for (; setting->key != NULL; setting++) {
        if (setting->default_value != NULL &&
            conf_value_store(setting, settings, setting->default_value, expected, sizeof expected) < 0)
            return conf_error_set(error, -EINVAL, "the default '%s' of %s is not valid: expected %s",
                                  setting->default_value, setting->key, expected);
    }
    return 0;
}

/* The element with this name, made with its defaults if there is none. */
static int conf_element_find(const struct conf_named_section *named, void *settings, const char *name,
                             void **found, struct conf_error *error)
{
    size_t count;
    char *elements = conf_elements_get(named, settings, &count);
    char *element;

    for (size_t i = 0; i < count; i++) {
        element = elements + i * named->element_size;
        if (strcmp(*conf_element_name(named, element), name) == 0) {
            *found = element;
            return 0;
        }
    }
    elements = memory_resize(elements, count + 1, named->element_size);
    element = elements + count * named->element_size;
    memset(element, 0, named->element_size);
    for (const struct conf_setting *setting = named->settings; setting->key != NULL; setting++)
        conf_value_clear(setting, element);
    *conf_element_name(named, element) = memory_text(name);
    conf_elements_put(named, settings, elements, count + 1);
    *found = element;
    return conf_store_defaults(named->settings, element, error);
}

/* ---- sections ---- */

/* "[server], [limits], [scanner NAME]" */
static void conf_list_sections(const struct conf_table *table, struct text_buffer *list)
{
    const struct conf_named_section *named = table->named_sections;

    for (const struct conf_setting *setting = table->settings; setting->key != NULL; setting++) {
        const struct conf_setting *first = table->settings;

        while (strcmp(first->section, setting->section) != 0)
            first++;
        if (first == setting)
            text_printf(list, "%s[%s]", list->length == 0 ? "" : ", ", setting->section);
    }
    for (; named != NULL && named->prefix != NULL; named++)
        text_printf(list, "%s[%s NAME]", list->length == 0 ? "" : ", ", named->prefix);
}

static int conf_section_unknown(const struct conf_table *table, const char *title, const char *where,
                                struct conf_error *error)
{
    char shown[CONF_SHOWN_MAX];
    struct text_buffer list;

    conf_show(shown, title);
    text_start(&list, sizeof error->text);
    conf_list_sections(table, &list);
    conf_error_set(error, -EINVAL, "%s: unknown section [%s]; known are %s", where, shown, text_of(&list));
    text_free(&list);
    return -EINVAL;
}

int conf_section_find(const struct conf_table *table, void *settings, const char *title, const char *where,
                      struct conf_section *section, struct conf_error *error)
{
    const struct conf_named_section *named = table->named_sections;

    *section = (struct conf_section){.base = settings};
    if (strlen(title) >= sizeof section->title)
        return conf_error_set(error, -EINVAL, "%s: a section's name has at most %zu characters", where,
                              sizeof section->title - 1);
    strcpy(section->title, title);
    for (const struct conf_setting *setting = table->settings; setting->key != NULL; setting++) {
        if (strcmp(setting->section, title) == 0) {
            section->settings = table->settings;
            section->name = setting->section;
            return 0;
        }
    }
    for (; named != NULL && named->prefix != NULL; named++) {
        size_t length = strlen(named->prefix);
        const char *name;

        if (strncmp(title, named->prefix, length) != 0 || (title[length] != '\0' && title[length] != ' '))
            continue;
        name = title + length + strspn(title + length, " ");
        if (*name == '\0')
            return conf_error_set(error, -EINVAL, "%s: [%s] needs a name: [%s NAME]", where, named->prefix,
                                  named->prefix);
        section->settings = named->settings;
        return conf_element_find(named, settings, name, &section->base, error);
    }
    return conf_section_unknown(table, title, where, error);
}

static bool conf_section_has(const struct conf_section *section, const struct conf_setting *setting)
{
    return section->name == NULL || strcmp(section->name, setting->section) == 0;
}

static int conf_setting_unknown(const struct conf_section *section, const char *key, const char *where,
                                struct conf_error *error)
{
    char shown[CONF_SHOWN_MAX], title[CONF_SHOWN_MAX];
    struct text_buffer list;

    conf_show(shown, key);
    conf_show(title, section->title);
    text_start(&list, sizeof error->text);
    for (const struct conf_setting *setting = section->settings; setting->key != NULL; setting++) {
        if (conf_section_has(section, setting))
            text_printf(&list, "%s%s", list.length == 0 ? "" : ", ", setting->key);
    }
    conf_error_set(error, -EINVAL, "%s: unknown setting '%s' in [%s]; known are %s", where, shown, title,
                   text_of(&list));
    text_free(&list);
    return -EINVAL;
}

int conf_section_set(const struct conf_section *section, const char *key, const char *value,
                     const char *where, struct conf_error *error)
{
    char shown[CONF_SHOWN_MAX], expected[CONF_EXPECTED_MAX];

    for (const struct conf_setting *setting = section->settings; setting->key != NULL; setting++) {
        if (!conf_section_has(section, setting) || strcmp(setting->key, key) != 0)
            continue;
        if (conf_value_store(setting, section->base, value, expected, sizeof expected) == 0)
            return 0;
        conf_show(shown, value);
        return conf_error_set(error, -EINVAL, "%s: %s = '%s' is not valid: expected %s", where, key, shown,
                              expected);
    }
    return conf_setting_unknown(section, key, where, error);
}

/* ---- the settings as a whole ---- */

int conf_defaults(const struct conf_table *table, void *settings, struct conf_error *error)
{
    const struct conf_named_section *named = table->named_sections;

    for (const struct conf_setting *setting = table->settings; setting->key != NULL; setting++)
        conf_value_clear(setting, settings);
    for (; named != NULL && named->prefix != NULL; named++)
        conf_elements_put(named, settings, NULL, 0);
    return conf_store_defaults(table->settings, settings, error);
}

int conf_set(const struct conf_table *table, void *settings, const char *section, const char *key,
             const char *value, const char *where, struct conf_error *error)
{
    struct conf_section found;
    int result = conf_section_find(table, settings, section, where, &found, error);

    return result < 0 ? result : conf_section_set(&found, key, value, where, error);
}

static void conf_free_elements(const struct conf_named_section *named, void *settings)
{
    size_t count;
    char *elements = conf_elements_get(named, settings, &count);

    for (size_t i = 0; i < count; i++) {
        char *element = elements + i * named->element_size;

        for (const struct conf_setting *setting = named->settings; setting->key != NULL; setting++)
            conf_value_free(setting, element);
        free(*conf_element_name(named, element));
    }
    free(elements);
    conf_elements_put(named, settings, NULL, 0);
}

void conf_free(const struct conf_table *table, void *settings)
{
    const struct conf_named_section *named = table->named_sections;

    for (const struct conf_setting *setting = table->settings; setting->key != NULL; setting++)
        conf_value_free(setting, settings);
    for (; named != NULL && named->prefix != NULL; named++)
        conf_free_elements(named, settings);
}
