#include "config.h"

#include "serviced/jobs/preparation.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/memory.h"
#include "serviced/documents/store.h"
#include "serviced/front/sessions.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/service.h"
#include "serviced/server.h"

struct preparations {
    struct preparation *first;
};

struct preparations *preparations_new(void)
{
    return memory_new(sizeof(struct preparations));
}

void preparations_free(struct preparations **all)
{
    free(*all);
    *all = NULL;
}

/* The pieces that were made go with it, unless a job has them. */
static void end(struct preparation *preparation)
{
    struct store_job *store;
    *preparation->link = preparation->next;
    if (preparation->next)
        preparation->next->link = preparation->link;
    if (preparation->record.job.id) {
        store = store_job_new(preparation->server->store, preparation->record.job.id);
        store_job_remove(store, NULL, NULL);
        store_job_free(&store);
    }
    job_record_free(&preparation->record);
    manifest_free(&preparation->manifest);
    free(preparation);
}

/* At the end of the list: who came first is served first. */
static void enter(struct preparation *preparation)
{
    struct preparation **link = &preparation->server->preparations->first;
    while (*link)
        link = &(*link)->next;
    preparation->link = link;
    *link = preparation;
}

int preparation_start(const struct service *service, struct visitor *client,
                      const struct frame_service_request *request, struct visitor *opener)
{
    struct server *server = client->server;
    struct preparation *preparation = memory_new(sizeof *preparation);
    int result = job_record_start(&preparation->record, jobs_reserve(server->jobs), client->client, request,
                                  wall_clock_ms());
    if (result < 0) {
        job_record_free(&preparation->record);
        free(preparation);
        return result;
    }
    preparation->server = server;
    preparation->service = service;
    preparation->opener = opener->id;
    preparation->request = request->request;
    enter(preparation);
    if (service->prepare)
        service->prepare(preparation);
    else
        preparation_open(preparation);
    return 0;
}

void preparation_open(struct preparation *preparation)
{
    struct server *server = preparation->server;
    struct session *session = sessions_find(server->sessions, preparation->record.client);
    struct visitor *opener = preparation_opener(preparation);
    if (session) {
        jobs_start(server->jobs, session_visitor(session), opener, preparation);
        preparation->record = (struct job_record){0};
        end(preparation);
    } else {
        preparation_refuse(preparation,
                           (struct answer){4, ERROR_NO_CONNECTION, "the client is not connected any more"});
    }
}

void preparation_refuse(struct preparation *preparation, struct answer answer)
{
    struct visitor *opener = preparation_opener(preparation);
    if (opener)
        visitor_answer(opener, preparation->request, answer);
    end(preparation);
}

struct visitor *preparation_opener(const struct preparation *preparation)
{
    return visitor_find(preparation->server, preparation->opener);
}

unsigned preparations_count(const struct server *server, const char *client)
{
    unsigned count = 0;
    for (const struct preparation *each = server->preparations->first; each; each = each->next)
        count += !client || strcmp(each->record.client, client) == 0;
    return count;
}

struct preparation *preparations_first(const struct server *server)
{
    return server->preparations->first;
}

void preparations_end(struct visitor *visitor)
{
    struct preparation *next;
    for (struct preparation *each = visitor->server->preparations->first; each; each = next) {
        next = each->next;
        if (each->opener != visitor->id)
            continue;
        each->service->abandon(each);
        end(each);
    }
}
