#include <deskline/phase.h>

static uint8_t reading_step(const struct ledger *ledger, uint32_t page)
{
    if (ledger_is_complete(ledger))
        return PHASE_READ_DELIVERING;
    if (ledger_get(ledger, page).state == PAGE_READ)
        return PHASE_READ_SENDING;
    if (page == 1 && ledger_last_finished(ledger) == 0 && ledger_get(ledger, 1).state != PAGE_UNCERTAIN)
        return PHASE_READ_STARTING;
    return PHASE_READ_READING;
}

static uint8_t printing_step(const struct ledger *ledger, uint32_t sheet)
{
    if (ledger_is_printed(ledger))
        return PHASE_PRINT_FINISHED;
    switch (ledger_get(ledger, sheet).state) {
    case PAGE_HELD:
        return ledger_count(ledger, PAGE_HELD) == ledger->count ? PHASE_PRINT_STARTING
                                                                : PHASE_PRINT_RECEIVING;
    case PAGE_UNCERTAIN:
        return PHASE_PRINT_UNCERTAIN;
    default:
        return PHASE_PRINT_PRINTING;
    }
}

struct phase phase_of(enum job_function function, const struct ledger *ledger)
{
    struct phase phase = {.function = (uint8_t)function,
                          .page = ledger_first_unstored(ledger),
                          .device_page = ledger_first_unread(ledger)};
    phase.step =
        function == FUNCTION_PRINTING ? printing_step(ledger, phase.page) : reading_step(ledger, phase.page);
    return phase;
}

struct record_phase phase_to_record(const struct phase *phase)
{
    return (struct record_phase){phase->function, phase->step, phase->page, phase->device_page};
}
