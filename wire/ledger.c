#include <deskline/ledger.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *page_state_name(uint8_t state)
{
    static const char *const names[] = {"unread",  "read",     "stored",    "uncertain",
                                        "skipped", "received", "submitted", "printed"};
    return state < PAGE_STATES ? names[state] : "unknown";
}

bool page_state_fits(uint32_t state, enum job_function function)
{
    static const uint8_t functions[PAGE_STATES] = {
        [PAGE_UNREAD] = FUNCTION_READING | FUNCTION_PRINTING,
        [PAGE_READ] = FUNCTION_READING,
        [PAGE_STORED] = FUNCTION_READING,
        [PAGE_UNCERTAIN] = FUNCTION_READING | FUNCTION_PRINTING,
        [PAGE_SKIPPED] = FUNCTION_READING | FUNCTION_PRINTING,
        [PAGE_RECEIVED] = FUNCTION_PRINTING,
        [PAGE_SUBMITTED] = FUNCTION_PRINTING,
        [PAGE_PRINTED] = FUNCTION_PRINTING,
    };
    return state < PAGE_STATES && (functions[state] & function) != 0;
}

void ledger_free(struct ledger *ledger)
{
    free(ledger->pages);
    *ledger = (struct ledger){0};
}

static void reserve(struct ledger *ledger, uint32_t count)
{
    if (count <= ledger->room)
        return;
    uint32_t room = count < 16 ? 16 : count * 2;
    struct ledger_page *pages = realloc(ledger->pages, room * sizeof *pages);
    if (!pages)
        abort(); /* half a megabyte at the most */
    ledger->pages = pages;
    ledger->room = room;
}

void ledger_copy(struct ledger *to, const struct ledger *from)
{
    if (to == from)
        return;
    reserve(to, from->count);
    if (from->count)
        memcpy(to->pages, from->pages, from->count * sizeof *from->pages);
    to->count = from->count;
    to->total = from->total;
    to->floor = from->floor;
}

bool ledger_equal(const struct ledger *a, const struct ledger *b)
{
    uint32_t count = a->count > b->count ? a->count : b->count;
    if (a->total != b->total || a->floor != b->floor)
        return false;
    for (uint32_t page = 1; page <= count; page++) {
        struct ledger_page left = ledger_get(a, page), right = ledger_get(b, page);
        if (left.state != right.state || left.generation != right.generation)
            return false;
    }
    return true;
}

struct ledger_page ledger_get(const struct ledger *ledger, uint32_t page)
{
    if (page >= 1 && page <= ledger->count)
        return ledger->pages[page - 1];
    return (struct ledger_page){PAGE_UNREAD, ledger->floor};
}

int ledger_set(struct ledger *ledger, uint32_t page, enum page_state state, uint32_t generation)
{
    if (page < 1 || page > LEDGER_MAX_PAGES)
        return -ERANGE;
    reserve(ledger, page);
    while (ledger->count < page)
        ledger->pages[ledger->count++] = (struct ledger_page){PAGE_UNREAD, ledger->floor};
    ledger->pages[page - 1] = (struct ledger_page){(uint8_t)state, generation};
    return 0;
}

bool ledger_is_finished(const struct ledger *ledger, uint32_t page)
{
    uint8_t state = ledger_get(ledger, page).state;
    return state == PAGE_READ || state == PAGE_STORED || state == PAGE_PRINTED;
}

bool ledger_is_settled(const struct ledger *ledger, uint32_t page)
{
    return ledger_is_finished(ledger, page) || ledger_get(ledger, page).state == PAGE_SKIPPED;
}

uint32_t ledger_last_finished(const struct ledger *ledger)
{
    uint32_t page = ledger->count;
    while (page > 0 && !ledger_is_finished(ledger, page))
        page--;
    return page;
}

uint32_t ledger_count(const struct ledger *ledger, enum page_state state)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ledger->count; i++)
        count += ledger->pages[i].state == state;
    return count;
}

