#include "clientd/designation.h"

/* What passes by itself. Where somebody has to do something first, going on would fail again at once. */
static bool is_passing(uint16_t error)
{
    switch (error) {
    case ERROR_NONE:
    case ERROR_LINK_LOST:
    case ERROR_SERVER_RESTARTED:
    case ERROR_SPOOL_FULL:
    case ERROR_PRINT_RESTARTED:
    case ERROR_BLOCK_LOST:
        return true;
    default:
        return false;
    }
}

/* The sheet is in doubt because of the error: as long as somebody has to see to the printer, going on would
 * bring the next sheet into doubt, or the same one, and so on to the end of the document or of the paper. */
static enum manner answer_about_sheet(const struct designation_policy *policy, uint16_t error,
                                      const struct designation_situation *situation)
{
    bool at_device = error_find(error)->class == ERROR_CLASS_DEVICE && error != ERROR_PRINT_UNCERTAIN;
    bool prints = policy->on_uncertain_sheet == MANNER_RESUME;
    if (prints && situation->was_printed_again)
        return MANNER_NONE;
    if (at_device && !(prints && policy->on_device_error == MANNER_RESUME))
        return MANNER_NONE;
    return policy->on_uncertain_sheet;
}

/* Which of the user's answers is about that. */
static enum manner answer_of(const struct designation_policy *policy, uint16_t error,
                             const struct designation_situation *situation)
{
    bool at_device = error_find(error)->class == ERROR_CLASS_DEVICE;
    if (situation->is_uncertain)
        return answer_about_sheet(policy, error, situation);
    if (error == ERROR_CLIENT_RESTARTED && situation->interrupted == 0)
        at_device = false;
    else if (!at_device && !is_passing(error))
        return MANNER_NONE;
    return at_device || situation->hole ? policy->on_device_error : policy->on_link_loss;
}

enum manner designation_by_policy(const struct designation_policy *policy,
                                  const struct designation_question *question,
                                  const struct designation_situation *situation)
{
    enum manner manner = answer_of(policy, question->error, situation);
    uint32_t page = 0;
    /* A policy names no page, so from-page cannot be one. */
    if (manner == MANNER_FROM_PAGE ||
        !manner_resolve(question->offers, question->offer_count, (uint8_t)manner, &page))
        return MANNER_NONE;
    return manner;
}
