/* One connection: its life, its end, and what the owner calls. */
#include "wire/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "wire/peer_internal.h"

#define QUEUE_LIMIT_BYTES 4194304u
/* Beyond the limit, for answers that the owner knows nothing of. */
#define OWN_FRAMES_BYTES 65536u
#define LEAVE_MS         2000u
#define RATE_WINDOW_MS   1000u
#define END_TEXT_BYTES   513

/* ---- Frames that arrive ------------------------------------------------------------------------------- */

void peer_trace(const struct peer *peer, char direction, const struct frame *frame)
{
    char line[512];
    if (log_get_level() < LOG_LEVEL_DEBUG)
        return;
    frame_print(frame, line, sizeof line);
    log_debug("%s %c %s", peer->label, direction, line);
}

/* Whether one more frame is within the rate. */
static bool is_within_rate(struct peer *peer)
{
    if (!peer->options.frame_rate)
        return true;
    if (peer->last_in_ms - peer->rate_second_ms >= RATE_WINDOW_MS) {
        peer->rate_second_ms = peer->last_in_ms;
        peer->rate_frames = 0;
    }
    return ++peer->rate_frames <= peer->options.frame_rate;
}

static void doom_as_told(struct peer *peer, uint16_t code, struct frame_text text, bool is_refusal)
{
    char copy[END_TEXT_BYTES];
    frame_text_copy(text, copy, sizeof copy);
    peer->end_is_refusal = is_refusal && !peer->is_doomed;
    peer_doom(peer, code, copy);
}

