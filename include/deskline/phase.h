/* Phases and manners as pure functions of a ledger: used by both daemons, so that they cannot disagree. */
#ifndef DESKLINE_PHASE_H
#define DESKLINE_PHASE_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/ledger.h>
#include <deskline/words.h>

struct phase {
    uint8_t function;     /* enum job_function */
    uint8_t step;         /* enum phase_step */
    uint32_t page;        /* the first page that is not stored or printed (or skipped) */
    uint32_t device_page; /* the first page that the device has to read or print */
};

/* The phase in which a job is whose ledger this is. */
struct phase phase_of(enum job_function function, const struct ledger *ledger);
struct record_phase phase_to_record(const struct phase *phase);

#define MANNER_OFFERS_MAX 8

/* A manner on offer, and the page that it is about: resume, where the device goes on; redo-last and restart,
 * the first page that is given up; skip, the page left out; finish, the last page of the result; from-page,
 * the range from which the user chooses the first page that is given up. Of an uncertain sheet, resume says
 * that it is to be printed, and skip that it was. */
struct manner_offer {
    enum manner manner;
    uint32_t first_page, last_page;
};

/* What may be designated for a job of phase->function in this state after `error`; the default comes first.
 * Returns the number of offers. `interrupted` says that the device was stopped in the middle of its work. */
unsigned manner_offers(const struct ledger *ledger, const struct phase *phase, uint16_t error,
                       bool interrupted, struct manner_offer offers[MANNER_OFFERS_MAX]);

/* Whether `manner` is among the offers with that page. *page is what the user saw, or 0 for what is on offer
 * (not for from-page), and becomes the page that the manner is about. */
bool manner_resolve(const struct manner_offer *offers, unsigned count, uint8_t manner, uint32_t *page);

/* Whether a job can have a restart in that manner about that page at all: for what a peer says. */
bool manner_fits(uint8_t manner, uint32_t page);

/* Does to the ledger what the manner says about that page, in the round with that number. Returns the first
 * page that was given up (its data may be deleted from there on), or 0. ABANDON and what does not fit change
 * nothing. */
uint32_t manner_apply(enum job_function function, struct ledger *ledger, enum manner manner, uint32_t page,
                      uint32_t round);

#endif
