#include "config.h"

#include "tests/rig/hostile_link.h"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DEADLINE_S 20
#define PING_TOKEN UINT64_C(0x600dbeef)

struct hostile_link {
    int fd;
    SSL *tls;
    uint8_t *payload;
    struct frame frame;
    unsigned end;
};

static int connect_from(const struct hostile_target *target, const struct addrinfo *to)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *from = NULL;
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_done = fd >= 0;
    if (is_done && target->from)
        is_done = getaddrinfo(target->from, NULL, &hints, &from) == 0 &&
                  bind(fd, from->ai_addr, from->ai_addrlen) == 0;
    if (!is_done || connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
        perror("connect");
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    if (from)
        freeaddrinfo(from);
    return fd;
}

int hostile_socket(const struct hostile_target *target)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *to = NULL;
    struct timeval deadline = {DEADLINE_S, 0};
    if (getaddrinfo(target->host, target->port, &hints, &to) != 0)
        return -1;
    int fd = connect_from(target, to);
    freeaddrinfo(to);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
    }
    return fd;
}

/* It believes every server: whoever attacks does not care whom. */
static SSL_CTX *context_new(const char *folder)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    char key[4096], certificate[4096];
    if (!context || !folder)
        return context;
    snprintf(key, sizeof key, "%s/client.key", folder);
    snprintf(certificate, sizeof certificate, "%s/client.crt", folder);
    if (SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

struct hostile_link *hostile_link_new(const struct hostile_target *target)
{
    struct hostile_link *link = calloc(1, sizeof *link);
    SSL_CTX *context = context_new(target->folder);
    if (!link || !context)
        abort();
    link->end = HOSTILE_OPEN;
    link->fd = hostile_socket(target);
    link->tls = SSL_new(context);
    SSL_CTX_free(context);
    if (link->fd < 0 || !link->tls || SSL_set_fd(link->tls, link->fd) != 1 || SSL_connect(link->tls) != 1) {
        fprintf(stderr, "no TLS with %s:%s\n", target->host, target->port);
        ERR_print_errors_fp(stderr);
        hostile_link_free(&link);
    }
    return link;
}

void hostile_link_free(struct hostile_link **link)
{
    struct hostile_link *old = *link;
    if (!old)
        return;
    SSL_free(old->tls);
    if (old->fd >= 0)
        close(old->fd);
    free(old->payload);
    free(old);
    *link = NULL;
}

bool hostile_send_bytes(struct hostile_link *link, const void *bytes, size_t length)
{
    return length == 0 || SSL_write(link->tls, bytes, (int)length) == (int)length;
}

bool hostile_send(struct hostile_link *link, const struct frame *frame)
{
    size_t size = frame_encoded_size(frame);
    uint8_t *bytes = malloc(size);
    ssize_t length = bytes ? frame_encode(frame, bytes, size) : -1;
    if (length < 0)
        abort();
    bool is_sent = hostile_send_bytes(link, bytes, (size_t)length);
    free(bytes);
    return is_sent;
}

/* ---- What the server says ---- */

static bool read_whole(struct hostile_link *link, uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        int got = SSL_read(link->tls, bytes + at, (int)(length - at));
        if (got <= 0) {
            int error = SSL_get_error(link->tls, got);
            link->end = error == SSL_ERROR_WANT_READ ? HOSTILE_SILENT : HOSTILE_CLOSED;
            return false;
        }
        at += (size_t)got;
    }
    return true;
}

static bool read_frame(struct hostile_link *link)
{
    uint8_t bytes[FRAME_HEADER_BYTES];
    struct frame_header header;
    const char *why;
    if (link->end != HOSTILE_OPEN || !read_whole(link, bytes, sizeof bytes))
        return false;
    frame_header_decode(bytes, &header);
    free(link->payload);
    link->payload = malloc(header.length ? header.length : 1);
    if (!link->payload || !read_whole(link, link->payload, header.length))
        return false;
    if (frame_decode(&header, link->payload, &link->frame, &why) < 0) {
        fprintf(stderr, "the server sent nonsense: %s\n", why);
        abort();
    }
    return true;
}

const struct frame *hostile_wait(struct hostile_link *link, uint16_t type)
{
    while (read_frame(link)) {
        if (link->frame.type == FRAME_REFUSE) {
            link->end = link->frame.refuse.code;
            return type == FRAME_REFUSE ? &link->frame : NULL;
        }
        if (type == 0 || link->frame.type == type)
            return &link->frame;
    }
    return NULL;
}

unsigned hostile_end(const struct hostile_link *link)
{
    return link->end;
}

bool hostile_hello(struct hostile_link *link, const struct hostile_target *target)
{
    struct frame hello = {.type = FRAME_HELLO,
                          .hello = {.version_min = FRAME_VERSION_MIN,
                                    .version_max = FRAME_VERSION_MAX,
                                    .client = frame_text_of(target->client),
                                    .software = frame_text_of("hostile-client")}};
    hostile_send(link, &hello); /* refused already, perhaps: then the answer says so */
    return hostile_wait(link, FRAME_WELCOME) != NULL;
}

unsigned hostile_verdict(struct hostile_link *link)
{
    const struct frame *pong;
    hostile_send(link, &(struct frame){.type = FRAME_PING, .ping = {PING_TOKEN}});
    do
        pong = hostile_wait(link, FRAME_PONG);
    while (pong && pong->pong.token != PING_TOKEN);
    return link->end;
}