static void frame_arrived(void *context, const struct frame *frame)
{
    struct peer *peer = context;
    peer_trace(peer, '<', frame);
    if (!is_within_rate(peer)) {
        peer_doom_for_violation(peer, ERROR_LIMIT, "more frames per second than are allowed");
        return;
    }
    switch (frame->type) {
    case FRAME_PING:
        peer_send_own(peer, &(struct frame){.type = FRAME_PONG, .pong = {frame->ping.token}});
        return;
    case FRAME_PONG: /* that something has come is all there is to know */
        return;
    case FRAME_CREDIT:
        peer_credit_arrived(peer, frame->credit.bytes);
        return;
    case FRAME_GOODBYE:
        doom_as_told(peer, ERROR_NONE, frame->goodbye.text, false);
        return;
    case FRAME_REFUSE:
        doom_as_told(peer, frame->refuse.code, frame->refuse.text, true);
        return;
    case FRAME_PAGE_DATA:
        if (!peer_data_is_covered(peer, frame->page_data.bytes.length))
            return;
        break;
    default:
        break;
    }
    peer->callbacks.on_frame(peer->context, frame);
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static int prepare_socket(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    /* Frames are put together before they are sent: what is sent is to go. Only TCP knows this option. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return 0;
}

int peer_new(struct peer **peer, struct peer_sweep *sweep, int fd, struct tls_context *tls,
             const struct peer_options *options, const struct peer_callbacks *callbacks, void *context)
{
    struct peer *made = memory_new(sizeof *made);
    int error;

    *peer = NULL;
    made->sweep = sweep;
    made->fd = fd;
    made->options = *options;
    made->options.label = NULL;
    if (!made->options.queue_limit)
        made->options.queue_limit = QUEUE_LIMIT_BYTES;
    made->when = options->when;
    made->callbacks = *callbacks;
    made->context = context;
    made->stage = tls ? PEER_HANDSHAKING : PEER_READY;
    made->owes_ready = true;
    made->label = memory_text(options->label ? options->label : "peer");
    made->created_ms = made->last_in_ms = made->last_out_ms = peer_now_ms(made);
    made->reader = reader_new(options->where, options->when, frame_arrived, made);
    peer_queue_start(&made->queue);
    error = prepare_socket(fd);
    if (!error && tls)
        error = tls_session_new(&made->tls, tls, fd);
    if (!error)
        error = peer_turn_start(made);
    if (error) {
        peer_destroy(made);
        return error;
    }
    peer_sweep_add(sweep, made);
    *peer = made;
    return 0;
}

void peer_destroy(struct peer *peer)
{
    peer_sweep_remove(peer);
    peer_turn_free(peer);
    tls_session_free(&peer->tls);
    close(peer->fd);
    reader_free(&peer->reader);
    peer_queue_clear(&peer->queue);
    free(peer->label);
    free(peer->end_text);
    free(peer);
}

void peer_enter(struct peer *peer)
{
    peer->depth++;
}

/* ---- End ---------------------------------------------------------------------------------------------- */

void peer_doom(struct peer *peer, uint16_t code, const char *text)
{
    if (peer->stage == PEER_LEAVING)
        peer->is_freed = true; /* nobody is left who would want to know */
    if (peer->is_freed || peer->is_doomed || peer->stage == PEER_ENDED)
        return;
    peer->is_doomed = true;
    peer->end_code = code;
    peer->end_text = memory_text(text);
    reader_stop(peer->reader);
    if (peer->depth == 0)
        peer_kick(peer);
}

void peer_doom_for_violation(struct peer *peer, uint16_t code, const char *text)
{
    bool is_first = !peer->is_doomed && peer->stage != PEER_LEAVING && peer->stage != PEER_ENDED;
    peer_doom(peer, code, text);
    if (is_first)
        peer->end_is_violation = true;
}

/* The last frame of this side. Where the table has none for it (sockets of units and of commands), the end of
 * the connection says it all. */
static void queue_last_frame(struct peer *peer, const struct frame *frame)
{
    static const unsigned other_side[] = {
        [AT_SERVER] = AT_CLIENT, [AT_CLIENT] = AT_SERVER,   [AT_UNIT] = AT_DAEMON,
        [AT_DAEMON] = AT_UNIT,   [AT_CONTROL] = AT_COMMAND, [AT_COMMAND] = AT_CONTROL};
    if (!(frame_find((uint16_t)frame->type)->where & other_side[peer->options.where]))
        return;
    peer_trace(peer, '>', frame);
    if (peer_queue_frame(&peer->queue, frame))
        log_error("%s: the last frame cannot be encoded", peer->label);
}

static void queue_refusal(struct peer *peer, uint16_t code, const char *text)
{
    queue_last_frame(peer, &(struct frame){.type = FRAME_REFUSE, .refuse = {code, frame_text_of(text)}});
}

static void carry_out_end(struct peer *peer)
{
    struct peer_end end = {
        .code = peer->end_code, .is_refusal = peer->end_is_refusal, .text = peer->end_text};
    if (peer->end_is_violation && peer->stage == PEER_READY)
        queue_refusal(peer, end.code, end.text);
    else
        peer_queue_clear(&peer->queue);
    if (peer->end_is_violation || end.code == ERROR_PROTOCOL || end.code == ERROR_NOT_ALLOWED)
        log_warning("%s: connection ended: %s", peer->label, end.text);
    else
        log_info("%s: connection ended: %s", peer->label, end.text);
    peer->stage = PEER_ENDED;
    peer_turn_pause(peer);
    peer->callbacks.on_closed(peer->context, &end);
}

/* The end of a turn: room is announced, what the callbacks have queued goes, a decided end is carried out. */
static void settle(struct peer *peer)
{
    if (peer->stage == PEER_READY && !peer->is_doomed && peer_has_room(peer)) {
        peer->owes_page_room = peer->owes_document_room = false;
        if (peer->callbacks.on_room)
            peer->callbacks.on_room(peer->context);
    }
    if (peer->stage == PEER_READY && !peer->is_doomed && !peer->is_freed && peer->queue.first)
        peer_turn_write(peer);
    if (peer->is_doomed && !peer->is_freed && (peer->stage == PEER_READY || peer->stage == PEER_HANDSHAKING))
        carry_out_end(peer);
}

void peer_leave(struct peer *peer)
{
    if (peer->depth == 1 && !peer->is_freed)
        settle(peer);
    if (--peer->depth > 0)
        return;
    if (peer->is_freed)
        peer_destroy(peer);
    else if (peer->stage == PEER_READY)
        peer_turn_continue(peer);
}

/* The owner lets go; what is queued is still said. */
static void leave(struct peer *peer)
{
    peer->callbacks = (struct peer_callbacks){0};
    peer->stage = PEER_LEAVING;
    peer->is_doomed = false;
    peer->leave_by_ms = peer_now_ms(peer) + LEAVE_MS;
    reader_stop(peer->reader);
    peer_turn_resume(peer);
}

void peer_free(struct peer **peer)
{
    struct peer *old = *peer;
    *peer = NULL;
    if (!old)
        return;
    if (old->stage == PEER_ENDED && old->queue.first) {
        leave(old);
    } else if (old->depth > 0) {
        old->is_freed = true;
        reader_stop(old->reader);
    } else {
        peer_destroy(old);
    }
}

void peer_refuse(struct peer **peer, enum error_code code, const char *text)
{
    struct peer *old = *peer;
    if (!old || old->stage != PEER_READY) {
        peer_free(peer);
        return;
    }
    *peer = NULL;
    log_notice("%s: refused: %s", old->label, text);
    queue_refusal(old, (uint16_t)code, text);
    leave(old);
}

void peer_goodbye(struct peer **peer, const char *text)
{
    struct peer *old = *peer;
    struct frame frame = {.type = FRAME_GOODBYE, .goodbye = {frame_text_of(text)}};
    if (!old || old->stage != PEER_READY) {
        peer_free(peer);
        return;
    }
    *peer = NULL;
    queue_last_frame(old, &frame);
    leave(old);
}

/* ---- What the owner asks for -------------------------------------------------------------------------- */

void peer_set_state(struct peer *peer, unsigned when)
{
    peer->when = when;
    reader_set_when(peer->reader, when);
}

void peer_set_label(struct peer *peer, const char *label)
{
    char *copy = memory_text(label);
    free(peer->label);
    peer->label = copy;
}

const char *peer_label(const struct peer *peer)
{
    return peer->label;
}

const struct tls_session *peer_tls(const struct peer *peer)
{
    return peer->tls;
}

static int queue_within(struct peer *peer, const struct frame *frame, size_t limit)
{
    if (peer->stage == PEER_ENDED || peer->stage == PEER_LEAVING || peer->is_doomed)
        return -ENOTCONN;
    if (peer->queue.bytes + frame_encoded_size(frame) > limit)
        return -ENOBUFS;
    if (peer->queue.bytes == 0)
        peer->last_out_ms = peer_now_ms(peer);
    int error = peer_queue_frame(&peer->queue, frame);
    if (error)
        return error;
    peer_trace(peer, '>', frame);
    peer_kick(peer);
    return 0;
}

int peer_send(struct peer *peer, const struct frame *frame)
{
    return queue_within(peer, frame, peer->options.queue_limit);
}

void peer_send_own(struct peer *peer, const struct frame *frame)
{
    if (queue_within(peer, frame, peer->options.queue_limit + OWN_FRAMES_BYTES) == -ENOBUFS)
        peer_doom(peer, ERROR_LINK_LOST, "the other side asks, and does not take the answers");
}

size_t peer_queued(const struct peer *peer)
{
    return peer->queue.bytes;
}

void peer_start_heartbeat(struct peer *peer, uint32_t interval_ms)
{
    peer->heartbeat_ms = interval_ms;
    peer->last_in_ms = peer_now_ms(peer);
}

uint64_t peer_bytes_in(const struct peer *peer)
{
    return peer->bytes_in;
}

uint64_t peer_bytes_out(const struct peer *peer)
{
    return peer->bytes_out;
}