/* The entries end where the job does: nothing behind a known total counts. */
static uint32_t last_entry(const struct ledger *ledger)
{
    return ledger->total && ledger->total < ledger->count ? ledger->total : ledger->count;
}

uint32_t ledger_first_unstored(const struct ledger *ledger)
{
    uint32_t page = 1;
    while (page <= last_entry(ledger) && ledger_is_settled(ledger, page) &&
           ledger->pages[page - 1].state != PAGE_READ)
        page++;
    return page;
}

uint32_t ledger_first_unread(const struct ledger *ledger)
{
    uint32_t page = 1;
    while (page <= last_entry(ledger) && ledger_is_settled(ledger, page))
        page++;
    return page;
}

uint32_t ledger_next_read(const struct ledger *ledger, uint32_t page)
{
    for (; page <= last_entry(ledger); page++)
        if (ledger_get(ledger, page).state == PAGE_READ)
            return page;
    return 0;
}

bool ledger_gap(const struct ledger *ledger, uint32_t *first, uint32_t *count)
{
    *first = ledger_first_unread(ledger);
    if (ledger->total && *first > ledger->total)
        return false;
    uint32_t end = *first;
    while (end <= last_entry(ledger) && !ledger_is_settled(ledger, end))
        end++;
    if (end <= last_entry(ledger))
        *count = end - *first;
    else
        *count = ledger->total ? ledger->total + 1 - *first : 0;
    return true;
}

bool ledger_is_complete(const struct ledger *ledger)
{
    return ledger->total && ledger_first_unstored(ledger) > ledger->total &&
           ledger_count(ledger, PAGE_STORED) > 0;
}

bool ledger_is_printed(const struct ledger *ledger)
{
    return ledger->total && ledger_first_unstored(ledger) > ledger->total;
}

void ledger_revert(struct ledger *ledger, uint32_t page, uint32_t generation)
{
    for (uint32_t n = page; n <= ledger->count; n++)
        ledger->pages[n - 1] = (struct ledger_page){PAGE_UNREAD, generation};
    if (page <= ledger->count + 1)
        ledger->floor = generation;
    ledger->total = 0;
}

void ledger_to_account(const struct ledger *ledger, struct frame_list_builder *builder,
                       struct record_account *account)
{
    *account = (struct record_account){.total = ledger->total, .floor = ledger->floor};
    for (uint32_t i = 0; i < ledger->count;) {
        struct record_pages run = {
            .first = i + 1, .state = ledger->pages[i].state, .generation = ledger->pages[i].generation};
        while (i < ledger->count && ledger->pages[i].state == run.state &&
               ledger->pages[i].generation == run.generation) {
            i++;
            run.count++;
        }
        if (frame_list_add(builder, &frame_record_pages, &run))
            abort();
    }
    account->runs = frame_list_view(builder);
}

int ledger_from_account(struct ledger *ledger, enum job_function function,
                        const struct record_account *account, const char **why)
{
    struct ledger made = {.total = account->total, .floor = account->floor};
    struct record_pages run;
    size_t cursor = 0;
    int error = -EBADMSG;

    *why = "an account with more pages than a job may have";
    if (account->total > LEDGER_MAX_PAGES)
        goto fail;
    while (frame_list_next(&account->runs, &frame_record_pages, &cursor, &run)) {
        *why = "an account whose runs do not follow each other";
        if (run.first != made.count + 1 || run.count == 0)
            goto fail;
        *why = "an account with a page state that its job does not know";
        if (!page_state_fits(run.state, function))
            goto fail;
        *why = "an account with more pages than a job may have";
        if (run.count > LEDGER_MAX_PAGES - made.count)
            goto fail;
        for (uint32_t i = 0; i < run.count; i++)
            ledger_set(&made, run.first + i, run.state, run.generation);
    }
    *why = "an account with finished pages behind its total";
    if (made.total && ledger_last_finished(&made) > made.total)
        goto fail;
    ledger_free(ledger);
    *ledger = made;
    return 0;
fail:
    ledger_free(&made);
    return error;
}
