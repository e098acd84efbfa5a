/*
 * The page ledger: what has durably happened to each page of a job. Pure data; both daemons use the same
 * code.
 *
 *   reading:   unread ──► read ──► stored
 *                 └─────► skipped                  left out, as the user designated
 *              uncertain                           it may have gone through the feeder unread
 *
 *   printing:  held ──► received ──► submitted ──► printed
 *                └────────────┴───────► skipped
 *              received                            its data is in the client's spool
 *              submitted                           it is at the printer
 *              uncertain                           nobody can know whether it came out
 *
 * Pages (of a printing job: sheets) are numbered from 1; all pages behind the last entry are unread, or held.
 * Each page carries a generation: of a page that was read or printed, the round in which it was; of another,
 * the oldest generation that counts, so that a page which was given up by a restart is not taken for the one
 * that is made again.
 */
#ifndef DESKLINE_LEDGER_H
#define DESKLINE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>
#include <deskline/words.h>

/* Where each page is a run of its own, the account still fits every frame that carries one. */
#define LEDGER_MAX_PAGES 60000u

enum page_state {
    PAGE_UNREAD = 0,
    PAGE_HELD = PAGE_UNREAD, /* nothing has happened to it */
    PAGE_READ = 1,
    PAGE_STORED = 2,
    PAGE_UNCERTAIN = 3,
    PAGE_SKIPPED = 4,
    PAGE_RECEIVED = 5,
    PAGE_SUBMITTED = 6,
    PAGE_PRINTED = 7,
    PAGE_STATES
};
const char *page_state_name(uint8_t state);
/* Whether a page of such a job can be in that state. */
bool page_state_fits(uint32_t state, enum job_function function);

struct ledger_page {
    uint8_t state;
    uint32_t generation;
};

/* A plain value with one allocation: zeroed is an empty ledger; ledger_free gives the memory back. */
struct ledger {
    uint32_t total; /* pages of the whole job, 0 while not known */
    uint32_t floor; /* the oldest generation that counts, behind the last entry */
    uint32_t count, room;
    struct ledger_page *pages; /* page n is pages[n - 1] */
};

void ledger_free(struct ledger *ledger);
void ledger_copy(struct ledger *to, const struct ledger *from);
bool ledger_equal(const struct ledger *a, const struct ledger *b);

/* Page numbers outside 1 … LEDGER_MAX_PAGES are unread; setting them is -ERANGE. */
struct ledger_page ledger_get(const struct ledger *ledger, uint32_t page);
int ledger_set(struct ledger *ledger, uint32_t page, enum page_state state, uint32_t generation);

/* Read, stored or printed. */
bool ledger_is_finished(const struct ledger *ledger, uint32_t page);
/* Read, stored, printed or skipped: the device has nothing to do with it any more. */
bool ledger_is_settled(const struct ledger *ledger, uint32_t page);
/* Highest page that is read, stored or printed, 0 for none. */
uint32_t ledger_last_finished(const struct ledger *ledger);
/* Pages in that state. */
uint32_t ledger_count(const struct ledger *ledger, enum page_state state);

/* First page that is neither stored nor printed nor skipped, at most total + 1: the page of the identified
 * phase. */
uint32_t ledger_first_unstored(const struct ledger *ledger);
/* First page that the device has to read or print, at most total + 1. */
uint32_t ledger_first_unread(const struct ledger *ledger);
/* First page in state `uncertain`, 0 for none. */
uint32_t ledger_first_uncertain(const struct ledger *ledger);
/* First page in state `read` that is at or behind `page`, 0 for none. */
uint32_t ledger_next_read(const struct ledger *ledger, uint32_t page);
/* The pages that the device has to read next: *first, and *count of them (0: until the medium ends). False
 * when the total is known and every page is settled. */
bool ledger_gap(const struct ledger *ledger, uint32_t *first, uint32_t *count);
/* Total known, and every page stored or skipped, at least one of them stored. */
bool ledger_is_complete(const struct ledger *ledger);
/* Total known, and every sheet printed or skipped. */
bool ledger_is_printed(const struct ledger *ledger);

/* Gives up all pages from `page` on: they are unread again, and only generation `generation` or later counts.
 * The total is not known any more. */
void ledger_revert(struct ledger *ledger, uint32_t page, uint32_t generation);

/* As it travels: runs into a builder that the caller frees behind the encoding. */
void ledger_to_account(const struct ledger *ledger, struct frame_list_builder *builder,
                       struct record_account *account);
/* -EBADMSG with *why for an account that contradicts itself (gaps, over LEDGER_MAX_PAGES, states that are
 * unknown or none of that function's, a total below a finished page); *ledger is then unchanged. */
int ledger_from_account(struct ledger *ledger, enum job_function function,
                        const struct record_account *account, const char **why);

#endif
