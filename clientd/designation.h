/* Who designates the manner of restarting: the user, or the policy that the user has set beforehand. Pure. */
#ifndef DESKLINE_CLIENTD_DESIGNATION_H
#define DESKLINE_CLIENTD_DESIGNATION_H

#include <stdbool.h>

#include <deskline/phase.h>

/* Settings [policy]; MANNER_NONE means: ask. */
struct designation_policy {
    enum manner on_link_loss;
    enum manner on_device_error;
    enum manner on_uncertain_sheet; /* of a printer: resume prints it again, skip does not */
};

/* What the client knows beside the error. */
struct designation_situation {
    uint32_t interrupted; /* the page that the device was stopped in, 0 for none */
    bool hole;         /* a page before the last one has to be read again: somebody has to find its sheet */
    bool is_uncertain; /* nobody knows whether the next sheet has been printed */
    bool was_printed_again; /* and that once more, after it has been printed again */
};

/* The question that MANNER_REQUEST asks. */
struct designation_question {
    uint32_t round;
    uint16_t error;
    struct manner_offer offers[MANNER_OFFERS_MAX];
    unsigned offer_count;
};

/* What the policy answers: a manner on offer, or MANNER_NONE where the user has to be asked. A clientd that
 * was restarted between two pages is as harmless as a lost link. An error that is neither at the device nor
 * passes by itself (a document that could not be written) always needs somebody. */
enum manner designation_by_policy(const struct designation_policy *policy,
                                  const struct designation_question *question,
                                  const struct designation_situation *situation);

#endif
