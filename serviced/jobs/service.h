/* The services that the server provides: a callback record each, in the table of service.c. */
#ifndef DESKLINE_SERVICED_JOBS_SERVICE_H
#define DESKLINE_SERVICED_JOBS_SERVICE_H

#include <deskline/frame.h>
#include <deskline/words.h>

struct job_run;
struct preparation;

struct service {
    const char *name, *text;
    enum job_function function; /* what its jobs begin with */
    /* Whether the request can be served: 0, or -EINVAL with *why, one sentence. */
    int (*check)(const struct frame_service_request *request, const char **why);
    /* Makes ready what the job needs before it opens; preparation_open or preparation_refuse follows, in here
     * or later. NULL: there is nothing to make ready. */
    void (*prepare)(struct preparation *preparation);
    /* Who asked has gone, or the server stops: no more of it, and no word of the preparation any more. */
    void (*abandon)(struct preparation *preparation);
    /* Every page is there, or every sheet printed: JOB_EVENT_DELIVERED or JOB_EVENT_DELIVERY_FAILED follows.
     */
    void (*deliver)(struct job_run *run);
};

/* NULL: there is none of that name. */
const struct service *service_find(struct frame_text name);
/* All of them as records. */
void service_list(struct frame_list_builder *list);

extern const struct service service_archive, service_print;

#endif
