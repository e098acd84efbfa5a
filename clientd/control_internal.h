/* What the files control*.c share: nobody else includes it. */
#ifndef DESKLINE_CLIENTD_CONTROL_INTERNAL_H
#define DESKLINE_CLIENTD_CONTROL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include <deskline/words.h>

#include "clientd/control.h"

#define CONTROL_SERVICES_MAX 64

struct event;
struct loop_timer;
struct peer;
struct relay;

enum wait_kind {
    WAIT_WATCH,   /* JOB_STATUS on each change, until it stops or ends */
    WAIT_RESTART, /* until the question has come */
    WAIT_MANNER,  /* until the restart was commanded */
    WAIT_UNITS,   /* until the search for devices is over */
    WAIT_SERVICE, /* the same, for a SERVICE_REQUEST that is kept meanwhile */
    WAIT_ENROLL,
};

/* A request whose OUTCOME comes later. */
struct control_wait {
    enum wait_kind kind;
    struct control_session *session;
    uint32_t request;
    uint64_t job;
    uint32_t round;    /* of the question that was answered */
    uint64_t until_ms; /* RESTART and MANNER: the server has to answer until then */
    bool is_due;       /* the job has changed */
    uint8_t *frame;    /* SERVICE: encoded */
    struct control_wait *next;
};

struct control_session {
    struct control *control;
    struct peer *peer;
    struct control_wait *waits;
    struct control_session *next;
};

struct control {
    struct control_reach reach;
    struct relay *relay;
    int fd;
    char path[108];
    struct event *accepting;
    struct loop_timer *pause; /* until connections are accepted again */
    struct control_session *sessions;
    struct loop_timer *tell;  /* JOB_STATUS to those who watch, at most every 100 ms */
    struct loop_timer *limit; /* looks at until_ms */
    uint64_t told_ms;
    bool is_telling;
    struct frame_list_builder services;
};

/* control.c */
void control_send(struct control_session *session, const struct frame *frame);
void control_outcome(struct control_session *session, uint32_t request, uint8_t exit_code,
                     enum error_code code, const char *text);

/* control_requests.c: a frame has arrived. */
void control_take(struct control_session *session, const struct frame *frame);
/* The search for devices is over: carries on with a request that waited for it. */
void control_units_found(void *wait);

/* control_wait.c */
/* False, and the request is refused, when as many requests of this session wait as may. */
bool control_may_wait(struct control_session *session, uint32_t request);
struct control_wait *control_wait_add(struct control_session *session, enum wait_kind kind, uint32_t request,
                                      uint64_t job);
/* Takes it off its session's list and frees it. */
void control_wait_end(struct control_wait *wait);
/* The job of this wait may have changed already. */
void control_wait_look(struct control_wait *wait);
/* An OUTCOME of what a job has asked the server for by itself: those who wait for it are told when the server
 * refuses. False for any other frame. */
bool control_refused(struct control *control, const struct frame *frame);
void control_tell(void *control);
void control_limit(void *control);

#endif
