#include "config.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void memory_fail(void)
{
    static const char text[] = "out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);

    (void)ignored; /* abort follows in either case */
    abort();
}

void *memory_new(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL)
        memory_fail();
    return memory;
}

void *memory_resize(void *old, size_t count, size_t size)
{
    void *memory = NULL;

    if (size != 0 && count <= SIZE_MAX / size)
        memory = realloc(old, count * size);
    if (memory == NULL)
        memory_fail();
    return memory;
}

char *memory_text(const char *text)
{
    char *copy;

    if (text == NULL)
        return NULL;
    copy = strdup(text);
    if (copy == NULL)
        memory_fail();
    return copy;
}
