#include "config.h"

#include "tests/rig/link_flow.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES  16384
#define PACE_SECONDS 0.005

double link_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wake_in(struct link_flow *flow, double seconds)
{
    struct timeval tv;

    if (seconds < 0.001)
        seconds = 0.001;
    tv.tv_sec = (time_t)seconds;
    tv.tv_usec = (suseconds_t)((seconds - (double)tv.tv_sec) * 1e6);
    event_add(flow->timer, &tv);
}

static bool room_to_hold(const struct link_flow *flow)
{
    return evbuffer_get_length(flow->held) < FLOW_HELD_BYTES && flow->stamp_count < FLOW_STAMPS;
}

/* Notes that `length` more bytes are held, to go on after the delay of now. */
static void stamp(struct link_flow *flow, size_t length)
{
    unsigned at = (flow->first_stamp + flow->stamp_count++) % FLOW_STAMPS;

    flow->stamps[at].due = link_now() + flow->faults->delay;
    flow->stamps[at].length = length;
}

static size_t bytes_due(const struct link_flow *flow, double now)
{
    size_t due = 0;

    for (unsigned i = 0; i < flow->stamp_count; i++) {
        unsigned at = (flow->first_stamp + i) % FLOW_STAMPS;
        if (flow->stamps[at].due > now)
            break;
        due += flow->stamps[at].length;
    }
    return due;
}

static void unstamp(struct link_flow *flow, size_t length)
{
    while (length > 0) {
        size_t *first = &flow->stamps[flow->first_stamp].length;
        size_t part = length < *first ? length : *first;
        *first -= part;
        length -= part;
        if (*first == 0) {
            flow->first_stamp = (flow->first_stamp + 1) % FLOW_STAMPS;
            flow->stamp_count--;
        }
    }
}

/* What the rate allows now. A flow that was idle does not save up more than one interval's worth. */
static size_t bytes_allowed(struct link_flow *flow, double now)
{
    double rate = flow->faults->rate, saved;

    if (rate <= 0)
        return FLOW_HELD_BYTES;
    saved = (now - flow->paced_since) * rate - flow->paced_bytes;
    if (flow->paced_since == 0 || saved > rate * PACE_SECONDS * 4 + 1) {
        flow->paced_since = now;
        flow->paced_bytes = -rate * PACE_SECONDS;
        saved = rate * PACE_SECONDS;
    }
    return saved < 0 ? 0 : saved > FLOW_HELD_BYTES ? FLOW_HELD_BYTES : (size_t)saved;
}

/* Applies what is on order for bytes to the server. Returns how many of them come before a cut. */
static size_t meet_faults(struct link_flow *flow, uint8_t *bytes, size_t length)
{
    struct link_faults *f = flow->faults;

    if (!flow->to_server)
        return length;
    if (f->cut_in != 0 && f->cut_in <= length) {
        length = (size_t)f->cut_in;
        f->cut_in = 0;
        flow->cut_when_empty = true;
    } else if (f->cut_in != 0) {
        f->cut_in -= length;
    }
    if (f->corrupt_in != 0 && f->corrupt_in <= length) {
        bytes[f->corrupt_in - 1] ^= 0x20;
        f->corrupt_in = 0;
        flow->counts->corrupted++;
    } else if (f->corrupt_in != 0) {
        f->corrupt_in -= length;
    }
    return length;
}

static enum flow_event take_in(struct link_flow *flow)
{
    uint8_t bytes[CHUNK_BYTES];
    ssize_t n = recv(flow->from, bytes, sizeof bytes, 0);
    size_t kept;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return FLOW_GOES_ON;
    if (n < 0 && !flow->dark)
        return FLOW_FAILED;
    if (n <= 0) { /* in the dark the other side does not hear of a reset either */
        flow->ended = true;
        return FLOW_GOES_ON;
    }
    if (flow->dark) {
        flow->counts->swallowed += (uint64_t)n;
        return FLOW_GOES_ON;
    }
    kept = meet_faults(flow, bytes, (size_t)n);
    if (evbuffer_add(flow->held, bytes, kept) != 0)
        return FLOW_FAILED;
    stamp(flow, kept);
    return FLOW_GOES_ON;
}

