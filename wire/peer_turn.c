/* What happens when the socket moves, or when there is something to send. */
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>

#include "base/loop.h"
#include "wire/peer_internal.h"

/* Bytes that one peer may read, and as many that it may write, before the others have their turn. */
#define TURN_BYTES 262144u

static void turn(evutil_socket_t fd, short what, void *context);
static void shake(struct peer *peer);
static void greet(struct peer *peer);
static void read_turn(struct peer *peer);
static void leave_turn(struct peer *peer);

int peer_turn_start(struct peer *peer)
{
    struct event_base *base = loop_base(peer_sweep_loop(peer->sweep));
    peer->read_event = event_new(base, peer->fd, EV_READ | EV_PERSIST, turn, peer);
    peer->write_event = event_new(base, peer->fd, EV_WRITE, turn, peer);
    peer->kick_event = evtimer_new(base, turn, peer);
    if (!peer->read_event || !peer->write_event || !peer->kick_event ||
        event_add(peer->read_event, NULL) != 0)
        return -ENOMEM;
    if (!peer->tls || peer->options.is_tls_client)
        peer_kick(peer); /* a TLS server has nothing to say first: buffers only for whom something has come */
    return 0;
}

void peer_turn_pause(struct peer *peer)
{
    event_del(peer->read_event);
    event_del(peer->write_event);
    event_del(peer->kick_event);
    peer->is_kicked = false;
}

void peer_turn_resume(struct peer *peer)
{
    event_add(peer->read_event, NULL);
    peer->is_blocked = false;
    peer_kick(peer);
}

void peer_turn_free(struct peer *peer)
{
    struct event *events[] = {peer->read_event, peer->write_event, peer->kick_event};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (events[i])
            event_free(events[i]);
}

/* A timer that has expired, not event_active: that one would be served before the sockets are looked at
 * again, and a busy peer could keep all others from their turn. */
void peer_kick(struct peer *peer)
{
    static const struct timeval now = {0, 0};
    if (peer->is_kicked || (peer->depth > 0 && peer->stage == PEER_READY))
        return; /* inside a turn: its end sees to everything */
    peer->is_kicked = true;
    evtimer_add(peer->kick_event, &now);
}

void peer_turn_continue(struct peer *peer)
{
    if (((peer->has_more_to_read || peer->queue.first) && !peer->is_blocked) || peer_has_room(peer))
        peer_kick(peer);
}

static void wait_for_room(struct peer *peer)
{
    peer->is_blocked = true;
    event_add(peer->write_event, NULL);
}

static bool is_at_work(const struct peer *peer)
{
    return peer->stage == PEER_READY && !peer->is_doomed && !peer->is_freed;
}

static void turn(evutil_socket_t fd, short what, void *context)
{
    struct peer *peer = context;
    (void)fd;
    peer_enter(peer);
    if (what & EV_TIMEOUT)
        peer->is_kicked = false;
    if (what & EV_WRITE)
        peer->is_blocked = false;
    if (peer->stage == PEER_HANDSHAKING && !peer->is_doomed)
        shake(peer);
    if (is_at_work(peer) && peer->owes_ready)
        greet(peer);
    if (is_at_work(peer))
        peer_turn_write(peer);
    if (is_at_work(peer) && (what & EV_READ || peer->has_more_to_read))
        read_turn(peer);
    if (peer->stage == PEER_LEAVING)
        leave_turn(peer);
    peer_leave(peer);
}

/* ---- Failures of the transport ------------------------------------------------------------------------ */

static void doom_for_tls(struct peer *peer)
{
    static const uint16_t codes[] = {[TLS_FAILURE_LINK] = ERROR_LINK_LOST,
                                     [TLS_FAILURE_TRUST] = ERROR_NOT_ALLOWED,
                                     [TLS_FAILURE_PROTOCOL] = ERROR_PROTOCOL};
    peer_doom(peer, codes[tls_failure(peer->tls)], tls_why(peer->tls));
}

static void doom_for_end(struct peer *peer)
{
    if (peer->stage == PEER_READY && reader_is_empty(peer->reader))
        peer_doom(peer, ERROR_NONE, "the other side has closed the connection");
    else
        peer_doom(peer, ERROR_LINK_LOST,
                  "the other side has closed the connection in the middle of something");
}

static void doom_for_result(struct peer *peer, enum tls_result result, int error)
{
    if (result == TLS_EOF)
        doom_for_end(peer);
    else if (peer->tls)
        doom_for_tls(peer);
    else
        peer_doom(peer, ERROR_LINK_LOST, strerror(error));
}

/* ---- Handshake ---------------------------------------------------------------------------------------- */

static void shake(struct peer *peer)
{
    enum tls_result result = tls_handshake(peer->tls);
    switch (result) {
    case TLS_DONE:
        peer->stage = PEER_READY;
        peer_sweep_count_handshake(peer->sweep);
        peer->has_more_to_read = true; /* frames may have come with the end of the handshake */
        peer->last_in_ms = peer->last_out_ms = peer_now_ms(peer);
        break;
    case TLS_WANT_READ:
        break;
    case TLS_WANT_WRITE:
        wait_for_room(peer);
        break;
    case TLS_EOF:
    case TLS_FAILED:
        doom_for_result(peer, result, 0);
        break;
    }
}

