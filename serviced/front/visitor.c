#include "config.h"

#include "serviced/front/visitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "serviced/front/document_stream.h"
#include "serviced/front/upload.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/preparation.h"
#include "serviced/server.h"
#include "wire/peer.h"

struct visitors {
    struct visitor *first;
    uint64_t last_id;
    struct loop_timer *overruns;
};

static void close_overrun(void *context)
{
    struct visitors *visitors = context;
    struct visitor *visitor = visitors->first;
    while (visitor) {
        struct visitor *next = visitor->next;
        if (visitor->is_overrun)
            visitor->close(visitor);
        visitor = next;
    }
}

struct visitors *visitors_new(struct loop *loop)
{
    struct visitors *visitors = memory_new(sizeof *visitors);
    visitors->overruns = loop_timer_new(loop, close_overrun, visitors);
    return visitors;
}

void visitors_free(struct visitors **visitors)
{
    if (!*visitors)
        return;
    loop_timer_free(&(*visitors)->overruns);
    free(*visitors);
    *visitors = NULL;
}

void visitor_enter(struct visitor *visitor)
{
    struct visitors *all = visitor->server->visitors;
    visitor->id = ++all->last_id;
    visitor->next = all->first;
    visitor->link = &all->first;
    if (all->first)
        all->first->link = &visitor->next;
    all->first = visitor;
}

void visitor_leave(struct visitor *visitor)
{
    if (!visitor->link)
        return;
    document_streams_end(visitor);
    preparations_end(visitor);
    uploads_end(visitor);
    *visitor->link = visitor->next;
    if (visitor->next)
        visitor->next->link = visitor->link;
    visitor->link = NULL;
}

void visitor_has_room(struct visitor *visitor)
{
    document_streams_room(visitor);
    if (visitor->client)
        jobs_have_room(visitor->server->jobs, visitor);
}

struct visitor *visitor_find(const struct server *server, uint64_t id)
{
    struct visitor *visitor = server->visitors->first;
    while (visitor && visitor->id != id)
        visitor = visitor->next;
    return visitor;
}

bool visitor_send(struct visitor *visitor, const struct frame *frame)
{
    int result = visitor->is_overrun ? -ENOTCONN : peer_send(visitor->peer, frame);
    if (result < 0 && result != -ENOTCONN)
        log_warning("%s: %s cannot be sent: %s", peer_label(visitor->peer), frame_name((uint16_t)frame->type),
                    result == -ENOBUFS ? "it does not keep up" : strerror(-result));
    if (result == -ENOBUFS) {
        visitor->is_overrun = true;
        loop_timer_start(visitor->server->visitors->overruns, 0);
    }
    return result == 0;
}

void visitor_answer(struct visitor *visitor, uint32_t request, struct answer answer)
{
    const char *text = answer.text   ? answer.text
                       : answer.code ? error_find((uint16_t)answer.code)->sentence
                                     : "";
    visitor_send(visitor, &(struct frame){.type = FRAME_OUTCOME,
                                          .outcome = {.request = request,
                                                      .exit_code = answer.exit_code,
                                                      .code = (uint16_t)answer.code,
                                                      .text = frame_text_of(text)}});
}

void visitor_done(struct visitor *visitor, uint32_t request)
{
    visitor_answer(visitor, request, (struct answer){0});
}

bool dispatch(const struct dispatch_entry *table, size_t count, struct visitor *visitor,
              const struct frame *frame)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].type == frame->type) {
            table[i].handle(visitor, frame);
            return true;
        }
    }
    return false;
}
