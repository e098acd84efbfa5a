/*
 * One TLS connection. Reading goes to the socket through OpenSSL's own BIO, a few records at a time. Writing
 * goes through a BIO of ours into a buffer, and from there to the socket in one piece.
 */
#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "wire/tls_internal.h"

/* Bytes that may wait encrypted: one whole tls_write, and slack for what TLS says of its own accord (an
 * answer to a key update), so that a tls_write that was let in always fits. */
#define RECORD_BYTES    16384u
#define RECORD_OVERHEAD 64u
#define OUT_SLACK_BYTES 16384u
#define OUT_LIMIT_BYTES (TLS_WRITE_MAX + 8 * RECORD_OVERHEAD + OUT_SLACK_BYTES)
/* Four records with what TLS adds to each: one read from the socket for one PAGE_DATA. */
#define READ_AHEAD_BYTES (TLS_WRITE_MAX + 4 * RECORD_OVERHEAD)
/* A buffer up to this size is given back whenever it is empty; a bigger one is kept until tls_relax. */
#define OUT_SMALL_BYTES 8192u
/* All that a server's handshake allocates to stay, or in small pieces. With less of it, what stays gets among
 * the buffers again. */
#define RESERVE_BYTES 10240u

/* ---- The BIO that collects what is to be sent --------------------------------------------------------- */

static size_t waiting(const struct tls_session *session)
{
    return session->out_end - session->out_start;
}

static void reserve(struct tls_session *session, size_t more)
{
    if (session->out_start > 0 && session->out_end + more > session->out_size) {
        memmove(session->out, session->out + session->out_start, waiting(session));
        session->out_end -= session->out_start;
        session->out_start = 0;
    }
    if (session->out_end + more <= session->out_size)
        return;
    size_t size = session->out_end + more;
    session->out_size = size <= OUT_SMALL_BYTES ? OUT_SMALL_BYTES : OUT_LIMIT_BYTES;
    session->out = memory_resize(session->out, session->out_size, 1);
}

static int collect(BIO *bio, const char *bytes, size_t length, size_t *written)
{
    struct tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (length > OUT_LIMIT_BYTES - waiting(session)) {
        BIO_set_retry_write(bio);
        return 0;
    }
    reserve(session, length);
    memcpy(session->out + session->out_end, bytes, length);
    session->out_end += length;
    *written = length;
    return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH; /* OpenSSL asks for it behind each flight: tls_flush does it */
}

static BIO_METHOD *collecting_method;

static void make_collecting_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "deskline");
    if (!method)
        return;
    BIO_meth_set_write_ex(method, collect);
    BIO_meth_set_ctrl(method, control);
    collecting_method = method;
}

static BIO *collecting_bio(struct tls_session *session)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_collecting_method);
    BIO *bio = collecting_method ? BIO_new(collecting_method) : NULL;
    if (bio) {
        BIO_set_data(bio, session);
        BIO_set_init(bio, 1);
    }
    return bio;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

/* A crowd of handshakes puts what stays of each between the buffers of 30 KiB that none of them needs
 * afterwards: every hole costs two pages that are used in part. Therefore a place for what stays is taken
 * beside the session, and given back when the buffers have theirs: when the first message is looked at. */
int tls_session_heard_hello(SSL *ssl, int *alert, void *argument)
{
    struct tls_session *session = BIO_get_data(SSL_get_wbio(ssl));
    (void)alert;
    (void)argument;
    free(session->reserve);
    session->reserve = NULL;
    return SSL_CLIENT_HELLO_SUCCESS;
}

int tls_session_new(struct tls_session **session, struct tls_context *context, int fd)
{
    struct tls_session *made = memory_new(sizeof *made);
    BIO *in = BIO_new_socket(fd, BIO_NOCLOSE), *out = collecting_bio(made);

    made->fd = fd;
    made->ssl = SSL_new(context->ssl);
    if (!made->ssl || !in || !out) {
        BIO_free(in);
        BIO_free(out);
        tls_session_free(&made);
        ERR_clear_error();
        return -ENOMEM;
    }
    SSL_set_bio(made->ssl, in, out);
    if (context->is_server) {
        SSL_set_accept_state(made->ssl);
        made->reserve = memory_resize(NULL, RESERVE_BYTES, 1);
    } else {
        SSL_set_connect_state(made->ssl);
    }
    *session = made;
    return 0;
}

void tls_session_free(struct tls_session **session)
{
    if (!*session)
        return;
    SSL_free((*session)->ssl);
    free((*session)->out);
    free((*session)->reserve);
    free((*session)->why);
    free(*session);
    *session = NULL;
}

void tls_relax(struct tls_session *session)
{
    if (waiting(session) > 0)
        return;
    free(session->out);
    session->out = NULL;
    session->out_size = session->out_start = session->out_end = 0;
}

/* ---- What went wrong ---------------------------------------------------------------------------------- */

