#include "clientd/designation.h"

/* What passes by itself. Where somebody has to do something first, going on would fail again at once. */
static bool is_passing(uint16_t error)
{
    return error == ERROR_NONE || error == ERROR_LINK_LOST || error == ERROR_SERVER_RESTARTED ||
           error == ERROR_SPOOL_FULL;
}

enum manner designation_by_policy(const struct designation_policy *policy,
                                  const struct designation_question *question, uint32_t interrupted,
                                  bool hole)
{
    bool at_device = error_find(question->error)->class == ERROR_CLASS_DEVICE;
    if (question->error == ERROR_CLIENT_RESTARTED && interrupted == 0)
        at_device = false;
    else if (!at_device && !is_passing(question->error))
        return MANNER_NONE;
    at_device = at_device || hole;
    enum manner manner = at_device ? policy->on_device_error : policy->on_link_loss;
    uint32_t page = 0;
    /* A policy names no page, so from-page cannot be one. */
    if (manner == MANNER_FROM_PAGE ||
        !manner_resolve(question->offers, question->offer_count, (uint8_t)manner, &page))
        return MANNER_NONE;
    return manner;
}
