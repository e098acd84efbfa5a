/*
 * split-driver: plays serviced for the splitting unit, through serviced/documents/split.
 *
 *   split-driver UNIT-FOLDER OUTPUT-FOLDER FILE [OPTION=VALUE]…
 *
 * Options: pages, media, turn (auto, portrait, landscape), sides (one, two), fit (yes), page-limit,
 * byte-limit, watchdog-ms, cancel (at block N). Prints a line per block and one at the end, and the peak
 * memory of the unit in KiB; ends with 0 when all blocks are there, 1 after a refusal, 2 for wrong usage.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/loop.h"
#include "serviced/documents/split.h"
#include "wire/peer.h"

struct driver {
    struct loop *loop;
    struct split *split;
    uint32_t cancel_at;
    int code;
};

static void on_document(void *context, const struct split_document *document)
{
    (void)context;
    printf("document kind=%s pages=%u chosen=%u sheets=%u title=%s\n", document->kind, document->pages,
           document->chosen, document->sheets, document->title);
}

static void on_block(void *context, const struct split_block *block)
{
    struct driver *driver = context;
    printf("block %s front=%u back=%u length=%llu digest=", block->name, block->front, block->back,
           (unsigned long long)block->length);
    for (int i = 0; i < SPLIT_DIGEST_BYTES; i++)
        printf("%02x", block->digest[i]);
    puts("");
    if (block->sheet != driver->cancel_at)
        return;
    puts("canceled");
    driver->code = 0;
    split_free(&driver->split);
    loop_stop(driver->loop);
}

static void on_end(void *context, const struct split_end *end)
{
    struct driver *driver = context;
    printf("end %s: %s\n", error_find(end->code)->keyword, end->text);
    driver->code = end->code == ERROR_NONE ? 0 : 1;
    split_free(&driver->split);
    loop_stop(driver->loop);
}

static int take_option(struct split_order *order, struct driver *driver, const char *option)
{
    const char *value = strchr(option, '=');
    size_t length = value ? (size_t)(value++ - option) : 0;
#define IS(name) (length == strlen(name) && memcmp(option, name, length) == 0)
    if (IS("pages"))
        order->pages = value;
    else if (IS("media"))
        order->media = value;
    else if (IS("turn"))
        order->turn = *value == 'p' ? SPLIT_PORTRAIT : *value == 'l' ? SPLIT_LANDSCAPE : SPLIT_AUTO;
    else if (IS("sides"))
        order->two_sided = *value == 't';
    else if (IS("fit"))
        order->fit = *value == 'y';
    else if (IS("page-limit"))
        order->page_limit = (uint32_t)strtoul(value, NULL, 10);
    else if (IS("byte-limit"))
        order->byte_limit = strtoull(value, NULL, 10);
    else if (IS("watchdog-ms"))
        order->watchdog_ms = (uint32_t)strtoul(value, NULL, 10);
    else if (IS("cancel"))
        driver->cancel_at = (uint32_t)strtoul(value, NULL, 10);
    else
        return -EINVAL;
    return 0;
#undef IS
}

int main(int argc, char **argv)
{
    static const struct split_callbacks callbacks = {on_document, on_block, on_end};
    struct driver driver = {.code = 2};
    struct split_order order = {.page_limit = 20000, .byte_limit = UINT64_C(4) << 30, .watchdog_ms = 60000};
    if (argc < 4)
        return 2;
    order.unit_folder = argv[1];
    order.output_folder = argv[2];
    order.file = argv[3];
    for (int i = 4; i < argc; i++)
        if (take_option(&order, &driver, argv[i]))
            return 2;
    log_start("split-driver", LOG_LEVEL_INFO);
    driver.loop = loop_new();
    struct peer_sweep *sweep = peer_sweep_new(driver.loop, 1000);
    int error = split_start(&driver.split, driver.loop, sweep, &order, &callbacks, &driver);
    if (!error)
        loop_run(driver.loop);
    peer_sweep_free(&sweep);
    loop_free(&driver.loop);
    struct rusage usage;
    if (getrusage(RUSAGE_CHILDREN, &usage) == 0)
        printf("peak %ld KiB\n", usage.ru_maxrss);
    return driver.code;
}
