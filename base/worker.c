#include "config.h"

#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct worker_job {
    struct worker_job *next;
    struct worker_strand *strand;
    worker_work work;
    worker_done done;
    void *context;
    int result;
};

struct worker_job_queue {
    struct worker_job *first, *last;
};

/*
 * A strand with jobs is in the pool's `ready` queue, or a thread runs its first job (`taken`); never both,
 * which is what keeps its jobs in order.
 */
struct worker_strand {
    struct worker_pool *pool;
    struct worker_strand *next_ready;
    struct worker_job_queue jobs;
    bool taken;
    /* The loop's own, without the lock: */
    size_t pending;
    bool freed; /* by its owner; goes with its last job */
};

struct worker_pool {
    pthread_mutex_t lock;
    pthread_cond_t work_is_ready;
    struct worker_strand *first_ready, *last_ready;
    struct worker_job_queue finished;
    bool stopping;
    /* The loop's own, without the lock: */
    int finished_fd; /* eventfd: something is in `finished` */
    struct event *finished_event;
    size_t pending;
    unsigned thread_count;
    pthread_t threads[];
};

static void worker_queue_put(struct worker_job_queue *queue, struct worker_job *job)
{
    job->next = NULL;
    if (queue->first == NULL)
        queue->first = job;
    else
        queue->last->next = job;
    queue->last = job;
}

static struct worker_job *worker_queue_take(struct worker_job_queue *queue)
{
    struct worker_job *job = queue->first;

    if (job != NULL)
        queue->first = job->next;
    return job;
}

/* With the lock held. */
static void worker_make_ready(struct worker_strand *strand)
{
    struct worker_pool *pool = strand->pool;

    strand->next_ready = NULL;
    if (pool->first_ready == NULL)
        pool->first_ready = strand;
    else
        pool->last_ready->next_ready = strand;
    pool->last_ready = strand;
    pthread_cond_signal(&pool->work_is_ready);
}

/* Sets or clears the eventfd. Setting can only fail when it is set already (EAGAIN), clearing when it is
 * clear. */
static void worker_signal_finished(struct worker_pool *pool)
{
    uint64_t one = 1;

    while (write(pool->finished_fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

static void worker_clear_finished(struct worker_pool *pool)
{
    uint64_t count;

    while (read(pool->finished_fd, &count, sizeof count) < 0 && errno == EINTR)
        continue;
}

/* A worker thread: the first job of the first ready strand, and so on; a strand with more jobs queues up
 * again behind the others. After its job is in `finished` a thread does not touch the strand. */
static void *worker_run(void *context)
{
    struct worker_pool *pool = context;

    pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct worker_strand *strand = pool->first_ready;
        struct worker_job *job;

        if (strand == NULL) {
            if (pool->stopping)
                break;
            pthread_cond_wait(&pool->work_is_ready, &pool->lock);
            continue;
        }
        pool->first_ready = strand->next_ready;
        strand->taken = true;
        job = worker_queue_take(&strand->jobs);

        pthread_mutex_unlock(&pool->lock);
        job->result = job->work(job->context);
        pthread_mutex_lock(&pool->lock);

        strand->taken = false;
        if (strand->jobs.first != NULL)
            worker_make_ready(strand);
        if (pool->finished.first == NULL)
            worker_signal_finished(pool);
        worker_queue_put(&pool->finished, job);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void worker_finish(struct worker_pool *pool, struct worker_job *job)
{
    struct worker_strand *strand = job->strand;
    worker_done done = job->done;
    void *context = job->context;
    int result = job->result;

    free(job);
    pool->pending--;
    strand->pending--;
    if (strand->freed && strand->pending == 0)
        free(strand);
    done(context, result); /* may free the strand, or submit to it */
}

/* In the loop: the `done`s of all jobs that have finished. */
static void worker_deliver(struct worker_pool *pool)
{
    struct worker_job_queue finished;
    struct worker_job *job;

    worker_clear_finished(pool);
    pthread_mutex_lock(&pool->lock);
    finished = pool->finished;
    pool->finished = (struct worker_job_queue){0};
    pthread_mutex_unlock(&pool->lock);
    while ((job = worker_queue_take(&finished)) != NULL)
        worker_finish(pool, job);
}

static void worker_finished_is_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    worker_deliver(context);
}

/* Threads that take no signals: those are the loop's. */
static void worker_start_threads(struct worker_pool *pool, unsigned wanted)
{
    sigset_t all, before;
    int error = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->thread_count < wanted && error == 0) {
        error = pthread_create(&pool->threads[pool->thread_count], NULL, worker_run, pool);
        if (error == 0)
            pool->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        log_warning("only %u of %u worker threads could be started: %s", pool->thread_count, wanted,
                    strerror(error));
    if (pool->thread_count == 0)
        abort();
}

struct worker_pool *worker_pool_new(struct loop *loop, unsigned threads)
{
    struct worker_pool *pool;

    if (threads == 0)
        threads = 1;
    pool = memory_new(sizeof *pool + threads * sizeof pool->threads[0]);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work_is_ready, NULL);
    pool->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pool->finished_fd >= 0)
        pool->finished_event = event_new(loop_base(loop), pool->finished_fd, EV_READ | EV_PERSIST,
                                         worker_finished_is_readable, pool);
    if (pool->finished_event == NULL || event_add(pool->finished_event, NULL) != 0) {
        log_error("no worker threads: %s", strerror(errno));
        abort();
    }
    worker_start_threads(pool, threads);
    return pool;
}

void worker_pool_free(struct worker_pool **pool)
{
    struct worker_pool *old = *pool;
    struct pollfd finished;

    if (old == NULL)
        return;
    finished = (struct pollfd){.fd = old->finished_fd, .events = POLLIN};
    while (old->pending > 0) {
        poll(&finished, 1, -1); /* where it fails, with EINTR, the worst is one delivery of nothing */
        worker_deliver(old);
    }

    pthread_mutex_lock(&old->lock);
    old->stopping = true;
    pthread_cond_broadcast(&old->work_is_ready);
    pthread_mutex_unlock(&old->lock);
    for (unsigned i = 0; i < old->thread_count; i++)
        pthread_join(old->threads[i], NULL);

    event_free(old->finished_event);
    close(old->finished_fd);
    pthread_cond_destroy(&old->work_is_ready);
    pthread_mutex_destroy(&old->lock);
    free(old);
    *pool = NULL;
}

struct worker_strand *worker_strand_new(struct worker_pool *pool)
{
    struct worker_strand *strand = memory_new(sizeof *strand);

    strand->pool = pool;
    return strand;
}

void worker_submit(struct worker_strand *strand, worker_work work, worker_done done, void *context)
{
    struct worker_job *job = memory_new(sizeof *job);
    struct worker_pool *pool = strand->pool;
    bool idle;

    job->strand = strand;
    job->work = work;
    job->done = done;
    job->context = context;
    strand->pending++;
    pool->pending++;
    pthread_mutex_lock(&pool->lock);
    idle = strand->jobs.first == NULL && !strand->taken;
    worker_queue_put(&strand->jobs, job);
    if (idle)
        worker_make_ready(strand);
    pthread_mutex_unlock(&pool->lock);
}

size_t worker_strand_pending(const struct worker_strand *strand)
{
    return strand->pending;
}

void worker_strand_free(struct worker_strand **strand)
{
    struct worker_strand *old = *strand;

    if (old == NULL)
        return;
    old->freed = true;
    if (old->pending == 0)
        free(old);
    *strand = NULL;
}