static void greet(struct peer *peer)
{
    peer->owes_ready = false;
    if (peer->callbacks.on_ready)
        peer->callbacks.on_ready(peer->context);
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

/* *sent bytes have been taken when it is done. */
static enum tls_result write_some(struct peer *peer, const uint8_t *bytes, size_t length, size_t *sent,
                                  int *error)
{
    if (peer->tls) {
        *sent = length < TLS_WRITE_MAX ? length : TLS_WRITE_MAX;
        enum tls_result result = tls_write(peer->tls, bytes, *sent);
        if (result != TLS_WANT_WRITE)
            return result;
        result = tls_flush(peer->tls); /* there was no room for it: make some */
        return result == TLS_DONE ? tls_write(peer->tls, bytes, *sent) : result;
    }
    ssize_t written = send(peer->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    *error = written < 0 ? errno : 0;
    *sent = written < 0 ? 0 : (size_t)written;
    if (written >= 0 || *error == EINTR)
        return TLS_DONE;
    return *error == EAGAIN || *error == EWOULDBLOCK ? TLS_WANT_WRITE : TLS_FAILED;
}

static enum tls_result write_queue(struct peer *peer, int *error)
{
    size_t budget = TURN_BYTES;
    while (peer->queue.first && budget > 0) {
        struct peer_block *block = peer->queue.first;
        size_t sent = 0;
        enum tls_result result =
            write_some(peer, block->bytes + block->sent, block->length - block->sent, &sent, error);
        if (result != TLS_DONE)
            return result;
        peer_queue_sent(&peer->queue, sent);
        peer->bytes_out += sent;
        budget -= sent < budget ? sent : budget;
    }
    return peer->tls ? tls_flush(peer->tls) : TLS_DONE;
}

void peer_turn_write(struct peer *peer)
{
    int error = 0;
    if (peer->is_blocked)
        return;
    uint64_t out_before = peer->bytes_out;
    enum tls_result result = write_queue(peer, &error);
    if (peer->bytes_out != out_before)
        peer->last_out_ms = peer_now_ms(peer);
    switch (result) {
    case TLS_DONE:
        break;
    case TLS_WANT_READ:
    case TLS_WANT_WRITE:
        wait_for_room(peer);
        break;
    case TLS_EOF:
    case TLS_FAILED:
        if (is_at_work(peer))
            read_turn(peer); /* the other side's last word may say why: the first reason counts */
        doom_for_result(peer, result, error);
        break;
    }
}

/* ---- Reading ------------------------------------------------------------------------------------------ */

static enum tls_result read_some(struct peer *peer, uint8_t *bytes, size_t room, size_t *length, int *error)
{
    if (peer->tls)
        return tls_read(peer->tls, bytes, room, length);
    ssize_t got = recv(peer->fd, bytes, room, MSG_DONTWAIT);
    *error = got < 0 ? errno : 0;
    *length = got < 0 ? 0 : (size_t)got;
    if (got == 0)
        return TLS_EOF;
    if (got > 0 || *error == EINTR)
        return TLS_DONE;
    return *error == EAGAIN || *error == EWOULDBLOCK ? TLS_WANT_READ : TLS_FAILED;
}

static void take(struct peer *peer, size_t length)
{
    const char *why = NULL;
    peer->bytes_in += length;
    peer->last_in_ms = peer_now_ms(peer);
    peer->has_pinged = false;
    if (reader_filled(peer->reader, length, &why) < 0)
        peer_doom_for_violation(peer, ERROR_PROTOCOL, why);
}

static void read_turn(struct peer *peer)
{
    size_t budget = TURN_BYTES;
    int error = 0;
    enum tls_result result = TLS_DONE;
    peer->has_more_to_read = false;
    while (budget > 0 && is_at_work(peer)) {
        size_t room, length = 0;
        uint8_t *at = reader_room(peer->reader, &room);
        result = read_some(peer, at, room, &length, &error);
        if (result != TLS_DONE)
            break;
        take(peer, length);
        budget -= length < budget ? length : budget;
    }
    if (budget > TURN_BYTES / 4)
        reader_release(peer->reader); /* no stream: little came, and soon nothing may */
    if (result == TLS_DONE || result == TLS_WANT_WRITE)
        peer->has_more_to_read = peer->tls && (result == TLS_WANT_WRITE || tls_has_pending(peer->tls));
    if (result == TLS_WANT_WRITE)
        wait_for_room(peer);
    else if (result == TLS_EOF || result == TLS_FAILED)
        doom_for_result(peer, result, error);
}

/* ---- Leaving ------------------------------------------------------------------------------------------ */

/* What is queued goes, then our end of the connection; what still comes is dropped until the other side has
 * ended its own. Closing with bytes unread would make the system throw away what was just sent. */
static void leave_turn(struct peer *peer)
{
    uint8_t dropped[4096];
    ssize_t got = 1;
    peer_turn_write(peer);
    if (!peer->queue.first && !peer->has_said_end && !peer->is_freed) {
        if (peer->tls) {
            tls_close(peer->tls);
            peer_turn_write(peer);
        }
        shutdown(peer->fd, SHUT_WR);
        peer->has_said_end = true;
    } else if (peer->queue.first && !peer->is_blocked) {
        peer_kick(peer);
    }
    for (int i = 0; i < 16 && got > 0 && !peer->is_deaf; i++)
        got = recv(peer->fd, dropped, sizeof dropped, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        peer->is_deaf = true;
        event_del(peer->read_event);
    }
    if (peer->is_deaf && peer->has_said_end)
        peer->is_freed = true;
}
