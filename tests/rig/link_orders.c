#include "config.h"

#include "tests/rig/link_orders.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 5

struct order {
    char *words[WORDS]; /* the first is the order's own */
    int count;
    char *answer;
    size_t room;
};

static int number(const struct order *order, int at, double most, double *value)
{
    char *end;

    if (at >= order->count)
        return -EINVAL;
    *value = strtod(order->words[at], &end);
    return end == order->words[at] || *end != '\0' || !(*value >= 0 && *value <= most) ? -EINVAL : 0;
}

/* An order of one number and nothing else. */
static int only_number(const struct order *order, double most, double *value)
{
    return order->count == 2 ? number(order, 1, most, value) : -EINVAL;
}

static int bare(const struct order *order)
{
    return order->count == 1 ? 0 : -EINVAL;
}

static int do_cut(struct link_network *network, struct order *order)
{
    if (bare(order) != 0)
        return -EINVAL;
    link_network_cut(network, true);
    return 0;
}

static int do_close(struct link_network *network, struct order *order)
{
    if (bare(order) != 0)
        return -EINVAL;
    link_network_cut(network, false);
    return 0;
}

static int do_refuse(struct link_network *network, struct order *order)
{
    if (bare(order) != 0)
        return -EINVAL;
    link_network_faults(network)->refuse = true;
    return 0;
}

static int do_accept(struct link_network *network, struct order *order)
{
    if (bare(order) != 0)
        return -EINVAL;
    link_network_faults(network)->refuse = false;
    link_network_faults(network)->dark = false;
    return 0;
}

static int do_half_open(struct link_network *network, struct order *order)
{
    bool once = order->count == 2 && strcmp(order->words[1], "once") == 0;

    if (!once && bare(order) != 0)
        return -EINVAL;
    link_network_faults(network)->dark = !once;
    link_network_darken(network);
    return 0;
}

static int do_stall(struct link_network *network, struct order *order)
{
    double seconds;

    if (only_number(order, 1e6, &seconds) != 0)
        return -EINVAL;
    link_network_faults(network)->stalled_until = link_now() + seconds;
    link_network_changed(network);
    return 0;
}

static int do_rate(struct link_network *network, struct order *order)
{
    double rate;

    if (only_number(order, 1e12, &rate) != 0)
        return -EINVAL;
    link_network_faults(network)->rate = rate;
    link_network_changed(network);
    return 0;
}

static int do_delay(struct link_network *network, struct order *order)
{
    double ms;

    if (only_number(order, 1e7, &ms) != 0)
        return -EINVAL;
    link_network_faults(network)->delay = ms / 1000;
    return 0;
}

static int do_corrupt(struct link_network *network, struct order *order)
{
    double byte;

    if (only_number(order, 1e15, &byte) != 0 || byte < 1)
        return -EINVAL;
    link_network_faults(network)->corrupt_in = (uint64_t)byte;
    return 0;
}

static int do_cut_after(struct link_network *network, struct order *order)
{
    double bytes;

    if (only_number(order, 1e15, &bytes) != 0 || bytes < 1)
        return -EINVAL;
    link_network_faults(network)->cut_in = (uint64_t)bytes;
    link_network_faults(network)->cut_every = 0;
    link_network_faults(network)->cuts_left = 0;
    return 0;
}

static int do_cut_every(struct link_network *network, struct order *order)
{
    struct link_faults *faults = link_network_faults(network);
    double bytes, times;

    if (order->count != 4 || strcmp(order->words[2], "times") != 0 || number(order, 1, 1e15, &bytes) != 0 ||
        number(order, 3, 1e6, &times) != 0 || bytes < 1 || times < 1)
        return -EINVAL;
    faults->cut_in = faults->cut_every = (uint64_t)bytes;
    faults->cuts_left = (unsigned long)times;
    return 0;
}

static int do_normal(struct link_network *network, struct order *order)
{
    if (bare(order) != 0)
        return -EINVAL;
    *link_network_faults(network) = (struct link_faults){0};
    link_network_changed(network);
    return 0;
}

static int do_stats(struct link_network *network, struct order *order)
{
    struct link_counts c = link_network_counts(network);

    if (bare(order) != 0)
        return -EINVAL;
    snprintf(order->answer, order->room,
             "to-server=%" PRIu64 " to-client=%" PRIu64 " swallowed=%" PRIu64
             " connections=%lu open=%lu refused=%lu cuts=%lu corrupted=%lu",
             c.to_server, c.to_client, c.swallowed, c.connections, c.open, c.refused, c.cuts, c.corrupted);
    return 0;
}

static const struct {
    const char *word;
    const char *usage;
    int (*carry_out)(struct link_network *network, struct order *order);
} orders[] = {
    {"cut", "cut", do_cut},
    {"close", "close", do_close},
    {"refuse", "refuse", do_refuse},
    {"accept", "accept", do_accept},
    {"half-open", "half-open [once]", do_half_open},
    {"stall", "stall SECONDS", do_stall},
    {"rate", "rate BYTES-PER-SECOND (0: no limit)", do_rate},
    {"delay", "delay MILLISECONDS", do_delay},
    {"corrupt", "corrupt BYTE (from 1)", do_corrupt},
    {"cut-after", "cut-after BYTES", do_cut_after},
    {"cut-every", "cut-every BYTES times N", do_cut_every},
    {"normal", "normal", do_normal},
    {"stats", "stats", do_stats},
};

int link_order(struct link_network *network, char *line, char *answer, size_t room)
{
    struct order order = {.answer = answer, .room = room};
    char *rest = NULL;

    for (char *word = strtok_r(line, " \t\r", &rest); word != NULL; word = strtok_r(NULL, " \t\r", &rest)) {
        if (order.count == WORDS)
            break;
        order.words[order.count++] = word;
    }
    for (size_t i = 0; order.count > 0 && i < sizeof orders / sizeof orders[0]; i++) {
        if (strcmp(orders[i].word, order.words[0]) != 0)
            continue;
        snprintf(answer, room, "ok");
        if (orders[i].carry_out(network, &order) == 0)
            return 0;
        snprintf(answer, room, "error: the order is: %s", orders[i].usage);
        return -EINVAL;
    }
    snprintf(answer, room, "error: there is no such order");
    return -EINVAL;
}
