#include "config.h"

#include "serviced/jobs/service.h"

#include <stddef.h>

#include "base/log.h"

static const struct service *const services[] = {&service_archive, &service_print};

const struct service *service_find(struct frame_text name)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (frame_text_is(name, services[i]->name))
            return services[i];
    return NULL;
}

void service_list(struct frame_list_builder *list)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        struct record_service record = {.name = frame_text_of(services[i]->name),
                                        .text = frame_text_of(services[i]->text)};
        if (frame_list_add(list, &frame_record_service, &record) < 0)
            log_error("the service %s cannot be listed", services[i]->name);
    }
}
