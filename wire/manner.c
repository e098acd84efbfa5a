/* When each manner is on offer, and what it does. */
#include <deskline/phase.h>

static unsigned reading_offers(const struct ledger *ledger, const struct phase *phase, uint16_t error,
                               bool interrupted, struct manner_offer offers[MANNER_OFFERS_MAX])
{
    unsigned count = 0;
    uint32_t last = ledger_last_finished(ledger);
    bool hole = phase->device_page <= last; /* a page that was read is lost: the device has to start there */
    uint32_t back = hole ? phase->device_page - 1 : last;
    bool failed_in_page = error_find(error)->class == ERROR_CLASS_DEVICE && interrupted && !hole;
    /* Nothing to leave out when every page is read; and a job has at least one page. */
    bool may_skip = !ledger->total || (phase->device_page <= ledger->total && last > 0);

    offers[count++] = (struct manner_offer){MANNER_RESUME, phase->device_page, phase->device_page};
    if (back > 0)
        offers[count++] = (struct manner_offer){MANNER_FROM_PAGE, 1, back};
    if (last > 0 && !hole)
        offers[count++] = (struct manner_offer){MANNER_REDO_LAST, last, last};
    if (failed_in_page && may_skip)
        offers[count++] = (struct manner_offer){MANNER_SKIP, phase->device_page, phase->device_page};
    if (last > 0)
        offers[count++] = (struct manner_offer){MANNER_FINISH, last, last};
    offers[count++] = (struct manner_offer){MANNER_RESTART, 1, 1};
    offers[count++] = (struct manner_offer){MANNER_ABANDON, 0, 0};
    return count;
}

static unsigned printing_offers(const struct ledger *ledger, const struct phase *phase, uint16_t error,
                                struct manner_offer offers[MANNER_OFFERS_MAX])
{
    unsigned count = 0;
    uint32_t last = ledger_last_finished(ledger), sheet = phase->page;
    bool left = sheet <= ledger->total;
    bool failed_at_sheet =
        error_find(error)->class == ERROR_CLASS_DEVICE || phase->step == PHASE_PRINT_UNCERTAIN;

    offers[count++] = (struct manner_offer){MANNER_RESUME, sheet, sheet};
    if (left && failed_at_sheet)
        offers[count++] = (struct manner_offer){MANNER_SKIP, sheet, sheet};
    if (last > 0)
        offers[count++] = (struct manner_offer){MANNER_FROM_PAGE, 1, last};
    if (last > 0 && last < sheet)
        offers[count++] = (struct manner_offer){MANNER_REDO_LAST, last, last};
    if (last > 0)
        offers[count++] = (struct manner_offer){MANNER_FINISH, last, last};
    offers[count++] = (struct manner_offer){MANNER_RESTART, 1, 1};
    offers[count++] = (struct manner_offer){MANNER_ABANDON, 0, 0};
    return count;
}

unsigned manner_offers(const struct ledger *ledger, const struct phase *phase, uint16_t error,
                       bool interrupted, struct manner_offer offers[MANNER_OFFERS_MAX])
{
    return phase->function == FUNCTION_PRINTING ? printing_offers(ledger, phase, error, offers)
                                                : reading_offers(ledger, phase, error, interrupted, offers);
}

bool manner_resolve(const struct manner_offer *offers, unsigned count, uint8_t manner, uint32_t *page)
{
    for (unsigned i = 0; i < count; i++) {
        const struct manner_offer *offer = &offers[i];
        if (offer->manner != manner)
            continue;
        switch (offer->manner) {
        case MANNER_FROM_PAGE:
            return *page >= offer->first_page && *page <= offer->last_page;
        case MANNER_REDO_LAST: /* more may have been read since the user saw which page was the last */
            if (*page == 0)
                *page = offer->first_page;
            return *page <= offer->first_page;
        case MANNER_SKIP:
            if (*page == 0)
                *page = offer->first_page;
            return *page == offer->first_page;
        default:
            *page = offer->first_page;
            return true;
        }
    }
    return false;
}

bool manner_fits(uint8_t manner, uint32_t page)
{
    switch (manner) {
    case MANNER_RESUME:
    case MANNER_ABANDON:
        return true;
    case MANNER_FROM_PAGE:
    case MANNER_REDO_LAST:
    case MANNER_SKIP:
    case MANNER_FINISH:
    case MANNER_RESTART:
        return page >= 1 && page <= LEDGER_MAX_PAGES;
    default:
        return false;
    }
}

/* The user has put the sheet back, or knows that it never left: it can be read like any other. */
static void settle_uncertain(struct ledger *ledger)
{
    for (uint32_t page = 1; page <= ledger->count; page++)
        if (ledger_get(ledger, page).state == PAGE_UNCERTAIN)
            ledger_set(ledger, page, PAGE_UNREAD, ledger_get(ledger, page).generation);
}

static uint32_t apply_to_reading(struct ledger *ledger, enum manner manner, uint32_t page, uint32_t round)
{
    switch (manner) {
    case MANNER_FROM_PAGE:
    case MANNER_REDO_LAST:
    case MANNER_RESTART:
        ledger_revert(ledger, page, round);
        return page;
    case MANNER_SKIP:
        ledger_set(ledger, page, PAGE_SKIPPED, round);
        settle_uncertain(ledger);
        return 0;
    case MANNER_FINISH:
        settle_uncertain(ledger);
        for (uint32_t hole = 1; hole <= page && ledger_last_finished(ledger) > 0; hole++)
            if (!ledger_is_settled(ledger, hole))
                ledger_set(ledger, hole, PAGE_SKIPPED, round);
        ledger->total = page;
        return 0;
    case MANNER_RESUME:
        settle_uncertain(ledger);
        return 0;
    case MANNER_ABANDON:
    case MANNER_NONE:
        return 0;
    }
    return 0;
}

/* Of a document that is printed, the number of sheets is known from the start, whatever becomes of them. */
static uint32_t apply_to_printing(struct ledger *ledger, enum manner manner, uint32_t page, uint32_t round)
{
    uint32_t total = ledger->total;
    switch (manner) {
    case MANNER_FROM_PAGE:
    case MANNER_REDO_LAST:
    case MANNER_RESTART:
        ledger_revert(ledger, page, round);
        ledger->total = total;
        return page;
    case MANNER_SKIP: /* of another uncertain sheet, nothing has been said */
        if (page <= total)
            ledger_set(ledger, page, PAGE_SKIPPED, round);
        return 0;
    case MANNER_FINISH:
        for (uint32_t sheet = 1; sheet <= total; sheet++)
            if (!ledger_is_settled(ledger, sheet))
                ledger_set(ledger, sheet, PAGE_SKIPPED, round);
        return 0;
    case MANNER_RESUME:
        settle_uncertain(ledger);
        return 0;
    case MANNER_ABANDON:
    case MANNER_NONE:
        return 0;
    }
    return 0;
}

uint32_t manner_apply(enum job_function function, struct ledger *ledger, enum manner manner, uint32_t page,
                      uint32_t round)
{
    if (!manner_fits((uint8_t)manner, page))
        return 0;
    return function == FUNCTION_PRINTING ? apply_to_printing(ledger, manner, page, round)
                                         : apply_to_reading(ledger, manner, page, round);
}
