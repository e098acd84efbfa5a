#include <deskline/phase.h>

struct phase phase_of_reading(const struct ledger *ledger)
{
    struct phase phase = {.function = FUNCTION_READING,
                          .page = ledger_first_unstored(ledger),
                          .device_page = ledger_first_unread(ledger)};
    if (ledger_is_complete(ledger))
        phase.step = PHASE_READ_DELIVERING;
    else if (ledger_get(ledger, phase.page).state == PAGE_READ)
        phase.step = PHASE_READ_SENDING;
    else if (phase.page == 1 && ledger_last_finished(ledger) == 0 &&
             ledger_get(ledger, 1).state != PAGE_UNCERTAIN)
        phase.step = PHASE_READ_STARTING;
    else
        phase.step = PHASE_READ_READING;
    return phase;
}

struct record_phase phase_to_record(const struct phase *phase)
{
    return (struct record_phase){phase->function, phase->step, phase->page, phase->device_page};
}
