/* The services that the server provides: a callback record each, in the table of service.c. */
#ifndef DESKLINE_SERVICED_JOBS_SERVICE_H
#define DESKLINE_SERVICED_JOBS_SERVICE_H

#include <deskline/frame.h>

struct job_run;

struct service {
    const char *name, *text;
    /* Whether the request can be served: 0, or -EINVAL with *why, one sentence. */
    int (*check)(const struct frame_service_request *request, const char **why);
    /* Every page is there: JOB_EVENT_DELIVERED or JOB_EVENT_DELIVERY_FAILED follows. */
    void (*deliver)(struct job_run *run);
};

/* NULL: there is none of that name. */
const struct service *service_find(struct frame_text name);
/* All of them as records. */
void service_list(struct frame_list_builder *list);

extern const struct service service_archive;

#endif