static enum tls_result fail(struct tls_session *session, enum tls_failure failure, const char *what,
                            const char *reason)
{
    session->failure = failure;
    if (!session->why)
        session->why = memory_new(TLS_WHY_BYTES);
    if (reason)
        snprintf(session->why, TLS_WHY_BYTES, "%s: %s", what, reason);
    else
        snprintf(session->why, TLS_WHY_BYTES, "%s", what);
    ERR_clear_error();
    return TLS_FAILED;
}

static bool is_alert_about_certificate(int reason)
{
    switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return true;
    default:
        return false;
    }
}

/* An alert tells the other side what it was, if it gets through. */
static void send_last_words(struct tls_session *session)
{
    if (waiting(session) > 0 &&
        send(session->fd, session->out + session->out_start, waiting(session), MSG_NOSIGNAL) > 0)
        session->out_start = session->out_end = 0;
}

static enum tls_result fail_by_library(struct tls_session *session)
{
    unsigned long code = ERR_peek_error();
    long verified = SSL_get_verify_result(session->ssl);
    const char *reason = ERR_reason_error_string(code);
    send_last_words(session);
    if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return fail(session, TLS_FAILURE_LINK, "the connection was cut", NULL);
    if (verified != X509_V_OK)
        return fail(session, TLS_FAILURE_TRUST, "the other side's certificate does not hold",
                    X509_verify_cert_error_string(verified));
    if (is_alert_about_certificate(ERR_GET_REASON(code)))
        return fail(session, TLS_FAILURE_TRUST, "the other side refuses the certificate of this one", reason);
    return fail(session, TLS_FAILURE_PROTOCOL, "TLS failed", reason);
}

static enum tls_result result_of(struct tls_session *session, int returned, int saved_errno)
{
    switch (SSL_get_error(session->ssl, returned)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_EOF;
    case SSL_ERROR_SYSCALL:
        return fail(session, TLS_FAILURE_LINK, "the connection was lost",
                    saved_errno ? strerror(saved_errno) : NULL);
    default:
        return fail_by_library(session);
    }
}

/* ---- Work --------------------------------------------------------------------------------------------- */

enum tls_result tls_handshake(struct tls_session *session)
{
    ERR_clear_error();
    errno = 0;
    int returned = SSL_do_handshake(session->ssl);
    enum tls_result result = result_of(session, returned, errno);
    if (result == TLS_FAILED)
        return result;
    if (result == TLS_DONE) { /* not before: a crowd of handshakes would each take so much */
        if (tls_peer_remember(session))
            return fail(session, TLS_FAILURE_TRUST, "the other side's key cannot be read", NULL);
        SSL_set_read_ahead(session->ssl, 1);
        SSL_set_default_read_buffer_len(session->ssl, READ_AHEAD_BYTES);
    }
    enum tls_result flushed = tls_flush(session);
    return flushed == TLS_DONE ? result : flushed;
}

enum tls_result tls_read(struct tls_session *session, void *bytes, size_t room, size_t *length)
{
    *length = 0;
    ERR_clear_error();
    errno = 0;
    int returned = SSL_read_ex(session->ssl, bytes, room, length);
    return returned == 1 ? TLS_DONE : result_of(session, returned, errno);
}

enum tls_result tls_write(struct tls_session *session, const void *bytes, size_t length)
{
    size_t written;
    size_t needed = length + (length / RECORD_BYTES + 1) * RECORD_OVERHEAD;
    if (waiting(session) + needed > OUT_LIMIT_BYTES - OUT_SLACK_BYTES)
        return TLS_WANT_WRITE;
    ERR_clear_error();
    errno = 0;
    reserve(session, needed);
    int returned = SSL_write_ex(session->ssl, bytes, length, &written);
    if (returned == 1)
        return TLS_DONE;
    enum tls_result result = result_of(session, returned, errno);
    if (result == TLS_FAILED)
        return result;
    return fail(session, TLS_FAILURE_PROTOCOL, "TLS did not take what there was room for", NULL);
}

enum tls_result tls_flush(struct tls_session *session)
{
    while (waiting(session) > 0) {
        ssize_t sent = send(session->fd, session->out + session->out_start, waiting(session), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return TLS_WANT_WRITE;
        if (sent < 0)
            return fail(session, TLS_FAILURE_LINK, "the connection was lost", strerror(errno));
        session->out_start += (size_t)sent;
    }
    session->out_start = session->out_end = 0;
    if (session->out_size <= OUT_SMALL_BYTES)
        tls_relax(session);
    return TLS_DONE;
}

void tls_close(struct tls_session *session)
{
    if (SSL_is_init_finished(session->ssl))
        SSL_shutdown(session->ssl); /* a close_notify into the buffer; the other side's is not waited for */
    ERR_clear_error();
}

bool tls_has_pending(const struct tls_session *session)
{
    return SSL_has_pending(session->ssl) == 1;
}

enum tls_failure tls_failure(const struct tls_session *session)
{
    return session->failure;
}

const char *tls_why(const struct tls_session *session)
{
    return session->why ? session->why : "";
}
