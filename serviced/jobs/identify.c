#include "serviced/jobs/identify.h"

static void merge_read_page(struct ledger *server, uint32_t page, struct ledger_page theirs,
                            struct identify_result *result)
{
    struct ledger_page ours = ledger_get(server, page);
    if (ours.state == PAGE_STORED || ours.state == PAGE_SKIPPED)
        return;
    switch (theirs.state) {
    case PAGE_READ:
        if (theirs.generation >= ours.generation && ours.state != PAGE_READ)
            ledger_set(server, page, PAGE_READ, theirs.generation);
        return;
    case PAGE_STORED: /* never acknowledged before it was durable: so it was not */
        result->lost++;
        break;
    case PAGE_UNCERTAIN:
        if (ours.state != PAGE_UNCERTAIN)
            ledger_set(server, page, PAGE_UNCERTAIN, ours.generation);
        return;
    case PAGE_SKIPPED: /* as the user designated, when he took what there was as the result */
        ledger_set(server, page, PAGE_SKIPPED, theirs.generation);
        return;
    default:
        break;
    }
    if (ours.state != PAGE_UNREAD)
        ledger_set(server, page, PAGE_UNREAD, ours.generation);
}

static void merge_reading(struct ledger *server, const struct ledger *claimed, struct identify_result *result)
{
    uint32_t last = claimed->count > server->count ? claimed->count : server->count;
    for (uint32_t page = 1; page <= last; page++)
        merge_read_page(server, page, ledger_get(claimed, page), result);
    if (claimed->total && claimed->total < ledger_last_finished(server))
        result->total_refused = true;
    else if (claimed->total)
        server->total = claimed->total;
}

/* A client that has lost the order, and waits for a restart to bring it, says nothing of any sheet. */
static void merge_printing(struct ledger *server, const struct ledger *claimed,
                           struct identify_result *result)
{
    if (claimed->total == 0 && claimed->count == 0)
        return;
    for (uint32_t sheet = 1; sheet <= server->total; sheet++) {
        struct ledger_page ours = ledger_get(server, sheet), theirs = ledger_get(claimed, sheet);
        bool is_final = ours.state == PAGE_PRINTED || ours.state == PAGE_SKIPPED;
        if (is_final && theirs.state != ours.state)
            result->lost++;
        else if (!is_final && theirs.generation >= ours.generation)
            ledger_set(server, sheet, theirs.state, theirs.generation);
    }
    result->total_refused = claimed->total && claimed->total != server->total;
}

void identify_merge(enum job_function function, struct ledger *server, const struct ledger *claimed,
                    struct identify_result *result)
{
    *result = (struct identify_result){0};
    if (function == FUNCTION_PRINTING)
        merge_printing(server, claimed, result);
    else
        merge_reading(server, claimed, result);
}

void identify_phase(enum job_function function, struct ledger *server, const struct ledger *claimed,
                    const struct record_phase *claim, struct identify_result *result)
{
    *result = (struct identify_result){0};
    if (claimed)
        identify_merge(function, server, claimed, result);
    result->phase = phase_of(function, server);
    result->claim_differs = claim && claim->page != result->phase.page;
}
