/*
 * A request that waits until its job can open: the document has to be taken apart first, say. Its service
 * does that; here is who waits, and what the job is going to be.
 *
 *   preparation_start ──► service->prepare ──► preparation_open: the job opens, JOB_OPENED
 *                              │      └──────► preparation_refuse: OUTCOME
 *                              └ who asked has gone: service->abandon
 */
#ifndef DESKLINE_SERVICED_JOBS_PREPARATION_H
#define DESKLINE_SERVICED_JOBS_PREPARATION_H

#include <stdbool.h>

#include "serviced/documents/manifest.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/job_record.h"

struct preparations;
struct service;

struct preparation {
    struct server *server;
    const struct service *service;
    uint64_t opener; /* the visitor */
    uint32_t request;
    struct job_record record; /* of the job: its number is its already, and so is its folder in the store */
    struct manifest manifest; /* of a printing job */
    void *work;               /* the service's */
    struct preparation *next, **link;
};

struct preparations *preparations_new(void);
/* Nobody waits any more: the visitors have left. Safe on NULL. */
void preparations_free(struct preparations **all);

/* A request that the service has checked, for a client that is connected. -EINVAL or -ENOMEM when it cannot
 * be kept; else it is answered now or later. */
int preparation_start(const struct service *service, struct visitor *client,
                      const struct frame_service_request *request, struct visitor *opener);
/* Both are the end of it. */
void preparation_open(struct preparation *preparation);
void preparation_refuse(struct preparation *preparation, struct answer answer);

/* Who asked, or NULL. */
struct visitor *preparation_opener(const struct preparation *preparation);
/* How many wait for that client; NULL: in all. */
unsigned preparations_count(const struct server *server, const char *client);
/* The first that waits, then ->next. */
struct preparation *preparations_first(const struct server *server);
/* The visitor is leaving. */
void preparations_end(struct visitor *visitor);

#endif
