#include "clientd/designation.h"

enum manner designation_by_policy(const struct designation_policy *policy,
                                  const struct designation_question *question, uint32_t interrupted,
                                  bool hole)
{
    bool at_device = error_find(question->error)->class == ERROR_CLASS_DEVICE;
    if (question->error == ERROR_CLIENT_RESTARTED && interrupted == 0)
        at_device = false;
    at_device = at_device || hole;
    enum manner manner = at_device ? policy->on_device_error : policy->on_link_loss;
    uint32_t page = 0;
    /* A policy names no page, so from-page cannot be one. */
    if (manner == MANNER_FROM_PAGE ||
        !manner_resolve(question->offers, question->offer_count, (uint8_t)manner, &page))
        return MANNER_NONE;
    return manner;
}