static enum flow_event hand_on(struct link_flow *flow, size_t length)
{
    int n = evbuffer_write_atmost(flow->held, flow->to, (ev_ssize_t)length);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? FLOW_GOES_ON : FLOW_FAILED;
    unstamp(flow, (size_t)n);
    flow->paced_bytes += n;
    if (flow->to_server)
        flow->counts->to_server += (uint64_t)n;
    else
        flow->counts->to_client += (uint64_t)n;
    return FLOW_GOES_ON;
}

/* Arms the event or timer that lets held bytes go on, or passes on the end of the stream. */
static enum flow_event wait_to_hand_on(struct link_flow *flow, double now)
{
    size_t due = bytes_due(flow, now);

    if (evbuffer_get_length(flow->held) == 0) {
        if (flow->cut_when_empty)
            return FLOW_CUT;
        if (flow->ended && !flow->shut) {
            flow->shut = true;
            shutdown(flow->to, SHUT_WR);
            return FLOW_ENDED;
        }
        return FLOW_GOES_ON;
    }
    if (due == 0)
        wake_in(flow, flow->stamps[flow->first_stamp].due - now);
    else if (bytes_allowed(flow, now) == 0)
        wake_in(flow, PACE_SECONDS);
    else
        event_add(flow->writable, NULL);
    return FLOW_GOES_ON;
}

static enum flow_event arm(struct link_flow *flow)
{
    double now = link_now();

    event_del(flow->readable);
    event_del(flow->writable);
    event_del(flow->timer);
    if (flow->dark) {
        if (!flow->ended) {
            event_add(flow->readable, NULL);
            return FLOW_GOES_ON;
        }
        if (flow->shut)
            return FLOW_GOES_ON;
        flow->shut = true;
        return FLOW_ENDED;
    }
    if (flow->faults->stalled_until > now) {
        wake_in(flow, flow->faults->stalled_until - now);
        return FLOW_GOES_ON;
    }
    if (!flow->ended && !flow->cut_when_empty && room_to_hold(flow))
        event_add(flow->readable, NULL);
    return wait_to_hand_on(flow, now);
}

static void settle(struct link_flow *flow, enum flow_event event)
{
    if (event == FLOW_GOES_ON)
        event = arm(flow);
    if (event != FLOW_GOES_ON)
        flow->report(flow->link, event);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    settle(context, take_in(context));
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    struct link_flow *flow = context;
    double now = link_now();
    size_t due = bytes_due(flow, now), allowed = bytes_allowed(flow, now);
    size_t length = due < allowed ? due : allowed;

    (void)fd;
    (void)what;
    settle(flow, length > 0 ? hand_on(flow, length) : FLOW_GOES_ON);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    settle(context, FLOW_GOES_ON);
}

int link_flow_start(struct link_flow *flow, struct event_base *base)
{
    flow->held = evbuffer_new();
    flow->readable = event_new(base, flow->from, EV_READ, on_readable, flow);
    flow->writable = event_new(base, flow->to, EV_WRITE, on_writable, flow);
    flow->timer = event_new(base, -1, 0, on_timer, flow);
    return flow->held && flow->readable && flow->writable && flow->timer ? 0 : -ENOMEM;
}

static void free_event(struct event **event)
{
    if (*event != NULL)
        event_free(*event);
    *event = NULL;
}

void link_flow_clear(struct link_flow *flow)
{
    free_event(&flow->readable);
    free_event(&flow->writable);
    free_event(&flow->timer);
    if (flow->held != NULL)
        evbuffer_free(flow->held);
    flow->held = NULL;
}

void link_flow_pump(struct link_flow *flow)
{
    settle(flow, FLOW_GOES_ON);
}

void link_flow_darken(struct link_flow *flow)
{
    size_t held = evbuffer_get_length(flow->held);

    flow->dark = true;
    flow->counts->swallowed += held;
    evbuffer_drain(flow->held, held);
    flow->stamp_count = 0;
}
