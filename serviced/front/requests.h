/* What clients and operators alike may ask for. Each request is answered with data frames that carry its
 * number, and one OUTCOME at last. */
#ifndef DESKLINE_SERVICED_FRONT_REQUESTS_H
#define DESKLINE_SERVICED_FRONT_REQUESTS_H

#include "serviced/front/visitor.h"

/* False: the frame is no request. */
bool request_handle(struct visitor *visitor, const struct frame *frame);
/* UNIT_LIST and OUTCOME. */
void request_answer_units(struct visitor *visitor, uint32_t request, struct frame_list units);

#endif
