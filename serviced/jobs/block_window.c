#include "config.h"

#include "serviced/jobs/block_window.h"

/* A copy begins anew with block 1, which is not wanted before those at the end of the copy before it. */
static bool is_at_end(const struct ledger *wanted, uint32_t sheet, uint32_t first, uint32_t blocks)
{
    return sheet - first >= blocks || sheet - first >= BLOCK_WINDOW_MOST ||
           (sheet != first && (sheet - 1) % blocks == 0 && ledger_count(wanted, PAGE_READ) > 0);
}

void block_window(const struct ledger *sheets, const struct manifest *manifest, struct ledger *wanted)
{
    uint32_t first = ledger_first_unstored(sheets);
    uint64_t bytes = 0;
    ledger_free(wanted);
    if (manifest->count == 0)
        return;
    for (uint32_t sheet = first; sheet <= sheets->total; sheet++) {
        uint32_t block = (sheet - 1) % manifest->count + 1;
        if (is_at_end(wanted, sheet, first, manifest->count))
            return;
        if (ledger_is_settled(sheets, sheet))
            continue;
        bytes += manifest_find(manifest, block)->length;
        if (bytes > BLOCK_WINDOW_BYTES && sheet - first >= BLOCK_WINDOW_SHEETS)
            return;
        if (ledger_get(sheets, sheet).state == PAGE_HELD)
            ledger_set(wanted, block, PAGE_READ, ledger_get(sheets, sheet).generation);
    }
}
